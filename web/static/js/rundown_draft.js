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

// Rows by `cells`, each with the key of one of `old` that says the same: what was chosen stays chosen.
function kept(old, cells) {
  const left = [...old];
  const same = (made) => left.findIndex((one) => COLUMNS.every((name) => one.cells[name] === made.cells[name]));
  return cells.map(row).map((made) => {
    const at = same(made);
    return at < 0 ? made : left.splice(at, 1)[0];
  });
}

// The rows with what airs before `until` as the approved version has it, the rest as it was drafted. `seenOf(row)`: the row as the station
// sees it, `lines`: those of the approved version. What the draft had put there goes to its own place again; what is new comes after it,
// or out, where there is no room before `until`.
export function lockedBack(rows, seenOf, lines, until) {
  const near = (at) => at !== null && at !== undefined && at < until;
  const head = lines.slice(0, lines.findLastIndex((one) => near(one.at)) + 1);
  let made = rows;
  head.forEach((one, at) => {
    const from = made.findIndex((other) => seenOf(other)?.id === one.id);
    made = from < 0 ? inserted(made, at, row(one.cells)) : replaced(moved(made, from, at), at, changed(made[from], one.cells));
  });
  const room = Math.max(...head.map((one) => one.end ?? 0)) >= until;
  const tail = made.slice(head.length).flatMap((one) => {
    if (!near(seenOf(one)?.at) || one.cells.start !== rows.find((other) => other.key === one.key).cells.start) return [one];
    const was = lines.find((other) => other.id === seenOf(one).id);
    if (was) return [slot(one, was)];
    return room ? [changed(one, { start: '', mode: '', window: '' })] : [];
  });
  return [...made.slice(0, head.length), ...tail];
}

export class Draft {
  // `place` is the storage key; `base` the content of the approved version it was begun from.
  constructor(place, rows, base) {
    this.place = place;
    this.rows = rows;
    this.base = base;
    this.past = [];
    this.future = [];
    this.text = null; // as this tab read or wrote it last
  }

  static stored(place) {
    try {
      const text = localStorage.getItem(place);
      const found = JSON.parse(text ?? 'null');
      if (!found || !Array.isArray(found.rows)) return null;
      const made = new Draft(place, found.rows.map(row), found.base ?? null);
      made.text = text;
      return made;
    } catch {
      return null;
    }
  }

  // Whether another tab has changed, or given up, what this one shows.
  get elsewhere() {
    return this.text !== null && localStorage.getItem(this.place) !== this.text;
  }

  // Take over what another tab wrote, as a step that can be undone; false when there is no draft any more.
  follow() {
    const found = Draft.stored(this.place);
    if (!found) return false;
    this.past.push(this.rows);
    if (this.past.length > STEPS) this.past.shift();
    this.future = [];
    this.rows = kept(this.rows, found.rows.map((one) => one.cells));
    [this.base, this.text] = [found.base, found.text];
    return true;
  }

  // False when the browser would not keep it.
  save() {
    try {
      this.text = JSON.stringify({ base: this.base, rows: this.rows.map((one) => one.cells) });
      localStorage.setItem(this.place, this.text);
      return true;
    } catch {
      this.text = null; // only this tab has it
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
