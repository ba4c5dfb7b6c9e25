// The third column of the night page: submit and hear; then sign what may be signed alone, or be told who else must. Knows no form.

import { boot, t, h, say, named, fill, put, ask, time, command, action, notice, uuid7, holdButton, listed } from './core.js';
import { onOverview } from './live.js';
import { confirmText, unready } from './confirming.js';
import { takenChannels } from './reach.js';

const SIGNING = ['reviewer', 'approver', 'dispatcher'];

// `draft` answers for the form: missing() → what lacks, guarded() → villages to be typed or 0, kind(), message(id), source().
export function makeSigning(draft) {
  let version = 0; // of the form; what was submitted holds for one version only
  let pending = null; // what was sent and not yet answered for: the same is sent again
  let sent = null; // the AlertView of what was submitted and has not been changed since
  let signers = [];
  const left = new Set(); // drafts that were submitted and then changed: to be rejected, so that nobody signs them

  // ---- elements: made once, so that focus stays where it is ---------------------------------------------
  const guard = h('input', { id: 'guard', type: 'number', inputmode: 'numeric', autocomplete: 'off', oninput: () => draw() });
  const guardText = h('span', {});
  const guardLabel = h('label', { class: 'guard', hidden: true }, guardText, guard);
  const lacking = h('div', { class: 'lacking', id: 'lacking', role: 'alert', hidden: true });
  const sums = h('div', { class: 'sums', id: 'sums', 'aria-live': 'polite' });
  const prepare = h('button', { type: 'button', id: 'prepare', class: 'primary big', onclick: () => submit() }, t('compose.prepare'));
  const hint = h('p', { class: 'muted' });
  const status = h('p', { class: 'pill ready', id: 'submitted', role: 'status', hidden: true });
  const audio = h('audio', { preload: 'auto' });
  const length = h('span', { class: 'num muted' });
  const heard = h('span', { class: 'progress', 'aria-hidden': 'true' }, h('span', {}));
  const hear = h('button', { type: 'button', id: 'hear', onclick: () => (audio.paused ? play() : audio.pause()) });
  const hearing = h('div', { class: 'hear', hidden: true }, hear, heard, length, audio);
  const why = h('p', { class: 'note bad', id: 'unspoken', role: 'alert', hidden: true });
  const needs = h('div', { class: 'needs', id: 'needs', hidden: true, 'aria-live': 'polite' });
  const confirmLabelText = h('span', {});
  const confirm = h('input', { id: 'confirm', autocomplete: 'off', spellcheck: 'false', oninput: () => draw() });
  const confirmLabel = h('label', { class: 'confirm', hidden: true }, confirmLabelText, confirm);
  const send = holdButton(t('compose.send'), () => sign(), { kind: 'danger' });
  send.id = 'send';
  const holdHint = h('p', { id: 'send-why', role: 'status' }); // why the key cannot be pressed yet, or how it is
  send.setAttribute('aria-describedby', 'send-why');
  const element = h('div', { class: 'who' }, sums, hint, guardLabel, prepare, lacking, status, hearing, why, needs, confirmLabel, send, holdHint);

  // ---- hearing ------------------------------------------------------------------------------------------
  async function play() {
    try {
      await audio.play();
    } catch {
      notice(t('compose.pressplay'), 'warn');
    }
    draw();
  }
  for (const name of ['play', 'pause', 'ended', 'loadedmetadata']) audio.addEventListener(name, () => draw());
  audio.addEventListener('timeupdate', () => { heard.firstChild.style.width = `${audio.duration ? (audio.currentTime / audio.duration) * 100 : 0}%`; });
  audio.addEventListener('error', () => { if (audio.getAttribute('src')) notice(t('compose.nosound'), 'bad'); });

  function load(sha) {
    if (audio.dataset.sha === (sha ?? '')) return;
    audio.dataset.sha = sha ?? '';
    audio.pause();
    if (!sha) {
      audio.removeAttribute('src');
      audio.load(); // lets go of what was playing
      heard.firstChild.style.width = '0';
      return;
    }
    audio.src = `/speech/${sha}`;
    play(); // submitting was the gesture that lets it sound
  }

  // ---- what others must do --------------------------------------------------------------------------------
  const remaining = () => Math.max(0, sent.needed - sent.signatures.length);
  const who = (one) => `${say(one.name)}(${listed(one.roles.filter((role) => SIGNING.includes(role)).map((role) => named('role', role)))})`;

  function needed() {
    const others = signers.filter((one) => one.operator !== boot.seat.operator);
    const many = remaining() - (sent.may_sign ? 1 : 0);
    const alone = sent.may_sign && many <= 0;
    return [
      h('p', { class: 'need' }, alone ? t('compose.youalone') : t('compose.needmore', { n: many })),
      alone && sent.owed > 0 && h('p', {}, t('compose.owedafter', { n: sent.owed })),
      !alone && sent.may_sign && h('p', {}, t('compose.youtoo')),
      many > 0 && (others.length
        ? h('ul', { class: 'signers' }, others.slice(0, 8).map((one) => h('li', {}, who(one))))
        : h('p', { class: 'bad' }, t('compose.nobody'))),
      many > 0 && h('p', { class: 'num' }, t('compose.signedsofar', { n: sent.signatures.length, of: sent.needed }), sent.signatures.map((one) => ` ✓ ${say(one.name)}`)),
      h('p', {}, h('a', { href: `/alerts/${encodeURIComponent(sent.id)}` }, t('compose.topage'))),
    ];
  }

  // ---- drawing --------------------------------------------------------------------------------------------
  const stuck = () => !sent.audio && !sent.hold_until && Boolean(sent.hold_why); // no speech came of it: nobody need wait for it
  const unsignable = () => (sent === null ? t('compose.preparefirst') : unready({ audio: sent.audio, kind: draft.kind(), word: confirm.value, stuck: stuck() }));

  // What a signature will do, said before anybody gives it: terminals, and each channel that is taken.
  function summed(got) {
    if (!got || got === 'asking') return h('p', { class: 'muted' }, t(got ? 'compose.sums.asking' : 'compose.sums.unknown'));
    return [
      h('h3', {}, t('compose.sums')),
      h('p', { class: 'num' }, t('compose.sums.terminals', { villages: got.villages, n: got.terminals, online: got.online })),
      takenChannels(got.channels),
    ];
  }

  function draw() {
    const villages = draft.guarded();
    const got = draft.reaching();
    fill(sums, [got], () => summed(got));
    guardLabel.hidden = !villages || sent !== null;
    guardText.textContent = villages ? t('compose.guard', { n: villages }) : '';
    hint.textContent = t(sent ? 'compose.changehint' : 'compose.submithint');
    prepare.hidden = sent !== null;
    status.hidden = hearing.hidden = needs.hidden = sent === null;
    why.hidden = true;
    const mine = sent === null || sent.may_sign;
    confirmLabel.hidden = sent === null || !mine;
    send.hidden = holdHint.hidden = !mine;
    confirmLabelText.textContent = confirmText(draft.kind());
    const wanting = unsignable();
    send.setAttribute('aria-disabled', String(Boolean(wanting)));
    put(holdHint, wanting || t('compose.holdhint'));
    holdHint.className = wanting ? 'note' : 'muted small';
    if (sent) drawSent();
  }

  function drawSent() {
    status.textContent = t('compose.submitted', { at: time(sent.submitted_at) });
    hear.disabled = !sent.audio;
    hear.textContent = sent.audio ? t(audio.paused ? 'compose.hear' : 'compose.pause') : t(stuck() ? 'compose.unspoken' : 'compose.speaking');
    why.hidden = !stuck();
    why.textContent = stuck() ? say(sent.hold_why) : '';
    length.textContent = sent.audio && sent.audio_seconds ? t('compose.seconds', { n: sent.audio_seconds }) : '';
    fill(needs, [sent.id, sent.needed, sent.owed, sent.may_sign, sent.signatures, signers], needed);
  }

  // ---- acting ---------------------------------------------------------------------------------------------
  // Drafts that were changed are rejected, lest somebody sign them. While typing nothing asks for the PIN: what wants it waits.
  async function withdraw(quiet) {
    for (const id of [...left]) {
      try {
        const old = await ask(`/alerts/${id}`);
        if (old.aired_at !== null && old.ended_at === null) notice(t('compose.oldaired', { what: old.headline }), 'bad', 60);
        else if (old.ended_at === null) await command('alert.sign', { alert: id, content: old.content, verdict: 'reject', reason: t('compose.withdrawn') }, uuid7(), { quiet });
        left.delete(id);
      } catch (problem) {
        if (!problem.code) throw problem;
        if (problem.code === 'missing') left.delete(id);
        else if (quiet) notice(t('compose.oldwaits'), 'warn', 20);
        else if (problem.code === 'unavailable' || problem.code === 'cancelled') throw problem;
        else {
          left.delete(id);
          notice(`${t('compose.oldwaits')} ${say(problem.text)}`, 'bad', 60);
        }
      }
    }
  }

  // What lacks, in one place beside the key that was pressed; each leads to its field, where it says the same.
  function tell(lack) {
    lacking.hidden = !lack.length;
    lacking.replaceChildren(...(lack.length ? [h('b', {}, t('compose.lacks', { n: lack.length })), h('ul', {}, lack.map(([one, text]) => h('li', {}, h('button', { type: 'button', class: 'linkish', onclick: () => one.focus() }, text))))] : []));
  }

  const submit = action(async (request) => {
    if (sent) {
      (sent.may_sign ? confirm : hear).focus();
      return;
    }
    const lack = draft.missing();
    tell(lack);
    if (lack.length) {
      lack[0][0].focus();
      return;
    }
    if (draft.guarded() && Number(guard.value) !== draft.guarded()) {
      notice(t('compose.guard', { n: draft.guarded() }), 'warn');
      guard.focus();
      return;
    }
    const mine = version;
    await withdraw(false);
    pending ??= { id: uuid7() };
    pending.body ??= { alert: pending.id, message: draft.message(pending.id), source: draft.source() };
    const { id, body } = pending;
    try {
      await command('alert.submit', body, request);
      pending = null;
    } catch (problem) {
      if (problem.code !== 'unavailable') pending = null;
      throw problem;
    }
    if (mine !== version) { // typed on while it was under way
      left.add(id);
      withdraw(true);
      return;
    }
    await look(id);
    (sent?.may_sign ? confirm : hear).focus();
  });

  async function look(id) {
    const mine = version;
    const [found, may] = await Promise.all([ask(`/alerts/${id}`), ask(`/alerts/${id}/signers`)]);
    if (mine !== version) return;
    if (found.aired_at !== null || found.ended_at !== null) {
      sessionStorage.removeItem(`gengfu-night ${boot.seat.operator}`);
      location.assign(`/alerts/${id}`);
      return;
    }
    [sent, signers] = [found, may];
    draft.heard();
    draft.keep(id);
    load(sent.audio);
    draw();
  }

  const sign = action(async (request) => {
    if (unsignable()) {
      notice(unsignable(), 'warn');
      return;
    }
    audio.pause();
    await command('alert.sign', { alert: sent.id, content: sent.content, verdict: 'approve', reason: '' }, request);
    sessionStorage.removeItem(`gengfu-night ${boot.seat.operator}`);
    location.assign(`/alerts/${sent.id}`);
  });

  let last = '';
  onOverview((overview) => {
    if (!sent) return;
    const seen = [...overview.waiting, ...overview.sounding].find((one) => one.id === sent.id);
    const key = JSON.stringify(seen ? [seen.id, seen.signatures.length, seen.audio, seen.aired_at, seen.hold_until, seen.hold_why] : sent.id);
    if (key === last) return;
    last = key;
    look(sent.id).catch((problem) => {
      last = '';
      if (!problem.text) throw problem;
    });
  });

  // Whatever is changed makes another alert: the one submitted is rejected, and the new one must be heard and confirmed anew.
  function changed() {
    version += 1;
    confirm.value = '';
    guard.value = '';
    if (sent || pending) {
      left.add((sent ?? pending).id);
      [sent, pending, signers, last] = [null, null, [], ''];
      load(null);
      withdraw(true);
    }
    draw();
  }

  // Back on the page: go on with what was submitted, unless it has been decided meanwhile.
  async function resume(id) {
    try {
      const found = await ask(`/alerts/${id}`);
      if (found.aired_at === null && found.ended_at === null) await look(id);
      else if (found.aired_at !== null) draft.fresh();
      else {
        draft.keep();
        notice(t('compose.wasrejected', { what: found.headline }), 'warn', 30);
      }
    } catch (problem) {
      if (!problem.text) throw problem;
      left.add(id);
      notice(say(problem.text), 'warn');
    }
  }

  draw();
  return { element, changed, submit, draw, resume, tell, seconds: () => sent?.audio_seconds ?? 0 };
}
