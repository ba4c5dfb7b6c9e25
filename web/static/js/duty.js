// The duty book: who is on duty, handing over with every open alert acknowledged by name, the roster, and the page of a day.

import { t, h, say, may, named, roleWord, contact, fill, ask, action, command, uuid7, stamp, time, day, now, broadcastDay, notice, aged, levelBadge, loaded, boot, listed } from './core.js';
import { connect, onOverview, state } from './live.js';

const main = document.getElementById('main');
const posts = h('div', { class: 'posts' });
const matters = h('div', { class: 'mattered' });
const roster = h('div', {});
const phones = h('div', {});
const entries = h('div', {});
const figures = h('div', { class: 'day-counts' });
const seen = new Set();
let book = null;
let page = null;

const dated = h('input', { type: 'date', 'aria-label': t('duty.day'), onchange: () => turn() });
const tile = (title, ...inside) => h('section', { class: 'tile' }, h('div', { class: 'tile-head' }, h('h2', {}, t(title))), ...inside);
const onDuty = aged(h('section', { class: 'tile' }, h('div', { class: 'tile-head' }, h('h2', {}, t('duty.posts')), h('span', { class: 'age num' })), posts), 0, 12);
onDuty.dataset.polled = '';
const signed = () => h('div', { class: 'signs' }, h('div', {}, t('duty.signout')), h('div', {}, t('duty.signin')));

// ---- posts -----------------------------------------------------------------------------------------------

const person = (one) => say(one.name);

const take = action(async (request, post, absent) => {
  await command('duty.take', { post: post.post, seen: [...seen], absent }, request);
  notice(t(post.person && !absent ? 'duty.offered' : 'duty.taken'));
  await refresh();
});

const handOver = action(async (request, post, unattended) => {
  await command('duty.handover', { post: post.post, unattended }, request);
  notice(t(unattended ? 'duty.left' : 'duty.handed'));
  await refresh();
});

function reasonForm(title, label, go, run) {
  const why = h('input', { required: true, maxlength: 300, 'aria-label': label });
  return h('details', {}, h('summary', {}, title), h('form', { class: 'inline', onsubmit: (event) => { event.preventDefault(); run(why.value.trim()); } }, why, h('button', {}, go)));
}

function postRow(post) {
  const others = post.rostered.filter((one) => one.operator !== post.person?.operator);
  const offered = post.offer?.person.operator === boot.seat.operator;
  return h(
    'div',
    { class: 'post', 'data-post': post.post },
    h('span', { class: 'label' }, say(post.name)),
    h('span', { class: `person${post.person ? '' : ' nobody'}` }, post.person ? person(post.person) : t('duty.nobody'), post.since && h('span', { class: 'muted small num', title: stamp(post.since) }, ` ${t('duty.since', { at: time(post.since).slice(0, 5) })}`), others.length > 0 && h('span', { class: 'muted small' }, ` · ${t('duty.rostered', { who: listed(others.map(person)) })}`)),
    post.mine ? h('span', { class: 'pill ready' }, t('duty.mine')) : h('span', {}),
    post.offer && h('p', { class: 'waits' }, t('duty.waits', { who: person(post.offer.person) })),
    h('div', { class: 'acts' },
      post.may_take && !post.mine && h('button', { class: 'primary', onclick: () => take(post, '') }, t(offered ? 'duty.takeagain' : 'duty.take')),
      post.mine && h('button', { class: 'primary', onclick: () => handOver(post, '') }, t('duty.handover'))),
    post.may_take && !post.mine && post.person && reasonForm(t('duty.absent'), t('duty.why'), t('duty.relieve'), (why) => take(post, why)),
    post.mine && reasonForm(t('duty.leave'), t('duty.why'), t('duty.leavego'), (why) => handOver(post, why)),
  );
}

