// One document: its results to download, and its pages with words, where the result JSON was asked for.

import { el, button, icon, fill, say, save } from './dom.js';
import { Problem, Unreachable } from './api.js';
import { texts, locale } from './texts.js';
import { bytes, format, reason, span, time, type } from './format.js';
import { badge, stateText } from './list.js';
import { Picture } from './picture.js';
import { Previews } from './previews.js';
import { find, layText, wordsOf } from './words.js';

const t = texts.view;
const mostText = 64e6; // bytes of a result JSON that is shown here

/** The name under which a result is saved. */
export function fileName(doc, name) {
  const extensions = { md: 'md', hocr: 'hocr.html', alto: 'alto.xml', abbyyxml: 'abbyy.xml', pdfa: 'pdfa.pdf', pdfimages: 'images.pdf', preview: 'preview.zip' };
  const base = doc.named ? doc.name.replace(/\.[^.]+$/, '') : doc.id;
  return `${base}.${extensions[name] ?? name}`;
}

/** Fetches a result and offers it to be saved. */
export async function download(session, doc, name) {
  const task = await session.json(`/v1/tasks/${doc.id}`);
  const result = (task.results ?? []).find((r) => r.format === name);
  if (!result) throw new Problem(404, { detail: texts.problem.download });
  save(await (await session.result(result)).blob(), fileName(doc, name));
}

export class DocumentView {
  #pages = []; // of the result JSON
  #words = []; // by page
  #at = 0;
  #hits = [];
  #hit = -1;
  #nodes = []; // of the words of the page that is shown, in the text
  #gone = false;

  constructor(session, shelf, doc, acts) {
    Object.assign(this, { session, shelf, doc, acts });
    this.status = el('span', { class: 'badge' });
    this.left = el('span', { class: 'left' });
    this.body = el('div', { class: 'view-body' });
    this.title = el('h1', { id: 'view-title', tabindex: '-1' }, doc.name);
    this.facts = el('p', { class: 'muted small' });
    this.tools = el('div', { class: 'row wrap downloads' });
    this.node = el('article', { class: 'view', 'aria-labelledby': 'view-title' },
      button(t.back, { icon: 'back', class: 'quiet back', onclick: () => acts.back() }),
      el('header', { class: 'view-head' }, el('div', { class: 'view-names' }, this.title, this.facts, el('p', { class: 'row' }, this.status, this.left)), this.tools), this.body);
    this.update();
    this.#load();
  }

