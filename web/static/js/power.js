// Power: each supply by site: on mains or on battery, how long it lasts, and every value with unit, quality and age.

import { t, h, say, fill, ask, aged, notice, now } from './core.js';
import { connect, onOverview } from './live.js';
import { valuesTable, bySite, headOf } from './plant.js';

const main = document.getElementById('main');
const sites = aged(h('div', { class: 'plant-page' }), 0, 6);
sites.dataset.polled = '';
main.append(h('h1', { class: 'unseen' }, t('page.power')), sites);
const SIGNS = { good: '●', warn: '◆', bad: '▲' };

function chain(one) {
  const value = (id) => one.values.find((v) => v.id === id);
  const shown = (id) => (value(id) ? say(value(id).text) : '');
  const box = (label, text, unsure) => h('span', { class: `node${unsure ? ' unsure' : ''}` }, h('b', {}, label), h('span', { class: 'num' }, text));
  return h('div', { class: 'one-line' },
    box(t('power.mains'), shown('mains_voltage'), value('mains_voltage')?.quality !== 'good'), h('i', { 'aria-hidden': 'true' }, '→'),
    box(t('power.ups'), [shown('battery_charge'), shown('battery_minutes')].filter(Boolean).join(' · '), value('battery_charge')?.quality !== 'good'), h('i', { 'aria-hidden': 'true' }, '→'),
    box(t('power.load'), shown('load'), value('load')?.quality !== 'good'));
}

function tile(one) {
  return h('section', { class: 'tile device', 'data-device': one.head.id },
    headOf(one.head),
    h('div', { class: 'carrier-side' }, h('div', { class: `carrier ${one.tone}` }, h('i', { 'aria-hidden': 'true' }, SIGNS[one.tone]), h('b', {}, say(one.sentence))), chain(one)),
    h('div', { class: 'values-box' }, valuesTable(one.values)));
}

let waiting = false;
async function refresh() {
  if (waiting) return;
  waiting = true;
  try {
    const found = await ask('/power');
    aged(sites, now(), 6);
    fill(sites, [found, Math.floor(now() / 1e6)], () => (found.length
      ? [...bySite(found)].map(([site, ones]) => h('section', { class: 'site', 'aria-label': site }, h('h2', {}, site), ones.map(tile)))
      : h('p', { class: 'tile muted' }, t('plant.noups'))));
  } catch (problem) {
    notice(say(problem.text), 'bad');
  } finally {
    waiting = false;
  }
}

let polled = 0;
onOverview((overview) => {
  if (overview.at - polled < 0.9e6) return;
  polled = overview.at;
  refresh();
});
connect();
