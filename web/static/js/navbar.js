// The bar of pages: what has no room stands behind “More”, measured, so that nothing is cut off. Knows no page.

import { t } from './core.js';

const nav = document.querySelector('.top nav');
const more = nav.querySelector('.more');
const summary = more.querySelector('summary');
const behind = more.querySelector(':scope > div');
const rare = [...behind.querySelectorAll('a')];
const links = [...nav.querySelectorAll(':scope > a'), ...rare];

// Who keeps a place longest: where one is, then what breaks in on people, then the others, the rare ones last.
const first = ['/', '/alerts', '/alarms'];
const rank = (link) => {
  if (link.hasAttribute('aria-current')) return -1;
  const place = first.indexOf(link.getAttribute('href'));
  return place >= 0 ? place : first.length + links.indexOf(link);
};
const leaving = [...links].sort((a, b) => rank(b) - rank(a));

let fitted = '';

function fit() {
  const key = [nav.parentElement.clientWidth, nav.nextElementSibling.clientWidth, ...links.map((one) => (one.lastElementChild.hidden ? '' : one.lastElementChild.textContent))].join('|');
  if (key === fitted) return;
  fitted = key;
  const focused = links.includes(document.activeElement) ? document.activeElement : null;
  more.before(...links);
  more.hidden = true;
  const tight = () => nav.scrollWidth > nav.clientWidth;
  if (tight()) {
    more.hidden = false;
    summary.textContent = t('nav.more');
    const gone = new Set();
    for (const link of leaving) {
      if (!tight()) break;
      link.remove();
      gone.add(link);
    }
    behind.replaceChildren(...links.filter((one) => gone.has(one)));
  }
  const here = behind.querySelector('[aria-current]');
  summary.toggleAttribute('aria-current', Boolean(here));
  if (here) summary.textContent = here.firstChild.textContent;
  if (focused && behind.contains(focused) && !more.open) summary.focus();
  else focused?.focus({ preventScroll: true });
}

const soon = () => requestAnimationFrame(fit);
fit();
const sizes = new ResizeObserver(soon);
for (const one of [nav.parentElement, nav.nextElementSibling]) sizes.observe(one);
new MutationObserver(soon).observe(nav, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ['hidden'] });
addEventListener('pointerdown', (event) => { if (more.open && !more.contains(event.target)) more.open = false; });

// Strips stay in sight below the bar; what sticks below them is told how high they are.
const banner = document.getElementById('banner');
new ResizeObserver(() => document.documentElement.style.setProperty('--banner', `${banner.offsetHeight}px`)).observe(banner);
