// The event of a free text: some three hundred, found by a part of the name or by the code; nothing is chosen unasked. Knows no page.

import { boot, t, h } from './core.js';

const nameOf = (one) => (boot.lang === 'zh' ? one.zh : one.en);
const fits = (one, text) => [one.zh, one.en, one.code].some((name) => name.toLowerCase().includes(text));

// The field: what is typed narrows the list below it; Enter takes the only one that is left, else goes on to the list.
export function eventField(events, chosen, choose) {
  const search = h('input', { type: 'search', 'data-field': 'event-search', placeholder: t('compose.eventsearch'), 'aria-label': t('compose.eventsearch'), autocomplete: 'off', spellcheck: 'false' });
  const list = h('select', { 'data-field': 'event', required: true, onchange: () => choose(list.value) });
  let hits = events;
  const draw = () => {
    const text = search.value.trim().toLowerCase();
    const held = list.value || chosen;
    hits = events.filter((one) => fits(one, text));
    const shown = events.filter((one) => hits.includes(one) || one.code === held); // what is chosen stays to be seen
    const asked = !text ? t('compose.pickevent') : hits.length ? t('compose.eventhits', { n: hits.length }) : t('compose.noevent', { q: search.value.trim() });
    list.replaceChildren(h('option', { value: '', selected: !held }, asked), ...shown.map((one) => h('option', { value: one.code, selected: one.code === held }, `${nameOf(one)} ${one.code}`)));
  };
  search.addEventListener('input', draw);
  search.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.ctrlKey) return;
    event.preventDefault();
    if (hits.length === 1 && search.value.trim()) {
      list.value = hits[0].code;
      choose(list.value);
    }
    list.focus();
  });
  draw();
  return h('div', { class: 'field' }, h('label', {}, t('compose.event'), search), list);
}
