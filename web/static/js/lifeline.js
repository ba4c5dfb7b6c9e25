// What a page says when no data come any more, wherever the line broke: since when, why, what goes on, what to do, whom to call.
// Finds the cause itself, keeps the telephone list, and notices when it is over. Knows no page and no data.

import { boot, t, h, say, roleWord, contact, fill, put, ask, time, notice, loaded, relogin, stateDir } from './core.js';

const ASK_MS = 3_500; // a panel that has not answered by then hangs
const AGAIN_MS = 1_500;
const PHONES_MS = 600_000;
const KEPT = 'gengfu-phones';
const FIRST = ['engineer', 'leader', 'approver', 'dispatcher', 'operator'];

let cause = 'asking';
let since = 0; // performance.now() when data were last seen to come, while they are lost
let probing = false;
let broken = false; // a script of this page gave up for want of an answer: it must be loaded anew

// ---- whom to call: fetched while all is well, kept in the browser, for then nobody can be asked ------------------------------

const NONE = { at: 0, lines: [] };
function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT)) ?? NONE;
    return Array.isArray(found.lines) ? { ...found, lines: found.lines.filter((one) => typeof one?.phone === 'string' && one.name) } : NONE;
  } catch {
    return NONE;
  }
}

async function keepPhones() {
  if (kept().at > Date.now() - PHONES_MS && kept().at <= Date.now()) return;
  try {
    const lines = (await ask('/contacts')).map(contact).map(({ role, name, phone }) => ({ role, name, phone }));
    localStorage.setItem(KEPT, JSON.stringify({ at: Date.now(), lines: [...lines, ...(boot.phones ?? [])] }));
  } catch {
    // not now: what was kept before stands, and it is asked for again
  }
}

function phones() {
  const known = new Map([...kept().lines, ...(boot.phones ?? [])].filter((one) => one.phone).map((one) => [one.phone, one]));
  const rank = (one) => (FIRST.indexOf(one.role) + FIRST.length + 1) % (FIRST.length + 1);
  return [...known.values()].sort((a, b) => rank(a) - rank(b)).slice(0, 8);
}

if (boot.seat?.operator) {
  loaded.then(keepPhones);
  setInterval(keepPhones, PHONES_MS);
}

// ---- why ------------------------------------------------------------------------------------------------------------------

let probed = -Infinity;
async function probe() {
  if (probing || performance.now() - probed < AGAIN_MS) return;
  probing = true;
  cause = await why();
  probed = performance.now();
  probing = false;
}

async function why() {
  if (!navigator.onLine) return 'network';
  try {
    const answer = await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(ASK_MS) });
    const told = await answer.json();
    if (told.station === null) return 'station';
    if ((await fetch('/api/v1/me', { signal: AbortSignal.timeout(ASK_MS) })).status === 401) relogin();
    return 'stream';
  } catch {
    return navigator.onLine ? 'panel' : 'network';
  }
}

// ---- the strip --------------------------------------------------------------------------------------------------------------

const age = h('b', { class: 'num lost-age', 'aria-live': 'off' });
const says = h('div', { class: 'lost-says' });
const strip = h('section', { class: 'strip lost', id: 'lost', role: 'alert' }, h('div', { class: 'lost-head' }, h('b', {}, t('lost.head')), ' ', age), says);

function body(at) {
  const list = phones();
  const console_ = cause === 'panel' || cause === 'network';
  return [
    h('p', {}, h('b', {}, t(`lost.why.${cause}`)), ` · ${t('lost.at', { at: time(at) })}`),
    h('p', {}, t('lost.air'), ' ', t(`lost.do.${cause}`), console_ && ' ', console_ && h('code', {}, `gengfu console --state ${stateDir}`)),
    h('p', { class: 'lost-phones' }, h('b', {}, t('lost.call')), list.length
      ? list.map((one) => h('span', {}, `${roleWord(one.role)} ${say(one.name)} `, h('a', { class: 'num', href: `tel:${one.phone.replaceAll(' ', '')}` }, one.phone)))
      : h('span', {}, t('lost.nophones'))),
    h('p', { class: 'small' }, t('lost.self')),
  ];
}

// Called four times a second: `lost` whether data fail, `at` of what stands on the page (µs), `quiet` s without any.
export function lifeline({ lost, at, quiet, down }) {
  if (lost && !since) {
    since = performance.now() - quiet * 1000;
    cause = down ? 'station' : 'asking';
    probed = -Infinity;
    document.getElementById('banner').prepend(strip);
    document.title = `⚠ ${t('lost.head')} · ${document.title}`;
  }
  if (!lost) {
    if (since) over();
    return false;
  }
  put(age, t('lost.age', { s: Math.floor((performance.now() - since) / 1000) }));
  fill(says, [cause, Math.floor(at / 1e6), phones()], () => body(at));
  probe();
  return true;
}

function over() {
  notice(t('lost.back', { s: Math.ceil((performance.now() - since) / 1000) }), 'plain', 10);
  since = 0;
  strip.remove();
  document.title = document.title.replace(`⚠ ${t('lost.head')} · `, '');
  if (broken) location.reload();
}

for (const name of ['error', 'unhandledrejection']) {
  addEventListener(name, (event) => { broken ||= (event.error ?? event.reason)?.code === 'unavailable'; });
}

// Where nothing can be loaded, a link would take away the page and the telephone list with it.
addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href]');
  if (!link || !since || cause === 'station' || cause === 'stream' || link.protocol === 'tel:' || link.target) return;
  event.preventDefault();
  notice(t('lost.stay'), 'bad');
}, { capture: true });
