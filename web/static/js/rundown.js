// Rundown: a day as a line of time and as a list; a draft moved by keys and by drag, checked by the station, submitted, signed; what comes if nobody acts.

import { boot, t, h, say, may, fill, named, ask, post, action, command, notice, time, span, now, day as dayOf, broadcastDay } from './core.js';
import { connect, onOverview, onJournal, state as station } from './live.js';
import { relayPill } from './relays.js';
import { Draft, csvOf, row, changed, lockedBack, moved, without, inserted, replaced } from './rundown_draft.js';
import { TimeLine, VISIBLE } from './rundown_line.js';
import { foretold, kept, lockMark } from './rundown_lock.js';

const main = document.getElementById('main');
const BODY_KIB = 250;
const given = new URLSearchParams(location.search);
const channels = boot.overview.channels;
const state = {
  channel: channels.some((one) => one.id === given.get('channel')) ? given.get('channel') : channels[0]?.id,
  day: given.get('day') || broadcastDay(boot.overview.at),
  sheet: null,
  arrived: false, // the sheet of this day, and what it is looked at for, were shown
  placed: false, // the list was brought to what is on air
  late: '', // why it has not come yet; it is asked for again
  draft: null,
  show: 'approved',
  selected: null,
  seen: new Map(), // row → its line as the station last saw it
  check: null,
  checking: 'no', // no, yes, away
  outcome: null, // of the signature just given: { bad, words }
  media: null,
};

// ---- the parts of the page ------------------------------------------------------------------------------

const chooser = h('select', { 'aria-label': t('rundown.channel'), onchange: () => go(chooser.value, state.day) }, channels.map((one) => h('option', { value: one.id }, say(one.name))));
const dayField = h('input', { type: 'date', 'aria-label': t('rundown.day'), onchange: () => dayField.value && go(state.channel, dayField.value) });
const step = (label, days) => h('button', { type: 'button', 'aria-label': t(label), title: t(label), onclick: () => go(state.channel, shifted(state.day, days)) }, days < 0 ? '‹' : '›');
const today = h('button', { type: 'button', onclick: () => go(state.channel, broadcastDay(now())) }, t('rundown.today'));
const versions = h('div', { class: 'inline', role: 'tablist' });
const tools = h('div', { class: 'inline tools' });
const zoomWord = h('span', { class: 'num small muted zoom' });
const zoomTools = h('div', { class: 'inline' },
  h('button', { type: 'button', 'aria-label': t('rundown.out'), title: t('rundown.out'), onclick: () => zoom(-1) }, '−'), zoomWord,
  h('button', { type: 'button', 'aria-label': t('rundown.in'), title: t('rundown.in'), onclick: () => zoom(1) }, '+'),
  h('button', { type: 'button', onclick: () => (state.sheet && now() < state.sheet.ends && now() >= state.sheet.begins ? toNow() : go(state.channel, broadcastDay(now()))) }, t('rundown.now')));
const warn = h('div', { class: 'rd-warn' });
const list = h('div', { class: 'rd-list', role: 'grid', 'aria-label': t('rundown.list') });
const side = h('div', { class: 'rd-side' });
const panels = Object.fromEntries(['checks', 'review', 'chosen', 'library', 'diff', 'ahead'].map((name) => [name, h('section', { class: `tile rd-${name}`, hidden: true })]));
side.append(...Object.values(panels));

const line = new TimeLine({
  onpick: (key) => pick(key, { see: false }),
  ondrop: (key, at) => retime(key, at),
  refuse: (key) => (editing() ? lockedWhy(key) : t('rundown.pick')),
});
line.onrefused = (why) => editing() && notice(why, 'warn');

main.append(
  h('div', { class: 'page-head rd-head' }, h('h1', {}, t('page.rundown')), chooser, h('div', { class: 'inline' }, step('rundown.before', -1), dayField, step('rundown.after', 1), today), versions, tools, h('div', { class: 'right inline' }, zoomTools)),
  warn,
  h('section', { class: 'tile rd-line', 'aria-label': t('rundown.timeline') }, line.made),
  h('div', { class: 'rd-body' }, h('section', { class: 'tile rd-main' }, list), side),
);

// ---- what is shown --------------------------------------------------------------------------------------

const editing = () => state.show === 'draft' && state.draft !== null;
const place = () => `gengfu.draft.${boot.seat.operator}.${state.channel}.${state.day}`;
const version = () => (state.show === 'waiting' ? state.sheet?.waiting : state.sheet?.approved) ?? null;

function shifted(name, days) {
  return dayOf(Date.parse(`${name}T12:00:00Z`) * 1000 + days * 86_400e6);
}

// One entry a row: cells, the line as the station sees it (if it does), what is wrong.
function entries() {
  if (!editing()) return (version()?.lines ?? []).map((one) => ({ key: one.line, cells: one.cells, line: one, wrong: [] }));
  const wrong = new Map();
  for (const [number, text] of state.check?.complaints ?? []) wrong.set(number - 2, [...(wrong.get(number - 2) ?? []), text]);
  return state.draft.rows.map((one, k) => ({ key: one.key, cells: one.cells, line: state.seen.get(one.key) ?? null, wrong: wrong.get(k) ?? [] }));
}

const gapsShown = () => (editing() ? state.check?.gaps : version()?.gaps) ?? [];

function lockedWhy(key) {
  const one = entries().find((entry) => entry.key === key);
  return one?.line?.locked ? t('rundown.locked', { s: time(state.sheet.lock_until) }) : '';
}

