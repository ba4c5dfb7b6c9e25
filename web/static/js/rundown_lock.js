// What the locked zone near air will do to a version, said before anybody signs it; and what it kept, said afterwards. Knows no page.

import { boot, t, h, say, time, day, now, span } from './core.js';

const MATTERS = new Set(['media', 'duration', 'cue_in', 'cue_out', 'gain', 'fade_in', 'fade_out', 'segue', 'curve', 'window']); // a new note or title moves nothing
const when = (at) => (day(at) === day(now()) ? time(at) : `${day(at).slice(5)} ${time(at)}`);
const heads = (lines) => lines.slice(0, 5).map((one) => `${time(one.at)} ${one.cells.title}`).join(' · ') + (lines.length > 5 ? ' …' : '');

// Lines of the approved version that air before the zone ends: whatever is signed now, they stay.
export const keptOf = (sheet, at = now()) => (sheet.lock_s && sheet.approved ? sheet.approved.lines.filter((one) => one.at !== null && one.at < at + sheet.lock_s * 1e6 && one.end > at) : []);

// The first difference that will be heard.
function firstOf(changes, at) {
  const heard = changes.map((one) => ({ ...one, at: Math.min(one.before ?? Infinity, one.after ?? Infinity), last: Math.max(one.before ?? 0, one.after ?? 0) }));
  return heard.filter((one) => one.last > at).sort((a, b) => a.at - b.at)[0];
}

// One difference: from when on the zone holds it, or that it comes too late to be heard.
export function lockMark(one, sheet) {
  if (!sheet.approved || !sheet.lock_s) return null;
  const at = now();
  if (one.before === null && one.after === null) return null; // it is laid nowhere: it waits for a key, or has no file
  if (Math.max(one.before ?? 0, one.after ?? 0) <= at) return h('span', { class: 'small muted' }, ` ${t('rundown.zone.aired')}`);
  if (one.what === 'changed' && one.before === one.after && !one.fields.some((name) => MATTERS.has(name))) return null;
  const from = Math.min(one.before ?? Infinity, one.after ?? Infinity) - sheet.lock_s * 1e6;
  return from <= at
    ? h('span', { class: 'pill lock' }, t('rundown.is.locked'))
    : h('span', { class: 'small num from' }, ` ${t('rundown.zone.from', { at: when(from) })}`);
}

// Beside the key that signs or submits; `back` puts what is locked in a draft back as it was.
export function foretold(found, sheet, back = null) {
  if (!sheet.approved) return [h('p', { class: 'small muted' }, t('rundown.zone.first'))];
  if (!sheet.lock_s) return [];
  const kept = keptOf(sheet);
  const said = found.locked.length
    ? [
      h('p', { class: 'bad' }, h('b', {}, t('rundown.zone.now', { s: sheet.lock_s }))),
      h('ul', { class: 'rd-said' }, found.locked.map((text) => h('li', { class: 'bad' }, say(text)))),
      found.opens && h('p', {}, found.closes ? t('rundown.zone.between', { at: when(found.opens), until: when(found.closes) }) : t('rundown.zone.opens', { at: when(found.opens) })),
      h('p', {}, t(found.signatures ? 'rundown.zone.instead' : 'rundown.zone.draft')),
      back && h('button', { type: 'button', title: t('rundown.zone.backhelp'), onclick: back }, t('rundown.zone.back')),
    ]
    : found.closes
      ? [h('p', { class: 'note' }, h('b', {}, t('rundown.zone.by', { at: when(found.closes) })), ' ', h('b', { class: 'num', 'data-until': found.closes }, span(found.closes - now()))), h('p', { class: 'small' }, t('rundown.zone.why', { s: sheet.lock_s, why: say(found.closes_why) }))]
      : [h('p', { class: 'small muted' }, t('rundown.zone.never'))];
  return [h('div', { class: 'zone' }, ...said, kept.length > 0 && h('p', { class: 'small' }, t('rundown.zone.kept', { at: time(sheet.lock_until) }), ' ', h('b', {}, heads(kept))))];
}

// After the last signature: what stays as it was, and what changes first.
export function kept(before, at) {
  const stays = keptOf(before, at);
  const first = firstOf(before.waiting.changes, at);
  return [
    h('b', {}, t('rundown.zone.done', { at: time(at) })), ' ',
    stays.length > 0 && h('span', {}, t('rundown.zone.stayed', { at: time(at + before.lock_s * 1e6) }), ' ', heads(stays), boot.lang === 'zh' ? '。' : '.'),
    first && h('span', {}, ' ', t('rundown.zone.change', { at: when(first.at), what: t(`rundown.diff.${first.what}`), title: first.title })),
  ];
}
