// Alarms: what stands, what is shelved, what was; beside them the card of the one that is chosen.

import { t, h, say, may, named, fill, ask, action, command, stamp, time, day, span, now, aged, notice, listed } from './core.js';
import { connect, onOverview } from './live.js';
import { acknowledge, severityMark, typing } from './alarmbar.js';

const main = document.getElementById('main');
const active = h('div', {});
const shelved = h('div', {});
const past = h('div', {});
const card = h('aside', { class: 'tile alarm-card', 'aria-live': 'polite' });
const list = aged(h('section', { class: 'tile' }, h('div', { class: 'tile-head' }, h('h2', {}, t('alarm.active')), may('alarm') && h('span', { class: 'muted small keys' }, t('alarm.keys')), h('span', { class: 'age num' })), active), 0, 8);
list.dataset.polled = '';
const severity = h('select', { 'aria-label': t('alarm.severity'), onchange: () => look() }, h('option', { value: '' }, t('alarm.allseverities')), ['critical', 'major', 'minor'].map((one) => h('option', { value: one }, named('severity', one))));
const older = h('button', { onclick: () => more(), hidden: true }, t('alarm.older'));
main.append(
  h('h1', { class: 'unseen' }, t('page.alarms')),
  h('div', { class: 'alarm-page' },
    h('div', { class: 'stack' }, list,
      h('section', { class: 'tile' }, h('div', { class: 'tile-head' }, h('h2', {}, t('alarm.shelved'))), shelved),
      h('section', { class: 'tile' }, h('div', { class: 'tile-head' }, h('h2', {}, t('alarm.history')), severity), past, older)),
    card),
);

let told = null;
let cards = new Map();
let history = [];
let chosen = 0;
let seen = '';
const ticked = new Map();

const every = () => [...(told?.active ?? []), ...(told?.shelved ?? [])];
const find = (number) => every().find((one) => one.number === number) ?? history.find((one) => one.number === number);

// ---- rows: what follows from another stands below it ---------------------------------------------------------

function nested(alarms) {
  const here = new Set(alarms.map((one) => one.number));
  const roots = alarms.filter((one) => !here.has(one.because));
  return roots.flatMap((root) => [root, ...alarms.filter((one) => one.because === root.number)]);
}

// A time of today as such, of another day with its date.
const near = (at) => (at && day(at) === day(now()) ? time(at) : stamp(at));

// How long the condition held: it stops when the condition ends, not when somebody acknowledges that.
function lasts(alarm, from) {
  if (!alarm.returned_at) return h('td', { class: 'num wide', 'data-since': from });
  return h('td', { class: 'num wide', title: `${stamp(from)} – ${stamp(alarm.returned_at)}` }, span(alarm.returned_at - from));
}

function details(alarm) {
  return h('div', { class: 'muted small' },
    say(alarm.title),
    alarm.times > 1 && ` · ${t('alarm.times', { n: alarm.times })}`,
    alarm.chattering && [' · ', h('b', {}, t('alarm.chatters'))],
    alarm.because ? ` · ${t('alarm.because', { n: alarm.because })}` : '',
    alarm.calls.length > 0 && [' · ', h('b', {}, t('call.last', { n: alarm.calls.at(-1).level, at: time(alarm.calls.at(-1).at) }))],
    alarm.returned_at && !alarm.cleared_at && ` · ${t('alarm.rightat', { at: near(alarm.returned_at) })}`,
    alarm.acknowledged_by && ` · ${t('alarm.by', { who: say(alarm.acknowledged_by), at: near(alarm.acknowledged_at) })}`,
    alarm.shelved_until && ` · ${t('alarm.until', { who: say(alarm.shelved_by), at: time(alarm.shelved_until), why: alarm.shelved_reason })}`);
}

// In a word; the whole sentence is its title.
const phase = (alarm) => h('span', { class: `pill ${alarm.unread ? 'bad' : 'plain'}`, title: say(alarm.phase_text) }, named('alarm.phase', alarm.phase));

function row(alarm) {
  const picked = alarm.number === chosen;
  return h('tr', { class: [alarm.unread && 'unread-alarm', alarm.because && 'follows', picked && 'picked'].filter(Boolean).join(' '), 'data-number': alarm.number, 'data-alarm-chosen': picked ? alarm.number : null, onclick: () => pick(alarm.number) },
    h('td', {}, severityMark(alarm.severity)),
    h('td', {}, h('button', { class: 'linkish alarm-says', 'aria-pressed': String(picked), onclick: () => pick(alarm.number) }, say(alarm.text)), details(alarm)),
    h('td', { class: 'wide' }, phase(alarm)),
    h('td', { class: 'num wide', title: stamp(alarm.since) }, time(alarm.since)),
    lasts(alarm, alarm.since),
    h('td', {}, alarm.unread && may('alarm') && h('button', { class: 'primary', onclick: (event) => { event.stopPropagation(); acknowledge([alarm.number]).then(refresh); } }, t('alarm.ack')),
      alarm.shelved_until && may('alarm') && h('button', { onclick: (event) => { event.stopPropagation(); unshelve(alarm.number); } }, t('alarm.unshelve'))));
}