// ---- loading --------------------------------------------------------------------------------------------

async function go(channel, day) {
  state.channel = channel;
  state.day = day;
  state.sheet = null;
  state.arrived = false;
  state.placed = false;
  state.late = '';
  state.selected = null;
  state.seen = new Map();
  state.check = null;
  state.outcome = null;
  state.draft = Draft.stored(place());
  history.replaceState(null, '', `/rundown?channel=${encodeURIComponent(channel)}&day=${day}`);
  chooser.value = channel;
  dayField.value = day;
  state.show = state.draft ? 'draft' : 'approved';
  draw();
  await refresh();
  if (state.draft) check();
}

// The day has come, at once or after a station that was late: what waits for signatures is shown first, at the item on air.
function arrived() {
  state.arrived = true;
  state.show = state.draft ? 'draft' : state.sheet.waiting ? 'waiting' : 'approved';
  draw();
  toNow();
}

// What is on air now in what is shown, or comes next: as the station sees it, or else (a draft that it cannot lay out) by the approved version.
function here() {
  const shown = entries();
  const one = shown.find((entry) => entry.line?.end > now());
  if (one) return one;
  const aired = state.sheet.approved?.lines.find((entry) => entry.end > now())?.cells;
  return aired && shown.find(({ cells }) => (aired.id ? cells.id === aired.id : cells.media === aired.media && cells.title === aired.title));
}

// Line and list, both at what is on air.
function toNow() {
  line.go(Math.max(state.sheet.begins, Math.min(now(), state.sheet.ends)));
  const row_ = list.querySelector(`[data-key="${here()?.key}"]`);
  state.placed = Boolean(row_);
  if (row_) list.scrollTop = row_.offsetTop - list.clientHeight / 4;
  stands = list.scrollTop;
}

let stands = 0; // where the list was put; nobody has scrolled it since
new ResizeObserver(() => { if (state.placed && list.scrollTop === stands) toNow(); }).observe(list); // a tab that is seen for the first time

async function load() {
  const { channel, day } = state;
  try {
    const sheet = await ask('/rundown/sheet', { channel, day });
    if (channel !== state.channel || day !== state.day) return;
    const before = state.sheet;
    const at = now();
    state.sheet = sheet;
    state.late = '';
    // What waited here is approved, by whosever signature: whoever has the page open reads it, its submitter first of all.
    if (before?.waiting && before.approved?.content !== before.waiting.content && sheet.approved?.content === before.waiting.content) state.outcome = { bad: false, words: () => kept(before, at) };
    if (state.show === 'waiting' && !sheet.waiting) state.show = state.draft ? 'draft' : 'approved';
  } catch (problem) {
    if (problem.code === 'unavailable' && !state.sheet) state.late = say(problem.text); // asked again until it comes
    else notice(say(problem.text), problem.code === 'unavailable' ? 'warn' : 'bad');
  }
}

let asked = 0;
let timer = 0;

// The station looks at the draft; only the newest answer counts.
async function check() {
  if (!state.draft) return;
  asked += 1;
  const mine = asked;
  const { rows } = state.draft;
  state.checking = 'yes';
  drawChecks();
  try {
    const found = await post('/rundown/check', { channel: state.channel, day: state.day, csv: csvOf(rows) });
    if (mine !== asked) return;
    state.check = found;
    state.checking = 'no';
    if (found.content !== null) state.seen = new Map(found.lines.map((one) => [rows[one.line - 2].key, one]));
  } catch (problem) {
    if (mine !== asked) return;
    state.checking = 'away';
    state.checkSays = problem.code === 'unavailable' ? t('rundown.checks.away') : say(problem.text);
  }
  draw();
  if (state.arrived && !state.placed) toNow(); // only now is it known when its lines air
}

function edit(rows, selected = state.selected) {
  if (state.draft.elsewhere) { // nothing is written over what another tab wrote
    elsewhere();
    return;
  }
  if (!state.draft.edit(rows)) notice(t('rundown.full'), 'bad');
  state.selected = selected;
  after();
}

function after() {
  draw();
  clearTimeout(timer);
  timer = setTimeout(check, 120);
}

// ---- editing --------------------------------------------------------------------------------------------

function begin() {
  state.draft = Draft.stored(place()); // begun in another tab meanwhile
  if (state.draft) {
    state.show = 'draft';
    after();
    return;
  }
  const from = version() ?? state.sheet?.approved;
  state.draft = new Draft(place(), (from?.lines ?? []).map((one) => row(one.cells)), state.sheet?.approved?.content ?? null);
  state.draft.save();
  state.show = 'draft';
  state.check = null;
  state.seen = new Map((from?.lines ?? []).map((one, k) => [state.draft.rows[k].key, one]));
  state.selected = null;
  draw();
  check();
}

let thrown = null;

// The page without the draft.
function shelve() {
  state.draft = null;
  state.check = null;
  state.selected = null;
  state.show = state.sheet?.waiting ? 'waiting' : 'approved';
}

function discard() {
  thrown = state.draft;
  state.draft.forget();
  shelve();
  notice(t('rundown.discarded'), 'plain', 10);
  draw();
}

// Another tab of the same person has changed, submitted or given up the draft: this one shows the same, and can go back.
let followed = null;
function elsewhere() {
  followed?.remove();
  if (state.draft?.follow()) {
    followed = notice(t('rundown.elsewhere'), 'warn', 20);
    if (!state.draft.rows.some((one) => one.key === state.selected)) state.selected = null;
    after();
  } else if (state.draft) {
    thrown = state.draft;
    shelve();
    followed = notice(t('rundown.elsewhere.gone'), 'warn', 20);
    refresh();
  } else {
    state.draft = Draft.stored(place());
    if (state.draft) check();
    draw();
  }
}

