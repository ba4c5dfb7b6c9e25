// My account: what I may and where, and my own password and PIN.

import { boot, t, h, action, command, ask, named, notice, listed } from './core.js';
import { connect } from './live.js';

const main = document.getElementById('main');
const { areas = [], department = '', temporary = [] } = boot.seat;

function secretForm(which) {
  const kind = which === 'pin' ? { inputmode: 'numeric', maxlength: 12 } : { maxlength: 256 };
  const [old, fresh, again] = ['current-password', 'new-password', 'new-password'].map((autocomplete) => h('input', { type: 'password', required: true, autocomplete, ...kind }));
  const send = action(async (request) => {
    if (fresh.value !== again.value) {
      notice(t('account.differ'), 'bad');
      return;
    }
    await command('people.own', { which, old: old.value, new: fresh.value }, request);
    notice(t('account.done'));
    setTimeout(() => location.assign(temporary.filter((one) => one !== which).length ? '/account' : '/'), 700);
  });
  return h('form', { class: 'tile stack', id: `own-${which}`, onsubmit: (event) => { event.preventDefault(); send(); } }, h('h2', {}, t(`account.${which}`)), temporary.includes(which) && h('p', { class: 'note' }, t('users.onetime', { what: t(`users.${which}`) })), h('label', {}, t('account.old'), old), h('label', {}, t('account.new'), fresh), h('label', {}, t('account.again'), again), h('button', { class: 'primary' }, t(`account.${which}`)));
}

const sees = h('span', {}, areas.length ? listed(areas) : t('users.everywhere'));
main.append(
  h('div', { class: 'page-head' }, h('h1', {}, t('page.account'))),
  ...(temporary.length ? [h('p', { class: 'sentence', 'data-tone': 'warn' }, t('account.must'))] : []),
  h('section', { class: 'tile own-account' }, h('p', {}, `${boot.seat.operator} · ${listed(boot.seat.roles.map((role) => named('role', role)))} ${department}`), h('p', {}, h('span', { class: 'label' }, t('account.sees')), sees), h('p', { class: 'muted' }, t('account.hint'))),
  h('div', { class: 'office' }, secretForm('password'), secretForm('pin')),
);
connect();
if (areas.length) sees.textContent = listed((await ask('/areas')).filter((one) => areas.includes(one.code)).map((one) => one.name));