function table(alarms, none) {
  if (!alarms.length) return h('p', { class: 'muted' }, none);
  const heads = ['alarm.severity', 'alarm.what', 'alarm.state', 'alarm.since', 'alarm.lasts'].map((key, k) => h('th', { class: k > 1 ? 'wide' : '' }, t(key)));
  return h('table', { class: 'list alarm-list' }, h('thead', {}, h('tr', {}, heads, h('th', {}))), h('tbody', {}, nested(alarms).map(row)));
}

function pastRow(alarm) {
  return h('tr', { class: alarm.number === chosen ? 'picked' : '', onclick: () => pick(alarm.number) },
    h('td', { class: 'num muted' }, alarm.number),
    h('td', {}, severityMark(alarm.severity)),
    h('td', {}, h('button', { class: 'linkish alarm-says', onclick: () => pick(alarm.number) }, say(alarm.text)), details(alarm)),
    h('td', { class: 'num', title: stamp(alarm.raised_at) }, near(alarm.raised_at)),
    h('td', { class: 'num wide', title: stamp(alarm.returned_at) }, alarm.returned_at ? near(alarm.returned_at) : t('alarm.stillon')),
    lasts(alarm, alarm.raised_at),
    h('td', { class: 'num wide', title: stamp(alarm.acknowledged_at) }, near(alarm.acknowledged_at)));
}

function pastTable() {
  if (!history.length) return h('p', { class: 'muted' }, t('alarm.nohistory'));
  const heads = ['alarm.number', 'alarm.severity', 'alarm.what', 'alarm.since', 'alarm.ended', 'alarm.lasts', 'alarm.ackedat'].map((key, k) => h('th', { class: k > 3 ? 'wide' : '' }, t(key)));
  return h('table', { class: 'list alarm-list alarm-past' }, h('thead', {}, h('tr', {}, heads)), h('tbody', {}, history.map(pastRow)));
}

// ---- who was called ------------------------------------------------------------------------------------------

function callRow(call) {
  const who = call.who.length ? listed(call.who.map(say)) : t('call.nobody');
  const bad = call.state === 'failed' || !call.who.length;
  return h('li', {}, h('b', {}, t('call.level', { n: call.level })), ` ${t('call.made', { who, at: time(call.at) })} `,
    h('span', { class: `pill ${bad ? 'bad' : 'plain'}` }, named('call.state', call.state)),
    call.why && h('span', { class: 'muted small' }, ` ${say(call.why)}`));
}

const calls = (alarm) => alarm.calls.length > 0 && [h('h3', {}, t('call.called')), h('ul', { class: 'calls' }, alarm.calls.map(callRow))];

// ---- the card ------------------------------------------------------------------------------------------------

function step(text, k, number) {
  const done = ticked.get(number) ?? new Set();
  const box = h('input', { type: 'checkbox', checked: done.has(k), onchange: () => { box.checked ? done.add(k) : done.delete(k); ticked.set(number, done); } });
  return h('li', {}, h('label', { class: 'check' }, box, h('span', {}, h('b', { class: 'num' }, `${k + 1}. `), say(text))));
}

function contact(one) {
  return h('li', {}, h('b', {}, say(one.name)), one.on_duty && h('span', { class: 'pill ready' }, t('alarm.onduty')), one.phone && h('a', { class: 'num phone', href: `tel:${one.phone.replace(/[^+\d]/g, '')}` }, ` ${one.phone}`));
}

function shelveForm(alarm) {
  const most = alarm.severity === 'critical' ? told.shelf_minutes_critical : told.shelf_minutes;
  const minutes = h('select', {}, [15, 30, 60, 120, 240, 480].filter((n) => n <= most).map((n) => h('option', { value: n }, t('alarm.shelve.minutes', { n }))));
  const why = h('input', { required: true, maxlength: 200, id: 'shelve-why', autocomplete: 'off' });
  const go = action(async (request) => {
    await command('alarm.shelve', { alarm: alarm.number, minutes: Number(minutes.value), reason: why.value.trim() }, request);
    notice(t('alarm.shelve.done'));
    await refresh();
  });
  return h('form', { class: 'shelve', onsubmit: (event) => { event.preventDefault(); go(); } },
    h('label', {}, t('alarm.shelve.for'), minutes), h('label', {}, t('alarm.shelve.why'), why), h('button', {}, t('alarm.shelve')));
}

const unshelve = action(async (request, number) => {
  await command('alarm.unshelve', { alarm: number }, request);
  notice(t('alarm.unshelve.done'));
  await refresh();
});

