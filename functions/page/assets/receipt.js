// A receipt as a certificate: checked in this browser, to be printed and saved.

import { el, button, icon, fill, save, say } from './dom.js';
import { Unreachable } from './api.js';
import { verify, Refusal } from './verify.js';
import { texts } from './texts.js';
import { span, time, utc } from './format.js';

const t = texts.receipt;
const longest = { upload: 48 * 3600, processing: 24 * 3600 }; // the limits of the promise, in seconds

const value = (verdict, name) => verdict.fields.find(([n]) => n === name)?.[1] ?? '';
const instant = (text) => (text && text !== 'none' ? Date.parse(text) : NaN);

/** Classes of copies: <class> <erased> <checked>. */
const copiesOf = (verdict) => verdict.fields.filter(([n]) => n === 'copy').map(([, v]) => v.split(' '));

/** When the last copy was gone by what the receipt says: a check may be later, and finds nothing. */
function gone(verdict) {
  return Math.max(...[verdict.at, value(verdict, 'erased'), ...copiesOf(verdict).map(([, erased]) => erased)].map(instant).filter((x) => !Number.isNaN(x)));
}

/** How long the document existed, against the limits. */
function lifetimes(verdict) {
  const last = gone(verdict);
  return [['uploaded', longest.upload, t.afterUpload], ['ended', longest.processing, t.afterProcessing]].flatMap(([field, limit, words]) => {
    const began = instant(value(verdict, field));
    if (Number.isNaN(began)) return [];
    const lasted = (last - began) / 1000;
    return [{ kept: lasted <= limit, text: words(span(lasted), span(limit), lasted <= limit) }];
  });
}

function heading(verdict) {
  const late = lifetimes(verdict).some((l) => !l.kept);
  if (late) return ['bad', 'warn', t.late, ''];
  return verdict.logged ? ['good', 'check', t.valid, ''] : ['busy', 'clock', t.validUnlogged, t.unloggedHint];
}

function facts(rows) {
  return el('dl', { class: 'facts-list' }, rows.filter(([, v]) => v).map(([name, v]) => el('div', {}, el('dt', {}, name), el('dd', {}, v))));
}

/** The certificate of a receipt that was checked. */
function certificate(receipt, verdict, again) {
  const [tone, mark, title, hint] = heading(verdict);
  const lives = lifetimes(verdict);
  const at = (name) => (Number.isNaN(instant(value(verdict, name))) ? '' : utc(value(verdict, name)));
  const copies = copiesOf(verdict);
  const compared = el('p', { role: 'status', class: 'small' });
  const file = el('input', { type: 'file', hidden: true, 'data-compare': '', onchange: async (e) => {
    const chosen = e.target.files[0];
    if (!chosen) return;
    const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', await chosen.arrayBuffer()));
    const same = Array.from(sum, (b) => b.toString(16).padStart(2, '0')).join('') === verdict.digest;
    compared.className = same ? 'small good-text' : 'small bad-text';
    say(compared, same ? t.same(chosen.name) : t.different(chosen.name));
    e.target.value = '';
  } });
  const code = (text) => el('code', {}, text);
  return el('div', { class: `certificate ${tone}` },
    el('div', { class: 'seal' }, el('span', { class: 'seal-mark' }, icon(mark)), el('div', {}, el('p', { class: 'strong seal-title', role: 'status' }, title), hint && el('p', { class: 'muted small' }, hint)),
      !verdict.logged && again && button(t.again, { class: 'no-print', onclick: again })),
    facts([
      [t.task, code(verdict.task)], [t.document, code(verdict.digest || t.unread)],
      [t.uploaded, at('uploaded')], [t.ended, at('ended')], [t.removed, at('removed')], [t.erased, utc(new Date(gone(verdict)))],
      [t.reason, texts.reason[value(verdict, 'reason')] ?? value(verdict, 'reason')],
      [t.lifetime, lives.length ? lives.map((l) => el('span', { class: `line ${l.kept ? '' : 'bad-text'}` }, l.text)) : t.noDocument],
      [t.region, value(verdict, 'region')], [t.program, value(verdict, 'program')],
    ]),
    copies.length > 0 && el('div', { class: 'table-scroll', tabindex: '0', role: 'group', 'aria-label': t.copies }, el('table', { class: 'copies' }, el('caption', {}, t.copies),
      el('thead', {}, el('tr', {}, [t.copyClass, t.copyErased, t.copyChecked].map((h) => el('th', { scope: 'col' }, h)))),
      el('tbody', {}, copies.map(([name, erased, checked]) => el('tr', {}, el('th', { scope: 'row' }, texts.copies[name] ?? name), el('td', {}, Number.isNaN(instant(erased)) ? erased : utc(erased)), el('td', {}, Number.isNaN(instant(checked)) ? checked : utc(checked))))))),
    facts([
      [t.log, verdict.logged && t.logEntry(String(verdict.index), String(verdict.size))], [t.root, verdict.logged && code(verdict.root)],
      [t.key, code(verdict.key.name)], [t.fingerprint, code(verdict.key.fingerprint)],
    ]),
    el('p', { class: 'small' }, verdict.logged ? t.proven : ''), el('p', { class: 'small muted' }, t.notProven), el('p', { class: 'small muted print-only' }, t.issued(time(Date.now()))),
    el('div', { class: 'row wrap no-print' }, button(t.print, { icon: 'print', onclick: () => print() }),
      button(t.save, { icon: 'download', onclick: () => save(new Blob([receipt], { type: 'text/plain' }), `${verdict.task}.receipt`) }),
      verdict.digest && button(t.compare, { title: t.compareHint, onclick: () => file.click() }), file), compared,
    el('details', { class: 'no-print' }, el('summary', {}, t.raw), el('pre', { tabindex: '0' }, new TextDecoder().decode(receipt))));
}

