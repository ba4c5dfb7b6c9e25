// Listening to, or watching, a stream by HLS. Knows no station.

import { h, t } from './core.js';

// A button that opens what `address()` names; hls.js is fetched only when somebody listens or watches.
export function preview(address, seen = false, word = t(seen ? 'onair.watch' : 'onair.listen')) {
  const medium = h(seen ? 'video' : 'audio', { controls: true, preload: 'none', hidden: true, playsinline: seen, 'aria-label': seen ? t('onair.picture') : undefined });
  const said = h('span', { class: 'muted' });
  const listen = async () => {
    const asked = address();
    button.disabled = true;
    said.textContent = t('onair.opening');
    medium.hidden = false;
    const { default: Hls } = await import('../vendor/hls/hls.light.min.mjs');
    if (!Hls.isSupported()) {
      medium.src = asked;
      medium.play();
      return;
    }
    const player = new Hls({ liveSyncDurationCount: 2, enableWorker: true });
    player.on(Hls.Events.ERROR, (_, data) => {
      if (!data.fatal) return;
      said.textContent = t(seen ? 'onair.nopicture' : 'onair.nopreview');
      player.destroy();
      medium.hidden = true;
      button.disabled = false;
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
