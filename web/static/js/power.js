// Power: each supply by site: on mains or on battery, how long it lasts, and every value with unit, quality and age.

import { t, h, say, fill, aged, now } from './core.js';
import { valuesTable, bySite, headOf, polled } from './plant.js';

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

polled('/power', (found) => {
  aged(sites, now(), 6);
  fill(sites, [found, Math.floor(now() / 1e6)], () => (found.length
    ? [...bySite(found)].map(([site, ones]) => h('section', { class: 'site', 'aria-label': site }, h('h2', {}, site), ones.map(tile)))
    : h('p', { class: 'tile muted' }, t('plant.noups'))));
});
