// 直播: what may be opened of a studio on a channel, and the keys of the session that is heard.

import { action, ask, command, fill, h, holdButton, may, notice, now, say, span, t, time } from './core.js';

const EVERY = 10; // overviews, one a second, while nothing is open

const seconds = (us) => Math.max(0, Math.ceil(us / 1e6));

function held(word, run) {
  const made = holdButton(t(`studio.${word}`), run, { kind: 'quiet', seconds: 0.7 });
  made.title = t(`studio.${word}.help`);
  return made;
}

const open = action(async (_, channel, line, delay, start, refresh) => {
  await command('live.open', { channel, item: line.item, start });
  notice(t(`studio.done.${start}`, { title: line.title, s: seconds(delay) }), 'plain');
  refresh();
});

const close = action(async (_, channel, when, refresh) => {
  await command('live.close', { channel, when });
  notice(t('studio.done.close'), 'plain');
  refresh();
});

// Pressed, not held: every moment counts, so no press waits for the answer to the one before.
function dumpKey(channel, refresh) {
  const press = async () => {
    await command('live.dump', { channel });
    notice(t('studio.done.dump'), 'plain');
    refresh();
  };
  return h('button', { type: 'button', class: 'dump', title: t('studio.dump.help'), onclick: () => action(press)() }, t('studio.dump'));
}

function how(source) {
  const bad = source.state !== 'good' && t('studio.bad');
  const quiet = source.quiet_ms >= 3000 && t('studio.quiet', { s: Math.floor(source.quiet_ms / 1000) });
  return h('span', { class: 'small' },
    h('span', { class: bad ? 'pill bad' : 'pill plain' }, say(source.name)), ' ',
    h('span', { class: 'muted num' }, [t('studio.delay', { s: seconds(source.delay) }), bad || quiet].filter(Boolean).join(' · ')));
}

function row(channel, line, seen, refresh) {
  const source = seen.sources.find((one) => one.source === line.source);
  const key = (word, start) => {
    const made = held(word, () => open(channel, line, source?.delay ?? 0, start, refresh));
    made.disabled = Boolean(line.why);
    return made;
  };
  return h('li', {},
    h('span', { class: 'take-title' }, line.title), ' ', h('span', { class: 'muted num' }, span(line.length)), ' ', source && how(source),
    h('span', { class: 'deeds' }, key('open', 'now'), key('fader', 'fader')),
    line.why && h('p', { class: 'small muted' }, say(line.why)));
}

// What changes by the second; its keys stand apart, so that none is made anew under a finger.
function onAir(seen) {
  const one = seen.open;
  const source = seen.sources.find((each) => each.source === one.source);
  const soon = one.start > now();
  const said = soon ? t('studio.soon', { s: seconds(one.start - now()) }) : t('studio.onair', { title: one.title, at: time(one.end), by: say(one.by) });
  return [
    h('p', { class: 'studio-state' }, h('b', { class: soon ? 'pill warn' : 'pill bad' }, said), ' ', source && how(source)),
    one.thrown && h('p', { class: 'small' }, t('studio.thrown', { at: time(one.thrown) })),
  ];
}

function deeds(channel, dumped, refresh) {
  return h('span', { class: 'deeds' },
    dumped && dumpKey(channel, refresh),
    held('heard', () => close(channel, 'heard', refresh)), held('now', () => close(channel, 'now', refresh)));
}

// The sessions of one channel; `look()` with each overview. Hidden where there are none, or from whoever may not.
export function studio(id) {
  const made = h('section', { class: 'studio', hidden: true, 'aria-label': t('studio.title') });
  const says = h('div', {});
  const keys = h('div', {});
  made.append(h('span', { class: 'label' }, t('studio.title')), says, keys);
  let count = 0;
  let busy = false;
  const refresh = async () => {
    const seen = await ask(`/live?channel=${encodeURIComponent(id)}`);
    busy = Boolean(seen.open || seen.waiting);
    made.hidden = !busy && seen.lines.length === 0;
    const counting = seen.open && seen.open.start > now() ? seconds(seen.open.start - now()) : 0;
    const quiet = seen.sources.map((one) => [one.source, one.state, one.quiet_ms >= 3000 && Math.floor(one.quiet_ms / 1000)]);
    const dumped = Boolean(seen.open && seen.sources.find((one) => one.source === seen.open.source)?.dumped);
    fill(says, [busy || seen.lines, seen.open, seen.waiting, counting, quiet], () => [
      seen.open && onAir(seen),
      seen.waiting && h('p', { class: 'small' }, t('studio.waits', { title: seen.waiting.title, at: time(seen.waiting.until), by: say(seen.waiting.by) })),
      !busy && h('ul', {}, seen.lines.map((line) => row(id, line, seen, refresh))),
    ]);
    fill(keys, [seen.open?.approval, dumped, Boolean(seen.waiting)], () => [
      seen.open && deeds(id, dumped, refresh),
      seen.waiting && h('span', { class: 'deeds' }, held('now', () => close(id, 'now', refresh))),
    ]);
  };
  const look = () => {
    if (!may('air')) return;
    count += 1;
    if ((!busy && count % EVERY !== 1) || document.visibilityState !== 'visible') return;
    refresh();
  };
  return { made, look };
}
