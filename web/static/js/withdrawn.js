// 撤播: takes a medium off the air at once; shows what is withdrawn, and lets another person who signs give it back.

import { action, ask, boot, command, fill, h, holdButton, may, notice, say, stamp, t } from './core.js';
import { onOverview } from './live.js';

const changed = new Set();

const withdraw = action(async (_, take) => {
  await command('media.withdraw', { media: take.media, reason: '' });
  notice(t('withdraw.done', { title: take.title }), 'plain');
  for (const refresh of changed) refresh();
});

const restore = action(async (_, one) => {
  await command('media.restore', { media: one.media, reason: '' });
  notice(t('withdraw.restored', { title: one.title }), 'plain');
  for (const refresh of changed) refresh();
});

// The button of a take, held for two seconds; nothing where there is nothing to withdraw or nobody who may.
export function withdrawButton(take) {
  if (!take || !take.media || !may('mute')) return null;
  const made = holdButton(t('withdraw.hold'), () => withdraw(take), { kind: 'quiet' });
  made.title = t('withdraw.help');
  return made;
}

function row(one) {
  const own = one.by === boot.seat.operator;
  return h(
    'li',
    {},
    h('b', {}, one.title),
    ' ',
    h('span', { class: 'muted' }, t('withdraw.by', { name: say(one.by_name), at: stamp(one.at) })),
    one.reason && h('span', { class: 'muted' }, ` ${t('withdraw.reason', { why: one.reason })}`),
    may('sign') && (own ? h('span', { class: 'muted note' }, ` ${t('withdraw.own')}`) : h('button', { type: 'button', onclick: () => restore(one) }, t('withdraw.restore'))),
  );
}

const EVERY = 20; // overviews, one a second

// What is withdrawn now; hidden while there is nothing.
export function withdrawnList() {
  const made = h('section', { class: 'tile withdrawn', hidden: true, 'aria-label': t('withdraw.title') });
  const refresh = async () => {
    const rows = await ask('/withdrawn');
    made.hidden = rows.length === 0;
    fill(made, rows, () => [h('h2', {}, t('withdraw.title')), h('ul', {}, rows.map(row))]);
  };
  changed.add(refresh);
  refresh();
  let count = 0;
  onOverview(() => {
    count += 1;
    if (count % EVERY === 0 && document.visibilityState === 'visible') refresh();
  });
  return made;
}
