// The night page: where, what, who signs, in three columns without scrolling, and by keyboard alone.

import { boot, t, h, say, named, may, ask, askUntil, now, span, notice, put, levelWord, kindWord, LEVELS, aged, listed } from './core.js';
import { connect } from './live.js';
import { makeSigning } from './signing.js';
import { eventField } from './compose_event.js';
import { near } from './compose_near.js';
import { fits } from './compose_shapes.js';

const main = document.getElementById('main');
const [areas, templates, events] = await Promise.all([askUntil('/areas'), askUntil('/templates'), askUntil('/events')]);
const byCode = new Map(areas.map((one) => [one.code, one]));
const draft = { areas: [], template: null, kind: 'actual', level: 0, minutes: 15, blanks: {}, resolved: null };

// What was typed and submitted outlasts leaving the page, in this tab and for this person alone.
const KEPT = `gengfu-night ${boot.seat.operator}`;
const FIELDS = ['areas', 'kind', 'level', 'minutes', 'blanks', 'event', 'headline', 'text'];
const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? 'null');
let restored = false; // until then nothing is kept, lest an empty form take the place of a full one
function keep(sent = null) {
  if (!restored) return;
  const form = Object.fromEntries(FIELDS.map((name) => [name, draft[name]]));
  sessionStorage.setItem(KEPT, JSON.stringify({ form, template: draft.template?.id ?? '', sent }));
}

// ---- where ----------------------------------------------------------------------------------------------

const search = h('input', { type: 'search', id: 'where', placeholder: t('compose.search'), autocomplete: 'off', spellcheck: 'false', role: 'combobox', 'aria-expanded': 'false', 'aria-controls': 'found', 'aria-label': t('compose.search') });
const found = h('ul', { id: 'found', role: 'listbox', class: 'found' });
const nofound = h('p', { class: 'nofound', role: 'status', hidden: true });
const chosen = h('div', { class: 'chips', 'aria-label': t('compose.chosen') });
const reach = h('div', { class: 'reach' });
let marked = 0; // -1: none, for these are guesses
let hits = [];

function ranked(text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const rank = (one) => {
    if (one.code.startsWith(wanted) && wanted.length >= 6) return 0;
    if (one.initials.startsWith(wanted)) return one.initials.length === wanted.length ? 1 : 3;
    if (one.name.startsWith(wanted)) return 1;
    if (one.pinyin.startsWith(wanted)) return 2;
    return one.name.includes(wanted) || one.initials.includes(wanted) ? 4 : 9;
  };
  return areas
    .map((one) => [rank(one), one])
    .filter(([score]) => score < 9)
    .sort((a, b) => a[0] - b[0] || a[1].initials.length - b[1].initials.length || a[1].code.localeCompare(b[1].code))
    .map(([, one]) => one);
}

function parent(one) {
  return one.level === 'village' ? byCode.get(`${one.code.slice(0, 9)}000`)?.name ?? '' : named('area', one.level);
}

// Nothing bears the name: say so in a sentence, and offer what may have been meant; none of it is chosen by Enter alone.
function guess(text) {
  hits = near(text, areas.filter((one) => !draft.areas.includes(one.code)));
  nofound.textContent = `${t('compose.nofound', { q: text })} ${t(hits.length ? 'compose.near' : 'compose.nonear')}`;
}

let guessed = false;
function drawFound() {
  const text = search.value.trim();
  const all = ranked(text);
  const taken = all.length > 0 && draft.areas.includes(all[0].code); // typed once more: Enter must not choose another in its place
  const lost = Boolean(text) && (!all.length || taken);
  hits = all.filter((one) => !draft.areas.includes(one.code)).slice(0, 6);
  nofound.hidden = !lost;
  if (taken) nofound.textContent = `${t('compose.alreadychosen', { q: all[0].name })} ${hits.length ? t('compose.others') : ''}`;
  else if (lost) guess(text);
  if (lost !== guessed) marked = lost ? -1 : 0;
  guessed = lost;
  marked = Math.min(marked, Math.max(0, hits.length - 1));
  search.setAttribute('aria-expanded', String(hits.length > 0));
  search.setAttribute('aria-activedescendant', hits[marked] ? `hit-${marked}` : '');
  found.replaceChildren(
    ...hits.map((one, k) =>
      h('li', { id: `hit-${k}`, role: 'option', 'aria-selected': String(k === marked), class: k === marked ? 'marked' : '', onpointerdown: (event) => { event.preventDefault(); choose(one); } },
        h('b', {}, one.name), h('span', { class: 'muted' }, ` ${parent(one)} · ${one.initials}`), h('span', { class: 'num muted right' }, t('compose.terminals', { n: one.terminals })))),
  );
}

