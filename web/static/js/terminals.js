// Terminals: a map without tiles (points and the hulls of townships), a list with search and filter, and why one sounds.

import { boot, t, h, say, named, fill, ask, askUntil, stamp, time, day, notice, aged, part, now, loaded } from './core.js';
import { connect, onOverview, state } from './live.js';

await loaded;
await new Promise((done, failed) => document.head.append(h('script', { src: new URL('../vendor/leaflet/leaflet.js', import.meta.url).href, onload: done, onerror: failed })));
const L = window.L;
const main = document.getElementById('main');
const STATES = ['online', 'offline', 'playing', 'heard', 'silent'];
const COLOURS = { online: '#7b8a94', offline: '#2b3238', playing: '#d9640a', heard: '#1b6e3c', silent: '#c4161c' };
const RADII = { online: 2.6, offline: 2.6, playing: 3.4, heard: 3.4, silent: 4.4 };

const mapBox = h('div', { id: 'map', role: 'img', 'aria-label': t('terminals.map') });
const legend = h('div', { class: 'legend' });
const mapTile = aged(h('section', { class: 'tile map-tile', 'data-polled': true }, h('div', { class: 'tile-head' }, h('h2', {}, t('terminals.map')), h('span', { class: 'age num' })), mapBox, legend), now(), 9);
const search = h('input', { type: 'search', placeholder: t('terminals.search'), 'aria-label': t('terminals.search'), autocomplete: 'off', list: 'towns' });
const towns = h('datalist', { id: 'towns' });
const filter = h('select', { 'aria-label': t('terminals.state') }, h('option', { value: '' }, t('terminals.any')), STATES.map((one) => h('option', { value: one }, named('terminal', one))));
const rows = h('div', { class: 'rows' });
const why = h('div', { class: 'whybox', role: 'status' });
const pager = h('div', { class: 'pager' });
const listTile = aged(h('section', { class: 'tile list-tile', 'data-polled': true }, h('div', { class: 'tile-head' }, h('h2', {}, t('terminals.list')), h('span', { class: 'age num' })), h('div', { class: 'filters' }, search, filter, towns), why, rows, pager), now(), 9);
main.append(h('h1', { class: 'unseen' }, t('page.terminals')), h('div', { class: 'terminals' }, mapTile, listTile));

// ---- the map --------------------------------------------------------------------------------------------

const canvas = L.canvas({ padding: 0.3 });
const map = L.map(mapBox, { renderer: canvas, attributionControl: false, zoomControl: true, preferCanvas: true, zoomSnap: 0.25, fadeAnimation: false });
const markers = new Map();
let framed = false;
let whole = 0; // the zoom at which the county fits

// Points are small where the whole county is seen, that names stay readable, and grow with the zoom.
const radius = (is) => RADII[is] * Math.max(0.6, Math.min(2, 0.6 + (map.getZoom() - whole) * 0.3));
map.on('zoomend', () => {
  for (const one of markers.values()) one.setRadius(radius(one.is));
});

