// Users and areas: accounts, what each may and where, one-time secrets shown once, open seats.

import { boot, t, h, say, may, fill, ask, action, command, stamp, time, now, notice, aged, listed } from './core.js';
import { connect, onOverview, state } from './live.js';

const main = document.getElementById('main');
const rows = h('div', {});
const seats = h('div', {});
const told = h('div', { role: 'status' });
const form = h('div', {});
let users = { accounts: [], seats: [], roles: {} };
let areas = [];

const accounts = aged(h('section', { class: 'tile' }, h('div', { class: 'tile-head' }, h('h2', {}, t('users.accounts')), h('span', { class: 'age num' })), rows), 0, 60);
accounts.dataset.polled = '';

// ---- a secret, shown once ----------------------------------------------------------------------------------

function showSecret(operator, secret) {
  const box = h('section', { class: 'secret', id: 'secret' }, h('b', {}, `${operator} · ${t('users.secret')}`),
    ...Object.entries(secret).map(([which, word]) => h('p', {}, `${t(`users.${which}`)}: `, h('code', {}, word))),
    h('p', { class: 'muted' }, t('users.secrethint')),
    h('div', {}, h('button', { class: 'primary', onclick: () => box.remove() }, t('users.secretdone'))));
  told.replaceChildren(box);
  box.scrollIntoView({ block: 'nearest' });
}

// ---- the form of an account ----------------------------------------------------------------------------------

const areaName = (code) => areas.find((one) => one.code === code)?.name ?? code;

function areaField(chosen) {
  const picked = h('div', { class: 'picked' });
  const draw = () => picked.replaceChildren(...chosen.map((code) => h('button', { type: 'button', class: 'chip', 'aria-label': t('users.dropped', { what: areaName(code) }), onclick: () => { chosen.splice(chosen.indexOf(code), 1); draw(); } }, areaName(code), ' ×')));
  const found = h('ul', { class: 'found' });
  const search = h('input', { type: 'search', autocomplete: 'off', placeholder: t('users.addarea'), 'aria-label': t('users.addarea') });
  const take = (one) => {
    if (!chosen.includes(one.code)) chosen.push(one.code);
    search.value = '';
    found.replaceChildren();
    draw();
  };
  const hits = () => {
    const wanted = search.value.trim().toLowerCase();
    return wanted ? areas.filter((one) => one.name.includes(wanted) || one.code.startsWith(wanted) || one.initials.startsWith(wanted) || one.pinyin.startsWith(wanted)).slice(0, 6) : [];
  };
  search.addEventListener('input', () => found.replaceChildren(...hits().map((one) => h('li', {}, h('button', { type: 'button', class: 'linkish', onclick: () => take(one) }, `${one.name} · ${t(`area.${one.level}`)}`)))));
  search.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    if (hits()[0]) take(hits()[0]);
  });
  draw();
  return h('fieldset', { class: 'across' }, h('legend', {}, t('users.where')), picked, search, found, h('p', { class: 'muted small' }, t('users.areahint')));
}

function roleField(chosen) {
  return h('fieldset', { class: 'across' }, h('legend', {}, t('users.roles')), h('div', { class: 'roles' }, Object.entries(users.roles).map(([role, name]) => {
    const box = h('input', { type: 'checkbox', checked: chosen.has(role), onchange: () => (box.checked ? chosen.add(role) : chosen.delete(role)) });
    return h('label', { class: 'check' }, box, say(name));
  })));
}

function accountForm(account) {
  const chosen = account ? [...account.areas] : [];
  const roles = new Set(account ? account.roles : []);
  const id = h('input', { required: true, maxlength: 32, autocapitalize: 'none', spellcheck: 'false', pattern: '[a-z][a-z0-9._\\-]*', name: 'operator' });
  const zh = h('input', { required: true, maxlength: 40, name: 'name_zh' });
  const en = h('input', { required: true, maxlength: 40, name: 'name_en' });
  const department = h('input', { maxlength: 60, value: account?.department ?? '', placeholder: t('users.departments'), name: 'department' });
  const events = h('input', { maxlength: 200, value: (account?.events ?? []).join(', '), placeholder: t('users.eventshint'), name: 'events' });
  const body = () => ({ roles: [...roles], areas: chosen, department: department.value.trim(), events: events.value.split(/[,,、\s]+/).filter(Boolean) });
  const send = action(async (request) => {
    if (account) {
      await command('people.change', { operator: account.operator, ...body() }, request);
      notice(t('users.saved'));
    } else {
      const { result } = await command('people.add', { operator: id.value.trim(), name_zh: zh.value, name_en: en.value, ...body() }, request);
      showSecret(id.value.trim(), result.secret);
    }
    form.replaceChildren();
    await refresh();
  });
  const made = h('form', { class: 'tile form', id: 'account', onsubmit: (event) => { event.preventDefault(); send(); } },
    h('h2', { class: 'across' }, account ? `${say(account.name)} (${account.operator})` : t('users.new')),
    !account && [h('label', { class: 'across' }, t('users.id'), id), h('label', {}, t('users.namezh'), zh), h('label', {}, t('users.nameen'), en)],
    roleField(roles), areaField(chosen),
    h('label', {}, t('users.department'), department), h('label', {}, t('users.events'), events),
    h('div', { class: 'acts across' }, h('button', { class: 'primary' }, t(account ? 'users.save' : 'users.create')), h('button', { type: 'button', class: 'quiet', onclick: () => form.replaceChildren() }, t('pin.cancel'))));
  form.replaceChildren(made);
  made.scrollIntoView({ block: 'nearest' });
  (account ? department : id).focus();
}