function choose(one) {
  draft.areas.push(one.code);
  search.value = '';
  marked = 0;
  drawFound();
  changed();
  drawChosen();
}

function drawChosen() {
  chosen.replaceChildren(
    ...draft.areas.map((code) =>
      h('button', { type: 'button', class: 'chip', title: t('compose.remove'), onclick: () => { draft.areas = draft.areas.filter((one) => one !== code); drawChosen(); changed(); search.focus(); } }, byCode.get(code).name, h('span', { 'aria-hidden': 'true' }, ' ×'))),
  );
  resolve();
}

const gravest = () => content().level || 1; // until it is chosen, what red would do
let asked = 0;
async function resolve() {
  const turn = (asked += 1);
  draft.resolved = null;
  if (!draft.areas.length) {
    drawReach();
    return;
  }
  try {
    const level = gravest();
    const answer = await ask('/resolve', { areas: draft.areas.join(','), level });
    if (turn !== asked) return;
    draft.resolved = { ...answer, level };
  } catch (problem) {
    notice(say(problem.text), 'bad');
  }
  drawReach();
}

function drawReach() {
  const got = draft.resolved;
  const cell = (label, value, bad) => h('div', { class: 'figure' }, h('span', { class: 'label' }, label), h('strong', { class: `num${bad ? ' bad' : ''}` }, value));
  reach.replaceChildren(
    cell(t('compose.villages'), got ? got.villages : '—'),
    cell(t('compose.all'), got ? got.terminals : '—'),
    cell(t('compose.reachable'), got ? got.online : '—', got && got.online < got.terminals * 0.8),
    ...(got && got.unreachable.length ? [h('p', { class: 'unreached' }, h('b', {}, t('compose.phone')), ` ${listed(got.unreachable)}`)] : []),
  );
  signing.draw();
}

search.addEventListener('input', () => {
  marked = guessed ? -1 : 0;
  drawFound();
  if (tried) signing.tell(drawLacks());
});
search.addEventListener('keydown', (event) => {
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    event.preventDefault();
    marked = (Math.max(marked, event.key === 'ArrowDown' ? -1 : 0) + (event.key === 'ArrowDown' ? 1 : -1) + hits.length) % Math.max(1, hits.length);
    drawFound();
  } else if (event.key === 'Enter') {
    event.preventDefault();
    if (hits[marked]) choose(hits[marked]);
    else if (!search.value && draft.areas.length) document.querySelector('#what-first')?.focus();
  } else if (event.key === 'Backspace' && !search.value && draft.areas.length) {
    draft.areas.pop();
    drawChosen();
    changed();
  }
});

// ---- what -----------------------------------------------------------------------------------------------

const usable = templates.filter((one) => one.state === 'reviewed');
const what = h('div', { class: 'what' });
const preview = h('p', { class: 'spoken', 'aria-live': 'polite' });
const minutes = h('input', { type: 'number', min: 1, max: boot.settings.max_minutes, value: draft.minutes, id: 'minutes', oninput: () => { draft.minutes = Number(minutes.value); changed(); } });

function templateName(one) {
  return boot.lang === 'zh' ? one.body.name_zh : one.body.name_en;
}

function pickTemplate(id) {
  draft.template = usable.find((one) => one.id === id) ?? null;
  draft.blanks = {};
  if (draft.template) {
    draft.kind = draft.template.body.kind;
    draft.level = draft.template.body.level;
    draft.minutes = Math.min(draft.minutes, draft.template.body.max_minutes);
    minutes.value = draft.minutes;
  } else draft.level = 0; // no template chose it: whoever writes freely says how grave it is
  drawWhat();
  changed();
}

