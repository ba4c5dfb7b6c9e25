// Listening to, or watching, a stream by HLS. Knows no station.

import { h, t } from './core.js';

// A button that opens what `address()` names and, pressed again, ends it; hls.js is fetched only when somebody listens or watches.
export function preview(address, seen = false, word = t(seen ? 'onair.watch' : 'onair.listen')) {
  const medium = h(seen ? 'video' : 'audio', { controls: true, preload: 'none', hidden: true, playsinline: seen, 'aria-label': seen ? t('onair.picture') : undefined });
  const said = h('span', { class: 'muted' });
  let player = null;
  const end = () => {
    player?.destroy();
    player = null;
    medium.pause();
    medium.hidden = true;
    said.textContent = '';
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
      end();
      said.textContent = t(seen ? 'onair.nopicture' : 'onair.nopreview');
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
