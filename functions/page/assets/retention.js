// Retention as a measured number: what is due, what is oldest, what was erased.

import { el, fill } from './dom.js';
import { texts } from './texts.js';
import { hour, span, time } from './format.js';

const t = texts.retention;

/** What sweeps erased by hour, counted while the page is open: the server tells of its last sweep alone. */
export class Tally {
  #last = '';
  hours = new Map(); // of the browser's time, in hours since 1970

  add(retention) {
    if (!retention.last_sweep || retention.last_sweep === this.#last) return;
    const first = this.#last === '';
    this.#last = retention.last_sweep;
    const h = Math.floor(Date.parse(retention.last_sweep) / 3600_000);
    this.hours.set(h, (this.hours.get(h) ?? 0) + (first ? 0 : retention.swept.erased));
  }
}

function tile(name, value, detail, tone = '') {
  return el('div', { class: `tile ${tone}` }, el('dt', {}, name), el('dd', {}, el('span', { class: 'tile-value' }, value), detail && el('span', { class: 'muted small' }, detail)));
}

const tall = 150;

/** How wide a chart is: its letters keep their size. */
const room = () => Math.max(240, Math.min(1140, document.documentElement.clientWidth - 84));

/** Bars over a line of time. marks are [text, x]. */
function chart(label, width, bars, marks, dot) {
  const most = Math.max(1, ...bars.map((b) => b.n));
  const base = tall - 24;
  return el('svg', { class: 'chart', viewBox: `0 0 ${width} ${tall}`, role: 'img', 'aria-label': label },
    el('line', { class: 'axis', x1: 0, x2: width, y1: base, y2: base }),
    bars.map(({ x, w, n }) => el('g', {}, el('rect', { class: 'column', x: x + 1, width: Math.max(3, w - 2), y: base - ((base - 20) * n) / most, height: ((base - 20) * n) / most, rx: 2 }),
      n > 0 && el('text', { class: 'mark', x: x + w / 2, y: base - ((base - 20) * n) / most - 5, 'text-anchor': 'middle' }, String(n)))),
    marks.map(([text, x], i) => el('text', { class: 'mark', x, y: tall - 6, 'text-anchor': i === 0 ? 'start' : i === marks.length - 1 ? 'end' : 'middle' }, text)),
    dot !== undefined && el('circle', { class: 'dot', cx: dot, cy: base, r: 4 }));
}

function dueChart(r) {
  const now = Date.parse(r.now);
  const due = r.next.map(Date.parse);
  if (due.length === 0) return el('p', { class: 'muted' }, t.chartEmpty);
  const width = room();
  const hours = Math.max(24, Math.ceil((Math.max(...due) - now) / 3600_000) + 1);
  const w = (width - 8) / hours;
  const counts = new Map();
  for (const d of due) {
    const h = Math.max(0, Math.floor((d - now) / 3600_000));
    counts.set(h, (counts.get(h) ?? 0) + 1);
  }
  const bars = [...counts].map(([h, n]) => ({ x: 4 + h * w, w, n }));
  const marks = (width > 480 ? [0, 0.25, 0.5, 0.75, 1] : [0, 0.5, 1]).map((part) => [hour(now + part * hours * 3600_000), 4 + part * (width - 8)]);
  return chart(t.chartLabel(due.length, time(Math.min(...due)), time(Math.max(...due))), width, bars, marks, 4);
}

function erasedChart(tally, r) {
  const last = Math.floor(Date.parse(r.now) / 3600_000);
  const width = room();
  const w = (width - 8) / 24;
  const bars = [];
  let total = 0;
  for (let n = 0; n < 24; n++) {
    const count = tally.hours.get(last - 23 + n) ?? 0;
    total += count;
    bars.push({ x: 4 + n * w, w, n: count });
  }
  if (total === 0) return el('p', { class: 'muted' }, t.perHourEmpty);
  return chart(t.perHourLabel(total), width, bars, [[hour((last - 23) * 3600_000), 4], [hour(last * 3600_000), width - 4]]);
}

function ageMeter(r) {
  const width = room();
  const part = Math.min(1, r.oldest_age_seconds / r.uploaded_seconds);
  return el('svg', { class: 'chart meter', viewBox: `0 0 ${width} 20`, role: 'img', 'aria-label': t.ageLabel(span(r.oldest_age_seconds), span(r.uploaded_seconds)) },
    el('rect', { class: 'track', x: 0, y: 4, width, height: 12, rx: 6 }), el('rect', { class: part > 0.98 ? 'column late' : 'column', x: 0, y: 4, width: Math.max(12, width * part), height: 12, rx: 6 }));
}

export class RetentionView {
  constructor(tally) {
    this.tally = tally;
    this.body = el('div', {}, el('div', { class: 'empty' }, el('span', { class: 'spinner', 'aria-hidden': 'true' }), el('p', { role: 'status' }, t.loading)));
    this.node = el('section', { class: 'retention', 'aria-labelledby': 'retention-title' }, el('h1', { id: 'retention-title', tabindex: '-1' }, t.title), this.body);
  }

  update(r) {
    if (!r) return;
    const now = Date.parse(r.now);
    const next = r.next.length ? Math.min(...r.next.map(Date.parse)) : NaN;
    const swept = r.swept;
    fill(this.body, el('p', { class: 'muted lead' }, t.lead(span(r.processed_seconds), span(r.uploaded_seconds))),
      el('dl', { class: 'tiles' },
        tile(t.oldest, r.oldest ? span(r.oldest_age_seconds) : t.none, t.oldestOf(span(r.uploaded_seconds))),
        tile(t.nextDue, Number.isNaN(next) ? t.none : span((next - now) / 1000), Number.isNaN(next) ? '' : time(next)),
        tile(t.overdue, String(swept.overdue), swept.failed ? t.failed(swept.failed) : '', swept.overdue || swept.failed ? 'bad' : ''),
        tile(t.lastSweep, r.last_sweep ? hour(Date.parse(r.last_sweep)) : t.none, t.erasedBySweep(swept.erased)),
        tile(t.fullPass, r.full_pass.ended ? hour(Date.parse(r.full_pass.ended)) : t.none, t.strays(r.full_pass.did.strays), r.full_pass.late ? 'bad' : '')),
      el('figure', {}, el('figcaption', {}, t.age), ageMeter(r)),
      el('figure', {}, el('figcaption', {}, t.chart, ' ', el('span', { class: 'muted small' }, t.chartNote)), dueChart(r)),
      el('figure', {}, el('figcaption', {}, t.perHour), erasedChart(this.tally, r)));
  }
}
