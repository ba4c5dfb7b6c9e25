// Safety: what was really heard, against what was due; a figure nobody measured is said to be unknown.

import { boot, t, h, say, named, fill, ask, stamp, time, day, notice, aged, stateWord, now, dayStart, broadcastDay, loaded } from './core.js';
import { connect, onOverview } from './live.js';

const main = document.getElementById('main');
const STATES = ['FOREIGN', 'WRONG', 'OUTAGE', 'EMPTY', 'DEGRADED', 'UNKNOWN', 'PLANNED', 'NORMAL'];
const COLOURS = { FOREIGN: '#8a1ea6', WRONG: '#b0307a', OUTAGE: '#c4161c', EMPTY: '#d9640a', DEGRADED: '#c79a00', UNKNOWN: '#e9ebec', PLANNED: '#9fb4c2', NORMAL: '#8d989f' };
const DAY = 86_400e6;
const chosen = { name: 'today' };

const from = h('input', { type: 'date', 'aria-label': t('safety.from') });
const to = h('input', { type: 'date', 'aria-label': t('safety.to') });
const tabs = h('div', { class: 'tabs', role: 'group', 'aria-label': t('safety.span') }, ['today', 'yesterday', 'week'].map((name) => h('button', { 'data-span': name, onclick: () => pick(name) }, t(`safety.${name}`))));
const form = h('form', { class: 'inline', onsubmit: (event) => { event.preventDefault(); if (from.value && to.value) pick('range'); } }, from, '–', to, h('button', {}, t('safety.show')));
const body = aged(h('div', { class: 'safety', 'data-polled': true }), now(), 40);
main.append(h('div', { class: 'page-head' }, h('h1', {}, t('page.safety')), tabs, form, h('button', { class: 'quiet noprint', onclick: () => print() }, t('safety.print'))), body);

function bounds() {
  const today = dayStart(broadcastDay(now()));
  if (chosen.name === 'yesterday') return [today - DAY, today];
  if (chosen.name === 'week') return [today - 6 * DAY, now()];
  if (chosen.name === 'range') return [dayStart(from.value), Math.min(now(), dayStart(to.value) + DAY)];
  return [today, now()];
}

// The fields say what is shown; written only when a key chose other days, for somebody may be typing in them.
let told = '';
function tellDays() {
  if (chosen.name === 'range') return;
  const today = broadcastDay(now());
  const back = (days) => broadcastDay(dayStart(today) - days * DAY + DAY / 2);
  const days = { today: [today, today], yesterday: [back(1), back(1)], week: [back(6), today] }[chosen.name];
  if (told === `${chosen.name} ${days}`) return;
  told = `${chosen.name} ${days}`;
  [from.value, to.value] = days;
}

function pick(name) {
  chosen.name = name;
  told = '';
  refresh();
}

const decimals = (value, scale, digits) => (value === null || value === undefined ? t('safety.unknown') : (value / scale).toFixed(digits));
const percent = (ppm, digits = 3) => (ppm === null || ppm === undefined ? t('safety.unknown') : `${(Math.floor(ppm / 10 ** (4 - digits)) / 10 ** digits).toFixed(digits)} %`); // rounded down, as the sentence above it is

function figure(key, value, { bad = false, note = '' } = {}) {
  return h('div', { class: 'figure wide-figure' }, h('span', { class: 'label' }, t(key)), h('strong', { class: `num${bad ? ' bad' : ''}` }, value), h('span', { class: 'muted small' }, note || t(`${key}.says`)));
}

function length(run) {
  const [start, end] = [run.start ?? run.since, run.end ?? run.until];
  return end ? `${((end - start) / 1e6).toFixed(1)} s` : t('safety.goingon');
}

// An alert that was muted or covered meanwhile counts only where it was heard.
const heard = (run) => (run.seconds_x10 === undefined ? length(run) : `${(run.seconds_x10 / 10).toFixed(1)} s`);
const parts = (run) => run.stretches > 1 && h('span', { class: 'small' }, ` · ${t('safety.stretches', { n: run.stretches, at: time(run.end) })}`);

function incident(run) {
  return h('tr', {}, h('td', {}, h('span', { class: 'pill bad' }, run.state ? stateWord(run.state) : '')), h('td', { class: 'num' }, stamp(run.start ?? run.since)), h('td', { class: 'num' }, length(run)), h('td', {}, say(run.cause_text) || run.heard || '—'));
}

