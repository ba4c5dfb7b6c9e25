// One alert: how far it got, four counts that are never mixed, who signed, why; mute, cancel, sign.

import { boot, t, h, say, named, may, fill, ask, time, stamp, span, now, command, action, notice, uuid7, levelBadge, aged, silenceText, levelWord, holdButton, listed, put } from './core.js';
import { connect, onOverview, state } from './live.js';
import { confirmText, unready } from './confirming.js';
import { takenChannels } from './reach.js';

const main = document.getElementById('main');
const page = h('div', { class: 'alert-page' });
main.append(page);
const path = `/alerts/${encodeURIComponent(boot.alert)}`;
let alert = null;
let channels = null; // that it would take: for those who sign
let again = false; // the last question found nobody
const reason = h('input', { maxlength: 200, 'aria-label': t('alert.reason'), placeholder: t('alert.reason') });
const cancelReason = h('input', { maxlength: 200, 'aria-label': t('alert.cancelreason'), placeholder: t('alert.cancelreason') });

const sign = action(async (request, verdict) => {
  if (verdict === 'reject' && !reason.value.trim()) {
    notice(t('alert.needreason'), 'warn');
    reason.focus();
    return;
  }
  if (verdict === 'approve' && wanting()) {
    notice(wanting(), 'warn');
    return;
  }
  await command('alert.sign', { alert: alert.id, content: alert.content, verdict, reason: verdict === 'reject' ? reason.value.trim() : '' }, request);
  notice(t(verdict === 'reject' ? 'alert.rejected' : 'alert.signed'));
  await refresh();
});
const mute = action(async (request) => {
  await command('alert.mute', { mute: uuid7(), alert: alert.id, areas: [], reason: '' }, request);
  await refresh();
});
const cancel = action(async (request) => {
  if (!cancelReason.value.trim()) {
    notice(t('alert.needreason'), 'warn');
    cancelReason.focus();
    return;
  }
  await command('alert.cancel', { alert: alert.id, reason: cancelReason.value.trim(), authority: boot.settings.authority }, request);
  await refresh();
});
const breakGlass = action(async (request) => {
  if (!reason.value.trim()) {
    notice(t('alert.needreason'), 'warn');
    reason.focus();
    return;
  }
  await command('alert.breakglass', { alert: alert.id, content: alert.content, reason: reason.value.trim() }, request);
  await refresh();
});

const ordered = h('input', { maxlength: 60, required: true });
const number = h('input', { maxlength: 30, required: true, inputmode: 'tel' });
const oral = action(async (request) => {
  await command('alert.oral', { alert: alert.id, ordered_by: ordered.value.trim(), number: number.value.trim(), recording: '' }, request);
  notice(t('alert.oraldone'));
  await refresh();
});
const oralForm = h('details', { class: 'oral' }, h('summary', {}, t('alert.oral')), h('form', { onsubmit: (event) => { event.preventDefault(); oral(); } }, h('label', {}, t('alert.orderedby'), ordered), h('label', {}, t('alert.number'), number), h('button', {}, t('alert.oralgo'))));

function count(name, n, of, bad) {
  const bar = h('span', {});
  bar.style.width = `${of ? (n / of) * 100 : 0}%`;
  return h('div', { class: `count4 ${name}${bad ? ' abnormal' : ''}` }, h('span', { class: 'label' }, t(`count.${name}`)), h('strong', { class: 'num' }, String(n)), h('span', { class: 'num muted' }, `/ ${of}`), h('div', { class: 'progress', 'aria-hidden': 'true' }, bar), h('span', { class: 'muted small' }, t(`count.${name}.says`)));
}

function drawCounts() {
  const { addressed, ordered: o, acknowledged, playing, heard, offline } = alert.counts;
  if (!alert.aired_at) {
    return [
      h('p', { class: 'reached num' }, h('b', {}, t(alert.ended_at ? 'alert.neveraired' : 'alert.notyet')), ` · ${t('alert.would', { n: addressed, online: addressed - offline })}`),
      !alert.ended_at && channels && takenChannels(channels),
      alert.unreachable.length > 0 && h('p', { class: 'unreached' }, h('b', {}, t('compose.phone')), ` ${listed(alert.unreachable)}`),
    ];
  }
  return [
    h('p', { class: 'reached num' }, alert.ended_at ? h('b', {}, t('alert.hadreached', { n: heard, of: addressed })) : [h('b', {}, t(alert.muted ? 'alert.silenced' : 'alert.reached', { n: playing, of: addressed })), ` · ${t(alert.muted ? 'alert.hadheard' : 'alert.heard', { n: heard })}`], offline > 0 && h('span', { class: 'bad' }, ` · ${t('alert.unreached', { n: offline })}`)),
    h('div', { class: 'four' }, count('ordered', o, addressed), count('acknowledged', acknowledged, addressed), count('playing', playing, addressed), count('heard', heard, addressed), count('offline', offline, addressed, offline > 0)),
    alert.unreachable.length > 0 && h('p', { class: 'unreached' }, h('b', {}, t('compose.phone')), ` ${listed(alert.unreachable)}`),
  ];
}

