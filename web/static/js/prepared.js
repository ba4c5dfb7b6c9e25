// 备播: what waits for a key on a channel; the key puts it over the schedule, which runs on beneath.

import { action, ask, command, fill, h, holdButton, may, named, notice, say, span, t } from './core.js';

const EVERY = 10; // overviews, one a second

const put = action(async (_, channel, one, when, refresh) => {
  await command('air.insert', { channel, item: one.item, when });
  notice(t(`prepared.done.${when}`, { title: one.title }), 'plain');
  refresh();
});

function key(channel, one, when, refresh) {
  const made = holdButton(t(`prepared.${when}`), () => put(channel, one, when, refresh), { kind: 'quiet', seconds: 0.7 });
  made.disabled = Boolean(one[when]);
  made.title = one[when] ? say(one[when]) : t(`prepared.${when}.help`);
  return made;
}

function row(channel, one, refresh) {
  const why = one.now ?? one.next;
  return h('li', {},
    h('span', { class: 'take-title' }, one.title), ' ',
    h('span', { class: 'muted num' }, span(one.length)), ' ',
    one.category && h('span', { class: 'muted wide' }, named('category', one.category)),
    h('span', { class: 'deeds' }, key(channel, one, 'now', refresh), key(channel, one, 'next', refresh)),
    why && h('p', { class: 'small muted' }, say(why)));
}

// The list of one channel; `look(channel)` with each overview. Hidden while nothing waits, or from whoever may not.
export function preparedList(id) {
  const made = h('section', { class: 'prepared', hidden: true, 'aria-label': t('prepared.title') });
  let count = 0;
  let last = '';
  const refresh = async () => {
    const rows = await ask(`/prepared?channel=${encodeURIComponent(id)}`);
    made.hidden = rows.length === 0;
    fill(made, rows, () => [h('span', { class: 'label' }, t('prepared.title')), h('ul', {}, rows.map((one) => row(id, one, refresh)))]);
  };
  const look = (channel) => {
    if (!may('air')) return;
    count += 1;
    const onAir = channel.now?.id ?? '';
    if ((onAir === last && count % EVERY !== 1) || document.visibilityState !== 'visible') return;
    last = onAir;
    refresh();
  };
  return { made, look };
}