  /** Shows how the document stands now. */
  update() {
    const { task } = this.doc;
    if (this.#gone) return;
    say(this.status, stateText(this.doc));
    this.status.className = `badge ${badge(this.doc.state, '').className.slice(6)}`;
    this.tick();
    say(this.facts, [task.type && type(task.type), bytes(task.bytes ?? 0), task.pages && texts.facts.pages(task.pages.total),
      task.confidence && texts.facts.confidence(task.confidence), task.needs_review && texts.facts.review].filter(Boolean).join(' · '));
    const state = `${task.state} ${task.results?.length}`;
    if (state === this.shown) return;
    if (this.shown !== undefined) this.#load();
    this.shown = state;
    fill(this.tools, (task.results ?? []).map((r) => button(format(r.format), {
      icon: 'download', 'aria-label': texts.list.download(format(r.format), this.doc.name), title: t.bytes(format(r.format), bytes(r.bytes)), onclick: () => this.acts.download(this.doc, r.format),
    })), button(texts.list.remove, { icon: 'trash', class: 'danger-outline', 'aria-label': texts.list.removeNow(this.doc.name), onclick: () => this.acts.remove(this.doc) }));
  }

  tick() {
    const due = this.doc.task?.erase_due;
    if (!due || this.#gone) return;
    const seconds = (Date.parse(due) - this.shelf.now()) / 1000;
    say(this.left, seconds > 0 ? texts.facts.deletedIn(span(seconds)) : texts.facts.deletedSoon);
    this.left.title = texts.facts.due(time(due));
  }

  /** Drops everything that the page holds of the document. */
  clear(message = t.gone) {
    if (this.#gone) return;
    this.#gone = true;
    this.picture?.clear();
    this.picture = null;
    this.#pages = [];
    this.#words = [];
    this.#nodes = [];
    this.#hits = [];
    fill(this.tools);
    say(this.title, this.doc.name);
    say(this.facts, '');
    say(this.left, '');
    say(this.status, texts.state.Deleted);
    this.status.className = 'badge';
    fill(this.body, el('div', { class: 'empty' }, icon('wave'), el('p', { class: 'strong', role: 'status' }, message)));
  }

  async #load() {
    const { task } = this.doc;
    if (task.state === 'ProcessingFailed') {
      fill(this.body, el('div', { class: 'empty bad' }, icon('warn'), el('h2', {}, t.failed), el('p', {}, reason(task.failure)),
        el('p', { class: 'muted' }, task.failure?.retryable ? t.retryable : t.failedNext)));
      return;
    }
    if (task.state !== 'Completed') {
      fill(this.body, el('div', { class: 'empty' }, el('span', { class: 'spinner', 'aria-hidden': 'true' }), el('p', {}, t.waiting)));
      return;
    }
    fill(this.body, el('div', { class: 'empty' }, el('span', { class: 'spinner', 'aria-hidden': 'true' }), el('p', { role: 'status' }, t.loadingText)));
    try {
      const full = await this.session.json(`/v1/tasks/${task.id}`);
      const json = full.results?.find((r) => r.format === 'json');
      if (!json || json.bytes > mostText) {
        fill(this.body, el('div', { class: 'empty' }, icon('doc'), el('p', {}, t.noWords)), this.#notes(full));
        return;
      }
      const result = await (await this.session.result(json)).json();
      if (this.#gone) return;
      this.#pages = result.pages;
      this.#words = result.pages.map(wordsOf);
      this.#lay(full);
    } catch (e) {
      if (e.name === 'AbortError' || this.#gone) return;
      const detail = e instanceof Unreachable ? texts.offline.title : e.detail || texts.problem.unknown;
      fill(this.body, el('div', { class: 'empty bad' }, icon('warn'), el('p', { role: 'alert' }, detail), button(texts.list.retry, { onclick: () => this.#load() })));
    }
  }

  #notes(task) {
    const lines = [...(task.notes ?? []).map((n) => n.detail), task.doubtful_pages?.length && t.doubtful(task.doubtful_pages.join(', '))].filter(Boolean);
    return lines.length > 0 && el('details', { class: 'notes' }, el('summary', {}, t.notes), el('ul', {}, lines.map((l) => el('li', {}, l))));
  }

  #lay(task) {
    this.search = el('input', { type: 'search', 'aria-label': t.search, placeholder: t.search, oninput: () => this.#find(), onkeydown: (e) => {
      if (e.key === 'Enter') this.#step(e.shiftKey ? -1 : 1);
    } });
    this.found = el('span', { class: 'muted small found', role: 'status' });
    this.number = el('select', { 'aria-label': t.page, onchange: (e) => this.#show(Number(e.target.value)) },
      this.#pages.map((p, n) => el('option', { value: String(n) }, t.pageOf(p.number, this.#pages[this.#pages.length - 1].number))));
    this.earlier = button('', { icon: 'back', label: t.previous, onclick: () => this.#show(this.#at - 1) });
    this.later = button('', { icon: 'next', label: t.next, onclick: () => this.#show(this.#at + 1) });
    this.text = el('div', { class: 'page-text', lang: locale, tabindex: '0', role: 'region', 'aria-label': t.text });
    this.picture?.clear();
    const previews = task.results.find((r) => r.format === 'preview');
    this.picture = previews && new Picture(new Previews(this.session, task.id, previews, task.pages.total, () => this.shelf.now()));
    const panes = el('div', { class: 'panes' }, this.picture?.node, this.text);
    const shade = el('input', { type: 'checkbox', checked: true, onchange: (e) => panes.classList.toggle('plain', !e.target.checked) });
    fill(this.body, el('div', { class: 'toolbar' },
      el('div', { class: 'row' }, this.earlier, this.number, this.later),
      el('div', { class: 'row search' }, this.search, this.found,
        button('', { icon: 'up', class: 'quiet', label: t.earlier, onclick: () => this.#step(-1) }), button('', { icon: 'down', class: 'quiet', label: t.later, onclick: () => this.#step(1) })),
      el('label', { class: 'check', title: t.legend }, shade, el('span', {}, t.shade))), panes, this.#notes(task));
    this.#show(0);
  }

  #show(n) {
    if (n < 0 || n >= this.#pages.length) return;
    this.#at = n;
    const page = this.#pages[n];
    this.number.value = String(n);
    this.earlier.disabled = n === 0;
    this.later.disabled = n === this.#pages.length - 1;
    this.#nodes = [];
    const laid = layText(page, (word, node) => {
      node.title = t.wordTitle(Math.round(word.confidence));
      this.#nodes.push(node);
    });
    const nothing = page.origin === 'failed' ? reason(page.failure) || t.failedPage : page.origin === 'blank' ? t.blank : t.noText;
    fill(this.text, this.#nodes.length || laid.flat().length ? laid : el('p', { class: 'muted' }, nothing));
    this.text.scrollTop = 0;
    this.picture?.show(page, this.#words[n]);
    this.#mark();
  }

  #find() {
    this.#hits = find(this.#words, this.search.value);
    this.#hit = this.#hits.findIndex((h) => h.page >= this.#at);
    if (this.#hit < 0 && this.#hits.length) this.#hit = 0;
    this.#reveal();
  }

  #step(by) {
    if (this.#hits.length === 0) return;
    this.#hit = (this.#hit + by + this.#hits.length) % this.#hits.length;
    this.#reveal();
  }

  #reveal() {
    const hit = this.#hits[this.#hit];
    if (hit && hit.page !== this.#at) this.#show(hit.page);
    else this.#mark();
    say(this.found, this.search.value.trim() ? t.found(this.#hit + 1, this.#hits.length) : '');
  }

  /** Marks what was found on the page that is shown. */
  #mark() {
    const current = this.#hits[this.#hit];
    for (const nodes of [this.picture?.nodes ?? [], this.#nodes]) {
      for (const node of nodes) node.classList.remove('hit', 'current');
      for (const hit of this.#hits) {
        if (hit.page !== this.#at) continue;
        for (let i = hit.first; i <= hit.last; i++) {
          nodes[i]?.classList.add('hit');
          nodes[i]?.classList.toggle('current', hit === current);
        }
      }
      if (current?.page === this.#at) nodes[current.first]?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    }
  }
}
