// What every page shows live: link, clock, alerts that break through, local mutes, STOP, and the ages of data. Knows no page.

import { boot, t, h, say, may, fill, put, countDown, tick, now, silence, time, span, notice, action, command, uuid7, levelBadge, kindWord, relogin, loginHere, stateDir } from './core.js';
import { drawAlarms } from './alarmbar.js';
import { drawHeld } from './heldbar.js';
import { lifeline } from './lifeline.js';
import { drawMutes } from './mutebar.js';
import './navbar.js';

export const state = { overview: boot.overview, down: false };
const listeners = [];
const journalListeners = [];

export function onOverview(listener) {
  listeners.push(listener);
  listener(state.overview);
}

export const onJournal = (listener) => journalListeners.push(listener);

function take(overview) {
  state.overview = overview;
  state.down = false;
  tick(overview.at);
  drawBanner();
  drawBar();
  drawHeld(overview);
  drawAlarms(overview);
  drawMutes(overview);
  for (const listener of listeners) listener(overview);
  beat();
}

// ---- the stream ----------------------------------------------------------------------------------------

const REOPEN_S = 5; // a stream that says nothing that long is opened anew: whoever hangs, or a cut line, never ends it
let source = null;
let wanted = {};
let opened = -Infinity; // performance.now()
let again = 0;

export function connect({ journal = false } = {}) {
  wanted = { journal };
  open();
}

function open() {
  clearTimeout(again);
  source?.close();
  opened = performance.now();
  const mine = new EventSource(wanted.journal ? '/events?journal=1' : '/events');
  source = mine;
  mine.addEventListener('overview', (event) => take(JSON.parse(event.data)));
  mine.addEventListener('journal', (event) => journalListeners.forEach((one) => one(JSON.parse(event.data))));
  mine.addEventListener('resync', () => journalListeners.forEach((one) => one(null)));
  mine.addEventListener('away', () => {
    state.down = true;
    beat();
  });
  mine.addEventListener('bye', (event) => {
    mine.close();
    if (JSON.parse(event.data).why !== 'stopping') relogin();
    else again = setTimeout(open, 1000);
  });
  mine.addEventListener('error', () => {
    if (mine.readyState === EventSource.CLOSED && mine === source) again = setTimeout(open, 1500);
  });
}

addEventListener('pagehide', () => source?.close());
document.body.addEventListener('seat-lost', () => { // said once, and it stays: what is typed is still on the page
  if (document.getElementById('seat-lost')) return;
  notice(h('span', { id: 'seat-lost' }, t('link.seatover'), ' ', h('a', { href: loginHere() }, t('link.again'))), 'bad', 3600);
});

// ---- ages: nothing keeps its last green ------------------------------------------------------------------

function beat() {
  const at = now();
  put(document.getElementById('clock'), time(at));
  for (const tile of document.querySelectorAll('[data-at]')) {
    const age = (at - Number(tile.dataset.at)) / 1e6;
    const stale = age > Number(tile.dataset.limit) || (state.down && !tile.hasAttribute('data-polled'));
    if (tile.classList.contains('stale') !== stale) tile.classList.toggle('stale', stale);
    const label = tile.querySelector('.age');
    const since = { s: Math.max(0, Math.floor(age)) };
    if (label) put(label, !stale ? t('link.age', since) : lost() || tile.dataset.at === '0' ? t('link.stale') : t('link.old', since));
  }
  countDown(at);
  for (const one of document.querySelectorAll('[data-since]')) put(one, span(at - Number(one.dataset.since)));
  drawLink();
}

const lost = () => state.down || silence() > 3; // no state of the station comes: what single tiles lack is told by their own age

let missing = false;

function drawLink() {
  const [quiet, stale] = [silence(), lost()];
  document.body.classList.toggle('data-stale', stale);
  document.getElementById('bar-terminals').classList.toggle('stale', stale);
  lifeline({ lost: stale, at: state.overview.at, quiet, down: state.down });
  if (missing && !stale) journalListeners.forEach((one) => one(null)); // what was written meanwhile was missed
  missing = stale;
  if (Math.min(quiet, (performance.now() - opened) / 1000) > REOPEN_S) open();
  put(document.getElementById('link-text'), stale ? t('link.stale') : t('link.live', { s: Math.floor(silence()) }));
}

// ---- alerts break through every page ------------------------------------------------------------

