// The Wall: on air, alerts with their four counts, the day's safety, alarms, the clock; readable from five metres. Asks once a second, says loudly when no answer comes.

import { boot, t, h, say, named, fill, put, countDown, tick, now, silence, time, span } from './core.js';

const main = document.getElementById('main');
const STALE_S = 4;
let seen = null;
let lost = 0;

const clock = h('time', { class: 'w-clock num' });
const sentence = h('p', { class: 'w-sentence', role: 'status' });
const stale = h('div', { class: 'w-stale', role: 'alert', hidden: true });
const alerts = h('section', { class: 'w-alerts' });
const channels = h('section', { class: 'w-channels' });
const foot = h('footer', { class: 'w-foot' });
const name = h('h1', {});
main.replaceChildren(h('header', { class: 'w-top' }, name, sentence, clock), stale, alerts, channels, foot);

const figure = (label, value, tone = '') => h('div', { class: `w-figure ${tone}` }, h('b', { class: 'num' }, value), h('span', {}, label));

function drawAlerts() {
  const { sounding, waiting, mutes, overdue } = seen;
  fill(alerts, [sounding, waiting, mutes, overdue], () => [
    ...sounding.slice(0, 3).map((one) => h('article', { class: `w-alert ${one.kind} level-${one.level}` },
      h('div', { class: 'w-what' }, h('b', { class: 'w-level' }, one.kind === 'actual' ? named('level', one.level) : named('kind', one.kind)), h('strong', {}, one.headline), one.muted && h('b', { class: 'w-muted' }, t('wall.muted'))),
      h('div', { class: 'w-where' }, one.area_names, one.until !== null && h('span', { class: 'num' }, ' · ', t('wall.left'), ' ', h('b', { 'data-until': one.until }))),
      h('div', { class: 'w-counts' }, ['addressed', 'ordered', 'acknowledged', 'playing', 'heard'].map((count) => figure(t(`wall.${count}`), one.counts[count], count === 'addressed' ? 'soft' : ''))))),
    sounding.length > 3 && h('p', { class: 'w-note' }, t('wall.more', { n: sounding.length - 3 })),
    waiting > 0 && h('p', { class: 'w-note warn' }, t('wall.waiting', { n: waiting })),
    mutes > 0 && h('p', { class: 'w-note bad' }, t('wall.mutes', { n: mutes })),
    overdue > 0 && h('p', { class: 'w-note warn' }, t('wall.overdue', { n: overdue })),
  ].filter(Boolean));
}

const place = (centi) => `${Math.max(0, Math.min(100, (centi / 100 + 60) / 0.6))}%`;

function bar(levels, side) {
  const inner = h('i', {});
  inner.style.width = levels ? place(levels.rms[side]) : '0';
  return h('span', { class: 'w-bar' }, inner);
}

const BAD = ['FOREIGN', 'WRONG', 'OUTAGE', 'EMPTY'];

function channelTile(one, at) {
  const measured = one.measured_at !== null && at - one.measured_at < 12e6;
  const state = measured ? one.state : 'UNKNOWN';
  const silent = one.player_at === null || at - one.player_at > 3e6;
  const carriers = (one.carriers ?? []).filter((line) => line.tone !== 'good');
  const tone = silent || BAD.includes(state) || carriers.some((line) => line.tone === 'bad') ? 'bad' : state === 'NORMAL' && (one.rung === '' || one.rung === 'file') && !one.muted && !carriers.length ? 'good' : 'warn';
  const progress = h('i', {});
  if (one.starts !== null && one.ends !== null) progress.style.width = `${Math.min(100, ((at - one.starts) / (one.ends - one.starts)) * 100)}%`;
  return h('article', { class: `w-channel ${tone}` },
    h('div', { class: 'w-head' }, h('h2', {}, say(one.name)), h('b', { class: 'w-state' }, silent ? t('wall.silent') : named('state', state))),
    carriers.map((line) => h('p', { class: 'w-over' }, `${say(line.name)}: ${say(line.text)}`)),
    one.overlay_title && h('p', { class: 'w-over' }, one.overlay_title),
    one.muted && h('p', { class: 'w-over' }, t('wall.muted')),
    one.rung !== '' && one.rung !== 'file' && h('p', { class: 'w-over' }, t('wall.rung', { rung: named('rung', one.rung) })),
    h('p', { class: 'w-title' }, one.title || t('wall.nothing')),
    h('p', { class: 'w-left num' }, one.ends === null ? '—' : h('span', { 'data-until': one.ends })),
    h('div', { class: 'w-progress' }, progress),
    h('p', { class: 'w-next' }, t('wall.next'), ' ', one.next_at === null ? '—' : h('span', { class: 'num' }, time(one.next_at)), ' ', one.next_title, one.next_readiness && one.next_readiness !== 'ready' && h('b', { class: 'w-not' }, ` ${named('ready', one.next_readiness)}`)),
    h('div', { class: 'w-levels' }, bar(one.levels, 0), bar(one.levels, 1)),
    h('p', { class: 'w-safety' }, one.verdict ? say(one.verdict) : t('wall.unmeasured')));
}

function drawFoot() {
  const { alarms } = seen;
  fill(foot, [alarms, seen.terminals_online, seen.terminals_registered], () => [
    figure(t('wall.alarms.critical'), alarms.critical, alarms.critical ? 'bad' : ''),
    figure(t('wall.alarms.major'), alarms.major, alarms.major ? 'warn' : ''),
    figure(t('wall.alarms.minor'), alarms.minor),
    figure(t('wall.alarms.standing'), alarms.standing),
    alarms.righted > 0 && figure(t('wall.alarms.righted'), alarms.righted),
    figure(t('wall.terminals'), `${seen.terminals_online} / ${seen.terminals_registered}`),
  ]);
}

function draw() {
  const at = now();
  put(name, say(seen.station));
  put(sentence, say(seen.sentence));
  sentence.className = `w-sentence ${seen.tone}`;
  main.classList.toggle('alerting', seen.sounding.length > 0);
  drawAlerts();
  fill(channels, [seen.channels, Math.floor(at / 1e6)], () => seen.channels.map((one) => channelTile(one, at)));
  channels.dataset.count = Math.min(4, seen.channels.length);
  drawFoot();
  beat();
}

function beat() {
  const quiet = seen ? silence() : lost;
  const old = quiet > STALE_S;
  document.body.classList.toggle('w-old', old);
  stale.hidden = !old;
  if (old) fill(stale, Math.floor(quiet), () => [h('div', { 'aria-live': 'off' }, t('wall.stale', { s: Math.floor(quiet) })), h('p', { class: 'w-do' }, t('wall.staledo'))]);
  if (!seen) return;
  put(clock, time(now()));
  countDown(now());
}

async function look() {
  try {
    const answer = await fetch('/wall/data', { cache: 'no-store', signal: AbortSignal.timeout(3000) });
    if (answer.status === 401) {
      if (seen === null || silence() > 30) location.reload();
    } else if (answer.ok) {
      const told = await answer.json();
      if (told.version !== boot.version) location.reload();
      else if (seen === null || told.wall.at !== seen.at) {
        seen = told.wall;
        tick(seen.at);
        draw();
      }
    }
  } catch {
    // no answer: `beat` says how long already
  }
  setTimeout(look, 1000);
}

setInterval(() => {
  lost += 0.5;
  beat();
}, 500);
look();
