// Settings as text: checked by the station with every mistake and its line, compared with what runs, proposed, approved by a second person.

import { boot, t, h, say, fill, ask, post, action, command, stamp, now, notice } from './core.js';
import { connect, onOverview } from './live.js';

const main = document.getElementById('main');
const DRAFT = 'gengfu-settings-draft';
const text = h('textarea', { class: 'wide-text tall', spellcheck: 'false', wrap: 'off', 'aria-label': t('settings.text') });
const note = h('input', { maxlength: 300, 'aria-label': t('settings.note'), placeholder: t('settings.note') });
const found = h('div', { class: 'stack', role: 'status', id: 'found' });
const waiting = h('div', {});
const kept = h('div', {});
const title = h('h2', {});
const hash = h('code', { class: 'small muted' });
let held = null;

// ---- a difference: coloured, and marked + and − --------------------------------------------------------------

function diff(lines) {
  const sign = { '+': ['added', '+'], '-': ['removed', '−'], ' ': ['', ' '], '@': ['hunk', ' '] };
  const [added, removed] = ['+', '-'].map((kind) => lines.filter((one) => one.kind === kind).length);
  if (!lines.length) return h('p', { class: 'muted' }, t('settings.same'));
  return [h('p', {}, t('settings.diff', { added, removed })), h('div', { class: 'diff', tabindex: 0 }, lines.map((one) => h('div', { class: sign[one.kind][0] }, `${sign[one.kind][1]} ${one.text}`)))];
}

const meaning = (said) => said.length > 0 && [h('h3', {}, t('settings.meaning')), h('ul', { class: 'meaning' }, said.map((one) => h('li', {}, say(one))))];

function toLine(number) {
  const lines = text.value.split('\n');
  const begin = lines.slice(0, number - 1).join('\n').length + (number > 1 ? 1 : 0);
  text.focus();
  text.setSelectionRange(begin, begin + (lines[number - 1] ?? '').length);
  text.scrollTop = Math.max(0, (number - 5) * 18);
}

function mistake(one) {
  return h('li', {}, one.line > 0 && h('button', { class: 'linkish', onclick: () => toLine(one.line) }, t('settings.line', { n: one.line })), ' ', one.path && h('code', {}, one.path), ' ', say(one.text));
}

async function look() {
  const said = await post('/settings/check', { text: text.value });
  found.replaceChildren(...[
    said.mistakes.length ? [h('p', { class: 'said' }, t('settings.mistakes', { n: said.mistakes.length })), h('ul', { class: 'mistakes' }, said.mistakes.map(mistake))] : h('p', { class: 'pill ready' }, t('settings.holds')),
    diff(said.difference), meaning(said.meaning),
  ].flat().filter(Boolean));
  return said;
}

const check = action(() => look());

const propose = action(async (request) => {
  const said = await look();
  if (said.mistakes.length) return;
  await command('settings.propose', { text: text.value, base: held.sha256, note: note.value.trim() }, request);
  localStorage.removeItem(DRAFT);
  notice(t('settings.proposed'));
  await refresh();
});

// ---- what waits ------------------------------------------------------------------------------------------------

const approve = action(async (request, proposal) => {
  await command('settings.approve', { sha256: proposal.sha256 }, request);
  notice(t('settings.approved'), 'warn', 12);
  setTimeout(refresh, 4000);
});

const withdraw = action(async (request, proposal, reason) => {
  await command('settings.withdraw', { sha256: proposal.sha256, reason }, request);
  notice(t('settings.withdrawn'));
  await refresh();
});

function proposalTile(one) {
  const why = h('input', { required: true, maxlength: 300, placeholder: t('settings.reason'), 'aria-label': t('settings.reason') });
  return h('section', { class: 'tile proposal', id: 'proposal' }, h('div', { class: 'tile-head' }, h('h2', {}, t('settings.waiting')), h('span', { class: 'muted num' }, t('settings.by', { who: say(one.name), at: stamp(one.at) }))),
    one.note && h('p', {}, one.note), diff(one.difference), meaning(one.meaning), h('code', { class: 'small muted' }, `sha256 ${one.sha256}`),
    h('div', { class: 'acts' },
      one.mine ? h('span', { class: 'pill warn' }, t('settings.notmine')) : h('button', { class: 'primary big', onclick: () => approve(one) }, t('settings.approve')),
      h('form', { class: 'inline', onsubmit: (event) => { event.preventDefault(); withdraw(one, why.value); } }, why, h('button', {}, t(one.mine ? 'settings.withdraw' : 'settings.turndown')))));
}

const load = action(async (request, version) => {
  text.value = (await ask('/settings/kept', { number: version.number })).text;
  notice(t('settings.loaded'));
  await look();
});

async function refresh() {
  try {
    const before = held?.text;
    held = await ask('/settings');
    title.textContent = t('settings.file', { file: held.file });
    hash.textContent = `sha256 ${held.sha256}`;
    if (text.value === '' || text.value === before) text.value = before === undefined ? localStorage.getItem(DRAFT) ?? held.text : held.text;
    fill(waiting, [held.proposal, held.rolled_back], () => [
      held.rolled_back && h('p', { class: 'said', role: 'alert', id: 'rolled-back' }, say(held.rolled_back)),
      held.proposal && proposalTile(held.proposal),
    ]);
    fill(kept, held.kept, () => (held.kept.length ? h('table', { class: 'list' }, h('tbody', {}, held.kept.map((one) => h('tr', {}, h('td', { class: 'num' }, `.${one.number}`), h('td', { class: 'num' }, stamp(one.at)), h('td', { class: 'wide' }, h('code', { class: 'small' }, one.sha256.slice(0, 16))), h('td', {}, h('button', { onclick: () => load(one) }, t('settings.load'))))))) : h('p', { class: 'muted' }, t('settings.nokept'))));
  } catch (problem) {
    if (!problem.text) throw problem;
    notice(say(problem.text), 'bad');
  }
}

text.addEventListener('input', () => (text.value === held?.text ? localStorage.removeItem(DRAFT) : localStorage.setItem(DRAFT, text.value)));
text.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && event.ctrlKey) check();
});

main.append(
  h('div', { class: 'page-head' }, h('h1', {}, t('page.settings'))),
  h('div', { class: 'stack' }, waiting, h('div', { class: 'office' },
    h('section', { class: 'tile stack' }, h('div', { class: 'tile-head' }, title, hash), h('p', { class: 'muted small' }, t('settings.hint')), text,
      h('div', { class: 'acts' }, h('button', { id: 'check', onclick: () => check() }, t('settings.check'), ' ', h('kbd', {}, 'Ctrl+Enter')), h('button', { class: 'quiet', onclick: () => { text.value = held.text; localStorage.removeItem(DRAFT); found.replaceChildren(); } }, t('settings.reset'))),
      h('form', { class: 'acts', onsubmit: (event) => { event.preventDefault(); propose(); } }, note, h('button', { class: 'primary' }, t('settings.propose')))),
    h('div', { class: 'stack' }, h('section', { class: 'tile found-tile' }, found), h('section', { class: 'tile' }, h('div', { class: 'tile-head' }, h('h2', {}, t('settings.kept'))), kept)))),
);
if (!boot.seat.rights.includes('configure')) main.replaceChildren(h('p', { class: 'said' }, t('settings.only')));
else await refresh();
let polled = now();
onOverview((overview) => {
  if (overview.at - polled < 5e6 || waiting.contains(document.activeElement)) return;
  polled = overview.at;
  if (held) refresh();
});
connect();
