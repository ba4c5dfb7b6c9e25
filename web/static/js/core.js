// What every page stands on: words, elements, times, questions to the station. Knows no page.

export const boot = JSON.parse(document.getElementById('boot').textContent);
const words = (await import(`../words/${boot.lang}.js`)).default;

export function t(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// The word for a value that the station gave; one it alone knows is shown as it is.
export const named = (family, key) => words[`${family}.${key}`] ?? String(key);

// That for a post of the duty, or else for a role of an account.
export const roleWord = (role) => words[`post.${role}`] ?? named('role', role);

// A line of the telephone list, with its name in both languages.
export const contact = ({ name_zh: zh, name_en: en, ...more }) => ({ ...more, name: { zh: zh || en, en: en || zh } });

export const say = (text) => (text ? text[boot.lang] : '');
export const may = (right) => boot.seat.rights.includes(right);

const PROPERTIES = new Set(['value', 'checked', 'disabled', 'hidden', 'className', 'textContent', 'htmlFor', 'selected', 'open']);

// An element; `on…` are listeners, known properties are set, the rest are attributes. Text is never parsed as HTML.
export function h(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (PROPERTIES.has(name)) made[name] = value;
    else made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.flat(3).filter((one) => one !== null && one !== undefined && one !== false && one !== ''));
  return made;
}

// Names one after the other, as the language separates them.
export const listed = (names) => names.join(boot.lang === 'zh' ? '、' : ', ');

let composing = false; // whether an input method has begun a word
addEventListener('compositionstart', () => { composing = true; });
addEventListener('compositionend', () => { composing = false; });

// Replace the children only when what they show changed, so that focus and screen readers are left in peace; not under a finger: a button
// that is held stays until it is let go.
export function fill(target, key, make) {
  const text = JSON.stringify(key);
  if (target.shown === text || target.querySelector('button[data-down]')) return false;
  const held = target.contains(document.activeElement) ? document.activeElement : null;
  if (held && composing) return false; // what is being spelled would be lost; it is drawn with the next news
  const marked = held && [held.selectionStart, held.selectionEnd];
  target.shown = text;
  const made = make();
  target.replaceChildren(...(Array.isArray(made) ? made.flat(3).filter(Boolean) : [made]));
  if (held?.isConnected && document.activeElement !== held) { // a field that is put there again: who types in it goes on typing
    held.focus({ preventScroll: true });
    if (typeof marked[0] === 'number') held.setSelectionRange(...marked);
  }
  return true;
}

// A text that is drawn several times a second: touched only when it reads otherwise, or the browser lays the page out again for nothing.
export function put(target, text) {
  const said = String(text);
  if (target.textContent !== said) target.textContent = said;
}

// ---- times: µs of the station's clock ------------------------------------------------------------------

const received = { at: 0, mark: 0 };

export function tick(at) {
  received.at = at;
  received.mark = performance.now();
}

export const now = () => received.at + Math.round((performance.now() - received.mark) * 1000);
export const silence = () => (performance.now() - received.mark) / 1000;

const zone = boot.settings.timezone;
const asTime = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const asDay = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' });

export const time = (us) => (us === null || us === undefined ? '—' : asTime.format(us / 1000));
export const day = (us) => asDay.format(us / 1000);
export const stamp = (us) => (us === null || us === undefined ? '—' : `${day(us)} ${time(us)}`);

const two = (n) => String(n).padStart(2, '0');

const HOUR = { zh: '时', en: 'h' };

// A span in µs, never below zero, as 21′40″ or 1h02′05″: nobody takes it for a time of the clock, which has colons.
export function span(us) {
  const s = Math.max(0, Math.ceil(us / 1e6));
  const hours = Math.floor(s / 3600);
  const minutes = Math.floor(s / 60) % 60;
  return `${hours ? `${hours}${HOUR[boot.lang]}${two(minutes)}` : minutes}′${two(s % 60)}″`;
}

// All countdowns of the page, at this instant.
export function countDown(at) {
  for (const one of document.querySelectorAll('[data-until]')) put(one, span(Number(one.dataset.until) - at));
}