function matterRow(one, known) {
  const box = h('input', { type: 'checkbox', checked: seen.has(one.alert), onchange: () => (box.checked ? seen.add(one.alert) : seen.delete(one.alert)) });
  return h('label', { class: 'check' }, may('duty') && box, levelBadge(one), h('a', { href: `/alerts/${encodeURIComponent(one.alert)}` }, one.headline), h('span', { class: 'muted small' }, say(one.phase)), known.has(one.alert) && h('span', { class: 'pill ready' }, t('duty.acked')));
}

function drawMatters() {
  const known = new Set(book.posts.filter((post) => post.mine && post.offer).flatMap((post) => post.offer.seen));
  for (const alert of seen) if (!book.matters.some((one) => one.alert === alert)) seen.delete(alert);
  fill(matters, [book.matters, [...known], book.unread], () => [
    book.matters.length ? may('duty') && h('p', { class: 'muted' }, t('duty.ack')) : h('p', { class: 'muted' }, t('duty.nomatters')),
    ...book.matters.map((one) => matterRow(one, known)),
    book.unread.length
      ? h('div', { class: 'unread' }, h('b', {}, t('duty.unread')), h('ul', {}, book.unread.map((one) => h('li', {}, say(one)))))
      : h('p', { class: 'muted' }, t('duty.nounread')),
    h('div', { class: 'acts' }, h('button', { onclick: beep }, t('duty.sound'))),
  ]);
}

function beep() {
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const level = audio.createGain();
  level.gain.value = 0.2;
  tone.frequency.value = 880;
  tone.connect(level).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.6);
  tone.onended = () => audio.close();
  notice(t('duty.sounded'));
}

// ---- roster and telephones -------------------------------------------------------------------------------

const POSTS = ['leader', 'dispatcher', 'operator', 'engineer'];
const rosterText = h('textarea', { class: 'wide-text', spellcheck: 'false', 'aria-label': t('duty.roster') });
const file = h('input', { type: 'file', accept: '.csv,text/csv', 'aria-label': t('duty.file'), onchange: async () => { if (file.files[0]) rosterText.value = await file.files[0].text(); } });
const saveRoster = action(async (request) => {
  await command('duty.roster', { csv: rosterText.value }, request);
  notice(t('duty.rosterdone'));
  editor.open = false;
  await refresh();
});
const editor = h('details', {}, h('summary', {}, t('duty.edit')), h('p', { class: 'muted small' }, t('duty.edithint')), rosterText, h('div', { class: 'inline' }, h('label', {}, t('duty.file'), file), h('button', { class: 'primary', onclick: () => saveRoster() }, t('duty.rostergo'))));

function shiftRow(shift) {
  const current = shift.start <= book.at && book.at < shift.end;
  return h('tr', {}, h('td', { class: 'num' }, shift.day.slice(5)), h('td', {}, shift.name, current && h('span', { class: 'mark' }, '●')), h('td', { class: 'num' }, `${time(shift.start).slice(0, 5)}–${time(shift.end).slice(0, 5)}`), POSTS.map((post) => h('td', {}, listed(shift.posts[post].map(person)))));
}

function drawRoster() {
  fill(roster, [book.shifts, Math.floor(book.at / 60e6)], () => (book.shifts.length
    ? h('table', { class: 'list' }, h('thead', {}, h('tr', {}, h('th', {}, t('duty.day')), h('th', {}, t('duty.shift')), h('th', {}, t('duty.hours')), POSTS.map((post) => h('th', {}, named('post', post))))), h('tbody', {}, book.shifts.map(shiftRow)))
    : h('p', { class: 'muted' }, t('duty.noroster'))));
  if (!editor.open) rosterText.value = book.roster_csv;
}

