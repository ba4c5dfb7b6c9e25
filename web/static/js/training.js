// The exercises of a shadow station: choose one, see how it goes, and the debrief: what you did, when, against the target times.

import { t, h, say, fill, post, action, time, span } from './core.js';
import { connect } from './live.js';
import { onTraining, refresh } from './trainingbar.js';

const main = document.getElementById('main');
const choice = h('div', { class: 'exercises' });
const report = h('div', {});
main.append(
  h('section', { class: 'tile' }, h('div', { class: 'tile-head' }, h('h1', {}, t('training.choose'))), choice),
  h('section', { class: 'tile' }, report),
);

const begin = action(async (_, start) => {
  await post('/training', { start });
  await refresh();
});

function result(goal) {
  if (goal.good === null) return h('td', {}, t('training.open'));
  return h('td', { class: goal.good ? 'good' : 'bad' }, t(goal.good ? 'training.good' : 'training.bad'));
}

function goalRow(goal) {
  const within = goal.within ? span(goal.within * 1e6) : t('training.never');
  return h('tr', {}, h('td', {}, say(goal.text)), h('td', { class: 'num' }, within), h('td', { class: 'num' }, goal.took === null ? '—' : span(goal.took)), result(goal));
}

function debrief(running) {
  return [
    h('div', { class: 'tile-head' }, h('h2', {}, `${say(running.title)} · ${t(running.over ? 'training.over' : 'training.running')}`), !running.over && h('button', { onclick: () => begin('stop') }, t('training.stop'))),
    h('p', {}, say(running.task)),
    ...running.said.map((one) => h('p', { class: 'muted' }, say(one))),
    h('table', { class: 'goals' }, h('thead', {}, h('tr', {}, h('th', {}, t('training.goal')), h('th', {}, t('training.target')), h('th', {}, t('training.took')), h('th', {}))), h('tbody', {}, running.goals.map(goalRow))),
    h('p', { class: 'muted small' }, t('training.unverified')),
    h('h3', {}, t('training.acts')),
    running.acts.length ? h('ol', {}, running.acts.map((act) => h('li', {}, h('span', { class: 'num' }, `${time(act.at)} (+${span(act.at - running.began)}) `), say(act.sentence)))) : h('p', { class: 'muted' }, t('training.noacts')),
  ];
}

onTraining((seen) => {
  fill(choice, [seen.scenarios, seen.running?.id, seen.running?.over], () =>
    seen.scenarios.length
      ? seen.scenarios.map((one) => h('div', { class: 'row' }, h('span', {}, say(one.title)), h('button', { class: 'primary', disabled: Boolean(seen.running && !seen.running.over), onclick: () => begin(one.id) }, t(seen.running?.id === one.id ? 'training.again' : 'training.start'))))
      : h('p', { class: 'muted' }, t('training.none')),
  );
  fill(report, seen.running, () => (seen.running ? debrief(seen.running) : [h('p', { class: 'muted' }, t('training.noacts'))]));
});

connect();