// Held: why stands on top, and beside the signatures the time that is left where there is one.
const held = () => alert.hold_why && !alert.aired_at && !alert.ended_at;

// Whether the next signature puts it on air: then it is held for two seconds, like the one of the night page.
const airs = () => alert.may_sign && !alert.aired_at && alert.signatures.length + 1 >= alert.needed;

// The one who wrote it and may sign it alone types what it is here too, as on the night page, once its speech can be heard.
const own = () => alert.may_sign && alert.composed && !alert.aired_at && alert.submitted_by === boot.seat.operator;
const stuck = () => !alert.hold_until && Boolean(alert.hold_why);
const wanting = () => (own() ? unready({ audio: alert.audio, kind: alert.kind, word: word.value, stuck: stuck() }) : '');
const word = h('input', { id: 'confirm', autocomplete: 'off', spellcheck: 'false', oninput: () => drawWanting() });
const wantingText = h('p', { class: 'note', id: 'sign-why', role: 'status' });

function drawWanting() {
  const why = wanting();
  put(wantingText, why);
  wantingText.hidden = !why;
  document.getElementById('sign')?.setAttribute('aria-disabled', String(Boolean(why)));
}

function signButton() {
  if (airs()) {
    const made = holdButton(t('alert.signair'), () => sign('approve'), { kind: 'danger' });
    made.id = 'sign';
    return made;
  }
  return h('button', { class: 'primary big', id: 'sign', onclick: () => sign('approve') }, t(alert.aired_at ? 'alert.signowed' : 'alert.sign'));
}

function drawSignatures() {
  const wanted = alert.needed + alert.owed;
  const rows = Array.from({ length: Math.max(wanted, alert.signatures.length) }, (_, k) => alert.signatures[k]);
  return [
    h('h2', {}, t('alert.who')),
    h('ol', { class: 'signatures' }, rows.map((one, k) => h('li', { class: one ? 'given' : 'open' }, one ? h('span', {}, say(one.name), h('span', { class: 'muted num' }, ` ${time(one.at)}${one.owed ? ` · ${t('sign.late')}` : ''}`)) : h('span', {}, t(k < alert.needed ? 'sign.open' : 'sign.openowed'))))),
    held() && alert.hold_until && h('p', { class: 'note' }, say(alert.hold_why), ' ', h('b', { class: 'num', 'data-until': alert.hold_until }, span(alert.hold_until - now()))),
    alert.overdue && h('p', { class: 'pill bad' }, t('alerts.overdue')),
    alert.owed_until && alert.signatures.length < wanted && h('p', { class: 'note' }, t('alert.owedby', { at: stamp(alert.owed_until) })),
    !alert.may_sign && !alert.aired_at && !alert.ended_at && alert.composed && alert.submitted_by === boot.seat.operator && h('p', { class: 'muted', id: 'own-words' }, t('alert.ownwords')),
    airs() && h('p', { class: 'note' }, t('alert.airsnow')),
    own() && h('label', { class: 'confirm' }, h('span', {}, confirmText(alert.kind)), word),
    alert.may_sign && h('div', { class: 'acts' }, signButton(), !alert.aired_at && h('button', { id: 'reject', onclick: () => sign('reject') }, t('alert.reject')), !alert.aired_at && reason),
    own() && wantingText,
    !alert.aired_at && !alert.ended_at && alert.level >= 1 && alert.level <= 2 && alert.kind === 'actual' && may('dispatch') && h('button', { class: 'quiet', title: t('alert.breakhint'), onclick: () => breakGlass() }, t('alert.break')),
    !alert.ended_at && may('dispatch') && oralForm,
  ];
}

function drawActs() {
  if (alert.ended_at || !alert.aired_at) return [];
  return [
    h('h2', {}, t('alert.acts')),
    alert.muted ? h('p', { class: 'pill bad' }, t('alert.muted')) : may('mute') && h('button', { class: 'danger', id: 'mute', onclick: () => mute() }, t('alert.mute')),
    may('dispatch') && h('form', { class: 'acts', onsubmit: (event) => { event.preventDefault(); cancel(); } }, cancelReason, h('button', { id: 'cancel' }, t('alert.cancel'))),
    h('p', { class: 'muted small' }, t('alert.muteorcancel')),
  ];
}

const line = (label, ...value) => h('div', { class: 'line' }, h('dt', {}, label), h('dd', {}, ...value));

