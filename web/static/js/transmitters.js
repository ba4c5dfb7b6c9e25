// Transmitters: by site, what each reports with unit, quality and age, what its carrier ought to be and is, and the two keys: off by two persons, on by one.

import { boot, t, h, say, may, fill, action, command, time, stamp, named, aged, notice, now, listed } from './core.js';
import { valuesTable, bySite, headOf, busy, polled } from './plant.js';

const main = document.getElementById('main');
const sites = aged(h('div', { class: 'plant-page' }), 0, 6);
sites.dataset.polled = '';
main.append(h('h1', { class: 'unseen' }, t('page.transmitters')), sites);
const tiles = new Map();

// ---- the two keys ----------------------------------------------------------------------------------------

const order = action(async (request, name, body, said) => {
  await command(name, body, request);
  document.activeElement?.blur();
  notice(t(said));
  await refresh();
});

function offForm(one) {
  const why = h('input', { required: true, maxlength: 200, autocomplete: 'off', 'aria-label': t('plant.reason'), placeholder: t('plant.reason') });
  const alone = one.carrier.alone;
  const send = (event) => {
    event.preventDefault();
    order('device.carrier', { device: one.head.id, on: false, reason: why.value.trim() }, alone ? 'plant.ordered' : 'plant.asked');
  };
  return h('details', { class: 'key-off' }, h('summary', { class: 'button danger-line' }, t('plant.off')),
    h('form', { onsubmit: send }, alone && h('p', { class: 'alone' }, say(alone)), why, h('button', { class: alone ? 'danger' : 'primary' }, t(alone ? 'plant.alone' : 'plant.ask'))));
}

function askedBox(one) {
  const { asked } = one.carrier;
  const own = asked.by === boot.seat.operator;
  return h('div', { class: 'asked-off', role: 'alert' },
    h('p', {}, h('b', {}, t('plant.waits', { who: say(asked.name), at: time(asked.at) })), h('span', {}, ` ${asked.reason}`)),
    h('p', { class: 'num' }, `${t('plant.waited')} `, h('b', { 'data-since': asked.at }), ` · ${t('plant.left')} `, h('b', { 'data-until': asked.until })),
    asked.may_confirm
      ? h('button', { class: 'danger', onclick: () => order('device.carrierconfirm', { device: one.head.id, ask: asked.ask }, 'plant.ordered') }, t('plant.confirm'))
      : asked.why_not && h('p', { class: 'muted' }, say(asked.why_not)),
    (own || may('carrier')) && h('button', { onclick: () => order('device.carrierwithdraw', { device: one.head.id }, 'plant.withdrawn') }, t('plant.withdraw')));
}

function keys(one) {
  const { carrier } = one;
  if (!may('carrier')) return [carrier.asked ? askedBox(one) : h('p', { class: 'muted small' }, t('plant.noright'))];
  const up = carrier.reported === 'on' && carrier.wanted !== 'off';
  return [
    carrier.asked && askedBox(one),
    h('div', { class: 'acts' },
      !carrier.may_on && !up && h('button', { class: 'primary', onclick: () => order('device.carrier', { device: one.head.id, on: true, reason: '' }, 'plant.ordered') }, t('plant.on')),
      !carrier.may_off && !carrier.asked && carrier.reported !== 'off' && offForm(one)),
    carrier.may_on && !up && h('p', { class: 'muted small why-not' }, `${t('plant.on')}: ${say(carrier.may_on)}`),
    carrier.may_off && up && h('p', { class: 'muted small why-not' }, `${t('plant.off')} ${say(carrier.may_off)}`),
  ];
}

// ---- a transmitter -----------------------------------------------------------------------------------------

const SIGNS = { good: '●', warn: '◆', bad: '▲' };

function carrierBox(one) {
  const { carrier } = one;
  return [
    h('div', { class: `carrier ${carrier.tone}` }, h('i', { 'aria-hidden': 'true' }, SIGNS[carrier.tone]), h('b', {}, say(carrier.sentence))),
    h('dl', { class: 'carrier-facts' },
      h('div', { class: 'line' }, h('dt', {}, t('plant.wanted')), h('dd', {}, named('plant.carrier', carrier.wanted || 'none'))),
      h('div', { class: 'line' }, h('dt', {}, t('plant.reported')), h('dd', {}, named('plant.carrier', carrier.reported))),
      carrier.phase && h('div', { class: 'line' }, h('dt', {}, t('plant.order')), h('dd', { title: stamp(carrier.at) },
        h('span', { class: `pill ${carrier.phase === 'unconfirmed' ? 'bad' : carrier.phase === 'confirmed' ? 'plain' : 'warn'}` }, named('plant.phase', carrier.phase)),
        ` ${time(carrier.at)} · ${listed(carrier.names.map(say))} · ${say(carrier.why)}${carrier.reason ? ` · ${carrier.reason}` : ''}`))),
  ];
}

function tileOf(id) {
  if (!tiles.has(id)) {
    const head = h('div', {});
    const carrier = h('div', {});
    const acts = h('div', { class: 'keys' });
    const values = h('div', { class: 'values-box' });
    tiles.set(id, { made: h('section', { class: 'tile device', 'data-device': id }, head, h('div', { class: 'carrier-side' }, carrier, acts), values), head, carrier, acts, values });
  }
  return tiles.get(id);
}

function draw(one) {
  const tile = tileOf(one.head.id);
  fill(tile.head, [one.head, one.channel_name, one.local, one.interlock], () => headOf(one.head,
    one.channel && h('span', { class: 'muted' }, say(one.channel_name)),
    one.local && h('span', { class: 'pill warn' }, t('plant.local')),
    one.interlock && h('span', { class: 'pill bad' }, t('plant.interlock'))));
  fill(tile.carrier, one.carrier, () => carrierBox(one));
  if (!busy(tile.acts)) fill(tile.acts, [one.carrier.asked, one.carrier.may_on, one.carrier.may_off, one.carrier.alone, one.carrier.reported, one.carrier.wanted], () => keys(one));
  fill(tile.values, [one.values, Math.floor(now() / 1e6)], () => valuesTable(one.values));
  return tile.made;
}

const refresh = polled('/transmitters', (found) => {
  aged(sites, now(), 6);
  const groups = bySite(found);
  const drawn = found.map(draw);
  fill(sites, [...groups].map(([site, ones]) => [site, ones.map((one) => one.head.id)]), () => (drawn.length
    ? [...groups].map(([site, ones]) => h('section', { class: 'site', 'aria-label': site }, h('h2', {}, site), ones.map((one) => tileOf(one.head.id).made)))
    : h('p', { class: 'tile muted' }, t('plant.none'))));
});