// The instant at which a broadcast day (YYYY-MM-DD, local) begins.
export function dayStart(name) {
  const guess = Date.parse(`${name}T${boot.settings.day_start}:00Z`) * 1000;
  const shown = new Date(guess / 1000);
  const local = Date.parse(`${asDay.format(shown)}T${asTime.format(shown)}Z`) * 1000;
  return guess - (local - guess);
}

export function broadcastDay(us) {
  const today = day(us);
  return us >= dayStart(today) ? today : day(us - 86_400e6);
}

// The seat is lost: the log-in says so, and leads back here.
export const loginHere = () => `/login?seat=over&to=${encodeURIComponent(location.pathname + location.search)}`;
export const relogin = () => location.assign(loginHere());

// What is large is fetched when the page itself has loaded.
export const loaded = new Promise((done) => (document.readyState === 'complete' ? done() : addEventListener('load', () => done(), { once: true })));

// ---- questions and commands ----------------------------------------------------------------------------

export class Problem extends Error {
  constructor(code, text) {
    super(text.en);
    this.code = code;
    this.text = text;
  }
}

const AWAY = { en: 'the panel does not answer', zh: '面板没有应答' };
const LATE = { en: 'no answer in time', zh: '迟迟没有应答' };

const WAIT_MS = 12_000; // the panel gives the station 8 s; a panel that hangs gives nothing at all

async function call(path, options, wait = WAIT_MS) {
  let answer;
  try {
    answer = await fetch(`/api/v1${path}`, { credentials: 'same-origin', signal: AbortSignal.timeout(wait), ...options });
  } catch (problem) {
    throw new Problem('unavailable', problem.name === 'TimeoutError' ? LATE : AWAY);
  }
  const body = await answer.json().catch(() => undefined);
  if (answer.ok && body !== undefined) return body; // cut off in the middle it is no answer
  const problem = body?.text ? new Problem(body.code, body.text) : new Problem('unavailable', AWAY);
  if (answer.status === 401) {
    problem.seat = true; // the strip of the lost seat says it, with the way back
    document.body.dispatchEvent(new CustomEvent('seat-lost'));
  }
  throw problem;
}

export function ask(path, query = {}) {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '' && value !== undefined && value !== null));
  return call(path + (text.size ? `?${text}` : ''));
}

export function post(path, body, wait) {
  return call(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': boot.csrf },
    body: JSON.stringify(body),
  }, wait);
}

// What a page cannot be without is asked for until it comes; it says that it waits.
export async function askUntil(path) {
  for (;;) {
    try {
      return await ask(path);
    } catch (problem) {
      if (problem.code !== 'unavailable') throw problem;
      notice(say(problem.text), 'warn', 2);
      await new Promise((done) => setTimeout(done, 700));
    }
  }
}

export function uuid7() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let ms = Date.now();
  for (let k = 5; k >= 0; k -= 1) {
    bytes[k] = ms % 256;
    ms = Math.floor(ms / 256);
  }
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((one) => one.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

// Send a command under the request id of one user action. Asked for proof, show the PIN field and send it again with the PIN;
// that is a new action of the user, hence a new id (the first was refused for certain). `quiet` never asks.
export async function command(name, body, request = uuid7(), { quiet = false, wait } = {}) {
  let pin;
  for (;;) {
    try {
      return await post(`/commands/${name}`, { request, body, ...(pin ? { pin } : {}) }, wait);
    } catch (problem) {
      if (problem.code !== 'unproven' || quiet) throw problem;
      pin = await askPin(say(problem.text));
      if (pin === null) throw new Problem('cancelled', { en: words['pin.cancelled'], zh: words['pin.cancelled'] });
      request = uuid7();
    }
  }
}

// One user action: pressed again while under way it does nothing, repeated after a lost answer it keeps its request id.
export function action(run) {
  let busy = false;
  let request = null;
  return async (...given) => {
    if (busy) return undefined;
    busy = true;
    request ??= uuid7();
    try {
      const result = await run(request, ...given);
      request = null;
      return result;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.code !== 'unavailable') request = null;
      if (problem.code !== 'cancelled' && !problem.seat) notice(say(problem.text), 'bad');
      return undefined;
    } finally {
      busy = false;
    }
  };
}

// ---- the PIN: a dialog that holds focus and keeps the page behind it out of reach; STOP has a key of its own in it ---------------

