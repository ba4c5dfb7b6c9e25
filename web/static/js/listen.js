// Listening to, or watching, a stream by HLS. Knows no station.

import { h, t } from './core.js';

// One is listened to at a time: whoever begins another ends the one before, which says so.
const open = new Map(); // the medium → how it is ended
addEventListener('play', (event) => {
  for (const one of document.querySelectorAll('audio, video')) {
    if (one === event.target || one.paused) continue;
    one.pause();
    open.get(one)?.(t('onair.taken'));
  }
}, { capture: true });

// A button that opens what `address()` names and, pressed again, ends it; hls.js is fetched only when somebody listens or watches.
export function preview(address, seen = false, word = t(seen ? 'onair.watch' : 'onair.listen')) {
  const medium = h(seen ? 'video' : 'audio', { controls: true, preload: 'none', hidden: true, playsinline: seen, 'aria-label': seen ? t('onair.picture') : undefined });
  const said = h('span', { class: 'muted' });
  let player = null;
  const end = (why = '') => {
    player?.destroy();
    player = null;
    medium.pause();
    medium.hidden = true;
    said.textContent = why;
    open.delete(medium);
    button.textContent = `▶ ${word}`;
  };
  const listen = async () => {
    if (!medium.hidden) {
      end();
      return;
    }
    const asked = address();
    said.textContent = t('onair.opening');
    button.textContent = `■ ${t(seen ? 'onair.endpicture' : 'onair.endpreview')}`;
    medium.hidden = false;
    open.set(medium, end);
    if (seen) medium.scrollIntoView({ block: 'center' });
    const { default: Hls } = await import('../vendor/hls/hls.light.min.mjs');
    if (medium.hidden || player) return; // ended, or begun anew, before it began
    if (!Hls.isSupported()) {
      medium.src = asked;
      medium.play();
      return;
    }
    player = new Hls({ liveSyncDurationCount: 2, enableWorker: true });
    player.on(Hls.Events.ERROR, (_, data) => {
      if (!data.fatal) return;
      end(t(seen ? 'onair.nopicture' : 'onair.nopreview'));
    });
    player.on(Hls.Events.MANIFEST_PARSED, () => {
      said.textContent = t('onair.delay');
      medium.play();
    });
    player.loadSource(asked);
    player.attachMedia(medium);
  };
  const button = h('button', { type: 'button', onclick: listen }, `▶ ${word}`);
  return h('div', { class: seen ? 'preview seen' : 'preview' }, button, medium, said);
}
