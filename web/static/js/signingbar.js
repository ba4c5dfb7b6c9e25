// Rundowns that wait for a signature of whoever sits here: their number on the bar of every page, a line each on On air. Knows no page.

import { boot, t, h, say, may, fill, ask } from './core.js';

const EVERY = 10_000;  // ms
const lines = h('div', { class: 'rundowns-wait' });

async function look() {
  let found;
  try {
    found = (await ask('/rundowns')).filter((one) => one.may_sign);
  } catch {
    return;  // the bar below says that data are old; the next look comes by itself
  }
  const badge = document.querySelector('[data-badge="rundown"]');
  badge.hidden = !found.length;
  badge.textContent = found.length;
  if (boot.page !== 'onair') return;
  if (!lines.isConnected) document.querySelector('#main .sentence').after(lines);
  fill(lines, found, () => found.map((one) => h('p', { class: 'note' }, h('a', { href: `/rundown?channel=${encodeURIComponent(one.channel)}&day=${one.day}` },
    t('rundown.waits', { name: say(one.channel_name), day: one.day, n: one.signatures.length, of: one.needed })))));
}

if (may('sign')) {
  look();
  setInterval(look, EVERY);
}
