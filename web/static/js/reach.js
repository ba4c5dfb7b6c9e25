// Which channels an alert takes, in words: by name, whether the programme is replaced or goes on below, and what is on the screen. Knows no page.

import { boot, t, h, say } from './core.js';

const form = (one) => (one.shrunk ? 'shrink' : one.ducked ? 'crawl' : 'slate');
const name = (one) => `${say(one.name)}${one.picture ? t(`compose.sums.${form(one)}`) : ''}`;

export function takenChannels(channels) {
  return channels.length
    ? h('p', { class: 'taken' }, t(channels[0].ducked ? 'compose.sums.ducked' : 'compose.sums.replaced', { n: channels.length }), ' ', h('b', {}, channels.map(name).join(boot.lang === 'zh' ? '、' : ', ')))
    : h('p', { class: 'taken none' }, t('compose.sums.nochannel'));
}
