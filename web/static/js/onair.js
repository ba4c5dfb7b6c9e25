// On air: how things are, per channel now and next, three countdowns, levels, what the witness hears, a preview.

import { boot, t, h, say, named, fill, put, time, span, now, stateWord, aged, part } from './core.js';
import { connect, onOverview } from './live.js';
import { preview } from './listen.js';
import { itemButtons, operateButtons } from './operate.js';
import { preparedList } from './prepared.js';
import { relayPill, relayTiles } from './relays.js';
import { studio } from './studio.js';
import { withdrawButton, withdrawnList } from './withdrawn.js';

const main = document.getElementById('main');
const sentence = h('div', { class: 'sentence', role: 'status' });
const channels = h('div', { class: 'channels' });
const side = h('aside', { class: 'tile side', 'aria-label': t('onair.side') });
const withdrawn = withdrawnList();
const relays = relayTiles();
main.append(h('h1', { class: 'unseen' }, t('page.onair')), sentence, h('div', { class: 'onair' }, h('div', {}, channels, relays.made), side), withdrawn);

const tiles = new Map();

// By what takes name: how each relay is.
const live = new Map();

function readiness(take) {
  if (live.has(take.media)) return relayPill(live.get(take.media));
  return h('span', { class: `pill ${take.readiness}`, title: say(take.why) }, named('ready', take.readiness));
}

function countdown(label, at, urgent) {
  return h(
    'div',
    { class: 'count' },
    h('span', { class: 'label' }, label),
    at ? h('strong', { class: `num big${urgent ? ' urgent' : ''}`, 'data-until': at }, span(at - now())) : h('strong', { class: 'num big none' }, '—'),
    h('span', { class: 'num muted' }, at ? time(at) : t('onair.nothing')),
  );
}

function row(take, channel) {
  return h(
    'tr',
    { class: take.readiness === 'ready' ? '' : 'abnormal' },
    h('td', { class: 'num' }, time(take.start)),
    h('td', {}, h('span', { class: 'take-title' }, take.title), take.hard && h('span', { class: 'mark', title: t('onair.hard') }, t('onair.hardshort'))),
    h('td', { class: 'muted wide' }, named('category', take.category)),
    h('td', { class: 'num muted wide' }, span(take.end - take.start)),
    h('td', {}, readiness(take), channel && itemButtons(channel, take)),
  );
}

function meter(label) {
  const rms = h('span', { class: 'rms' });
  const peak = h('span', { class: 'peak' });
  const figure = h('span', { class: 'num' }, '—');
  const made = h('div', { class: 'meter', role: 'meter', 'aria-valuemin': '-60', 'aria-valuemax': '0', 'aria-label': `${t('onair.level')} ${label}` }, h('span', { class: 'label' }, label), h('span', { class: 'track' }, rms, peak), figure);
  const place = (centi) => `${Math.max(0, Math.min(100, (centi / 100 + 60) / 0.6))}%`;
  return {
    made,
    set(levels, side) {
      rms.style.width = levels ? place(levels.rms[side]) : '0';
      peak.style.left = levels ? place(levels.peak[side]) : '0';
      peak.classList.toggle('hot', Boolean(levels) && levels.peak[side] > -300);
      put(figure, levels ? `${(levels.peak[side] / 100).toFixed(1)}` : '—');
      made.setAttribute('aria-valuenow', levels ? (levels.peak[side] / 100).toFixed(0) : '-60');
    },
  };
}

function makeTile(channel) {
  const head = h('div', { class: 'tile-head' });
  const current = h('div', { class: 'current' });
  const acts = h('div', { class: 'acts' });
  const prepared = preparedList(channel.id);
  const live = studio(channel.id);
  const counts = h('div', { class: 'counts' });
  const next = h('div', {});
  const ladder = h('div', { class: 'muted num' });
  const outputs = h('div', { class: 'witness', hidden: true });
  const left = meter(t('onair.left'));
  const right = meter(t('onair.right'));
  const witness = aged(h('div', { class: 'witness' }), 0);
  const levels = aged(h('div', { class: 'levels' }, left.made, right.made, listening(channel)), 0);
  const made = aged(h('section', { class: 'tile channel', 'aria-label': say(channel.name) }, head, current, counts, h('div', { class: 'deeds' }, acts, live.made, prepared.made), next, levels, witness, outputs, ladder), 0);
  channels.append(made);
  return { made, head, current, acts, live, prepared, counts, next, left, right, witness, levels, outputs, ladder };
}