/** What a refused receipt is shown as. */
function refusal(e) {
  const [title, hint] = {
    altered: [t.forged, t.refusal[e.about]],
    'unknown-key': [t.unknown, t.unknownHint],
    'no-key': [t.unkeyed, t.refusal.key],
    unsupported: [t.unsupported, t.unsupportedHint],
  }[e.reason];
  const tone = e.reason === 'altered' ? 'bad' : 'busy';
  return el('div', { class: `certificate ${tone}` }, el('div', { class: 'seal' }, el('span', { class: 'seal-mark' }, icon(e.reason === 'altered' ? 'cross' : 'warn')),
    el('div', {}, el('p', { class: 'strong seal-title', role: 'alert' }, title), el('p', { class: 'muted small' }, hint))));
}

async function shown(receipt, keys, again) {
  if (!globalThis.crypto?.subtle) return refusal(new Refusal('unsupported', 'key'));
  try {
    return certificate(receipt, await verify(receipt, keys), again);
  } catch (e) {
    return refusal(e instanceof Refusal ? e : new Refusal('unsupported', 'key'));
  }
}

const bytesOf = async (answer) => new Uint8Array(await answer.arrayBuffer());

/** The receipt of a task that was erased. */
export class ReceiptView {
  #timer = 0;

  constructor(session, task, acts) {
    Object.assign(this, { session, task });
    this.body = el('div', {});
    this.node = el('article', { class: 'receipt', 'aria-labelledby': 'receipt-title' }, button(texts.close, { icon: 'back', class: 'quiet back no-print', onclick: () => acts.back() }),
      el('h1', { id: 'receipt-title', tabindex: '-1' }, t.title), this.body);
    this.#load();
  }

  async #load() {
    clearTimeout(this.#timer);
    if (!this.body.childElementCount) fill(this.body, el('div', { class: 'empty' }, el('span', { class: 'spinner', 'aria-hidden': 'true' }), el('p', { role: 'status' }, t.loading)));
    try {
      const receipt = await bytesOf(await this.session.request(`/v1/tasks/${this.task.id}/receipt`));
      const keys = await (await this.session.request('/v1/ledger/keys')).text();
      fill(this.body, await shown(receipt, keys, () => this.#load()));
    } catch (e) {
      if (e.name === 'AbortError') return;
      const pending = e.status === 409;
      fill(this.body, el('div', { class: 'empty' }, pending ? el('span', { class: 'spinner', 'aria-hidden': 'true' }) : icon('warn'),
        el('p', { role: 'status' }, pending ? t.pending : e instanceof Unreachable ? texts.offline.title : e.detail || texts.problem.unknown), button(t.again, { onclick: () => this.#load() })));
      if (pending) this.#timer = setTimeout(() => this.#load(), 3000);
    }
  }

  clear() {
    clearTimeout(this.#timer);
    fill(this.body);
  }
}

/** Checks any receipt with any keys. Nothing of them is sent. */
export class Checker {
  constructor(session) {
    this.keys = el('textarea', { id: 'keys', rows: '3', spellcheck: 'false', autocomplete: 'off' });
    this.result = el('div', {});
    this.name = el('span', { class: 'muted small' });
    const file = el('input', { type: 'file', hidden: true, 'data-receipt': '', onchange: async (e) => {
      const chosen = e.target.files[0];
      if (!chosen) return;
      say(this.name, chosen.name);
      this.receipt = new Uint8Array(await chosen.slice(0, 1 << 20).arrayBuffer());
      e.target.value = '';
      this.#check();
    } });
    this.node = el('section', { class: 'receipt', 'aria-labelledby': 'check-title' }, el('h1', { id: 'check-title', tabindex: '-1' }, t.checkTitle), el('p', { class: 'muted lead' }, t.checkLead),
      el('div', { class: 'card no-print' }, el('div', { class: 'field' }, el('label', { for: 'keys' }, t.keys), this.keys, el('p', { class: 'muted small' }, t.keysFromServer)),
        el('div', { class: 'row wrap' }, button(t.choose, { class: 'primary', icon: 'receipt', onclick: () => file.click() }), file, this.name)), this.result);
    this.keys.addEventListener('change', () => this.#check());
    session.request('/v1/ledger/keys').then((a) => a.text()).then((k) => {
      if (this.keys.value) return;
      this.keys.value = k;
      this.#check(); // of what was chosen before they came
    }, () => {});
  }

  async #check() {
    if (this.receipt) fill(this.result, await shown(this.receipt, this.keys.value));
  }

  clear() {
    this.receipt = null;
    fill(this.result);
  }
}
