// Alarms on every page: counts by severity, the first that must be acknowledged, one key for it, and the sound. Knows no page.

import { t, h, say, may, named, fill, put, span, action, command, notice } from './core.js';

export const MARKS = { critical: '▲', major: '◆', minor: '●' };  // never by colour alone
const QUIET_MS = 120_000;
const strip = h('div', { class: 'alarms' });

export function severityMark(severity) {
  return h('span', { class: `severity ${severity}` }, h('i', { 'aria-hidden': 'true' }, MARKS[severity] ?? '●'), named('severity', severity));
}

export const acknowledge = action(async (request, numbers) => {
  await command('alarm.acknowledge', { alarms: numbers }, request);
  notice(t('alarm.acked'));
});

let brief = null;

export function drawAlarms(overview) {
  if (!strip.isConnected) document.getElementById('banner').append(strip);  // below alerts
  brief = overview.alarms ?? null;
  const unread = brief ? brief.critical + brief.major + brief.minor : 0;
  const badge = document.querySelector('[data-badge="alarms"]');
  if (badge) {
    badge.hidden = !unread;
    put(badge, unread);
  }
  fill(strip, [brief, hushed(), blocked()], () => (unread ? row(unread) : ''));
  sound();
}

function row(unread) {
  const first = brief.first[0];
  const over = first.phase === 'returned';  // right again, only not acknowledged: not in the colour of what stands
  const righted = brief.righted ?? {};
  const shown = ['critical', 'major', 'minor'].map((one) => [one, brief[one] - (over ? 0 : righted[one] ?? 0)]).filter(([, n]) => n > 0);  // what stands is not counted with what is over
  const gone = over ? 0 : Object.values(righted).reduce((sum, n) => sum + n, 0);
  const more = unread - gone - 1;
  return h(
    'div',
    { class: `strip alarm ${over ? 'righted' : first.severity}` },
    h('a', { class: 'counts-by', href: '/alarms', 'aria-label': `${t('alarm.strip')}, ${t('alarm.unread')}` }, shown.map(([one, n]) => h('span', { class: 'by' }, severityMark(one), h('b', { class: 'num' }, ` ${n}`)))),
    over && h('span', { class: 'pill' }, t('alarm.over')),
    h('b', { class: 'says', title: say(first.text) }, say(first.text)),
    first.level > 0 && h('span', { class: 'pill bad' }, t('call.level', { n: first.level })),
    more > 0 && h('a', { class: 'num', href: '/alarms' }, t('alarm.more', { n: more })),
    gone > 0 && h('a', { class: 'num righted-by', href: '/alarms' }, t('alarm.overmore', { n: gone })),
    first.returned_at ? h('span', { class: 'num strip-time' }, span(first.returned_at - first.since)) : h('span', { class: 'num strip-time', 'data-since': first.since }),
    may('alarm') && h('button', { class: 'strip-ack', onclick: () => acknowledge([first.number]) }, t('alarm.ack'), h('kbd', {}, 'A')),
    may('alarm') && brief.ring && (blocked()
      ? h('button', { onclick: () => wake() }, t('alarm.blocked'))
      : h('button', { class: 'hush', disabled: hushed(), onclick: () => hush() }, t(hushed() ? 'alarm.quieted' : 'alarm.quiet'))),
  );
}

// ---- one key -----------------------------------------------------------------------------------------------

export const typing = (target) => target.closest?.('input:not([type=checkbox]), select, textarea, [contenteditable], .hold');

addEventListener('keydown', (event) => {
  if (event.key.toLowerCase() !== 'a' || event.repeat || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const chosen = document.querySelector('[data-alarm-chosen]')?.dataset.alarmChosen;
  const number = chosen ? Number(chosen) : brief?.first[0]?.number;
  if (!number || !may('alarm')) return;
  event.preventDefault();
  acknowledge([number]);
});

// ---- the sound: for a critical alarm nobody has acknowledged; silenced for two minutes, or until a newer one comes -----------

let context = null;
let ringing = 0;
let mine = !navigator.locks;  // one tab of a browser sounds, not all
navigator.locks?.request('gengfu-alarm', () => { mine = true; return new Promise(() => {}); });

function kept() {
  try {
    return JSON.parse(localStorage.getItem('gengfu-quiet')) ?? { until: 0, number: 0 };
  } catch {
    return { until: 0, number: 0 };
  }
}

const newest = () => Math.max(0, ...(brief?.first ?? []).filter((one) => one.severity === 'critical').map((one) => one.number));
const hushed = () => kept().until > Date.now() && kept().number >= newest();
const blocked = () => Boolean(context) && context.state === 'suspended';

function hush() {
  localStorage.setItem('gengfu-quiet', JSON.stringify({ until: Date.now() + QUIET_MS, number: newest() }));
  drawAlarms({ alarms: brief });
}

function wake() {
  context?.resume().then(() => drawAlarms({ alarms: brief }));
}

addEventListener('pointerdown', () => { if (blocked()) wake(); }, { capture: true });

function sound() {
  const wanted = Boolean(brief?.ring) && may('alarm') && mine && !hushed();
  document.body.toggleAttribute('data-ringing', wanted);
  if (!wanted) {
    clearInterval(ringing);
    ringing = 0;
    return;
  }
  context ??= new AudioContext();
  if (ringing) return;
  beep();
  ringing = setInterval(beep, 2000);
}

function beep() {
  if (context.state !== 'running') return;
  [880, 660].forEach((pitch, k) => {
    const tone = context.createOscillator();
    const gain = context.createGain();
    const at = context.currentTime + k * 0.22;
    tone.frequency.value = pitch;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(0.2, at + 0.02);
    gain.gain.setValueAtTime(0.2, at + 0.18);
    gain.gain.linearRampToValueAtTime(0, at + 0.2);
    tone.connect(gain).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.22);
  });
}
