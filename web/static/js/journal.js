// Journal: every record as a sentence, newest first, with a live tail; filtered by kind, operator and words.

import { boot, t, h, say, fill, ask, stamp, time, notice, aged, now } from './core.js';
import { connect, onOverview, onJournal } from './live.js';

const main = document.getElementById('main');
const KEPT = 500;
const GROUPS = ['', 'alert.', 'template.', 'rundown.', 'air.', 'live.', 'media.', 'asrun.', 'plan.', 'terminal', 'slots.', 'incident.', 'relay.', 'alarm.', 'carrier.', 'device.', 'duty.', 'operator.', 'settings.', 'upgrade.', 'clock.', 'numbers.', 'station.', 'command.', 'contacts.'];
const group = (kind) => { // a kind that nobody wrote a word for is shown as it is
  const found = GROUPS.find((one) => one && kind.startsWith(one));
  return found ? t(`journal.group.${found.replace('.', '')}`) : kind;
};
const person = (one) => say(one.by_name) || one.by;
let records = [];
let ended = false;
let pending = [];

const kind = h('select', { 'aria-label': t('journal.kind') }, GROUPS.map((one) => h('option', { value: one }, t(`journal.group.${one.replace('.', '') || 'all'}`))));
const by = h('input', { type: 'search', placeholder: t('journal.by'), 'aria-label': t('journal.by'), size: 10, autocomplete: 'off' });
const words = h('input', { type: 'search', placeholder: t('journal.words'), 'aria-label': t('journal.words'), autocomplete: 'off' });
const tail = h('input', { type: 'checkbox', checked: true, id: 'tail' });
const rows = h('tbody', {});
const older = h('button', { onclick: () => more() }, t('journal.older'));
const said = h('span', { class: 'muted num', role: 'status' });
const tile = aged(h('section', { class: 'tile' },
  h('div', { class: 'tile-head' }, h('h2', {}, t('journal.records')), said, h('span', { class: 'age num' })),
  h('table', { class: 'list journal' }, h('thead', {}, h('tr', {}, ['journal.position', 'journal.at', 'journal.what', 'journal.by', 'journal.kind'].map((key, k) => h('th', { class: k > 2 ? 'wide' : '' }, t(key))))), rows), older), 0);
main.append(h('div', { class: 'page-head' }, h('h1', {}, t('page.journal')), h('div', { class: 'filters' }, kind, by, words, h('label', { class: 'check' }, tail, t('journal.tail')))), tile);

function fits(one) {
  if (kind.value && !one.kind.startsWith(kind.value)) return false;
  if (by.value.trim() && !`${one.by} ${person(one)}`.toLowerCase().includes(by.value.trim().toLowerCase())) return false;
  const wanted = words.value.trim().toLowerCase();
  return !wanted || `${one.position} ${one.kind} ${group(one.kind)} ${one.by} ${person(one)} ${say(one.sentence)} ${JSON.stringify(one.body)}`.toLowerCase().includes(wanted);
}

function row(one) {
  const inside = h('details', {}, h('summary', {}, say(one.sentence)), h('pre', {}, JSON.stringify(one.body, null, 1)), h('code', { class: 'small muted' }, `${one.kind} · ${one.by} · sha256 ${one.hash}`));
  return h('tr', { 'data-position': one.position }, h('td', { class: 'num muted' }, one.position), h('td', { class: 'num', title: stamp(one.at) }, time(one.at)), h('td', {}, inside), h('td', { class: 'wide tight', title: one.by }, person(one)), h('td', { class: 'wide tight', title: one.kind }, group(one.kind)));
}

function draw() {
  const open = new Set([...rows.querySelectorAll('details[open]')].map((one) => one.closest('tr').dataset.position));
  const shown = records.filter(fits);
  fill(rows, shown.map((one) => one.position), () => shown.map((one) => {
    const made = row(one);
    if (open.has(String(one.position))) made.querySelector('details').open = true;
    return made;
  }));
  said.textContent = `${t('journal.shown', { n: shown.length, of: records.length })}${pending.length ? ` · ${t('journal.pending', { n: pending.length })}` : ''}`;
  older.hidden = ended;
}

async function load() {
  try {
    records = await ask('/journal', { limit: 100, kind: kind.value });
    pending = [];
    ended = records.length < 100;
    draw();
  } catch (problem) {
    notice(say(problem.text), 'bad');
  }
}

async function more() {
  try {
    const found = await ask('/journal', { limit: 100, kind: kind.value, before: records.at(-1)?.position });
    ended = found.length < 100;
    records = [...records, ...found];
    draw();
  } catch (problem) {
    notice(say(problem.text), 'bad');
  }
}

onJournal((one) => {
  if (one === null) {
    load();
    return;
  }
  if (one.position <= Math.max(records[0]?.position ?? 0, pending[0]?.position ?? 0)) return;
  pending = [one, ...pending].slice(0, KEPT);
  if (tail.checked) flush();
  else draw();
});

function flush() {
  records = [...pending, ...records].slice(0, Math.max(KEPT, records.length));
  pending = [];
  draw();
}

kind.addEventListener('change', load);
by.addEventListener('input', draw);
words.addEventListener('input', draw);
tail.addEventListener('change', () => { if (tail.checked) flush(); });
await load();
onOverview((overview) => aged(tile, overview.at));
connect({ journal: true });
