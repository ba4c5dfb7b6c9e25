// Why it sounds: one box for whoever answers the telephone; who sent it, who signed, which rule, until when, how to stop it.

import { t, h, say, named, may, fill, ask, action, command, notice, uuid7, time, stamp, span, now, levelBadge, aged, listed, silenceText } from './core.js';
import { connect, onOverview } from './live.js';

const main = document.getElementById('main');
const box = h('input', { type: 'search', class: 'why-box', placeholder: t('why.box'), 'aria-label': t('why.box'), autocomplete: 'off', spellcheck: 'false', autofocus: true, maxlength: 60 });
const said = h('p', { class: 'muted', role: 'status' });
const places = h('div', { class: 'why-places' });
const past = h('section', { class: 'tile', id: 'why-past', hidden: true });
const tile = aged(h('section', { class: 'why-answer', 'data-polled': true }, h('div', { class: 'tile-head' }, said, h('span', { class: 'age num' })), places, past), now(), 9);
main.append(h('div', { class: 'page-head' }, h('h1', {}, t('page.why')), box, h('span', { class: 'small muted keys-hint' }, t('why.hint'))), tile);

let asked = 0;
let timer = 0;

async function look() {
  asked += 1;
  const mine = asked;
  const q = box.value.trim();
  try {
    const [found] = await Promise.all([ask('/why', { q }), renewPast()]);
    if (mine !== asked) return;
    aged(tile, found.at, 9);
    draw(found);
  } catch (problem) {
    if (mine === asked) said.textContent = say(problem.text);
  }
}

function draw(found) {
  const live = found.places.some((one) => one.reasons.length);
  said.textContent = !found.places.length ? t('why.nowhere', { q: found.asked }) : found.asked ? t('why.found', { n: found.places.length }) : t(live ? 'why.all' : 'why.quiet');
  fill(places, found.places, () => found.places.map(place));
  drawPast(found);
}

// ---- what sounded here and is over ------------------------------------------------------------------------

const DAY = 86_400e6;
const RENEWED = 15e6;
let over = { at: 0, alerts: [] };

async function renewPast() {
  if (now() - over.at < RENEWED) return;
  const from = now() - DAY;
  over = { ...over, at: now() };
  const alerts = await ask('/alerts', { limit: 100 });
  over.alerts = alerts.filter((one) => one.aired_at !== null && one.ended_at !== null && one.ended_at >= from);
}

// The digits of a code that its level fills: province 2, city 4, county 6, township 9, village 12.
const filled = (code) => code.slice(0, code.endsWith('0000000000') ? 2 : code.endsWith('00000000') ? 4 : code.endsWith('000000') ? 6 : code.endsWith('000') ? 9 : 12);
const within = (inner, outer) => filled(inner).startsWith(filled(outer));

function drawPast(found) {
  const asked = found.places.map((one) => one.area).filter(Boolean);
  const whole = !found.asked || !asked.length;
  const here = over.alerts.filter((one) => whole || one.areas.some((code) => asked.some((area) => within(area, code) || within(code, area))));
  past.hidden = !found.places.length;
  fill(past, [whole, here], () => [
    h('h2', {}, t(whole ? 'why.pastall' : 'why.past')),
    here.length ? h('ul', { class: 'why-past' }, here.map(pastOne)) : h('p', { class: 'muted' }, t('why.pastnone')),
  ]);
}

const pastOne = (one) => h('li', {},
  levelBadge(one), ' ', h('a', { href: `/alerts/${encodeURIComponent(one.id)}` }, one.headline), ` · ${one.area_names} · `,
  h('span', { class: 'num' }, `${stamp(one.aired_at)} – ${time(one.ended_at)}`), ` · ${named('ended', one.ended_how)}`,
  (one.silences ?? []).map((mute) => h('p', { class: 'small' }, `${t('alert.wasmuted')} ${silenceText(mute)}`)),
  h('p', { class: 'small muted' }, say(one.why)));