const phoneText = h('textarea', { class: 'wide-text', spellcheck: 'false', 'aria-label': t('duty.phones') });
const savePhones = action(async (request) => {
  const lines = phoneText.value.split('\n').filter((line) => line.trim());
  const contacts = lines.map((line) => line.split(/[,,]/).map((cell) => cell.trim())).map(([role = '', zh = '', en = '', phone = '', operator = '', ...note]) => ({ role, name_zh: zh, name_en: en, phone, operator, note: note.join(',') }));
  await command('contacts.set', { contacts }, request);
  notice(t('phones.saved'));
  phoneEditor.open = false;
  await drawPhones();
});
const phoneEditor = h('details', {}, h('summary', {}, t('phones.edit')), h('p', { class: 'muted small' }, t('phones.hint')), phoneText, h('button', { class: 'primary', onclick: () => savePhones() }, t('phones.save')));

function phoneRow(one) {
  const here = one.operator && book.posts.find((post) => post.person?.operator === one.operator);
  return h('tr', {}, h('td', {}, roleWord(one.role), here && h('span', { class: 'pill ready' }, t('phones.onduty'))), h('td', {}, say(one.name), one.note && h('div', { class: 'muted small' }, one.note)), h('td', { class: 'num' }, h('a', { href: `tel:${one.phone.replaceAll(' ', '')}` }, one.phone)));
}

// The list's lines, then whom the settings have told of alarms: what the red strip shows when nothing answers stands here too.
function listedPhones(found) {
  const lines = found.map(contact);
  const there = new Set(lines.map((one) => one.phone));
  return [...lines, ...(boot.phones ?? []).filter((one) => !there.has(one.phone)).map((one) => ({ ...one, note: t('phones.settings') }))];
}

async function drawPhones() {
  const found = await ask('/contacts');
  fill(phones, [found, book.posts.map((post) => post.person?.operator)], () => {
    const rows = listedPhones(found);
    return rows.length ? h('table', { class: 'list' }, h('tbody', {}, rows.map(phoneRow))) : h('p', { class: 'muted' }, t('duty.nophones'));
  });
  if (!phoneEditor.open) phoneText.value = found.map((one) => [one.role, one.name_zh, one.name_en, one.phone, one.operator, one.note].join(', ')).join('\n');
}

// ---- the book --------------------------------------------------------------------------------------------

const words = h('textarea', { required: true, maxlength: 2000, 'aria-label': t('duty.note') });
const correcting = h('p', { class: 'note', hidden: true });
let corrects = '';
let written = uuid7();
const write = action(async (request) => {
  await command('duty.note', { note: written, text: words.value, corrects }, request);
  written = uuid7();
  words.value = '';
  correct(null);
  notice(t('duty.notedone'));
  await turn();
});

function correct(entry) {
  corrects = entry ? entry.note : '';
  correcting.hidden = !entry;
  correcting.replaceChildren(...(entry ? [t('duty.correcting', { what: say(entry.text).slice(0, 60) }), ' ', h('button', { type: 'button', class: 'linkish', onclick: () => correct(null) }, t('duty.nocorrect'))] : []));
  if (entry) words.focus();
}

function entryRow(entry, struck) {
  const right = entry.note && may('duty') && !struck.has(entry.note);
  return h('tr', { class: `${entry.note ? 'written' : ''}${struck.has(entry.note) ? ' struck' : ''}`, 'data-position': entry.position },
    h('td', { class: 'num', title: stamp(entry.at) }, time(entry.at)),
    h('td', {}, entry.corrects && h('span', { class: 'pill warn' }, t('duty.correct')), h('span', { class: 'says' }, say(entry.text)), struck.has(entry.note) && h('span', { class: 'pill plain' }, t('duty.corrected'))),
    h('td', {}, entry.note ? say(entry.by.name) : h('span', { class: 'muted small' }, t('duty.auto')), right && h('button', { class: 'linkish noprint', onclick: () => correct(entry) }, t('duty.correct'))));
}