function blankField(blank, first) {
  const label = boot.lang === 'zh' ? blank.label_zh : blank.label_en;
  const type = blank.type === 'number' ? 'number' : 'text';
  const clock = blank.type === 'time' ? { placeholder: '23:50', class: 'num' } : {};
  const input = h('input', { type, ...clock, maxlength: blank.max_length, id: first ? 'what-blank' : undefined, 'data-field': blank.name, value: draft.blanks[blank.name] ?? '', required: true, oninput: () => { draft.blanks[blank.name] = input.value.trim(); changed(); } });
  return h('label', { class: blank.max_length > 20 ? 'long' : '' }, label, input);
}

function freeFields() {
  draft.event ??= '';
  const event = eventField(events, draft.event, (code) => { draft.event = code; changed(); });
  const level = h('select', { 'data-field': 'level', required: true, onchange: () => { draft.level = Number(level.value); changed(); } }, h('option', { value: 0, selected: !draft.level }, t('compose.picklevel')), LEVELS.map((one) => h('option', { value: one, selected: one === draft.level }, levelWord(one))));
  const headline = h('input', { maxlength: 60, 'data-field': 'headline', value: draft.headline ?? '', required: true, oninput: () => { draft.headline = headline.value.trim(); changed(); } });
  const text = h('textarea', { rows: 3, maxlength: 600, 'data-field': 'text', required: true, oninput: () => { draft.text = text.value.trim(); changed(); } }, draft.text ?? '');
  return [h('div', { class: 'pair' }, event, h('label', {}, t('compose.level'), level)), h('label', {}, t('compose.headline'), headline), h('label', {}, t('compose.text'), text)];
}

function drawWhat() {
  const select = h('select', { id: 'what-first', onchange: () => pickTemplate(select.value) },
    usable.map((one) => h('option', { value: one.id, selected: draft.template?.id === one.id }, `${templateName(one)} · ${one.body.kind === 'actual' ? levelWord(one.body.level).split(' · ')[0] : kindWord(one.body.kind)}`)), // the colour says the level, and leaves room for the name
    h('option', { value: '', selected: draft.template === null }, t('compose.free')));
  const kinds = h('div', { class: 'kinds', role: 'radiogroup', 'aria-label': t('compose.kind') }, ['actual', 'drill'].map((kind) => {
    const radio = h('input', { type: 'radio', name: 'kind', value: kind, checked: draft.kind === kind, onchange: () => { draft.kind = kind; drawFrame(); changed(); } });
    return h('label', { class: `kind ${kind}` }, radio, kindWord(kind));
  }));
  what.replaceChildren(
    h('div', { class: 'pair' }, h('label', {}, t('compose.template'), select), h('div', { class: 'field' }, h('span', { class: 'label' }, t('compose.kind')), kinds)),
    ...(draft.template ? [h('div', { class: 'blanks' }, draft.template.body.blanks.map((one, k) => blankField(one, k === 0)))] : freeFields()),
    h('div', { class: 'lasting' }, h('label', { class: 'short' }, t('compose.atmost'), minutes), ends),
  );
  drawFrame();
}

// How long it will sound: repeats or minutes, whichever is over first. Estimated until the speech is made.
const TONE_S = { actual: 4, drill: 2 };
const ends = h('p', { class: 'ends small', id: 'ends' });

function spokenSeconds(made) {
  const text = `${made.headline}${made.description}${made.instruction}`;
  const han = (text.match(/[\u4e00-\u9fff0-9]/g) ?? []).length;
  const others = (text.match(/[A-Za-z]+/g) ?? []).length;
  return TONE_S[draft.kind] + han / 2.7 + others / 2;
}

function drawEnds() {
  const { repeats: n, gap_ms: gap } = boot.settings;
  const exact = signing.seconds();
  const whole = n * (exact || spokenSeconds(content())) + ((n - 1) * gap) / 1000;
  const m = draft.minutes;
  const values = { n, m, s: span(whole * 1e6) };
  const cut = n > 0 && whole > m * 60;
  ends.classList.toggle('note', cut);
  ends.textContent = n < 1 ? t('compose.ends.endless', { m }) : cut ? t('compose.ends.cut', values) : exact ? t('compose.ends.exact', values) : t('compose.ends.repeats', values);
}