let waiting = null;
const dock = document.getElementById('pin');
const field = document.getElementById('pin-field');

function answerPin(value) {
  const waited = waiting;
  waiting = null;
  field.value = '';
  if (dock.open) dock.close();
  if (waited) {
    waited.back?.focus?.();
    waited.resolve(value);
  }
}

function askPin(why) {
  answerPin(null);
  const back = document.activeElement;
  document.getElementById('pin-why').textContent = why;
  dock.showModal();
  field.focus();
  return new Promise((resolve) => {
    waiting = { resolve, back };
  });
}

document.getElementById('pin-form')?.addEventListener('submit', (event) => {
  event.preventDefault();
  answerPin(field.value);
});
document.getElementById('pin-cancel')?.addEventListener('click', () => answerPin(null));
document.getElementById('pin-stop')?.addEventListener('click', () => document.getElementById('stop').click());
dock?.addEventListener('close', () => { if (waiting && !dock.open) answerPin(null); }); // Esc, or the browser's own gesture; not one already asked again

// ---- notices: beside the work, never over it -------------------------------------------------------------

export function notice(text, tone = 'plain', seconds = tone === 'bad' ? 20 : 6) {
  const area = document.getElementById('notices');
  const made = h('div', { class: `notice ${tone}` }, h('span', {}, text), h('button', { class: 'quiet', 'aria-label': t('notice.close'), onclick: () => made.remove() }, '×'));
  while (area.children.length > 3) [...area.children].find((one) => !one.querySelector('#seat-lost')).remove();
  area.append(made);
  setTimeout(() => made.remove(), seconds * 1000);
  return made;
}

// A button that acts only when held for two seconds, by pointer, Space or Enter.
export function holdButton(label, run, { seconds = 2, kind = '' } = {}) {
  const bar = h('span', { class: 'held', 'aria-hidden': 'true' });
  const text = h('span', { class: 'hold-label' }, label);
  const made = h('button', { type: 'button', class: `hold ${kind}` }, bar, text);
  let began = 0;
  let timer = 0;
  const draw = () => {
    if (!made.isConnected) { // taken off the page, it would not hear that it is let go
      stop();
      return;
    }
    const part = Math.min(1, (performance.now() - began) / (seconds * 1000));
    bar.style.width = `${part * 100}%`;
    if (part >= 1) {
      stop();
      run();
    } else timer = requestAnimationFrame(draw);
  };
  const start = () => {
    if (began || made.disabled || made.getAttribute('aria-disabled') === 'true') return;
    began = performance.now();
    made.dataset.down = '';
    timer = requestAnimationFrame(draw);
  };
  const stop = () => {
    cancelAnimationFrame(timer);
    began = 0;
    delete made.dataset.down;
    bar.style.width = '0';
  };
  let restored = 0;
  const released = () => {
    if (began) { // too early: the button says what it wants
      text.textContent = t('hold.short');
      clearTimeout(restored);
      restored = setTimeout(() => { text.textContent = label; }, 1500);
    }
    stop();
  };
  made.addEventListener('pointerdown', (event) => {
    made.setPointerCapture?.(event.pointerId);
    start();
  });
  made.addEventListener('pointerup', released);
  for (const name of ['pointercancel', 'blur', 'contextmenu']) made.addEventListener(name, stop);
  made.addEventListener('keydown', (event) => {
    if (event.key === ' ' || event.key === 'Enter') {
      event.preventDefault();
      if (!event.repeat) start();
    }
  });
  made.addEventListener('keyup', released);
  return made;
}

export const LEVELS = [1, 2, 3, 4];
export const levelWord = (level) => named('level', level);
export const kindWord = (kind) => named('kind', kind);
export const stateWord = (state) => named('state', state);

export function levelBadge(alert) {
  const kind = alert.kind === 'actual' ? '' : ` kind-${alert.kind}`;
  return h('span', { class: `level level-${alert.level}${kind}` }, alert.kind === 'actual' ? levelWord(alert.level) : kindWord(alert.kind));
}

// Where a tile says how old its data is; the ticker of live.js hatches it after `limit` seconds.
export function aged(element, at, limit = 3) {
  element.dataset.at = at ?? 0;
  element.dataset.limit = limit;
  return element;
}

export const part = (n, of) => `${n} / ${of}`;