function place(one) {
  const counts = one.kind === 'channel' ? null : h('span', { class: 'num muted' }, one.kind === 'terminal' ? t(one.online ? (one.playing ? 'why.playing' : 'why.online') : 'why.offline') : t('why.counts', { playing: one.playing, online: one.online, n: one.terminals }));
  return h('article', { class: `tile why-place ${one.reasons.length ? 'sounds' : ''}` },
    h('div', { class: 'tile-head' }, h('span', { class: 'pill plain' }, t(`why.kind.${one.kind}`)), h('h2', {}, say(one.name)), counts),
    one.programme && h('p', {}, h('span', { class: 'label' }, t('why.programme')), say(one.programme)),
    one.strays.length ? h('p', { class: 'bad' }, t('why.stray', { what: listed(one.strays) })) : null,
    one.reasons.length ? one.reasons.map((reason) => why(reason, one)) : h('p', { class: 'muted' }, t('why.nothing')));
}

const row = (label, ...what) => [h('dt', {}, t(label)), h('dd', {}, what)];

function why(one, where) {
  const signed = one.signatures.length
    ? h('ul', {}, one.signatures.map((given) => h('li', {}, `${say(given.name)} `, h('span', { class: 'num muted' }, time(given.at)), given.owed ? ` ${t('why.after')}` : '')))
    : h('span', {}, t('why.nobody'));
  return h('section', { class: `why-one ${one.waits || one.muted ? 'quiet-one' : ''}` },
    h('div', { class: 'inline' }, levelBadge(one), h('h3', {}, h('a', { href: `/alerts/${encodeURIComponent(one.alert)}` }, one.headline)), one.muted && h('span', { class: 'pill bad' }, t('why.muted')), one.waits && h('span', { class: 'pill warn' }, t('why.waits'))),
    h('dl', { class: 'why-facts' },
      row('why.who', say(one.source), one.verified || one.composed ? '' : h('span', { class: 'pill bad' }, t('why.unverified'))),
      row('why.signed', signed, one.oral ? h('p', {}, t('why.oral', { who: one.oral })) : '', one.owed ? h('p', { class: 'note' }, t('why.owed', { n: one.owed })) : ''),
      row('why.rule', say(one.rule)),
      row('why.chosen', say(one.chosen)),
      row('why.since', h('span', { class: 'num' }, stamp(one.since))),
      (one.silences ?? []).map((mute) => row('alert.wasmuted', silenceText(mute))),
      one.again ? row('alert.again', h('span', { class: 'num' }, stamp(one.again))) : null,
      row('why.until', h('span', { class: 'num' }, time(one.until)), ' · ', t('wall.left'), ' ', h('b', { class: 'num', 'data-until': one.until }, span(one.until - now()))),
      row('why.heard', h('span', { class: 'num' }, t('why.four', one.counts))),
      row('why.stop', say(one.stop))),
    may('mute') && !one.muted && h('div', { class: 'inline' }, h('button', { type: 'button', class: 'danger', onclick: () => mute(one, where) }, where.area ? t('why.mute', { where: where.area_name }) : t('why.muteall')), h('a', { class: 'button', href: `/alerts/${encodeURIComponent(one.alert)}` }, t('why.open'))));
}

const mute = action(async (request, one, where) => {
  await command('alert.mute', { mute: uuid7(), alert: one.alert, areas: where.area ? [where.area] : [], reason: '' }, request);
  notice(t('why.done'), 'plain');
  look();
});

box.addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(look, 120);
});
addEventListener('keydown', (event) => {
  if (event.key === '/' && !event.target.closest('input, select, textarea')) {
    event.preventDefault();
    box.focus();
    box.select();
  } else if (event.key === 'Escape' && event.target === box) {
    box.value = '';
    look();
  }
});
box.value = new URLSearchParams(location.search).get('q') ?? '';
let ticks = 0;
onOverview((overview) => {
  ticks += 1;
  if (ticks % 3 === 1) look();
});
connect();
box.focus();
