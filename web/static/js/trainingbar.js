// The strip of a shadow station on every page: that it is one, which exercise is under way, and what was said last.

import { t, h, say, fill, ask, now, span, boot, Problem } from './core.js';

const strip = document.getElementById('training');
const listeners = [];
let seen = null;

export const onTraining = (run) => {
  listeners.push(run);
  if (seen) run(seen);
};

function draw() {
  const running = seen?.running;
  const left = running && !running.over ? Math.max(0, running.ends - now()) : 0;
  fill(strip, [running?.id, running?.said.length, running?.over, Math.ceil(left / 1e6)], () => [
    h('span', {}, t('training.frame')),
    h('a', { href: '/training' }, t('page.training')),
    running && h('span', {}, `${say(running.title)} · ${running.over ? t('training.over') : t('training.left', { time: span(left) })}`),
    running && !running.over && h('span', { class: 'said', role: 'status' }, say(running.said.at(-1) ?? running.task)),
  ]);
}

export async function refresh() {
  try {
    seen = await ask('/training');
    listeners.forEach((run) => run(seen));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
  }
  draw();
}

if (boot.seat) {
  refresh();
  setInterval(refresh, 1000);
}
