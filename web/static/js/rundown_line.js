// A day as a line of time: lanes of items, gaps, the locked zone, now. Draws what it is given; knows no station and no draft.

import { t, h, time, span, now } from './core.js';

const SVG = 'http://www.w3.org/2000/svg';
const HOUR = 3_600e6;
export const VISIBLE = [24 * HOUR, 12 * HOUR, 6 * HOUR, 3 * HOUR, HOUR, HOUR / 3, HOUR / 12];
const TICKS = [HOUR * 2, HOUR, HOUR / 2, HOUR / 4, HOUR / 12, HOUR / 60, HOUR / 240];
const SNAPS = [60e6, 60e6, 60e6, 10e6, 5e6, 1e6, 1e6];
const AXIS = 20;

function s(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value);
  made.append(...children.filter(Boolean));
  return made;
}

export class TimeLine {
  // `onpick(key)`, `ondrop(key, instant)`, `refuse(key)` → why it may not be moved, or ''.
  constructor({ onpick, ondrop, refuse }) {
    Object.assign(this, { onpick, ondrop, refuse });
    this.zoom = 0;
    this.begins = 0;
    this.ends = 24 * HOUR;
    this.lanes = [];
    this.svg = s('svg', { class: 'tl', role: 'img', 'aria-label': t('rundown.timeline') });
    this.space = h('div', { class: 'tl-space' }, this.svg);
    this.scroll = h('div', { class: 'tl-scroll', tabindex: 0, 'aria-label': t('rundown.timeline') }, this.space);
    this.names = h('div', { class: 'tl-names' });
    this.made = h('div', { class: 'tl-frame' }, this.names, this.scroll);
    this.left = 0; // the instant at the left edge: it stays there when the page gets another width
    this.scroll.addEventListener('scroll', () => {
      if (this.laid !== this.width) return; // the browser's own, for want of room: it is laid out anew next
      this.left = this.from;
      this.draw();
    });
    new ResizeObserver(() => this.resize()).observe(this.scroll);
    this.svg.addEventListener('pointerdown', (event) => this.grab(event));
    this.scroll.addEventListener('wheel', (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      this.scale(this.zoom + (event.deltaY < 0 ? 1 : -1), this.at(event.clientX));
    }, { passive: false });
  }

  get visible() {
    return Math.min(VISIBLE[this.zoom], this.ends - this.begins);
  }

  get width() {
    return Math.max(200, this.scroll.clientWidth);
  }

  get from() {
    return this.begins + (this.scroll.scrollLeft / this.width) * this.visible;
  }

  x(at) {
    return ((at - this.from) / this.visible) * this.width;
  }

  at(clientX) {
    return this.from + ((clientX - this.scroll.getBoundingClientRect().left) / this.width) * this.visible;
  }

  show({ begins, ends, lanes, lock, selected }) {
    Object.assign(this, { begins, ends, lanes, lock, selected });
    this.resize();
  }

  scale(zoom, around = this.from + this.visible / 2) {
    const wanted = Math.max(0, Math.min(VISIBLE.length - 1, zoom));
    const part = (around - this.from) / this.visible;
    this.zoom = wanted;
    this.left = around - part * this.visible;
    this.resize();
  }

  // Bring an instant into sight, a quarter from the left.
  go(at) {
    this.left = at - this.visible / 4;
    this.resize();
  }

  see(at) {
    const x = this.x(at);
    if (x < 0 || x > this.width - 30) this.go(at);
  }

  resize() {
    this.laid = this.width;
    this.space.style.width = `${(this.width * (this.ends - this.begins)) / this.visible}px`;
    this.height = AXIS + this.lanes.reduce((sum, lane) => sum + lane.height + 4, 0) + 2;
    this.svg.setAttribute('width', this.width);
    this.svg.setAttribute('height', this.height);
    this.scroll.style.height = `${this.height + 16}px`;
    const wanted = ((this.left - this.begins) / this.visible) * this.width;
    if (Math.abs(this.scroll.scrollLeft - wanted) >= 1) this.scroll.scrollLeft = wanted; // the browser keeps whole pixels
    this.drawNames();
    this.draw();
  }

  drawNames() {
    let top = AXIS;
    this.names.replaceChildren(...this.lanes.map((lane) => {
      const name = h('span', {}, lane.label);
      name.style.top = `${top}px`;
      name.style.height = `${lane.height}px`;
      top += lane.height + 4;
      return name;
    }));
  }

  draw() {
    if (!this.lanes.length) return;
    const parts = [...this.axis(), ...this.zone()];
    let top = AXIS;
    for (const lane of this.lanes) {
      parts.push(s('rect', { class: 'tl-lane', x: 0, y: top, width: this.width, height: lane.height }));
      parts.push(...lane.items.map((item) => this.item(item, top, lane)).filter(Boolean));
      if (lane.mine) parts.push(...lane.items.filter((item) => item.earliest != null).map((item) => this.window(item, top + lane.height)));
      top += lane.height + 4;
    }
    this.line = s('line', { class: 'tl-now', y1: 0, y2: this.height });
    this.ghost = s('g', {});
    this.svg.replaceChildren(...parts, this.line, this.ghost);
    this.tick();
  }

