// Who signs alone what he wrote himself hears it and types what it is, real or drill, wherever he signs it (docs/adr/0007). Pure; knows no page.

import { t } from './core.js';

const CONFIRM = { actual: ['真实', 'zhenshi', 'zs', 'real'], drill: ['演练', 'yanlian', 'yl', 'drill'] };

export const confirmed = (kind, word) => (CONFIRM[kind] ?? CONFIRM.actual).includes(word.trim().toLowerCase());
export const confirmText = (kind) => t(`compose.confirm.${kind in CONFIRM ? kind : 'actual'}`);

// Why the key that signs cannot be pressed yet; empty: it can.
export function unready({ audio, kind, word, stuck = false }) {
  if (!audio) return t(stuck ? 'compose.nospeechyet' : 'compose.waitspeech');
  if (confirmed(kind, word)) return '';
  return t(word.trim() ? 'compose.wrongword' : 'compose.confirmfirst', { word: confirmText(kind) });
}