// ---- accounts and seats --------------------------------------------------------------------------------------

const setActive = action(async (request, account) => {
  await command('people.change', { operator: account.operator, active: !account.active }, request);
  await refresh();
});

const reset = action(async (request, account, which) => {
  const { result } = await command('people.reset', { operator: account.operator, which }, request);
  showSecret(account.operator, result.secret);
  await refresh();
});

const end = action(async (request, seat) => {
  await command('people.endseat', { seat: seat.seat }, request);
  notice(t('users.ended'));
  await refresh();
});

const secretWords = (account) => listed(account.temporary.map((which) => t(`users.${which}`)));

function row(one) {
  const own = one.operator === boot.seat.operator;
  return h('tr', { class: `person-row${one.active ? '' : ' closed'}`, 'data-operator': one.operator },
    h('td', {}, h('b', { class: 'who-name' }, say(one.name)), h('div', { class: 'muted small' }, one.operator)),
    h('td', {}, listed(one.roles.map((role) => say(users.roles[role])))),
    h('td', {}, one.areas.length ? listed(one.area_names) : t('users.everywhere'), h('div', { class: 'muted small' }, [one.department, one.events.length ? one.events.join(', ') : ''].filter(Boolean).join(' · '))),
    h('td', {}, h('span', { class: `pill ${one.active ? 'ready' : 'plain'}` }, t(one.active ? 'users.active' : 'users.closed')), one.temporary.length > 0 && h('span', { class: 'pill warn' }, t('users.onetime', { what: secretWords(one) }))),
    h('td', {}, h('details', {}, h('summary', {}, t('users.change')), h('div', { class: 'acts' },
      h('button', { onclick: () => accountForm(one) }, t('users.change')),
      !own && h('button', { onclick: () => reset(one, 'password') }, t('users.resetpassword')),
      !own && h('button', { onclick: () => reset(one, 'pin') }, t('users.resetpin')),
      h('button', { onclick: () => setActive(one) }, t(one.active ? 'users.close' : 'users.open'))))));
}

const names = () => Object.fromEntries(users.accounts.map((one) => [one.operator, say(one.name)]));

function seatRow(seat) {
  return h('tr', {}, h('td', {}, names()[seat.operator] ?? seat.operator), h('td', { class: 'num' }, seat.since ? time(seat.since) : '—'), h('td', { class: 'num', title: stamp(seat.until) }, time(seat.until)),
    h('td', {}, seat.acting_until && seat.acting_until > now() ? h('span', { class: 'pill warn' }, t('users.acting')) : ''), h('td', {}, h('button', { onclick: () => end(seat) }, t('users.endseat'))));
}

async function refresh() {
  try {
    users = await ask('/users');
    fill(rows, users.accounts, () => h('table', { class: 'list people' }, h('thead', {}, h('tr', {}, ['users.name', 'users.roles', 'users.where', 'users.state'].map((key) => h('th', {}, t(key))), h('th', {}))), h('tbody', {}, users.accounts.map(row))));
    fill(seats, users.seats, () => h('table', { class: 'list' }, h('thead', {}, h('tr', {}, ['users.who', 'users.since', 'users.until'].map((key) => h('th', {}, t(key))), h('th', {}), h('th', {}))), h('tbody', {}, users.seats.map(seatRow))));
    aged(accounts, state.overview.at, 60);
  } catch (problem) {
    if (!problem.text) throw problem;
    fill(rows, problem.code, () => h('p', { class: 'said' }, say(problem.text)));
    if (problem.code !== 'forbidden') return; // an answer, and no data that grow old
    accounts.querySelector('.age')?.remove();
    aged(accounts, 0, 1e12);
  }
}

main.append(
  h('div', { class: 'page-head' }, h('h1', {}, t('page.users')), may('admin') && h('button', { class: 'primary noprint', id: 'new', onclick: () => accountForm(null) }, t('users.new'))),
  h('div', { class: 'office' }, h('div', { class: 'stack whole' }, told, form, accounts), may('admin') && h('section', { class: 'tile whole' }, h('div', { class: 'tile-head' }, h('h2', {}, t('users.seats'))), seats)),
);
await refresh();
areas = await ask('/areas');
let polled = now();
onOverview((overview) => {
  if (overview.at - polled < 15e6 || rows.querySelector('details[open]')) return;
  polled = overview.at;
  refresh();
});
connect();