// What is empty, or is not what the blank takes, is shown as still to be filled.
const fitting = (name) => fits(draft.template.body.blanks.find((one) => one.name === name)?.type, draft.blanks[name]);
const filled = (text) => text.replace(/\{(\w+)\}/g, (_, name) => (draft.blanks[name] && fitting(name) ? draft.blanks[name] : '＿＿'));

function content() {
  const body = draft.template?.body;
  return body
    ? { headline: filled(body.headline), description: filled(body.description), instruction: filled(body.instruction), event: body.event, level: body.level, language: body.language, event_text: '' }
    : { headline: draft.headline ?? '', description: draft.text ?? '', instruction: '', event: draft.event, level: draft.level, language: 'zho', event_text: '' };
}

// What lacks before it can be submitted: each by its field, so that it is named where it belongs.
function lacks() {
  const made = content();
  const most = draft.template ? draft.template.body.max_minutes : boot.settings.max_minutes;
  const typed = draft.areas.includes(ranked(search.value)[0]?.code) ? '' : search.value.trim(); // chosen already: nothing is left out
  const field = (name) => what.querySelector(`[data-field="${name}"]`);
  const all = [
    !draft.areas.length && !typed && [search, t('compose.lack.where')],
    typed && [search, t(hits[marked] ? 'compose.lack.pick' : 'compose.lack.typed', { q: typed })], // else what was typed last would be left out unsaid
    ...(draft.template?.body.blanks ?? []).map((one) => !draft.blanks[one.name] && [field(one.name), t('compose.lack.blank', { what: boot.lang === 'zh' ? one.label_zh : one.label_en })]),
    ...(draft.template?.body.blanks ?? []).map((one) => draft.blanks[one.name] && !fits(one.type, draft.blanks[one.name]) && [field(one.name), t(`compose.lack.${one.type}`, { q: draft.blanks[one.name] })]),
    !draft.template && !made.event && [field('event'), t('compose.lack.event')],
    !draft.template && !made.level && [field('level'), t('compose.lack.level')],
    !draft.template && !made.headline && [field('headline'), t('compose.lack.headline')],
    !draft.template && !made.description && [field('text'), t('compose.lack.text')],
    !(draft.minutes >= 1 && draft.minutes <= most) && [minutes, t('compose.lack.minutes', { n: most })],
  ];
  return all.filter(Boolean);
}

let tried = false; // to submit: from then on each empty field says so, until it is filled
function drawLacks() {
  for (const one of main.querySelectorAll('.lack')) one.remove();
  for (const one of main.querySelectorAll('[aria-invalid]')) {
    one.removeAttribute('aria-invalid');
    one.removeAttribute('aria-describedby');
  }
  const found = tried ? lacks() : [];
  if (!found.length) tried = false;
  found.forEach(([one, text], k) => {
    one.setAttribute('aria-invalid', 'true');
    one.setAttribute('aria-describedby', `lack-${k}`);
    one.after(h('span', { class: 'lack', id: `lack-${k}` }, text));
  });
  return found;
}

function missing() {
  tried = true;
  return drawLacks();
}

function drawFrame() {
  document.body.classList.toggle('compose-drill', draft.kind === 'drill');
  document.body.classList.toggle('compose-actual', draft.kind === 'actual');
}

// ---- who ------------------------------------------------------------------------------------------------

const guarded = () => {
  const most = draft.template ? draft.template.body.max_villages : boot.settings.template_villages;
  return draft.resolved && draft.resolved.villages > most ? draft.resolved.villages : 0;
};

function message(id) {
  const at = now();
  return { ...content(), identifier: id, sender: boot.seat.operator, sent: at, kind: draft.kind, areas: draft.areas, effective: at, expires: at + Math.round(draft.minutes * 60e6), template: draft.template?.id ?? '', blanks: draft.template ? draft.template.body.blanks.map((one) => [one.name, draft.blanks[one.name]]) : [] };
}

