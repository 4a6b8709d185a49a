// The list of documents with their live states, and that of erased ones with their receipts.

import { el, button, icon, say, fill } from './dom.js';
import { texts } from './texts.js';
import { bytes, format, reason, span, time, type } from './format.js';

const t = texts.list;
const shown = 200; // rows at once
export const viewed = ['json', 'preview']; // results that are looked at in the page

/** What a state looks like: quiet, busy, good or bad. */
const tones = { Completed: 'good', ProcessingFailed: 'bad', Refused: 'bad', Broken: 'bad', InProgress: 'busy', Uploading: 'busy', Preparing: 'busy' };

/** The state of a document in words. */
export function stateText(doc) {
  const pages = doc.task?.pages;
  if (doc.state === 'Uploading') return texts.state.Uploading(Math.floor(doc.upload.part * 100));
  if (doc.state === 'InProgress' && pages) {
    const left = pages.seconds_left ? `, ${texts.state.left(span(pages.seconds_left))}` : '';
    return texts.state.pagesDone(pages.done, pages.total) + left;
  }
  return texts.state[doc.state];
}

/** A mark of a state, with words. */
export function badge(state, words) {
  return el('span', { class: `badge ${tones[state] ?? ''}` }, words);
}

/** Asks before something is erased. Resolves to whether to go on. */
export function confirmRemoval(name) {
  return new Promise((resolve) => {
    const dialog = el('dialog', { class: 'ask', 'aria-labelledby': 'ask-title', 'aria-describedby': 'ask-detail' },
      el('h2', { id: 'ask-title' }, texts.remove.title), el('p', { class: 'strong' }, name), el('p', { id: 'ask-detail', class: 'muted' }, texts.remove.detail),
      el('div', { class: 'row end' }, button(texts.remove.no, { onclick: () => dialog.close() }),
        button(texts.remove.yes, { class: 'danger', icon: 'trash', onclick: () => dialog.close('yes') })));
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

class Row {
  #seen = '';

  constructor(doc, acts) {
    this.acts = acts;
    this.state = el('span', { class: 'badge' });
    this.bar = el('progress', { max: '1', 'aria-label': stateText(doc) });
    this.facts = el('span', { class: 'muted small facts' });
    this.left = el('span', { class: 'left small' });
    this.problem = el('p', { class: 'problem small' });
    this.actions = el('span', { class: 'row actions' });
    this.cancel = button(t.cancel, { class: 'quiet', 'aria-label': t.cancelOf(doc.name), onclick: () => this.acts.cancel(doc) });
    this.title = el('span', { class: 'name' });
    this.node = el('li', { class: 'item' },
      el('div', { class: 'item-main' }, el('div', { class: 'item-title' }, icon('doc'), this.title), this.facts),
      el('div', { class: 'item-state' }, el('div', { class: 'row' }, this.state, this.left), this.bar),
      this.actions, this.problem);
    this.update(doc, 0);
  }

  /** Shows how the document stands. What did not change is left as it is, so that the focus stays where it was. */
  update(doc, now) {
    const task = doc.task;
    say(this.state, stateText(doc));
    this.state.className = `badge ${tones[doc.state] ?? ''}`;
    const pages = task?.pages;
    const part = doc.upload?.state === 'Uploading' ? doc.upload.part : doc.state === 'InProgress' && pages ? pages.done / pages.total : null;
    this.bar.hidden = part === null;
    if (part !== null) {
      this.bar.value = part;
      this.bar.setAttribute('aria-label', stateText(doc));
    }
    this.#countdown(doc, now);
    const key = JSON.stringify([doc.name, doc.state, task?.type, task?.bytes, pages?.total, pages?.failed, task?.confidence, task?.results?.length, doc.upload?.problem]);
    if (key === this.#seen) return;
    this.#seen = key;
    fill(this.title, doc.upload || doc.state === 'Deleted' ? doc.name : el('button', { type: 'button', class: 'link', onclick: () => this.acts.open(doc) }, doc.name));
    const facts = [
      task?.type && type(task.type), bytes(doc.file?.size ?? task?.bytes ?? 0), pages && texts.facts.pages(pages.total),
      pages?.failed > 0 && texts.facts.failedPages(pages.failed), task?.confidence && texts.facts.confidence(task.confidence), task?.needs_review && texts.facts.review,
      !doc.named && task && texts.facts.createdAt(time(task.created)),
    ].filter(Boolean);
    say(this.facts, facts.join(' · '));
    say(this.problem, doc.upload?.problem || (doc.state === 'ProcessingFailed' ? reason(task.failure) : ''));
    this.problem.hidden = !this.problem.textContent;
    this.#act(doc);
  }

  #countdown(doc, now) {
    const due = doc.task?.erase_due;
    this.left.hidden = !due;
    if (!due || !now) return;
    const seconds = (Date.parse(due) - now) / 1000;
    say(this.left, seconds > 0 ? texts.facts.deletedIn(span(seconds < 3600 ? seconds : Math.ceil(seconds / 60) * 60)) : texts.facts.deletedSoon);
    this.left.classList.toggle('near', seconds < 3600);
    this.left.title = texts.facts.due(time(due));
  }

  #act(doc) {
    const up = doc.upload;
    if (up && doc.open) {
      if (!this.cancel.isConnected) fill(this.actions, this.cancel);
      return;
    }
    if (up) {
      fill(this.actions, up.state === 'Broken' && button(t.retry, { onclick: () => this.acts.retry(doc) }),
        ['Broken', 'Refused'].includes(up.state) && button(t.dismiss, { onclick: () => this.acts.dismiss(doc) }));
      return;
    }
    const results = (doc.task.results ?? []).filter((r) => !viewed.includes(r.format)).slice(0, 3);
    fill(this.actions, results.map((r) => button(format(r.format), {
      class: 'small-button', icon: 'download', 'aria-label': t.download(format(r.format), doc.name), onclick: () => this.acts.download(doc, r.format),
    })), button('', { icon: 'trash', class: 'quiet danger-hover', label: t.removeNow(doc.name), onclick: () => this.acts.remove(doc) }));
  }
}

/** The documents that are not erased. */
export class List {
  #rows = new Map();
  #list = el('ul', { class: 'items' });
  #note = el('p', { class: 'muted small' });
  #empty = el('div', { class: 'empty' });
  #state = '';

  constructor(shelf, acts) {
    this.shelf = shelf;
    this.acts = acts;
    this.count = el('span', { class: 'muted count' });
    this.node = el('section', { 'aria-labelledby': 'list-title' }, el('h2', { id: 'list-title' }, t.title, ' ', this.count), this.#list, this.#empty, this.#note);
  }

  update() {
    const { docs, loaded, more } = this.shelf;
    const now = this.shelf.now();
    const visible = docs.slice(0, shown);
    const keep = new Set(visible.map((d) => d.key));
    for (const [key, row] of this.#rows) {
      if (!keep.has(key)) {
        row.node.remove();
        this.#rows.delete(key);
      }
    }
    visible.forEach((doc, n) => {
      let row = this.#rows.get(doc.key);
      if (!row) this.#rows.set(doc.key, row = new Row(doc, this.acts));
      row.update(doc, now);
      if (this.#list.children[n] !== row.node) this.#list.insertBefore(row.node, this.#list.children[n] ?? null);
    });
    say(this.count, docs.length ? String(docs.length) : '');
    say(this.#note, more ? t.unlisted(5000) : docs.length > shown ? t.rest(shown) : '');
    const state = docs.length ? 'some' : loaded ? 'none' : 'loading';
    if (state === this.#state) return;
    this.#state = state;
    this.#empty.hidden = state === 'some';
    this.#list.hidden = state !== 'some';
    fill(this.#empty, state === 'loading' ? [el('span', { class: 'spinner', 'aria-hidden': 'true' }), el('p', { role: 'status' }, t.loading)]
      : [icon('wave'), el('p', { class: 'strong' }, t.empty), el('p', { class: 'muted' }, t.emptyHint)]);
  }

  /** Counts down, and shows how far an upload is. */
  tick() {
    const now = this.shelf.now();
    for (const doc of this.shelf.docs.slice(0, shown)) this.#rows.get(doc.key)?.update(doc, now);
  }
}

/** The documents that were erased, with their receipts. */
export class ErasedList {
  #body = el('div', {});
  #seen = '';

  constructor(shelf, acts) {
    this.shelf = shelf;
    this.acts = acts;
    this.node = el('section', { 'aria-labelledby': 'erased-title' }, el('h1', { id: 'erased-title', tabindex: '-1' }, t.erasedTitle), el('p', { class: 'muted lead' }, t.erasedHint), this.#body);
  }

  update() {
    const { erased } = this.shelf;
    const key = erased ? JSON.stringify(erased.map((e) => [e.id, e.erased])) : '';
    if (key === this.#seen && this.#body.childElementCount) return;
    this.#seen = key;
    if (!erased) {
      fill(this.#body, el('div', { class: 'empty' }, el('span', { class: 'spinner', 'aria-hidden': 'true' }), el('p', { role: 'status' }, t.loading)));
      return;
    }
    if (erased.length === 0) {
      fill(this.#body, el('div', { class: 'empty' }, icon('receipt'), el('p', { class: 'strong' }, t.erasedEmpty), el('p', { class: 'muted' }, t.erasedEmptyHint)));
      return;
    }
    fill(this.#body, el('ul', { class: 'items' }, erased.slice(0, shown).map((task) => {
      const name = t.unnamed(task.id);
      return el('li', { class: 'item' },
        el('div', { class: 'item-main' }, el('div', { class: 'item-title' }, icon('receipt'), el('span', { class: 'name' }, name)),
          el('span', { class: 'muted small facts' }, [texts.facts.createdAt(time(task.created)), task.reason && (texts.reason[task.reason] ?? task.reason)].filter(Boolean).join(' · '))),
        el('div', { class: 'item-state' }, el('div', { class: 'row' }, badge('', task.erased ? texts.state.Deleted : texts.state.Deleting),
          el('span', { class: 'left small' }, task.erased ? time(task.erased) : ''))),
        el('span', { class: 'row actions' }, button(t.receipt, { 'aria-label': t.receiptOf(name), onclick: () => this.acts.receipt(task) })));
    })), erased.length > shown && el('p', { class: 'muted small' }, t.rest(shown)));
  }
}