function inserted(run, bad) {
  return h('tr', {}, h('td', {}, h('span', { class: bad ? 'pill bad' : 'pill plain' }, t(bad ? 'safety.unauthorisedone' : 'safety.authorisedone'))), h('td', { class: 'num' }, stamp(run.start ?? run.since)), h('td', { class: 'num' }, bad ? length(run) : heard(run)), h('td', {}, bad ? `${say(run.cause_text) || run.heard || ''} ` : run.title || '', h('span', { class: bad ? 'muted small' : '' }, say(run.approval_text) || run.approval || run.ref || run.due || ''), bad ? null : parts(run)));
}

// On paper a sheet has room for so many lines: the gravest and longest of them, in the order of the day; what is left out is counted.
const ROOM = { incidents: 10, insertions: 7 };
const lasts = (run) => (run.end ?? run.until ?? Infinity) - (run.start ?? run.since);

function table(rows, none, gravest = rows, room = Infinity) {
  const kept = new Set([...gravest].slice(0, room));
  for (const one of rows) one.classList.toggle('beyond', !kept.has(one));
  return [tableOf(rows, none), rows.length > room && h('p', { class: 'onpaper small' }, t('safety.beyond', { n: rows.length - room, of: rows.length }))];
}

function tableOf(rows, none) {
  return rows.length ? h('table', { class: 'list' }, h('thead', {}, h('tr', {}, ['safety.what', 'safety.start', 'safety.length', 'safety.cause'].map((key) => h('th', {}, t(key))))), h('tbody', {}, rows)) : h('p', { class: 'muted' }, none);
}

// What paper needs and a screen does not: whose sheet it is, of when, made when and by whom; and who answers for it.
const letterhead = (row, name) => h('header', { class: 'onpaper letterhead' },
  h('p', {}, h('b', {}, boot.training ? `${t('training.mark')} · ` : '', say(boot.overview.station)), h('span', {}, t('safety.sheet'))),
  h('h2', {}, name),
  h('p', { class: 'num' }, `${t('safety.period')} ${stamp(row.start)} – ${stamp(row.end)}`),
  h('p', { class: 'num small' }, t('safety.made', { at: stamp(now()), by: say(boot.seat.name), zone: boot.settings.timezone }), ` · ${t('safety.planned', { h: (row.planned_s_x10 / 36_000).toFixed(2) })}`));

const signatures = () => h('footer', { class: 'onpaper signs' }, ['operator', 'engineer', 'leader', 'date'].map((who) => h('span', {}, t(`safety.sign.${who}`), h('i', {}))));

function drawChannel(row) {
  const bad = row.unauthorised.map((one) => inserted(one, true));
  const good = row.authorised.map((one) => inserted(one, false));
  const events = row.incidents.map((run) => [run, incident(run)]);
  const gravest = [...events].sort(([a], [b]) => STATES.indexOf(a.state) - STATES.indexOf(b.state) || lasts(b) - lasts(a)).map(([, made]) => made);
  const empty = !boot.overview.channels.some((one) => one.id === row.channel) && !events.length && !bad.length && !good.length;
  const name = boot.overview.channels.find((one) => one.id === row.channel);
  const idle = row.planned_s_x10 === 0;
  const low = !idle && row.coverage_ppm < boot.settings.coverage_for_zero * 1e6;
  const title = row.name ? say(row.name) : name ? say(name.name) : row.channel;
  return h('section', { class: `tile sheet${empty ? ' noprint' : ''}` },
    letterhead(row, title),
    h('div', { class: 'tile-head' }, h('h2', {}, title), h('span', { class: 'muted' }, `${t('safety.point')} ${named('point', row.point)} · ${t(row.real_return ? 'onair.return' : 'onair.ownoutput')}`), h('span', { class: 'age num' })),
    h('p', { class: 'verdict' }, say(row.verdict)),
    h('div', { class: 'figures' },
      figure('safety.rate', decimals(row.outage_rate_milli, 1000, 3), { bad: row.outage_rate_milli > 0 }),
      figure('safety.strict', decimals(row.strict_rate_milli, 1000, 3), {}),
      figure('safety.availability', percent(row.availability_ppm, 4), {}),
      figure('safety.coverage', idle ? '—' : percent(row.coverage_ppm, 2), { bad: low }),
      figure('safety.unauthorised', row.unauthorised.length, { bad: row.unauthorised.length > 0 }),
      figure('safety.authorised', row.authorised.length, {})),
    h('div', { class: 'chart', 'data-channel': row.channel }),
    h('div', { class: 'legend' }, STATES.map((one) => h('span', { class: 'key' }, swatch(one), stateWord(one), h('b', { class: 'num' }, ` ${((row.seconds_x10[one] ?? 0) / 10).toFixed(1)} s`)))),
    h('h3', {}, t('safety.incidents')), table(events.map(([, made]) => made), t('safety.noincidents'), gravest, ROOM.incidents),
    h('h3', {}, t('safety.insertions')), table([...bad, ...good], t('safety.noinsertions'), [...bad, ...good], ROOM.insertions),
    signatures());
}