function drawCurrent(channel) {
  const take = channel.now;
  const passed = take ? (now() - take.start) / (take.end - take.start) : 0;
  const bar = h('span', {});
  bar.style.width = `${Math.max(0, Math.min(100, passed * 100))}%`;
  return [
    channel.overlay && h('a', { class: 'over', href: `/alerts/${encodeURIComponent(channel.overlay)}` }, h('b', {}, t('onair.over')), ` ${channel.overlay_title}`),
    h('span', { class: 'label' }, t('onair.now')),
    h('h2', {}, take ? take.title : t('onair.nothing')),
    take && h('div', { class: 'muted num' }, `${time(take.start)} – ${time(take.end)} · ${named('category', take.category)} · `, readiness(take)),
    take && h('div', { class: 'progress', 'aria-hidden': 'true' }, bar),
  ];
}

function drawWitness(channel) {
  const bad = channel.state && channel.state !== 'NORMAL' && channel.state !== 'PLANNED';
  return [
    h('span', { class: 'label' }, t('onair.heard')),
    h('b', { class: bad ? 'pill bad' : 'pill plain' }, channel.state ? stateWord(channel.state) : t('onair.unmeasured')),
    h('span', { class: 'muted' }, channel.state_since ? t('onair.since', { at: time(channel.state_since) }) : ''),
    h('span', { class: channel.real_return ? 'muted' : 'muted note' }, t(channel.real_return ? 'onair.return' : 'onair.ownoutput')),
    h('span', { class: 'age num' }),
  ];
}

// Whose preview there is: that of the second player while the first is not on the air.
const latest = new Map();
function recorded(id) {
  const [first, second] = latest.get(id)?.players ?? [];
  return second && first.state !== 'air' && second.state === 'air' ? second.player.replace(/^.*\./, `${id}.`) : id;
}

// The channel's own sound, or picture.
const listening = (channel) => preview(() => `/hls/${encodeURIComponent(recorded(channel.id))}/index.m3u8`, Boolean(channel.raster));

// How often each rung of the fallback ladder was needed.
function fallbacks(counts) {
  const words = counts.map((one) => t('onair.ladder.one', { rung: named('rung', one.rung), times: one.times, seconds: (one.ms / 1000).toFixed(1) }));
  return words.length ? `${t('onair.ladder')}: ${words.join(', ')}` : '';
}

// The further outputs of a channel; of one that does not send, since when and why.
function drawOutputs(outputs) {
  const tone = { up: 'plain', starting: 'plain', slow: 'warn' };
  return [h('span', { class: 'label' }, t('onair.outputs')), outputs.map((one) => {
    const since = one.state === 'down' && one.since && t('onair.since', { at: time(one.since) });
    const why = [since, say(one.why)].filter(Boolean).join(': ');
    return [
      h('span', { class: `pill ${tone[one.state] ?? 'bad'}`, title: `${one.kind} ${one.to}` }, `${one.id} ${t(`onair.output.${one.state}`)}`),
      why && h('span', { class: 'muted' }, why),
    ];
  })];
}

// One of two players of a channel: how it is, and since when as far as the station knows.
function player(one) {
  const words = [one.letter, t(`onair.player.${one.state}`), one.since && t('onair.since', { at: time(one.since) })];
  return h('span', { class: one.state === 'air' ? 'pill plain' : 'pill warn' }, words.filter(Boolean).join(' '));
}