addEventListener('storage', (event) => {
  if (event.key !== place() && event.key !== null) return;
  if (state.draft ? state.draft.elsewhere : event.newValue) elsewhere();
});

function putBack() {
  const made = lockedBack(state.draft.rows, (one) => state.seen.get(one.key), state.sheet.approved.lines, state.sheet.lock_until);
  edit(made, made.some((one) => one.key === state.selected) ? state.selected : null);
  notice(t('rundown.zone.isback'), 'plain', 10);
}

function undo() {
  if (state.draft?.elsewhere) elsewhere();
  else if (state.draft) {
    state.draft.undo();
    after();
  } else if (thrown?.place === place()) {
    state.draft = thrown;
    thrown = null;
    state.draft.save();
    state.show = 'draft';
    after();
  }
}

function redo() {
  if (state.draft?.elsewhere) {
    elsewhere();
    return;
  }
  state.draft?.redo();
  after();
}

const index = () => state.draft?.rows.findIndex((one) => one.key === state.selected) ?? -1;

// Whether the item may go to that place: it and those it passes are not locked.
function shift(to) {
  const from = index();
  if (from < 0 || to < 0 || to >= state.draft.rows.length || from === to) return;
  const span = state.draft.rows.slice(Math.min(from, to), Math.max(from, to) + 1);
  const why = span.map((one) => lockedWhy(one.key)).find(Boolean);
  if (why) notice(why, 'warn');
  else edit(moved(state.draft.rows, from, to));
}

function retime(key, at) {
  const { rows } = state.draft;
  const from = rows.findIndex((one) => one.key === key);
  if (state.sheet.approved && at < state.sheet.lock_until) {
    notice(t('rundown.locked', { s: time(state.sheet.lock_until) }), 'warn');
    return;
  }
  const one = changed(rows[from], { start: time(at), mode: rows[from].cells.mode === 'hard' || rows[from].cells.mode === '定时' || rows[from].cells.mode === '硬' ? 'hard' : 'soft' });
  const rest = without(rows, from);
  const next = rest.findIndex((other) => (state.seen.get(other.key)?.at ?? -1) >= at);
  edit(inserted(rest, next < 0 ? rest.length : next, one), key);
}

function remove() {
  const at = index();
  if (at < 0) return;
  const why = lockedWhy(state.selected);
  if (why) notice(why, 'warn');
  else edit(without(state.draft.rows, at), state.draft.rows[at + 1]?.key ?? state.draft.rows[at - 1]?.key ?? null);
}

function insert(cells) {
  const at = index();
  const made = row(cells);
  edit(inserted(state.draft.rows, at < 0 ? state.draft.rows.length : at + 1, made), made.key);
  focusRow();
}

function set(cells) {
  const at = index();
  const why = lockedWhy(state.selected);
  if (at < 0) return;
  if (why) {
    notice(why, 'warn');
    draw();
  } else edit(replaced(state.draft.rows, at, changed(state.draft.rows[at], cells)));
}

const submit = action(async (request) => {
  if (state.draft.elsewhere) {
    elsewhere();
    return;
  }
  const csv = csvOf(state.draft.rows);
  if (new Blob([csv]).size > BODY_KIB * 1024) {
    notice(t('rundown.bound', { n: BODY_KIB }), 'bad');
    return;
  }
  const chosen = index();
  await command('rundown.submit', { channel: state.channel, day: state.day, csv }, request);
  state.draft.forget();
  state.draft = null;
  state.check = null;
  notice(t('rundown.submitted', { n: state.sheet.needed }), 'plain');
  await load();
  state.show = state.sheet?.waiting ? 'waiting' : 'approved';
  state.selected = state.show === 'waiting' && chosen >= 0 ? chosen + 2 : null; // a version's rows are named by their lines, below the heading
  draw();
});

const review = action(async (request, verdict, reason = '') => {
  const before = state.sheet;
  const { content } = before.waiting;
  try {
    await command('rundown.sign', { channel: state.channel, day: state.day, content, verdict, reason }, request);
  } catch (problem) {
    if (problem.code === 'locked') {
      state.outcome = { bad: true, words: () => t('rundown.zone.refused', { why: say(problem.text) }) };
      refresh();
    }
    throw problem;
  }
  const at = now();
  await load();
  if (verdict !== 'approve') notice(t('rundown.rejected'), 'plain');
  else if (state.sheet.approved?.content === content) state.outcome = { bad: false, words: () => kept(before, at) };
  else notice(t('rundown.signedso', { n: state.sheet.waiting?.signatures.length ?? 0, of: state.sheet.needed }), 'plain');
  draw();
});