function drawFacts() {
  return [
    h('h2', {}, t(!alert.aired_at || (alert.muted && !alert.ended_at) ? 'alert.whywaits' : alert.ended_at ? 'alert.whydid' : 'alert.why')), // muted, nothing sounds
    h('p', { class: 'why' }, say(alert.why)),
    h('dl', {},
      line(t('alert.text'), h('span', { class: 'spoken' }, alert.text)),
      line(t('alert.where'), `${alert.area_names} · ${t('alert.villages', { n: alert.villages })} · ${t('alert.terminals', { n: alert.terminals })}`),
      line(t('alert.source'), say(alert.source)),
      line(t('alert.submitted'), alert.composed ? `${stamp(alert.submitted_at)} · ${say(alert.submitted_name) || alert.submitted_by}` : stamp(alert.submitted_at)),
      line(t('alert.aired'), `${stamp(alert.aired_at)} → ${stamp(alert.ended_at ?? alert.until)}`),
      (alert.silences ?? []).map((one) => line(t('alert.wasmuted'), silenceText(one))),
      alert.again && line(t('alert.again'), stamp(alert.again)),
      alert.ended_at && line(t('alert.over'), `${alert.ended_how ? named('ended', alert.ended_how) : say(alert.phase_text)} · ${stamp(alert.ended_at)}`, alert.ended_by && ` · ${say(alert.ended_by)}`, alert.ended_reason && h('span', { class: 'ended-reason' }, ` · ${t('alert.reasongiven', { why: alert.ended_reason })}`)),
      line(t('alert.content'), h('code', {}, alert.content.slice(0, 16)))),
    alert.audio && h('audio', { controls: true, preload: 'none', src: `/speech/${alert.audio}`, 'aria-label': t('compose.spoken') }),
  ];
}

const head = h('header', { class: 'alert-head' });
const counts = aged(h('section', { class: 'tile live-counts' }), 0);
const signing = h('section', { class: 'tile' });
const acts = h('section', { class: 'tile' });
const facts = h('section', { class: 'tile facts' });
const whole = [head, counts, h('div', { class: 'alert-grid' }, signing, acts, facts)];
page.append(...whole);

function draw() {
  if (!head.isConnected) page.replaceChildren(...whole);
  head.className = `alert-head ${alert.kind}${alert.ended_at ? ' ended' : ''} l${alert.level}`;
  fill(head, [alert.headline, alert.phase, alert.ended_how, alert.muted, alert.until, alert.hold_why, alert.hold_until], () => [
    levelBadge(alert),
    h('h1', {}, alert.headline),
    !(alert.muted && alert.aired_at && !alert.ended_at) && h('span', { class: `pill ${alert.aired_at && !alert.ended_at ? 'bad' : 'plain'}` }, alert.ended_how ? named('ended', alert.ended_how) : say(alert.phase_text)),
    alert.muted && h('span', { class: 'pill bad' }, t('alert.muted')),
    alert.aired_at && !alert.ended_at && h('span', { class: 'num left' }, `${t('banner.left')} `, h('b', { 'data-until': alert.until }, span(alert.until - now()))),
    held() && !alert.hold_until && h('p', { class: 'note held-why' }, say(alert.hold_why)),
  ]);
  aged(counts, state.overview.at, alert.ended_at ? 1e12 : 3);
  fill(counts, [alert.counts, alert.muted, alert.unreachable, alert.aired_at, alert.ended_at, channels], () => [!alert.ended_at && h('span', { class: 'age num' }), ...drawCounts()]);
  fill(signing, [alert.signatures, alert.needed, alert.owed, alert.may_sign, alert.aired_at, alert.ended_at, alert.hold_until, alert.overdue, alert.audio], drawSignatures);
  drawWanting();
  acts.hidden = Boolean(alert.ended_at) || !alert.aired_at;
  acts.parentElement.classList.toggle('two', acts.hidden);
  fill(acts, [alert.aired_at, alert.ended_at, alert.muted], drawActs); // the field of the reason is one element: it is drawn only where it is put
  fill(facts, [alert.why, alert.audio, alert.muted, alert.silences, alert.again, alert.aired_at, alert.until, alert.ended_at, alert.ended_reason, alert.text], drawFacts);
  document.title = `${alert.aired_at && !alert.ended_at ? `${alert.counts.playing}/${alert.counts.addressed} ` : ''}${levelWord(alert.level)} ${alert.headline}`;
}

async function reach() {
  if (channels || alert.aired_at || alert.ended_at) return;
  try {
    channels = (await ask('/resolve', { areas: alert.areas.join(','), level: alert.level })).channels;
    draw();
  } catch (problem) { // beyond the reader's area, or no answer now: asked again with the next change
    if (!problem.text) throw problem;
  }
}

async function refresh() {
  try {
    alert = await ask(path);
    draw();
    reach();
  } catch (problem) {
    if (!problem.text) throw problem;
    again = problem.code === 'unavailable';
    if (!alert) page.replaceChildren(h('p', { class: 'tile said' }, say(problem.text)));
    else notice(say(problem.text), 'bad');
  }
}

await refresh();
let last = '';
onOverview((overview) => {
  if (!alert) { // the station was away when the page was opened
    if (again) refresh();
    again = false;
    return;
  }
  const seen = [...overview.sounding, ...overview.waiting].find((one) => one.id === alert.id);
  const key = JSON.stringify(seen ? [seen.phase, seen.signatures.length, seen.muted, seen.audio, seen.overdue] : null);
  if (seen) {
    alert = { ...alert, ...seen, may_sign: alert.may_sign };
    draw();
  }
  if (key !== last) {
    last = key;
    refresh();
  }
});
connect();