const source = () => ({ kind: draft.template ? 'template' : 'composer', id: boot.seat.operator, authority: boot.settings.authority, verified: false });
const reaching = () => draft.areas.length ? draft.resolved ?? 'asking' : null;
const signing = makeSigning({ missing, guarded, kind: () => draft.kind, message, source, keep, fresh, reaching, heard: () => drawEnds() });

// As the station will have it spoken: the colour goes before a headline that does not name it, and each part has its stop.
const COLOURS = [[], ['红色', 'red'], ['橙色', 'orange'], ['黄色', 'yellow'], ['蓝色', 'blue']];
function spoken(made) {
  const chinese = made.language.startsWith('zh');
  const [zh, en] = COLOURS[made.level] ?? [];
  const missing = chinese ? zh && !made.headline.includes(zh) : en && !made.headline.toLowerCase().includes(en);
  const colour = !missing ? '' : chinese ? `${zh}预警:` : `${en[0].toUpperCase()}${en.slice(1)} warning: `;
  return [made.headline && colour + made.headline, made.description, made.instruction].filter(Boolean).map((part) => (/[。.!!??]$/.test(part) ? part : `${part}${chinese ? '。' : '. '}`)).join('');
}

// Anything changed is another alert, which must be submitted, heard and confirmed anew.
function changed() {
  const made = content();
  preview.textContent = made.headline || made.description ? `${draft.kind === 'drill' ? t('compose.drillwords') : ''}${spoken(made)}` : '';
  signing.changed();
  drawEnds();
  signing.tell(drawLacks());
  if (draft.areas.length && draft.resolved && draft.resolved.level !== gravest()) resolve();
  keep();
}

// What was typed has been on the air: the next alert begins with an empty form, not with the words and places of the last.
function fresh() {
  sessionStorage.removeItem(KEPT);
  Object.assign(draft, { areas: [], level: 0, event: '', headline: '', text: '', minutes: 15 });
  minutes.value = draft.minutes;
  drawChosen();
  pickTemplate(usable[0]?.id ?? '');
}

function restore() {
  if (kept) {
    Object.assign(draft, kept.form, { areas: kept.form.areas.filter((code) => byCode.has(code)) });
    draft.template = usable.find((one) => one.id === kept.template) ?? null;
    minutes.value = draft.minutes;
    drawWhat();
    drawChosen();
    changed();
  } else pickTemplate(usable[0]?.id ?? '');
  restored = true;
  if (kept?.sent) signing.resume(kept.sent);
}

// ---- the page -------------------------------------------------------------------------------------------

const first = h('strong', { class: 'num', title: t('compose.clockhint') }, span(0));
let began = 0;
addEventListener('keydown', () => { began ||= now(); }, { once: true });
addEventListener('pointerdown', () => { began ||= now(); }, { once: true });
setInterval(() => { if (began) put(first, span(now() - began)); }, 500);

const column = (name, number, ...inside) => h('section', { class: `tile column ${name}`, 'aria-labelledby': `h-${name}` }, h('h2', { id: `h-${name}` }, h('span', { class: 'step', 'aria-hidden': 'true' }, number), t(`compose.${name}`)), ...inside);
main.append(
  h('div', { class: 'page-head' }, h('h1', {}, t('page.compose')), h('span', { class: 'muted' }, `${t('compose.clock')} `, first)),
  h('div', { class: 'night' },
    column('where', '1', h('div', { class: 'searching' }, search), nofound, found, chosen, reach),
    column('what', '2', what, h('div', { class: 'field' }, h('span', { class: 'label' }, t('compose.spoken')), preview)),
    column('who', '3', signing.element)),
);
if (!may('compose')) {
  main.querySelector('.page-head').append(h('p', { class: 'pill bad', role: 'status' }, t('compose.noright')));
  for (const one of main.querySelectorAll('input, select, textarea, button')) one.disabled = true;
  new MutationObserver(() => { for (const one of main.querySelectorAll('input, select, textarea, button')) one.disabled = true; }).observe(main, { childList: true, subtree: true });
}
main.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && event.ctrlKey) {
    event.preventDefault();
    signing.submit();
  }
});
aged(reach, 0, 1e12);
restore();
drawReach();
drawFound();
search.focus();
connect();
