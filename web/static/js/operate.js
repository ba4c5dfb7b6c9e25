// What an operator does while the plan runs: take, hold, back to plan; skip and cue of what comes.

import { action, command, h, holdButton, may, notice, t } from './core.js';

const DONE = {
  take: (title) => t('operate.done.take', { title }),
  hold: (title) => t('operate.done.hold', { title }),
  skip: (title) => t('operate.done.skip', { title }),
  cue: (title) => t('operate.done.cue', { title }),
  back: () => t('operate.done.back'),
};

const act = action(async (_, verb, body, title) => {
  await command(`air.${verb}`, body);
  notice(DONE[verb](title), 'plain');
});

const held = (label, help, done) => {
  const made = holdButton(label, done, { kind: 'quiet', seconds: 0.7 });
  made.title = help;
  return made;
};

// The deeds at a channel; nothing for whoever may not.
export function operateButtons(channel) {
  if (!may('air') || !channel.now) return [];
  const body = { channel: channel.id };
  const next = channel.next.find((take) => take.category !== 'filler')?.title ?? '';
  return [
    held(t('operate.take'), t('operate.take.help'), () => act('take', body, next)),
    held(t('operate.hold'), t('operate.hold.help'), () => act('hold', body, next)),
    held(t('operate.back'), t('operate.back.help'), () => act('back', body, '')),
  ];
}

// The deeds at one item that is to come.
export function itemButtons(channel, take) {
  if (!may('air') || take.category === 'filler' || take.hard) return null;
  const body = { channel, take: take.id };
  const one = (verb, label) => h('button', { type: 'button', class: 'quiet', onclick: () => act(verb, body, take.title) }, label);
  return h('span', { class: 'acts' }, one('cue', t('operate.cue')), one('skip', t('operate.skip')));
}