function drawDay() {
  const struck = new Set(page.entries.map((one) => one.corrects).filter(Boolean));
  fill(entries, page.entries, () => [
    page.entries.length ? h('table', { class: 'entries' }, h('tbody', {}, page.entries.map((one) => entryRow(one, struck)))) : h('p', { class: 'muted' }, t('duty.noentries')),
    !page.complete && h('p', { class: 'note' }, t('duty.cut')),
  ]);
}

async function drawFigures() {
  const rows = await ask('/safety', { from: page.start, to: Math.min(page.end, now()) });
  const name = (row) => say(state.overview?.channels.find((one) => one.id === row.channel)?.name ?? row.name ?? { zh: row.channel, en: row.channel });
  const rate = (row) => (row.outage_rate_milli === null ? '—' : (row.outage_rate_milli / 1000).toFixed(1));
  fill(figures, [page.counts, rows], () => [
    ...Object.entries(page.counts).map(([name, count]) => h('span', { class: 'figure' }, h('span', { class: 'label' }, named('duty.count', name)), h('strong', { class: 'num' }, count))),
    ...rows.map((row) => h('span', { class: 'figure' }, h('span', { class: 'label' }, `${name(row)} · ${t('safety.rate')}`), h('strong', { class: 'num' }, rate(row)), h('span', { class: 'muted small' }, `${t('safety.coverage')} ${(row.coverage_ppm / 10000).toFixed(1)} %`))),
  ]);
}

async function turn() {
  try {
    page = await ask('/duty/day', { day: dated.value });
    drawDay();
    await drawFigures();
  } catch (problem) {
    if (!problem.text) throw problem;
    notice(say(problem.text), 'bad');
  }
}

async function refresh() {
  try {
    book = await ask('/duty');
    fill(posts, [book.posts, [...seen].length], () => book.posts.map(postRow));
    drawMatters();
    drawRoster();
    aged(onDuty, state.overview.at, 12);
  } catch (problem) {
    if (!problem.text) throw problem;
    notice(say(problem.text), 'bad');
  }
}

// What paper needs and a screen does not: whose sheet it is, of which day, made when and by whom.
const letterhead = h('header', { class: 'onpaper letterhead' });
function drawLetterhead() {
  letterhead.replaceChildren(
    h('p', {}, h('b', {}, boot.training ? `${t('training.mark')} · ` : '', say(boot.overview.station)), h('span', {}, t('duty.sheet'))),
    h('h2', { class: 'num' }, dated.value),
    h('p', { class: 'num small' }, t('safety.made', { at: stamp(now()), by: say(boot.seat.name), zone: boot.settings.timezone })));
}
addEventListener('beforeprint', drawLetterhead);

dated.value = broadcastDay(now());
drawLetterhead();
main.append(
  letterhead,
  h('div', { class: 'page-head' }, h('h1', {}, t('page.duty')), h('div', { class: 'filters' }, dated), h('button', { class: 'noprint', onclick: () => print() }, t('duty.print'))),
  h('div', { class: 'office' },
    h('div', { class: 'stack' }, onDuty, h('div', { class: 'noprint' }, tile('duty.matters', matters))),
    h('div', { class: 'stack' }, tile('duty.roster', roster, may('roster') && editor), tile('duty.phones', phones, may('roster') && phoneEditor)),
    h('div', { class: 'stack whole' }, tile('duty.figures', figures), h('section', { class: 'tile' }, h('div', { class: 'tile-head' }, h('h2', {}, t('duty.book'))),
      may('duty') && h('form', { class: 'write noprint', onsubmit: (event) => { event.preventDefault(); write(); } }, correcting, words, h('div', { class: 'acts' }, h('button', { class: 'primary' }, t('duty.notego')))), entries, signed()))),
);

await loaded;
await refresh();
await turn();
await drawPhones();
let polled = 0;
onOverview((overview) => {
  const busy = posts.contains(document.activeElement) && document.activeElement.tagName === 'INPUT';
  if (overview.at - polled < 3e6 || busy) return;
  polled = overview.at;
  refresh();
});
connect();