  tick() {
    if (!this.line) return;
    const x = this.x(now());
    this.line.setAttribute('x1', x);
    this.line.setAttribute('x2', x);
  }

  // The smallest distance of hours whose names do not run into each other.
  distance() {
    const least = (64 / this.width) * this.visible;
    return [...TICKS].reverse().find((one) => one >= least) ?? HOUR * 4;
  }

  axis() {
    const step = this.distance();
    const parts = [];
    const first = this.begins + Math.ceil((this.from - this.begins) / step) * step;
    for (let at = first; at < this.from + this.visible; at += step) {
      const x = this.x(at);
      const label = s('text', { class: 'tl-hour', x: x + 3, y: 13 });
      label.textContent = step < HOUR / 60 ? time(at) : time(at).slice(0, 5);
      parts.push(s('line', { class: 'tl-tick', x1: x, x2: x, y1: 0, y2: this.height }), label);
    }
    return parts;
  }

  zone() {
    const from = this.x(Math.max(this.begins, now()));
    const to = this.x(this.lock ?? 0);
    if (!this.lock || to <= from || to < 0 || from > this.width) return [];
    return [s('rect', { class: 'tl-lock', x: from, y: 0, width: to - from, height: this.height })];
  }

  item(item, top, lane) {
    const x = this.x(item.start);
    const width = this.x(item.end) - x;
    if (x > this.width || x + width < 0) return null;
    const seen = Math.max(1, width - 0.5);
    const made = s('svg', { x, y: top, width: seen, height: lane.height, class: `tl-item ${item.tone}${item.key === this.selected && lane.mine ? ' selected' : ''}${lane.mine && item.key ? ' mine' : ''}`, 'data-key': lane.mine ? item.key ?? null : null });
    const title = s('title');
    title.textContent = `${time(item.start)}–${time(item.end)} (${span(item.end - item.start)}) ${item.title}${item.says ? `\n${item.says}` : ''}`;
    const label = width > 26 && s('text', { x: Math.max(4, 4 - x), y: lane.height - (lane.height > 30 ? 8 : 6) });
    if (label) label.textContent = item.title;
    made.append(title, s('rect', { width: seen, height: lane.height }), ...(label ? [label] : []));
    return made;
  }

  // From when to when a soft start may come: a bar below its lane.
  window(item, bottom) {
    const from = this.x(item.earliest);
    const to = this.x(item.latest ?? item.start);
    return s('rect', { class: 'tl-window', x: from, y: bottom - 3, width: Math.max(3, to - from), height: 3 });
  }

  // ---- drag --------------------------------------------------------------------------------------------

  grab(event) {
    const held = event.target.closest('[data-key]');
    if (!held || event.button) return;
    const key = Number(held.dataset.key);
    this.onpick(key);
    const item = this.lanes.find((lane) => lane.mine)?.items.find((one) => one.key === key);
    if (!item || !this.ondrop) return;
    const offset = this.at(event.clientX) - item.start;
    const began = event.clientX;
    let target = null;
    const move = (moved) => {
      if (target === null && Math.abs(moved.clientX - began) < 5) return;
      if (this.refuse(key)) {
        stop();
        this.onrefused?.(this.refuse(key));
        return;
      }
      target = this.snapped(this.at(moved.clientX) - offset, item);
      this.drawGhost(item, target);
    };
    const stop = () => {
      removeEventListener('pointermove', move);
      removeEventListener('pointerup', drop);
      removeEventListener('pointercancel', stop);
      removeEventListener('keydown', escape);
      this.ghost.replaceChildren();
    };
    const drop = () => {
      stop();
      if (target !== null && target !== item.start) this.ondrop(key, target);
    };
    const escape = (pressed) => pressed.key === 'Escape' && stop();
    addEventListener('pointermove', move);
    addEventListener('pointerup', drop);
    addEventListener('pointercancel', stop);
    addEventListener('keydown', escape);
  }

  snapped(at, item) {
    const near = (6 / this.width) * this.visible;
    const edges = this.lanes.find((lane) => lane.mine).items.filter((one) => one.key !== item.key).flatMap((one) => [one.start, one.end]);
    const edge = edges.find((one) => Math.abs(one - at) < near);
    const step = SNAPS[this.zoom];
    const put = edge ?? this.begins + Math.round((at - this.begins) / step) * step;
    return Math.max(this.begins, Math.min(this.ends - 1e6, put));
  }

  drawGhost(item, at) {
    const x = this.x(at);
    const label = s('text', { class: 'tl-hour', x: x + 3, y: 13 });
    label.textContent = time(at);
    const back = s('rect', { class: 'tl-flag', x, y: 0, width: 62, height: 17 });
    this.ghost.replaceChildren(s('rect', { class: 'tl-ghost', x, y: AXIS, width: Math.max(2, this.x(at + item.end - item.start) - x), height: this.lanes[0].height }), back, label);
  }
}