function drawTile(tile, channel, at) {
  aged(tile.made, at);
  const carriers = (channel.carriers ?? []).filter((one) => one.tone !== 'good');
  fill(tile.head, [channel.name, channel.rung, channel.muted, carriers, channel.players], () => [
    h('h2', {}, say(channel.name)),
    (channel.players ?? []).map(player),
    channel.muted && h('span', { class: 'pill bad' }, t('alert.muted')),
    channel.rung && channel.rung !== 'file' && h('span', { class: 'pill warn' }, named('rung', channel.rung)),
    carriers.map((one) => h('a', { class: `pill ${one.tone}`, href: '/transmitters' }, `${say(one.name)}: ${say(one.text)}`)),
    h('span', { class: 'age num' }),
  ]);
  fill(tile.current, [channel.now, channel.overlay, Math.floor(at / 5e6)], () => drawCurrent(channel));
  fill(tile.acts, [channel.now?.id, channel.next[0]?.id], () => [withdrawButton(channel.now), ...operateButtons(channel)]);
  tile.live.look();
  tile.prepared.look(channel);
  const ends = channel.item_ends;
  const soon = channel.next_hard && channel.next_hard - at < 30e6;
  fill(tile.counts, [ends, channel.next_hard, channel.next_relay, soon], () => [
    countdown(t('onair.itemends'), ends),
    countdown(t('onair.nexthard'), channel.next_hard, soon),
    countdown(t('onair.nextrelay'), channel.next_relay),
  ]);
  fill(tile.next, [channel.next, channel.next.map((take) => live.get(take.media)?.ways.map((way) => way.state))], () => h('table', { class: 'next' }, h('caption', { class: 'label' }, t('onair.next')), h('tbody', {}, channel.next.map((take, at) => row(take, channel.next.slice(0, at).some((one) => one.hard) ? null : channel.id)))));
  tile.left.set(channel.levels, 0);
  tile.right.set(channel.levels, 1);
  aged(tile.levels, channel.player_at);
  fill(tile.witness, [channel.state, channel.state_since, channel.real_return], () => drawWitness(channel));
  aged(tile.witness, channel.measured_at, 5);
  tile.outputs.hidden = !(channel.outputs ?? []).length;
  fill(tile.outputs, (channel.outputs ?? []).map((one) => [one.id, one.state, one.since, one.why]), () => drawOutputs(channel.outputs ?? []));
  fill(tile.ladder, channel.ladder ?? [], () => fallbacks(channel.ladder ?? []));
}

function figure(label, value, bad) {
  return h('div', { class: 'figure' }, h('span', { class: 'label' }, label), h('strong', { class: `num${bad ? ' bad' : ''}` }, value));
}

function drawSide(overview) {
  const ahead = overview.channels.map((one) => one.plan_until).filter(Boolean);
  const hours = ahead.length ? Math.floor((Math.min(...ahead) - overview.at) / 3600e6) : null;
  return [
    h('div', { class: 'tile-head' }, h('h2', {}, t('onair.side')), h('span', { class: 'age num' })),
    figure(t('side.online'), part(overview.terminals_online, overview.terminals_registered)),
    figure(t('side.sounding'), overview.sounding.length, overview.sounding.length > 0),
    figure(t('side.waiting'), overview.waiting.length, overview.waiting.length > 0),
    figure(t('side.mutes'), overview.mutes.length, overview.mutes.length > 0),
    figure(t('side.overdue'), overview.overdue, overview.overdue > 0),
    figure(t('side.plan'), hours === null ? '—' : t('side.hours', { n: hours }), hours !== null && hours < 12),
    h('a', { class: 'button primary', href: '/alerts/new' }, t('alerts.new')),
  ];
}

const TONES = { good: '●', warn: '▲', bad: '■' };

onOverview((overview) => {
  aged(sentence, overview.at);
  fill(sentence, [overview.sentence, overview.tone], () => [h('span', { class: 'glyph', 'aria-hidden': 'true' }, TONES[overview.tone]), h('span', {}, say(overview.sentence)), h('span', { class: 'age num' })]);
  sentence.dataset.tone = overview.tone;
  live.clear();
  for (const relay of overview.relays ?? []) live.set(relay.media, relay);
  relays.look(overview);
  for (const channel of overview.channels) {
    latest.set(channel.id, channel);
    if (!tiles.has(channel.id)) tiles.set(channel.id, makeTile(channel));
    drawTile(tiles.get(channel.id), channel, overview.at);
  }
  aged(side, overview.at);
  fill(side, [overview.terminals_online, overview.terminals_registered, overview.sounding.length, overview.waiting.length, overview.mutes.length, overview.overdue, Math.floor(overview.at / 60e6)], () => drawSide(overview));
});

if (!boot.overview.channels.length) channels.append(h('p', { class: 'tile' }, t('onair.nochannels')));
connect();
