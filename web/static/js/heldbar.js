// What is held since an upgrade, on every page: named, and let go by a dispatcher with a PIN. Knows no page.

import { boot, t, h, say, may, fill, action, command, notice } from './core.js';

const area = h('div', {});

function line(one) {
  return h('a', { href: `/alerts/${encodeURIComponent(one.alert)}` }, h('b', {}, one.headline), ` · ${t('held.now', { where: say(one.now) })}`);
}

function strip(held) {
  const why = h('input', { type: 'text', required: true, placeholder: t('held.why'), 'aria-label': t('held.why'), maxlength: 200, size: 18 });
  const release = action(async (request) => {
    await command('upgrade.release', { reason: why.value.trim() }, request);
    document.activeElement?.blur();
    notice(t('held.released'));
  });
  return h(
    'div',
    { class: 'strip muted held-back' },
    h('b', {}, t('held.since', { version: held.before })),
    held.lines.map(line),
    held.mutes > 0 && h('span', {}, t('held.mutes', { n: held.mutes })),
    may('dispatch') && !boot.seat.bound
      ? h('form', { class: 'inline strip-act', onsubmit: (event) => { event.preventDefault(); release(); } }, why, h('button', {}, t('held.release')))
      : h('span', { class: 'strip-act' }, t('held.ask')),
  );
}

export function drawHeld(overview) {
  if (!area.isConnected) document.getElementById('banner').prepend(area);
  const held = overview.held ?? { before: '', lines: [], mutes: 0 };
  if (held.before && area.contains(document.activeElement)) return;  // somebody types there
  fill(area, held, () => (held.before ? strip(held) : ''));
}
