// Local mutes on every page: red until lifted; afterwards the reason that is still owed is asked for. Knows no page.

import { boot, t, h, say, may, fill, time, action, command, notice } from './core.js';

const MOST = 200;  // characters of a reason
const inForce = h('div', {});
const owed = h('div', {});

const typed = () => h('input', { type: 'text', placeholder: t('mute.reason'), 'aria-label': t('mute.reason'), maxlength: MOST, size: 18 });
const what = (mute) => (mute.alert || mute.areas.length ? mute.area_names || mute.headline || mute.alert : t('mute.all'));
const explain = (mute, why, request) => command('alert.explain', { mute: mute.id, reason: why.value.trim() }, request);

function told(text) {
  document.activeElement?.blur();
  notice(text);
}

function reasonForm(mute, why) {
  const give = action(async (request) => {
    await explain(mute, why, request);
    told(t('mute.explained'));
  });
  return h('form', { class: 'inline', onsubmit: (event) => { event.preventDefault(); if (why.value.trim()) give(); else { notice(t('alert.needreason'), 'warn'); why.focus(); } } }, why, h('button', {}, t('mute.explain')));
}

function strip(mute) {
  const why = typed();
  const lift = action(async (request) => {
    if (!mute.reason && why.value.trim()) await explain(mute, why);  // typed and not sent: it is not lost
    await command('alert.unmute', { mute: mute.id }, request);
    told(t('mute.lifted'));
  });
  return h(
    'div',
    { class: 'strip muted' },
    h('b', {}, t('mute.inforce')),
    h('span', { class: 'num' }, `${what(mute)} · ${time(mute.at)} · ${say(mute.by_name)}`),
    mute.reason ? h('span', {}, mute.reason) : may('mute') && reasonForm(mute, why),
    may('dispatch') && h('button', { class: 'strip-act', onclick: lift }, t('mute.lift')),
  );
}

// One after the other, the oldest first: it is over, and nobody is in a hurry.
function owing([mute, ...others]) {
  return h(
    'div',
    { class: 'strip owed' },
    h('b', {}, t('mute.owed')),
    h('span', { class: 'num' }, `${what(mute)} · ${time(mute.at)} – ${time(mute.lifted_at)} · ${say(mute.by_name)}`),
    reasonForm(mute, typed()),
    others.length > 0 && h('span', { class: 'num' }, t('mute.owedmore', { n: others.length })),
  );
}

export function drawMutes({ mutes, unexplained = [] }) {
  const banner = document.getElementById('banner');
  if (!inForce.isConnected) banner.prepend(inForce);
  if (!owed.isConnected) banner.append(owed);
  if (!(inForce.contains(document.activeElement) && mutes.length)) fill(inForce, mutes, () => mutes.map(strip));
  const asked = may('mute') && boot.page !== 'compose' ? unexplained : [];  // whoever sends an alert is not held up
  if (!(owed.contains(document.activeElement) && asked.length)) fill(owed, asked, () => (asked.length ? owing(asked) : ''));
}