function swatch(one) {
  const made = h('i', { class: 'swatch', 'aria-hidden': 'true' });
  made.style.background = COLOURS[one];
  return made;
}

// Stacked shares of each stretch by state: what is normal is grey, what nobody measured is pale. A short incident would be
// thinner than a pixel, so each has a mark of its own above.
function drawChart(uPlot, box, buckets, incidents) {
  if (!buckets.length) return;
  const at = [...buckets.map((one) => one.start / 1e6), buckets.at(-1).end / 1e6];
  const share = (one, name) => {
    const whole = Object.values(one.seconds_x10).reduce((sum, value) => sum + value, 0);
    return whole ? ((one.seconds_x10[name] ?? 0) / whole) * 100 : 0;
  };
  const upTo = (k) => [...buckets, buckets.at(-1)].map((one) => STATES.slice(0, k + 1).reduce((sum, name) => sum + share(one, name), 0));
  const paths = uPlot.paths.stepped({ align: 1 });
  const wide = buckets[0].end - buckets[0].start >= DAY;
  const series = STATES.map((name) => ({ label: stateWord(name), fill: COLOURS[name], width: 0, paths, points: { show: false } })).reverse();
  const marks = (plot) => {
    plot.ctx.save();
    for (const one of incidents) {
      plot.ctx.fillStyle = COLOURS[one.state] ?? COLOURS.OUTAGE;
      const from = plot.valToPos((one.start ?? one.since) / 1e6, 'x', true);
      const until = plot.valToPos((one.end ?? one.until ?? now()) / 1e6, 'x', true);
      plot.ctx.fillRect(from - 1, plot.bbox.top, Math.max(3, until - from), plot.bbox.height);
    }
    plot.ctx.restore();
  };
  const axes = [
    { values: (_, ticks) => ticks.map((one) => (wide ? day(one * 1e6).slice(5) : time(one * 1e6).slice(0, 5))), grid: { show: false } },
    { values: (_, ticks) => ticks.map((one) => `${one} %`), size: 62, grid: { show: false } },
  ];
  box.replaceChildren();
  new uPlot({ width: box.clientWidth || 600, height: 150, legend: { show: false }, cursor: { show: false }, scales: { x: { time: true, range: [at[0], at.at(-1)] }, y: { range: [0, 100] } }, hooks: { draw: [marks] }, axes, series: [{}, ...series] }, [at, ...STATES.map((_, k) => upTo(k)).reverse()], box);
}

let turn = 0;
async function refresh() {
  const mine = (turn += 1);
  const [start, end] = bounds().map(Math.round);
  tellDays();
  for (const tab of tabs.children) tab.setAttribute('aria-pressed', String(tab.dataset.span === chosen.name));
  try {
    const step = Math.max(end - start > 3 * DAY ? DAY : 3600e6, Math.ceil((end - start) / 60));
    const [rows, buckets, { default: uPlot }] = await Promise.all([ask('/safety', { from: start, to: end }), ask('/safety/series', { from: start, to: end, step: Math.round(step) }), import('../vendor/uplot/uPlot.esm.js')]);
    if (mine !== turn) return;
    fill(body, [rows, buckets], () => [h('p', { class: 'muted num noprint' }, `${stamp(start)} – ${stamp(end)}`), ...rows.map(drawChannel)]);
    for (const box of body.querySelectorAll('.chart')) if (!box.firstChild) drawChart(uPlot, box, buckets.filter((one) => one.channel === box.dataset.channel), rows.find((one) => one.channel === box.dataset.channel).incidents);
    aged(body, now(), 40);
  } catch (problem) {
    if (!problem.text) throw problem;
    polled = now() - EVERY + AGAIN;
    notice(say(problem.text), 'bad');
  }
}

const EVERY = 30e6; // µs
const AGAIN = 5e6; // after a question that was not answered
let polled = 0;
await loaded;
polled = now();
await refresh();
onOverview((overview) => {
  if (overview.at - polled < EVERY || chosen.name === 'range' || chosen.name === 'yesterday') {
    if (chosen.name === 'range' || chosen.name === 'yesterday') aged(body, overview.at, 40);
    return;
  }
  polled = overview.at;
  refresh();
});
connect();