// What happened when, each by itself: that it was acknowledged later does not move the end of the fault.
function moments(alarm) {
  const rows = [
    ['alarm.since', alarm.raised_at, ''],
    alarm.times > 1 && ['alarm.again', alarm.since, t('alarm.times', { n: alarm.times })],
    ['alarm.ended', alarm.returned_at, ''],
    ['alarm.ackedat', alarm.acknowledged_at, alarm.acknowledged_by ? say(alarm.acknowledged_by) : ''],
    ['alarm.closed', alarm.cleared_at, ''],
  ].filter(Boolean);
  return h('table', { class: 'list alarm-times' }, h('tbody', {}, rows.map(([key, at, more]) => h('tr', {}, h('th', { scope: 'row' }, t(key)), h('td', { class: 'num' }, stamp(at)), h('td', { class: 'muted small' }, more)))));
}

function drawCard() {
  const alarm = find(chosen);
  const known = alarm && cards.get(alarm.card);
  const open = alarm && every().includes(alarm);
  fill(card, [alarm?.number, alarm?.phase, alarm?.severity, alarm?.since, alarm?.returned_at, alarm?.acknowledged_at, alarm?.cleared_at, alarm?.calls, known, open], () => {
    if (!alarm || !known) return h('p', { class: 'muted' }, t('alarm.pick'));
    return [
      h('div', { class: 'tile-head' }, severityMark(alarm.severity), h('h2', {}, say(known.title))),
      h('p', { class: 'alarm-now' }, say(alarm.text)),
      open && may('alarm') && alarm.unread && h('button', { class: 'primary big', onclick: () => acknowledge([alarm.number]).then(refresh) }, t('alarm.ack'), h('kbd', {}, 'A')),
      moments(alarm),
      calls(alarm),
      h('h3', {}, t('alarm.means')), h('p', {}, say(known.means)),
      h('h3', {}, t('alarm.do')), h('ol', { class: 'steps' }, known.do.map((text, k) => step(text, k, alarm.number))),
      h('h3', {}, t('alarm.call')), h('p', {}, h('b', {}, say(known.call))), known.contacts.length ? h('ul', { class: 'contacts' }, known.contacts.map(contact)) : h('p', { class: 'muted' }, t('alarm.nobody')),
      open && may('alarm') && !alarm.shelved_until && h('details', {}, h('summary', {}, `${t('alarm.shelve')}…`), shelveForm(alarm)),
      open && may('alarm') && alarm.shelved_until && h('button', { onclick: () => unshelve(alarm.number) }, t('alarm.unshelve')),
    ];
  });
}

function pick(number) {
  chosen = number;
  draw();
  if (innerWidth <= 760) card.scrollIntoView({ block: 'nearest' }); // on a telephone it stands below the lists
}

// ---- keys ----------------------------------------------------------------------------------------------------

addEventListener('keydown', (event) => {
  if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  const order = [...document.querySelectorAll('.alarm-list tr[data-number]')].map((one) => Number(one.dataset.number));
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    if (!order.length) return;
    event.preventDefault();
    const at = order.indexOf(chosen);
    pick(order[Math.max(0, Math.min(order.length - 1, at + (event.key === 'ArrowDown' ? 1 : -1)))]);
    document.querySelector('tr.picked .alarm-says')?.focus();
  }
  if (event.key.toLowerCase() === 's' && card.querySelector('details')) {
    event.preventDefault();
    card.querySelector('details').open = true;
    card.querySelector('#shelve-why').focus();
  }
});

// ---- what is told ----------------------------------------------------------------------------------------------

function draw() {
  if (!told) return;
  fill(active, [told.active, chosen], () => table(told.active, t('alarm.none')));
  fill(shelved, [told.shelved, chosen], () => table(told.shelved, t('alarm.noneshelved')));
  fill(past, [history, chosen], pastTable);
  older.hidden = history.length < 50;
  drawCard();
}

async function refresh() {
  try {
    told = await ask('/alarms');
    for (const one of told.cards) cards.set(one.id, one);
    if (!find(chosen)) chosen = told.active[0]?.number ?? 0;
    aged(list, told.at, 8);
    draw();
    const moved = JSON.stringify(every().map((one) => [one.number, one.phase, one.since]));
    if (moved !== seen) look();  // history tells the end of each at once
    seen = moved;
  } catch (problem) {
    notice(say(problem.text), 'bad');
  }
}

let asked = 0;
async function look(before) {
  const mine = ++asked;  // an answer that a later question overtook is of no use: another severity may be chosen by now
  try {
    const found = await ask('/alarms/history', { limit: 50, before, severity: severity.value });
    if (mine !== asked) return;
    history = before ? [...history, ...found] : found;
    draw();
    older.hidden = found.length < 50;
  } catch (problem) {
    notice(say(problem.text), 'bad');
  }
}

const more = () => look(history.at(-1)?.number);

const all = await ask('/alarms/cards').catch(() => []);
cards = new Map(all.map((one) => [one.id, one]));
let polled = 0;
let last = '';
onOverview((overview) => {
  const key = JSON.stringify(overview.alarms);
  if (key === last && overview.at - polled < 2e6) return;
  last = key;
  polled = overview.at;
  refresh();
});
connect();
