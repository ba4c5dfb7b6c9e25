// Alerts: what sounds, what waits, what was; the way to the night page.

import { t, h, say, named, fill, ask, stamp, time, levelBadge, aged, notice, may } from './core.js';
import { connect, onOverview, state } from './live.js';

const main = document.getElementById('main');
const list = aged(h('section', { class: 'tile' }), 0, 8);
list.dataset.polled = '';
const body = h('div', {});
list.append(h('div', { class: 'tile-head' }, h('h2', {}, t('alerts.list')), h('span', { class: 'age num' })), body);
main.append(
  h('div', { class: 'page-head' }, h('h1', {}, t('page.alerts')), may('compose') && h('a', { class: 'button primary big', href: '/alerts/new' }, t('alerts.new'))),
  list,
);

function phase(alert) {
  const word = say(alert.phase_text);
  if (alert.ended_at) return h('span', { class: 'pill plain' }, named('ended', alert.ended_how));
  if (alert.aired_at) return h('span', { class: 'pill bad' }, word);
  return h('span', { class: 'pill warn' }, word);
}

function reach(alert) {
  const { counts } = alert;
  return alert.aired_at ? t('alerts.reach', { ack: counts.acknowledged, playing: counts.playing, heard: counts.heard, of: counts.addressed }) : t('alerts.wouldreach', { n: counts.addressed });
}

function row(alert) {
  return h(
    'tr',
    {},
    h('td', {}, levelBadge(alert)),
    h('td', {}, h('a', { href: `/alerts/${encodeURIComponent(alert.id)}` }, alert.headline), h('div', { class: 'muted small' }, `${alert.area_names} · ${say(alert.source)}${alert.verified || alert.composed ? '' : ` · ${t('alerts.unverified')}`}`)),
    h('td', {}, !(alert.muted && alert.aired_at && !alert.ended_at) && phase(alert), alert.muted && h('span', { class: 'pill bad' }, t('alert.muted')), alert.overdue && h('span', { class: 'pill bad' }, t('alerts.overdue'))),
    h('td', { class: 'num wide' }, t('alerts.signed', { n: alert.signatures.length, of: alert.needed + alert.owed })),
    h('td', { class: 'num wide' }, reach(alert)),
    h('td', { class: 'num wide', title: stamp(alert.submitted_at) }, time(alert.submitted_at)),
  );
}

async function refresh() {
  try {
    const alerts = await ask('/alerts', { limit: 100 });
    fill(body, alerts, () => (alerts.length
      ? h('table', { class: 'list' }, h('thead', {}, h('tr', {}, ['alerts.level', 'alerts.what', 'alerts.phase', 'alerts.signatures', 'alerts.counts', 'alerts.at'].map((key, k) => h('th', { class: k > 2 ? 'wide' : '' }, t(key))))), h('tbody', {}, alerts.map(row)))
      : h('p', { class: 'muted' }, t('alerts.none'))));
    aged(list, state.overview.at, 8);
  } catch (problem) {
    notice(say(problem.text), 'bad');
  }
}

let last = '';
let polled = 0;
onOverview((overview) => {
  const key = JSON.stringify([...overview.sounding, ...overview.waiting].map((one) => [one.id, one.signatures.length, one.muted]));
  if (key === last && overview.at - polled < 4e6) return;
  last = key;
  polled = overview.at;
  refresh();
});
connect();
