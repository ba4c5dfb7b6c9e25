// 转播: each relay by its ways, how each is and agrees, which is heard; keys to change the way, to make it last longer, to end it.

import { action, aged, command, fill, h, holdButton, may, notice, say, t, time } from './core.js';
import { preview } from './listen.js';

const LONGER = [1, 5, 15]; // min
const ALIKE = 600; // thousandths: less is another programme

const key = (label, help, run) => {
  const made = holdButton(label, run, { kind: 'quiet', seconds: 0.7 });
  made.title = help;
  return made;
};

const use = action(async (_, relay, number) => {
  await command('relay.choose', { relay, member: number });
  notice(t('relay.done.use', { n: number + 1 }), 'plain');
});

const longer = action(async (_, air, minutes) => {
  await command('air.extend', { channel: air.channel, minutes });
  notice(t('relay.done.extend', { title: air.title, n: minutes }), 'plain');
});

const end = action(async (_, air) => {
  await command('air.end', { channel: air.channel });
  notice(t('relay.done.end', { title: air.title }), 'plain');
});

const good = (relay) => relay.ways.filter((way) => way.state === 'good').length;

// How a relay is, in a few words: for the lists in which it stands.
export function relayPill(relay) {
  const fit = good(relay);
  const tone = fit === relay.ways.length ? 'plain' : fit ? 'warn' : 'bad';
  return h('span', { class: `pill ${tone}`, title: relay.ways.map((way) => `${way.shown}: ${say(way.text)}`).join('\n') }, t('relay.ways', { good: fit, all: relay.ways.length }));
}

function agreement(way, heard) {
  if (heard || way.state !== 'good') return '—';
  if (!way.placed) return h('span', { class: 'note', title: t('relay.unplaced.help') }, t('relay.unplaced'));
  if (way.alike === null) return '—';
  return way.alike < ALIKE ? h('b', { class: 'bad' }, t('relay.differs')) : `${(way.alike / 10).toFixed(1)} %`;
}

function useKey(relay, way, number) {
  if (!may('air') || relay.heard === number || relay.ways.length < 2) return null;
  const made = key(t('relay.use'), way.state === 'good' ? t('relay.use.help') : t('relay.use.not'), () => use(relay.id, number));
  made.disabled = way.state !== 'good';
  return made;
}

function wayRow(relay, way, number) {
  const heard = relay.heard === number;
  const cell = (label, ...children) => h('td', { class: 'num', 'data-label': label }, ...children);
  return h('tr', { class: way.state === 'good' ? '' : 'abnormal' },
    h('td', { class: 'source', 'data-label': t('relay.from') }, h('span', { class: 'num' }, `${number + 1} `), way.shown),
    h('td', { 'data-label': t('relay.state') }, h('span', { class: `pill ${way.state === 'good' ? 'ready' : 'missing'}` }, say(way.text)), heard && h('b', { class: 'mark', title: t('relay.heard.help') }, t('relay.heard'))),
    cell(t('relay.level'), way.peak === null ? '—' : `${(way.peak / 100).toFixed(0)} dBFS`),
    cell(t('relay.align'), way.behind_ms === null ? '—' : `${way.behind_ms > 0 ? '+' : ''}${way.behind_ms} ms`),
    cell(t('relay.alike'), agreement(way, heard)),
    h('td', {}, useKey(relay, way, number)));
}

function airLine(air) {
  const acts = may('air') && [
    ...LONGER.map((n) => {
      const made = key(t('relay.extend', { n }), t('relay.extend.help'), () => longer(air, n));
      made.disabled = air.end + n * 60e6 > air.until;
      return made;
    }),
    key(t('relay.end'), t('relay.end.help'), () => end(air)),
  ];
  return h('div', { class: 'relay-air' },
    h('b', {}, t('relay.onair', { channel: say(air.name), title: air.title })), ' ',
    h('span', { class: 'num' }, t('relay.until', { at: time(air.end) })), ' ',
    h('span', { class: 'muted small' }, t('relay.room', { at: time(air.until), why: say(air.why) })),
    acts && h('div', { class: 'acts' }, acts));
}

function drawWays(relay) {
  const head = (word, help) => h('th', { scope: 'col', title: help && t(help) }, t(word));
  return h('table', { class: 'ways' },
    h('thead', {}, h('tr', {}, head('relay.from'), head('relay.state'), head('relay.level'), head('relay.align', 'relay.align.help'), head('relay.alike', 'relay.alike.help'), h('th', {}))),
    h('tbody', {}, relay.ways.map((way, number) => wayRow(relay, way, number))));
}

function makeTile(relay) {
  const head = h('div', { class: 'tile-head' });
  const air = h('div', {});
  const ways = h('div', { class: 'scroll' });
  const ear = relay.preview ? preview(() => `/hls/relay-${encodeURIComponent(relay.id)}/index.m3u8`, false, t('relay.listen')) : h('p', { class: 'muted small' }, t('relay.quiet'));
  const made = aged(h('section', { class: 'tile relay', 'aria-label': say(relay.name) }, head, air, ways, ear), 0);
  return { made, head, air, ways };
}

function drawHead(relay) {
  const next = relay.next ? t('relay.idle', { at: time(relay.next) }) : t('relay.unplanned');
  return [
    h('h2', {}, say(relay.name)), relayPill(relay),
    relay.heard === null ? h('span', { class: 'pill bad' }, t('relay.none')) : h('span', { class: 'muted' }, `${t('relay.heard')} ${relay.heard + 1} · ${t('onair.since', { at: time(relay.since) })}`),
    !relay.air.length && h('span', { class: 'muted' }, next),
    relay.marker && h('span', { class: 'muted small' }, t('relay.marker')),
    h('span', { class: 'age num' }),
  ];
}

// The part of the page with all relays; `look(overview)` with each overview. Hidden where there is none.
export function relayTiles() {
  const tiles = new Map();
  const rows = h('div', { class: 'channels' });
  const made = h('section', { class: 'relays', hidden: true, 'aria-label': t('relay.title') }, h('h2', { class: 'label' }, t('relay.title')), rows);
  const look = (overview) => {
    const relays = overview.relays ?? [];
    made.hidden = relays.length === 0;
    for (const relay of relays) {
      if (!tiles.has(relay.id)) {
        tiles.set(relay.id, makeTile(relay));
        rows.append(tiles.get(relay.id).made);
      }
      const tile = tiles.get(relay.id);
      aged(tile.made, relay.at ?? 0);
      fill(tile.head, [relay.heard, relay.since, relay.next, relay.air.length, relay.ways.map((way) => way.state)], () => drawHead(relay));
      fill(tile.air, relay.air, () => relay.air.map(airLine));
      const steady = relay.ways.map((way) => [way.state, way.placed, way.alike && Math.round(way.alike / 10), way.peak && Math.round(way.peak / 300), way.behind_ms !== null && Math.round(way.behind_ms / 20)]);
      fill(tile.ways, [relay.heard, steady], () => drawWays(relay));
    }
  };
  return { made, look };
}