function download() {
  const rows = editing() ? state.draft.rows : (version()?.lines ?? []).map((one) => row(one.cells));
  const url = URL.createObjectURL(new Blob([`\ufeff${csvOf(rows)}`], { type: 'text/csv' }));
  const link = h('a', { href: url, download: `${state.channel}-${state.day}.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 5000);
}

const NAMED = 8; // complaints about a file
let told = null; // about the file before

function tell(text, tone, seconds) {
  told?.remove();
  told = notice(text, tone, seconds);
}

const complained = ([number, text]) => `${number ? t('rundown.csvline', { n: number }) : ''}${say(text)}`;

// A CSV made elsewhere becomes the draft: the station reads it as it reads one that is submitted, and one that it cannot read changes nothing.
const bring = action(async (request, file) => {
  const { channel, day } = state;
  const csv = await file.text();
  if (csv.includes('\ufffd')) {
    tell(t('rundown.notutf8', { file: file.name }), 'bad');
    return;
  }
  const found = await post('/rundown/check', { channel, day, csv });
  if (state.channel !== channel || state.day !== day) return; // somebody looks at another day by now
  if (found.content === null) {
    const why = found.complaints.slice(0, NAMED).map(complained).join(boot.lang === 'zh' ? ';' : '; ');
    const more = found.complaints.length - NAMED;
    tell(t('rundown.notbrought', { file: file.name, why }) + (more > 0 ? t('rundown.morewrong', { n: more }) : ''), 'bad');
    return;
  }
  if (!state.draft) begin();
  state.show = 'draft';
  edit(found.lines.map((one) => row(one.cells)), null);
  tell(t('rundown.brought', { file: file.name, n: found.lines.length }), 'plain', 10);
});
const chosenFile = h('input', { type: 'file', accept: '.csv,text/csv', hidden: true, 'aria-label': t('rundown.bring'), onchange: () => {
  const [file] = chosenFile.files;
  if (file) bring(file);
  chosenFile.value = ''; // the same file, mended, may be chosen again
} });
main.append(chosenFile);

// ---- drawing --------------------------------------------------------------------------------------------

function draw() {
  drawTools();
  drawWarn();
  drawLine();
  drawList();
  drawChecks();
  drawReview();
  drawChosen();
  drawLibrary();
  drawDiff();
  drawAhead();
}

function drawTools() {
  const has = { draft: state.draft, waiting: state.sheet?.waiting, approved: state.sheet?.approved };
  const shown = Object.keys(has).filter((name) => has[name]);
  fill(versions, [shown, state.show], () => shown.map((name) => h('button', { type: 'button', role: 'tab', 'aria-selected': String(state.show === name), class: `tab ${state.show === name ? 'on' : ''}`, onclick: () => { state.show = name; state.selected = null; draw(); } }, t(`rundown.show.${name}`))));
  const over = state.sheet && state.day < state.sheet.today;
  fill(tools, [state.show, Boolean(state.draft), thrown?.place === place(), over, state.sheet === null, state.draft?.past.length, state.draft?.future.length], () => [
    !state.draft && may('edit') && state.sheet && !over && h('button', { type: 'button', class: 'primary', onclick: begin }, t(version() ? 'rundown.edit' : 'rundown.new')),
    !state.draft && thrown?.place === place() && h('button', { type: 'button', title: 'Ctrl+Z', onclick: undo }, t('rundown.undo')),
    editing() && h('button', { type: 'button', disabled: !state.draft.past.length, title: 'Ctrl+Z', onclick: undo }, t('rundown.undo')),
    editing() && h('button', { type: 'button', disabled: !state.draft.future.length, title: 'Ctrl+Y', onclick: redo }, t('rundown.redo')),
    editing() && h('button', { type: 'button', class: 'quiet', onclick: discard }, t('rundown.discard')),
    may('edit') && state.sheet && !over && h('button', { type: 'button', class: 'quiet', title: t('rundown.bringhelp'), onclick: () => chosenFile.click() }, t('rundown.bring')),
    h('button', { type: 'button', class: 'quiet', onclick: download }, t('rundown.save')),
  ]);
  const seen = line.visible;
  zoomWord.textContent = seen >= 3_600e6 ? t('rundown.hours', { n: Math.round(seen / 3_600e6) }) : t('rundown.minutes', { n: Math.round(seen / 60e6) });
}

function drawWarn() {
  const { sheet } = state;
  const said = [];
  if (state.outcome) said.push(h('p', { class: `note outcome${state.outcome.bad ? ' bad' : ''}`, role: 'status' }, state.outcome.words()));
  if (sheet?.idle) said.push(h('p', { class: 'note' }, say(sheet.idle)));
  if (editing() && sheet && sheet.approved && state.draft.base !== sheet.approved.content) said.push(h('p', { class: 'note bad' }, t('rundown.stale')));
  if (sheet?.rejected) said.push(h('p', { class: 'note' }, t('rundown.wasrejected', { name: say(sheet.rejected.by_name), why: sheet.rejected.reason || '—' })));
  for (const text of (editing() ? state.check?.remarks : []) ?? []) said.push(h('p', { class: 'note' }, say(text)));
  if (sheet && !may('edit') && state.day >= sheet.today) said.push(h('p', { class: 'small muted' }, t('rundown.noedit')));
  fill(warn, said.map((one) => one.textContent), () => said);
}

// Later than planned, or with a window than that allows.
const isLate = (seen) => (seen.latest ? seen.outside : seen.late > 1e6);

const tone = (one) => {
  if (one.wrong.length || one.line?.condition === 'wrong') return 'wrong';
  if (!one.line) return 'unchecked';
  if (one.line.condition !== 'ready') return one.line.condition;
  return one.line.trimmed || isLate(one.line) ? 'trimmed' : 'ready';
};

const asItem = (one) => one.line?.at != null && { key: one.key, start: one.line.at, end: one.line.end, title: one.cells.title, tone: `${tone(one)}${one.line.locked ? ' locked' : ''}`, says: one.line.remarks.map(say).join('\n'), earliest: one.line.earliest, latest: one.line.latest };
const asGap = (gap) => ({ start: gap.start, end: gap.end, title: t('rundown.gap', { s: span(gap.end - gap.start) }), tone: 'gap' });
const asAhead = (one) => ({ start: one.start, end: one.end, title: one.title, tone: one.amiss || 'ready', says: say(one.why) });

function drawLine() {
  const { sheet } = state;
  if (!sheet) return;
  const lanes = [{ label: t(`rundown.lane.${state.show}`), height: 46, mine: true, items: [...gapsShown().map(asGap), ...entries().map(asItem).filter(Boolean)] }];
  if (state.show !== 'approved' && sheet.approved) {
    lanes.push({ label: t('rundown.lane.approved'), height: 22, items: [...sheet.approved.gaps.map(asGap), ...sheet.approved.lines.map((one) => asItem({ key: 0, cells: one.cells, line: one, wrong: [] })).filter(Boolean)] });
  }
  lanes.push({ label: t('rundown.lane.idle'), height: 22, items: sheet.ahead.map(asAhead) });
  line.show({ begins: sheet.begins, ends: sheet.ends, lanes, lock: sheet.approved && sheet.lock_s ? sheet.lock_until : 0, selected: state.selected });
}

// The relay that a line names, as it is now.
function relayOf(media) {
  const [, id] = /^(?:relay|转播)[::]\s*(\S+)$/i.exec(media.trim()) ?? [];
  return id && (station.overview.relays ?? []).find((one) => one.id === id.toLowerCase());
}

function stateWords(one) {
  const { line: seen, wrong } = one;
  if (wrong.length) return [h('span', { class: 'pill bad', title: wrong.map(say).join('\n') }, t('rundown.is.wrong'))];
  if (!seen) return [h('span', { class: 'pill' }, t('rundown.is.unchecked'))];
  const made = [h('span', { class: `pill ${{ ready: 'ready', silence: 'ready', prepared: 'ready' }[seen.condition] ?? 'bad'}`, title: seen.remarks.map(say).join('\n') }, named('rundown.is', seen.condition))];
  const relay = relayOf(one.cells.media);
  if (relay) made.push(relayPill(relay));
  if (seen.trimmed) made.push(h('span', { class: 'pill warn', title: seen.remarks.map(say).join('\n') }, t('rundown.is.trimmed')));
  if (seen.outside) made.push(h('span', { class: 'pill bad' }, t('rundown.is.outside', { at: time(seen.latest) })));
  else if (isLate(seen)) made.push(h('span', { class: 'pill warn' }, t('rundown.is.late', { s: span(seen.late) })));
  else if (seen.earliest) made.push(h('span', { class: 'pill' }, t('rundown.is.window', { from: time(seen.earliest), to: seen.latest ? time(seen.latest) : '…' })));
  if (seen.locked && (seen.end === null || seen.end > now())) made.push(h('span', { class: 'pill lock' }, t('rundown.is.locked')));
  return made;
}

function drawList() {
  const shown = entries();
  const at = now();
  const gaps = new Map(gapsShown().map((one) => [one.start, one]));
  const key = [state.channel, state.day, state.sheet === null, state.late, state.show, state.selected, Math.floor(at / 10e6), (station.overview.relays ?? []).map((one) => one.ways.map((way) => way.state)), shown.map((one) => [one.key, one.cells, one.line, one.wrong.length]), gapsShown()];
  const focus = document.activeElement?.closest?.('.rd-row') !== null && list.contains(document.activeElement);
  fill(list, key, () => {
    if (!state.sheet) return h('p', { class: state.late ? 'note' : 'muted', role: 'status' }, t('rundown.loading'), state.late && ` ${state.late}`);
    if (!shown.length) return h('p', { class: 'muted' }, t(editing() ? 'rundown.empty' : 'rundown.none'));
    const made = [h('div', { class: 'rd-row rd-top', role: 'row' }, h('span', {}), ...['start', 'length', 'title', 'class', 'state'].map((name) => h('span', { class: `c-${name}`, role: 'columnheader' }, t(`rundown.${name}`))))];
    const first = gapsShown()[0];
    if (first && first.start === state.sheet.begins) made.push(gapRow(first));
    for (const one of shown) {
      made.push(itemRow(one, at));
      const gap = one.line?.end != null && gaps.get(one.line.end);
      if (gap) made.push(gapRow(gap));
    }
    return made;
  });
  if (focus) focusRow();
}

const gapRow = (gap) => h('div', { class: 'rd-row rd-gap', role: 'row' }, h('span', {}), h('span', { class: 'num c-start' }, time(gap.start)), h('span', { class: 'c-wide' }, t('rundown.gap', { s: span(gap.end - gap.start) })));

function itemRow(one, at) {
  const { line: seen, cells } = one;
  const current = seen?.at != null && seen.at <= at && at < seen.end;
  const live = current && state.show === 'approved'; // of another version nobody knows that it is heard: it has this place in time
  const chosen = state.selected === one.key;
  const handle = editing() ? h('span', { class: 'grip', title: t('rundown.drag'), 'aria-hidden': 'true', onpointerdown: (event) => dragRow(event, one.key) }, '⠿') : h('span', {});
  return h('div', { class: `rd-row rd-item ${tone(one)}${chosen ? ' selected' : ''}${live ? ' live' : ''}${seen?.end != null && seen.end <= at ? ' past' : ''}`, role: 'row', tabindex: chosen || (state.selected === null && seen === entries()[0]?.line) ? 0 : -1, 'data-key': one.key, 'aria-selected': String(chosen), onclick: () => pick(one.key), onfocus: () => state.selected !== one.key && pick(one.key) },
    handle,
    h('span', { class: 'num c-start' }, seen?.at != null ? time(seen.at) : cells.start || '—', h('span', { class: `mode ${modeOf(cells)}`, title: named('rundown.mode', modeOf(cells)) }, { hard: '■', soft: '◇', follow: '', interrupt: '▲', key: '▷' }[modeOf(cells)])),
    h('span', { class: 'num c-length' }, seen?.at != null ? span(seen.end - seen.at) : cells.duration || '—'),
    h('span', { class: 'c-title' }, live ? h('b', { class: 'pill live' }, t('rundown.onair')) : current && h('b', { class: 'pill plain' }, t('rundown.here')), ' ', cells.title),
    h('span', { class: 'muted c-class' }, cells.class ? named('category', cells.class) : ''),
    h('span', { class: 'c-state' }, stateWords(one)));
}

const MODES = { hard: 'hard', 定时: 'hard', 硬: 'hard', soft: 'soft', 可延: 'soft', 软: 'soft', follow: 'follow', 跟随: 'follow', 顺播: 'follow', interrupt: 'interrupt', 定时插入: 'interrupt', key: 'key', 备播: 'key' };
const modeOf = (cells) => MODES[cells.mode.toLowerCase()] ?? (cells.start ? 'soft' : 'follow');

function pick(key, { see = true } = {}) {
  state.selected = key;
  draw();
  const one = entries().find((entry) => entry.key === key);
  if (see && one?.line?.at != null) line.see(one.line.at);
  if (!see) focusRow();
}

function focusRow() {
  const found = list.querySelector(`[data-key="${state.selected}"]`);
  if (!found) return;
  found.focus({ preventScroll: true });
  found.scrollIntoView({ block: 'nearest' });
}

function dragRow(event, key) {
  event.preventDefault();
  pick(key);
  let over = null;
  const mark = h('div', { class: 'rd-mark' });
  const move = (moved_) => {
    const under = document.elementFromPoint(list.getBoundingClientRect().left + 60, moved_.clientY)?.closest('.rd-item');
    if (!under || !list.contains(under)) return;
    const box = under.getBoundingClientRect();
    over = { key: Number(under.dataset.key), below: moved_.clientY > box.top + box.height / 2 };
    if (over.below) under.after(mark);
    else under.before(mark);
  };
  const stop = () => {
    removeEventListener('pointermove', move);
    removeEventListener('pointerup', drop);
    removeEventListener('pointercancel', stop);
    mark.remove();
  };
  const drop = () => {
    stop();
    if (!over || over.key === key) return;
    const from = index();
    const at = state.draft.rows.findIndex((one) => one.key === over.key);
    const to = at + (over.below ? 1 : 0) - (from < at + (over.below ? 1 : 0) ? 1 : 0);
    shift(to);
    focusRow();
  };
  addEventListener('pointermove', move);
  addEventListener('pointerup', drop);
  addEventListener('pointercancel', stop);
}

// ---- the side -------------------------------------------------------------------------------------------

function panel(name, shown, key, make) {
  panels[name].hidden = !shown;
  if (shown) fill(panels[name], key, make);
}

function drawChecks() {
  const { check: found, checking } = state;
  panel('checks', editing(), [found, checking, state.draft?.rows.length, Boolean(state.sheet)], () => {
    const wrong = [...(found?.complaints ?? []).map(([number, text]) => ({ row: number - 2, text })), ...(found?.locked ?? []).map((text) => ({ row: -1, text }))];
    const apart = wrong.filter((one) => one.row >= 0 || found.complaints.length > 0); // else the box beneath names them
    const fine = found && !wrong.length && checking !== 'away' && state.draft.rows.length > 0;
    const same = fine && found.unchanged;
    const words = same && checking === 'no' ? t('rundown.checks.same') : checking === 'away' ? state.checkSays : checking === 'yes' && !found ? t('rundown.checks.waiting') : fine ? t('rundown.checks.fine') : t('rundown.checks.wrong', { n: wrong.length });
    return [
      h('div', { class: 'tile-head' }, h('h2', {}, t('rundown.checks')), h('span', { class: `pill ${same ? 'plain' : fine ? 'ready' : 'bad'}`, role: 'status' }, words)),
      h('ul', { class: 'rd-said' }, apart.slice(0, 30).map((one) => h('li', {}, one.row >= 0 && h('button', { type: 'button', class: 'linkish', onclick: () => { pick(state.draft.rows[one.row]?.key); focusRow(); } }, t('rundown.checks.line', { n: one.row + 1 })), ' ', say(one.text)))),
      found && state.sheet && !found.complaints.length && foretold(found, state.sheet, putBack),
      h('button', { type: 'button', class: 'primary big', disabled: !fine || same || checking !== 'no', onclick: () => submit() }, t('rundown.submit')),
      h('p', { class: 'small muted' }, t('rundown.keep')),
    ];
  });
}

function drawReview() {
  const waiting = state.sheet?.waiting;
  panel('review', state.show === 'waiting' && Boolean(waiting), [waiting, state.sheet?.needed, state.sheet?.approved?.content, Math.floor(now() / 10e6)], () => {
    const reason = h('input', { type: 'text', maxlength: 200, placeholder: t('rundown.reason'), 'aria-label': t('rundown.reason') });
    return [
      h('h2', {}, t('rundown.signatures', { n: waiting.signatures.length, of: state.sheet.needed })),
      h('p', {}, t('rundown.by', { name: say(waiting.by_name) })),
      h('ul', { class: 'rd-said' }, waiting.signatures.map((one) => h('li', {}, `✓ ${say(one.name)}`))),
      foretold(waiting, state.sheet),
      may('sign') && waiting.may_sign && h('div', { class: 'inline' }, h('button', { type: 'button', class: 'primary', onclick: () => review('approve') }, t('rundown.sign')), reason, h('button', { type: 'button', onclick: () => review('reject', reason.value.trim()) }, t('rundown.reject'))),
      may('sign') && !waiting.may_sign && waiting.why_not && h('p', { class: 'muted' }, t('rundown.nosign', { why: say(waiting.why_not) })),
    ];
  });
}

function drawChosen() {
  const one = entries().find((entry) => entry.key === state.selected);
  const at = index();
  panel('chosen', editing() || Boolean(one), [state.show, state.selected, one?.cells, one?.line, one?.wrong, at], () => {
    if (!one) return [h('h2', {}, t('rundown.selected')), h('p', { class: 'muted' }, t('rundown.pick'))];
    const said = [...one.wrong, ...(one.line?.remarks ?? [])].map((text) => h('li', {}, say(text)));
    if (one.line?.stands_in) said.push(h('li', {}, t('rundown.standsin', { title: one.line.stands_in })));
    if (!editing()) return [h('h2', {}, one.cells.title), h('p', { class: 'small muted' }, one.cells.media), h('ul', { class: 'rd-said' }, said), one.cells.note && h('p', {}, one.cells.note)];
    return [h('h2', {}, t('rundown.selected')), fields(one), h('ul', { class: 'rd-said' }, said), keys(at)];
  });
}

// The cells of an item in another mode: what has no time of its own has no start, what is not soft no window.
function moded(mode, { cells, line: seen }) {
  if (mode === 'follow' || mode === 'key') return { mode: mode === 'key' ? mode : '', start: '', window: '' };
  const start = cells.start || (seen?.at != null ? time(seen.at) : boot.settings.day_start);
  return { mode, start, window: mode === 'soft' ? cells.window : '' };
}

function fields(one) {
  const { cells } = one;
  const locked = Boolean(one.line?.locked);
  const text = (name, label, more = {}) => h('label', {}, t(label), h('input', { type: 'text', value: cells[name], disabled: locked, 'data-field': name, onchange: (event) => set({ [name]: event.target.value.trim() }), ...more }));
  const mode = h('select', { disabled: locked, 'data-field': 'mode', onchange: () => set(moded(mode.value, one)) },
    ['hard', 'soft', 'follow', 'interrupt', 'key'].map((name) => h('option', { value: name, selected: modeOf(cells) === name }, t(`rundown.mode.${name}`))));
  const cut = h('input', { type: 'checkbox', checked: ['yes', 'y', '1', 'true', '是', '可'].includes(cells.cut.toLowerCase()), disabled: locked, onchange: () => set({ cut: cut.checked ? 'yes' : '' }) });
  return h('div', { class: 'rd-fields' },
    text('title', 'rundown.title', { maxlength: 200 }),
    h('label', {}, t('rundown.mode'), mode),
    text('start', 'rundown.at', { placeholder: 'HH:MM:SS', disabled: locked || ['follow', 'key'].includes(modeOf(cells)) }),
    modeOf(cells) === 'soft' && text('window', 'rundown.window', { placeholder: '0:30/2:00', title: t('rundown.window.help') }),
    text('duration', 'rundown.length', { placeholder: 'HH:MM:SS' }),
    relayOf(cells.media) && text('extend', 'rundown.extend', { placeholder: 'HH:MM:SS', title: t('rundown.extend.help') }),
    text('class', 'rundown.class', { maxlength: 20 }),
    h('label', { class: 'check' }, cut, t('rundown.cut')),
    text('media', 'rundown.media'),
    text('note', 'rundown.note', { maxlength: 200 }));
}

const keys = (at) => h('div', { class: 'inline' },
  h('button', { type: 'button', title: 'Alt+↑', onclick: () => shift(at - 1) }, `↑ ${t('rundown.up')}`),
  h('button', { type: 'button', title: 'Alt+↓', onclick: () => shift(at + 1) }, `↓ ${t('rundown.down')}`),
  h('button', { type: 'button', onclick: () => insert({ ...state.draft.rows[at].cells, start: '', mode: '', id: '' }) }, t('rundown.copy')),
  h('button', { type: 'button', title: 'Delete', onclick: remove }, t('rundown.delete')));

const finder = h('input', { type: 'search', placeholder: t('rundown.library.find'), 'aria-label': t('rundown.library.find'), autocomplete: 'off', oninput: () => drawMedia() });
const found = h('ul', { class: 'rd-media' });

function drawLibrary() {
  const shown = editing();
  if (shown && state.media === null) {
    state.media = [];
    ask('/media').then((media) => { state.media = media; drawMedia(); }).catch((problem) => { state.media = null; notice(say(problem.text), 'bad'); });
  }
  panel('library', shown, 'library', () => [h('div', { class: 'tile-head' }, h('h2', {}, t('rundown.library'))), finder, found]);
  if (shown) drawMedia();
}

function drawMedia() {
  const wanted = finder.value.trim().toLowerCase();
  const fits = (state.media ?? []).filter((one) => `${one.name} ${one.title}`.toLowerCase().includes(wanted));
  fill(found, [fits, wanted], () => (fits.length ? [
    ...fits.slice(0, 40).map((one) => h('li', {}, h('button', { type: 'button', class: 'linkish', title: t('rundown.library.insert'), disabled: one.missing, onclick: () => insert({ title: one.title || one.name, media: one.name }) }, `+ ${one.title || one.name}`), h('span', { class: 'small muted' }, ` ${one.name}`), h('span', { class: 'num right' }, span(one.length)), one.missing && h('span', { class: 'pill bad' }, t('rundown.is.missing')))),
    fits.length > 40 && h('li', { class: 'muted' }, t('rundown.library.more', { n: fits.length - 40 })),
  ] : h('li', { class: 'muted' }, t('rundown.library.none'))));
}

function drawDiff() {
  const changes = editing() ? state.check?.changes : state.show === 'waiting' ? state.sheet?.waiting?.changes : null;
  panel('diff', Boolean(changes), [changes, Boolean(state.sheet?.approved), Math.floor(now() / 30e6)], () => [
    h('h2', {}, t('rundown.diff')),
    !state.sheet?.approved ? h('p', { class: 'muted' }, t('rundown.diff.first')) : !changes.length ? h('p', { class: 'muted' }, t('rundown.diff.none')) : null,
    state.sheet?.approved && h('ul', { class: 'rd-said' }, changes.slice(0, 100).map((one) => h('li', { class: `diff ${one.what}` }, h('b', {}, t(`rundown.diff.${one.what}`)), ` ${one.title} `, h('span', { class: 'num' }, [one.before, one.after].filter((at, k) => at !== null && (k === 0 || at !== one.before)).map(time).join(' → ')), one.fields.length ? h('span', { class: 'small muted' }, ` ${one.fields.join(', ')}`) : null, lockMark(one, state.sheet)))),
  ]);
}

function drawAhead() {
  const { sheet } = state;
  const amiss = (sheet?.ahead ?? []).filter((one) => one.amiss);
  panel('ahead', Boolean(sheet) && !editing(), [amiss, sheet?.idle, sheet?.ahead.length], () => [
    h('h2', {}, t('rundown.ahead')),
    !sheet.ahead.length ? h('p', { class: 'muted' }, t('rundown.ahead.over')) : !amiss.length && h('p', { class: 'muted' }, t('rundown.ahead.fine')),
    h('ul', { class: 'rd-said' }, amiss.slice(0, 60).map((one) => h('li', {}, h('button', { type: 'button', class: 'linkish num', onclick: () => line.go(one.start) }, time(one.start)), ' ', h('b', {}, t(`rundown.amiss.${one.amiss}`, { s: span(one.end - one.start) })), ' ', one.amiss === 'filler' ? '' : one.title, h('span', { class: 'small muted' }, ` ${say(one.why)}`)))),
  ]);
}

// ---- keys -----------------------------------------------------------------------------------------------

function zoom(by) {
  line.scale(line.zoom + by);
  drawTools();
}

function choose(by) {
  const shown = entries();
  const at = shown.findIndex((one) => one.key === state.selected);
  const next = shown[Math.max(0, Math.min(shown.length - 1, at + by))];
  if (next) {
    pick(next.key);
    focusRow();
  }
}

const inField = (event) => event.target.closest('input, select, textarea');

addEventListener('keydown', (event) => {
  const wish = event.ctrlKey || event.metaKey;
  if (wish && !inField(event) && event.key.toLowerCase() === 'z') {
    event.preventDefault();
    (event.shiftKey ? redo : undo)();
  } else if (wish && !inField(event) && event.key.toLowerCase() === 'y') {
    event.preventDefault();
    redo();
  } else if (!wish && !event.altKey && !inField(event) && (event.key === '+' || event.key === '-')) zoom(event.key === '+' ? 1 : -1);
});

list.addEventListener('keydown', (event) => {
  if (inField(event)) return;
  const by = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10, Home: -1e6, End: 1e6 }[event.key];
  if (by && event.altKey && Math.abs(by) === 1) {
    event.preventDefault();
    if (editing()) {
      shift(index() + by);
      focusRow();
    }
  } else if (by && !event.altKey) {
    event.preventDefault();
    choose(by);
  } else if (event.key === 'Delete' && editing()) {
    event.preventDefault();
    remove();
    focusRow();
  } else if (event.key === 'Enter') {
    panels.chosen.querySelector('input')?.focus();
  } else if (event.key === 'Insert' && editing()) {
    event.preventDefault();
    finder.focus();
  }
});

finder.addEventListener('keydown', (event) => {
  if (event.key === 'Enter') found.querySelector('button:not(:disabled)')?.click();
});

// ---- live -----------------------------------------------------------------------------------------------

async function refresh() {
  await load();
  if (state.sheet && !state.arrived) arrived();
  else draw();
}

let ticks = 0;
onOverview(() => {
  line.tick();
  ticks += 1;
  if (ticks % 3 === 0 && state.late) refresh();
  if (ticks % 5 === 0 && station.overview.relays?.length) drawList();
  if (ticks % 60 === 0 && document.visibilityState === 'visible') refresh();
});
onJournal((one) => {
  if (!one || one.kind.startsWith('rundown.') || one.kind.startsWith('plan.')) refresh();
});
line.zoom = VISIBLE.indexOf(6 * 3_600e6);
if (channels.length) go(state.channel, state.day);
else list.append(h('p', {}, t('onair.nochannels')));
connect({ journal: true });