function strip(alert) {
  const counts = alert.counts;
  const here = boot.page === 'alert' && boot.alert === alert.id;
  const live = alert.aired_at !== null;
  return h(
    'a',
    { class: `strip ${alert.kind === 'actual' ? 'actual' : 'drill'} ${live ? 'live' : 'waiting'}`, href: `/alerts/${encodeURIComponent(alert.id)}`, 'aria-current': here ? 'page' : null },
    levelBadge(alert),
    h('b', {}, alert.headline),
    h('span', { class: 'strip-where' }, `${alert.area_names} · ${say(alert.source)}`),
    live && alert.muted
      ? null
      : live
      ? h('span', { class: 'num' }, t('banner.playing', { n: counts.playing, of: counts.addressed, heard: counts.heard }))
      : h('span', { class: 'num' }, alert.needed ? t('banner.waiting', { n: alert.signatures.length, of: alert.needed }) : t('banner.speaking')),
    live && alert.muted ? h('span', { class: 'pill bad' }, t('alert.muted')) : null,
    live
      ? h('span', { class: 'num strip-time' }, `${t('banner.left')} `, h('span', { 'data-until': alert.until }))
      : alert.hold_until && h('span', { class: 'num strip-time' }, `${t('banner.hold')} `, h('span', { 'data-until': alert.hold_until })),
  );
}

const alertArea = h('div', {});
document.getElementById('banner').append(alertArea);

function drawBanner() {
  const { sounding, waiting } = state.overview;
  fill(alertArea, [sounding, waiting.map((one) => [one.id, one.signatures.length, one.hold_until])], () => [
    ...sounding.map(strip),
    ...waiting.slice(0, 3).map(strip),
    waiting.length > 3 && h('a', { class: 'strip waiting', href: '/alerts' }, t('banner.more', { n: waiting.length - 3 })),
  ]);
  const drill = sounding.length > 0 && sounding.every((one) => one.kind !== 'actual');
  document.body.classList.toggle('frame-real', sounding.some((one) => one.kind === 'actual'));
  document.body.classList.toggle('frame-drill', drill);
  document.body.dataset.frame = sounding.length ? kindWord(sounding[0].kind) : '';
  const badge = document.querySelector('[data-badge="alerts"]');
  badge.hidden = !(sounding.length + waiting.length);
  put(badge, sounding.length + waiting.length);
}

function drawBar() {
  const { terminals_online: online, terminals_registered: of } = state.overview;
  put(document.getElementById('bar-terminals'), t('bar.terminals', { n: online, of }));
  const until = boot.seat.pin_until;
  put(document.getElementById('bar-pin'), until && until > now() ? t('bar.pin') : '');
}

// ---- STOP: one key, no dialog, no PIN -----------------------------------------------------------------------

const stop = document.getElementById('stop');

// Pressed twice in fright it is one action: within two seconds of the last it does nothing more. A station that does not
// answer is asked again, with the same request, until it obeys or a minute is over: nobody has to press a second time.
const TRY_FOR = 60_000;
let silenced = -Infinity;
let stopping = false;
async function silenceAll() {
  if (stopping || performance.now() - silenced < 2000) return;
  stopping = true;
  const [request, mute, began] = [uuid7(), uuid7(), performance.now()];
  stop.classList.add('sending');
  const slow = setTimeout(() => notice(t('stop.slow'), 'bad', 15), 1500);
  for (let told = false; stopping; ) {
    try {
      await command('alert.mute', { mute, alert: '', areas: [], reason: '' }, request, { wait: 4_000, quiet: true });
      silenced = performance.now();
      const where = boot.seat.area_names;  // who answers for a part mutes that part
      notice(where ? t('stop.part', { where }) : t('stop.done'), 'bad', 8);
      stopping = false;
    } catch (problem) {
      clearTimeout(slow);
      const again = problem.code === 'unavailable' && performance.now() - began < TRY_FOR;
      if (!again || !told) notice(t(again ? 'stop.again' : 'stop.failed', { why: say(problem.text), state: stateDir, who: boot.seat.operator }), 'bad', 60);
      [told, stopping] = [true, again];
      if (again) await new Promise((done) => setTimeout(done, 700));
    }
  }
  clearTimeout(slow);
  stop.classList.remove('sending');
}

if (may('mute')) {
  stop.addEventListener('click', silenceAll);
  addEventListener(
    'keydown',
    (event) => {
      if (event.key !== 'F8' || event.repeat) return;
      event.preventDefault();
      silenceAll();
    },
    { capture: true },
  );
} else {
  stop.disabled = true;
  stop.title = t('stop.noright');
}

take(boot.overview);
setInterval(beat, 250);