// Andrew's monotone chain over [lat, lon].
function hull(points) {
  const sorted = [...points].sort((a, b) => a[1] - b[1] || a[0] - b[0]);
  const turn = (o, a, b) => (a[1] - o[1]) * (b[0] - o[0]) - (a[0] - o[0]) * (b[1] - o[1]);
  const half = (list) => {
    const made = [];
    for (const one of list) {
      while (made.length > 1 && turn(made.at(-2), made.at(-1), one) <= 0) made.pop();
      made.push(one);
    }
    made.pop();
    return made;
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

const county = boot.settings.area.slice(0, 6);
const township = (point) => point[4]?.slice(0, 9) ?? new RegExp(`${county}\\d{6}`).exec(point[0])?.[0].slice(0, 9);

function frameMap(points, names) {
  if (framed || !points.length) return;
  framed = true;
  map.invalidateSize({ animate: false });
  map.fitBounds(L.latLngBounds(points.map((one) => [one[2] / 1e6, one[1] / 1e6])), { paddingTopLeft: [12, 24], paddingBottomRight: [12, 8], animate: false });
  whole = map.getZoom();
  const groups = new Map();
  for (const point of points) {
    const town = township(point);
    if (!town) continue;
    if (!groups.has(town)) groups.set(town, []);
    groups.get(town).push([point[2] / 1e6, point[1] / 1e6]);
  }
  for (const [town, inside] of groups) {
    if (inside.length < 3) continue;
    L.polygon(hull(inside), { renderer: canvas, color: '#8d989f', weight: 1, fillColor: '#c9d0d4', fillOpacity: 0.35, interactive: false }).addTo(map);
    const middle = [Math.max(...inside.map((one) => one[0])), inside.reduce((sum, one) => sum + one[1] / inside.length, 0)];
    if (!names.has(town)) continue;
    const marker = L.marker(middle, { interactive: false, keyboard: false, icon: L.divIcon({ className: 'town', html: '', iconSize: [120, 14], iconAnchor: [60, 16] }) }).addTo(map);
    const label = h('span', {}, names.get(town));
    label.style.position = 'relative';
    marker.getElement().append(label);
    namedTowns.push({ at: middle, label, wide: names.get(town).length * 12.5 + 4 });
  }
  spread();
}

// Names that would lie over one another move down, or up, by their own height; from north to south, as they are read.
const namedTowns = [];
function spread() {
  const laid = [];
  const placed = namedTowns.map((one) => ({ ...one, point: map.latLngToContainerPoint(one.at) })).sort((a, b) => a.point.y - b.point.y);
  for (const { label, wide, point } of placed) {
    const free = (dy) => !laid.some((other) => Math.abs(other.x - point.x) < (other.wide + wide) / 2 && Math.abs(other.y - point.y - dy) < 15);
    const dy = [0, 8, 15, -15, 30, -30].find(free) ?? 0;
    label.style.top = `${dy}px`;
    laid.push({ x: point.x, y: point.y + dy, wide });
  }
}
map.on('zoomend', spread);

function drawMap(points) {
  const sums = Object.fromEntries(STATES.map((one) => [one, 0]));
  for (const [code, lon, lat, is] of points) {
    sums[is] = (sums[is] ?? 0) + 1;
    const style = { radius: radius(is), color: COLOURS[is], weight: is === 'offline' ? 1 : 0, fillColor: is === 'offline' ? '#ffffff' : COLOURS[is], fillOpacity: is === 'online' ? 0.65 : 0.95 };
    const known = markers.get(code);
    if (!known) {
      const made = L.circleMarker([lat / 1e6, lon / 1e6], { renderer: canvas, ...style });
      made.is = is;
      made.on('click', () => explain(code));
      made.addTo(map);
      markers.set(code, made);
    } else if (known.is !== is) {
      known.is = is;
      known.setStyle(style);
      known.setRadius(style.radius);
    }
  }
  legend.replaceChildren(...STATES.map((one) => h('span', { class: `key ${one}` }, h('i', { 'aria-hidden': 'true' }), named('terminal', one), h('b', { class: 'num' }, ` ${sums[one]}`))));
}

let names = new Map();
async function refreshMap() {
  const { points } = await ask('/map');
  frameMap(points, names);
  drawMap(points);
  aged(mapTile, now(), 9);
}

// ---- the list -------------------------------------------------------------------------------------------

const PAGE = 50;
let offset = 0;
let areas = [];

function areaOf(text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return '';
  const found = areas.find((one) => one.name === wanted || one.code === wanted) ?? areas.find((one) => one.initials === wanted) ?? areas.find((one) => one.name.includes(wanted) || one.pinyin.startsWith(wanted) || one.initials.startsWith(wanted));
  return found?.code ?? null;
}

const stateOf = (one) => (!one.online ? 'offline' : one.heard ? 'heard' : one.playing ? 'playing' : 'online');

function row(one) {
  const is = stateOf(one);
  return h('tr', {},
    h('td', {}, h('button', { class: 'linkish', onclick: () => explain(one.code) }, one.name), h('div', { class: 'muted small num code' }, one.code)),
    h('td', {}, one.area_name),
    h('td', {}, h('span', { class: `key ${is}` }, h('i', { 'aria-hidden': 'true' }), named('terminal', is))),
    h('td', { class: 'num wide', title: stamp(one.last_seen) }, one.last_seen ? (day(one.last_seen) === day(now()) ? time(one.last_seen) : stamp(one.last_seen)) : t('terminals.never')),
    h('td', { class: 'num wide' }, one.volume === null ? '—' : `${one.volume}\u00a0%`));
}

async function refreshList() {
  const area = areaOf(search.value);
  const got = area === null ? { total: 0, rows: [] } : await ask('/terminals', { area, state: filter.value, limit: PAGE, offset });
  fill(rows, got.rows, () => (got.rows.length
    ? h('table', { class: 'list' }, h('thead', {}, h('tr', {}, h('th', {}, t('terminals.name')), h('th', {}, t('terminals.area')), h('th', {}, t('terminals.state')), h('th', { class: 'wide' }, t('terminals.seen')), h('th', { class: 'wide' }, t('terminals.volume')))), h('tbody', {}, got.rows.map(row)))
    : h('p', { class: 'muted' }, t('terminals.none'))));
  fill(pager, [got.total, offset], () => [
    h('button', { disabled: offset === 0, onclick: () => { offset = Math.max(0, offset - PAGE); again(); } }, t('pager.back')),
    h('span', { class: 'num muted' }, part(`${got.total ? offset + 1 : 0}–${Math.min(offset + PAGE, got.total)}`, got.total)),
    h('button', { disabled: offset + PAGE >= got.total, onclick: () => { offset += PAGE; again(); } }, t('pager.on')),
  ]);
  aged(listTile, now(), 9);
}

let asked = ''; // what the box explains: asked again while it is open, for what sounds may change
const closeWhy = () => { asked = ''; why.replaceChildren(); };
async function explain(code, quiet = false) {
  asked = code;
  try {
    const answer = await ask(`/why/${encodeURIComponent(code)}`);
    if (asked !== code) return;
    why.replaceChildren(h('b', {}, t('terminals.why', { code })), ' ', h('span', {}, say(answer.text ?? answer.why ?? answer)), answer.alert ? h('a', { href: `/alerts/${encodeURIComponent(answer.alert?.id ?? answer.alert)}` }, ` ${t('terminals.toalert')}`) : '', h('button', { class: 'quiet', 'aria-label': t('notice.close'), onclick: closeWhy }, '×'));
  } catch (problem) {
    if (!problem.text) throw problem;
    if (!quiet) notice(say(problem.text), 'bad');
  }
}

const failed = (problem) => {
  if (!problem.text) throw problem;
  notice(say(problem.text), 'bad');
};
const again = () => refreshList().catch(failed);
let typed = 0;
search.addEventListener('input', () => { offset = 0; clearTimeout(typed); typed = setTimeout(again, 200); });
filter.addEventListener('change', () => { offset = 0; again(); });

areas = await askUntil('/areas');
names = new Map(areas.filter((one) => one.level === 'township').map((one) => [one.code.slice(0, 9), one.name]));
towns.replaceChildren(...areas.map((one) => h('option', { value: one.name })));
await Promise.all([refreshMap(), refreshList()]).catch(failed);

let polled = now();
onOverview((overview) => {
  const period = overview.sounding.length ? 2e6 : 5e6;
  if (overview.at - polled < period) return;
  polled = overview.at;
  if (!state.down) Promise.all([refreshMap(), refreshList(), asked && explain(asked, true)]).catch(failed);
});
connect();
