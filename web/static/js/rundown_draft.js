// A draft of a day: rows that only this browser knows, how they may be moved, undo and redo, and the CSV they make. Knows no page.

export const COLUMNS = ['start', 'mode', 'title', 'media', 'duration', 'class', 'cut', 'cue_in', 'cue_out', 'fade_in', 'fade_out', 'gain', 'segue', 'curve', 'window', 'replacement', 'extend', 'id', 'note'];
const STEPS = 200;
let last = 0;

export function row(cells) {
  last += 1;
  return { key: last, cells: Object.fromEntries(COLUMNS.map((name) => [name, cells[name] ?? ''])) };
}

export const changed = (one, cells) => ({ ...one, cells: { ...one.cells, ...cells } });

const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const flat = (text) => text.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim();

// The CSV of docs/rundown-csv.md: the header is line 1, row k is line k + 2.
export function csvOf(rows) {
  const lines = rows.map((one) => COLUMNS.map((name) => quoted(flat(one.cells[name]))).join(','));
  return `${[COLUMNS.join(','), ...lines].join('\n')}\n`;
}

const slot = (one, like) => changed(one, { start: like.cells.start, mode: like.cells.mode, window: like.cells.window });

// Neighbours change places; where both have a time of their own, the times stay and the items change.
function swapped(rows, a, b) {
  const made = [...rows];
  const timed = rows[a].cells.start && rows[b].cells.start;
  made[a] = timed ? slot(rows[b], rows[a]) : rows[b];
  made[b] = timed ? slot(rows[a], rows[b]) : rows[a];
  return made;
}

// Row `from` at place `to`, one neighbour after the other.
export function moved(rows, from, to) {
  let made = rows;
  const step = Math.sign(to - from);
  for (let k = from; k !== to; k += step) made = swapped(made, k, k + step);
  return made;
}

export const without = (rows, at) => rows.filter((_, k) => k !== at);
export const inserted = (rows, at, one) => [...rows.slice(0, at), one, ...rows.slice(at)];
export const replaced = (rows, at, one) => rows.map((old, k) => (k === at ? one : old));

export class Draft {
  // `place` is the storage key; `base` the content of the approved version it was begun from.
  constructor(place, rows, base) {
    this.place = place;
    this.rows = rows;
    this.base = base;
    this.past = [];
    this.future = [];
  }

  static stored(place) {
    try {
      const kept = JSON.parse(localStorage.getItem(place) ?? 'null');
      if (!kept || !Array.isArray(kept.rows)) return null;
      return new Draft(place, kept.rows.map(row), kept.base ?? null);
    } catch {
      return null;
    }
  }

  // False when the browser would not keep it.
  save() {
    try {
      localStorage.setItem(this.place, JSON.stringify({ base: this.base, rows: this.rows.map((one) => one.cells) }));
      return true;
    } catch {
      return false;
    }
  }

  forget() {
    localStorage.removeItem(this.place);
  }

  edit(rows) {
    this.past.push(this.rows);
    if (this.past.length > STEPS) this.past.shift();
    this.future = [];
    this.rows = rows;
    return this.save();
  }

  undo() {
    if (!this.past.length) return;
    this.future.push(this.rows);
    this.rows = this.past.pop();
    this.save();
  }

  redo() {
    if (!this.future.length) return;
    this.past.push(this.rows);
    this.rows = this.future.pop();
    this.save();
  }
}
