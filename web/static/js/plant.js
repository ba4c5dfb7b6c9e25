// What the pages Transmitters and Power share: values with unit, limits as bars, quality in words, age in seconds. Knows no page.

import { t, h, say, ask, notice, now, time } from './core.js';
import { connect, onOverview } from './live.js';

const figure = (value, decimals) => (value / 10 ** decimals).toFixed(decimals);

// How old a value is, from when it was read; grows while nobody reads it.
export function ageOf(value) {
  if (!value.at) return t('plant.never');
  return t('plant.seconds', { s: (Math.max(0, now() - value.at) / 1e6).toFixed(0) });
}

// Where a device may tell far more than its limits (a VSWR up to 99), these would all stand at the bar's edge: it ends at twice their distance.
function endOf({ least, most, limits }) {
  const far = Math.max(...limits.map((limit) => limit.value)) - least;
  return limits.length && far > 0 && far < (most - least) / 8 ? least + 2 * far : most;
}

function bar(value) {
  const { least } = value;
  if (value.state || least === null || value.most === null || value.most <= least) return words(value);
  const most = endOf(value);
  const place = (number) => Math.max(0, Math.min(100, ((number - least) / (most - least)) * 100));
  const track = h('span', { class: 'gauge' });
  for (const limit of value.limits) {
    const mark = h('i', { class: `limit ${limit.side}${limit.crossed ? ' crossed' : ''}` });
    mark.style.left = `${place(limit.value)}%`;
    track.append(mark);
  }
  if (value.value !== null) {
    const needle = h('i', { class: 'needle' });
    needle.style.left = `${place(value.value)}%`;
    track.append(needle);
  }
  const range = `${figure(least, value.decimals)} – ${figure(most, value.decimals)} ${value.unit}`;
  return h('span', { class: 'gauged', title: range }, track, words(value));
}

// The limits in words, so that no bar must be read.
function words(value) {
  const said = value.limits.map((limit) => {
    const v = figure(limit.value, value.decimals);
    if (limit.crossed) return h('b', { class: 'crossed' }, `▲ ${t(`plant.crossed.${limit.side}`, { v })}`, limit.since && h('span', { class: 'num' }, t('plant.crossed.since', { at: time(limit.since) })));
    return limit.side !== 'is' && h('span', { class: 'muted' }, t(`plant.${limit.side}`, { v }));
  });
  return h('span', { class: 'limits small' }, said);
}

function valueRow(value) {
  const fine = value.quality === 'good';
  return h('tr', { class: `value${fine ? '' : ' unsure'}`, 'data-value': value.id },
    h('th', { scope: 'row' }, say(value.name)),
    h('td', { class: 'num reading' }, say(value.text)),
    h('td', { class: 'wide' }, bar(value)),
    h('td', {}, fine ? h('span', { class: 'muted small' }, say(value.quality_text)) : h('span', { class: 'pill warn', title: value.why }, say(value.quality_text))),
    h('td', { class: 'num muted age-of' }, ageOf(value)));
}

export function valuesTable(values) {
  const heads = ['plant.value', 'plant.reading', 'plant.limits', 'plant.quality', 'plant.age'];
  return h('table', { class: 'list values' }, h('thead', {}, h('tr', {}, heads.map((key, k) => h('th', { class: k === 2 ? 'wide' : '' }, t(key))))), h('tbody', {}, values.map(valueRow)));
}

// Devices by where they stand, in the order they came.
export function bySite(devices) {
  const sites = new Map();
  for (const one of devices) {
    const name = say(one.head.site) || t('plant.nosite');
    sites.set(name, [...(sites.get(name) ?? []), one]);
  }
  return sites;
}

export function headOf(head, ...more) {
  return h('div', { class: 'tile-head' },
    h('h3', { class: 'device-name' }, say(head.name)),
    h('span', { class: `pill ${head.contact === 'good' ? 'plain' : 'bad'}` }, say(head.contact_text), head.contact_since && head.contact !== 'good' ? ` ${t('plant.since', { at: time(head.contact_since) })}` : ''),
    head.profile_status === 'invented' && h('span', { class: 'pill plain', title: head.profile }, t('plant.invented')),
    head.profile_status === 'unverified' && h('span', { class: 'pill plain', title: head.profile }, t('plant.unverified')),
    head.profile_status === 'bench' && h('span', { class: 'pill plain', title: head.profile }, t('plant.bench')),
    ...more,
    h('span', { class: 'muted small num address' }, head.address));
}

// A part that somebody types in is not drawn anew under his hands.
export const busy = (element) => element.contains(document.activeElement) && ['INPUT', 'SELECT'].includes(document.activeElement.tagName);

// Ask for `path` with every state of the station, at most once a second and one at a time, and draw what it answers; what is returned asks at once.
export function polled(path, draw) {
  let waiting = false;
  let last = 0;
  async function refresh() {
    if (waiting) return;
    waiting = true;
    try {
      draw(await ask(path));
    } catch (problem) {
      notice(say(problem.text), 'bad');
    } finally {
      waiting = false;
    }
  }
  onOverview((overview) => {
    if (overview.at - last < 0.9e6) return;
    last = overview.at;
    refresh();
  });
  connect();
  return refresh;
}
