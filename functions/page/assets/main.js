// The page: signing in, going from one view to another, and letting go of everything.

import { Problem, Session, Unreachable, basic } from './api.js';
import { Adder } from './add.js';
import { button, el, fill, icon, say } from './dom.js';
import { Checker, ReceiptView } from './receipt.js';
import { DocumentView, download } from './view.js';
import { ErasedList, List, confirmRemoval } from './list.js';
import { SignInFailed, authorize, organisation } from './oidc.js';
import { RetentionView, Tally } from './retention.js';
import { Shelf } from './shelf.js';
import { bytes as size } from './format.js';
import { locale, texts } from './texts.js';

const idle = 30 * 60_000; // without activity, until credentials are forgotten
const retries = 10; // seconds between questions to a server that does not answer

const root = el('div', { id: 'page' });
const live = el('div', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
document.documentElement.lang = locale;
document.body.append(el('a', { class: 'skip', href: '#main' }, texts.skip), root, live);
document.title = texts.name;

const tell = (text) => {
  say(live, '');
  requestAnimationFrame(() => say(live, text));
  setTimeout(() => { // read out by then; a name is not to stay
    if (live.textContent === text) say(live, '');
  }, 5000);
};

const brand = () => el('span', { class: 'brand' }, el('span', { class: 'brand-mark' }, icon('wave')), texts.name);

/** Shows the form for credentials. */
function signIn(message = '', tone = 'quiet') {
  const t = texts.signIn;
  const id = el('input', { id: 'app', name: 'app', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', required: true });
  const secret = el('input', { id: 'secret', name: 'secret', type: 'password', autocomplete: 'off', required: true });
  const note = el('p', { class: `banner ${tone}`, role: 'alert', hidden: !message }, message);
  const enter = button(t.enter, { class: organisation ? 'wide' : 'primary wide', type: 'submit' });
  const problem = (text, field) => {
    fill(note, text);
    note.className = 'banner bad';
    note.hidden = false;
    (field ?? id).focus();
  };
  const form = el('form', { novalidate: true, 'aria-labelledby': 'sign-in-title', onsubmit: async (e) => {
    e.preventDefault();
    if (!id.value.trim() || !secret.value.trim()) return problem(t.missing, id.value.trim() ? secret : id);
    enter.disabled = true;
    say(enter.firstChild, t.entering);
    const mine = begin();
    try {
      await start(new Session(basic(id.value.trim(), secret.value.trim())), mine.signal);
      secret.value = '';
    } catch (x) {
      enter.disabled = false;
      say(enter.firstChild, t.enter);
      if (away !== mine) return undefined;
      if (x instanceof Problem && x.status === 401) return problem(t.wrong, secret);
      if (x instanceof Problem && x.status === 403) return problem(t.forbidden);
      return problem(x instanceof Unreachable ? texts.offline.title : x.detail || texts.problem.unknown, secret);
    }
    return undefined;
  } },
  organisation ? el('h3', { id: 'sign-in-title' }, t.byApplication) : [el('h2', { id: 'sign-in-title' }, t.title), note],
  el('div', { class: 'field' }, el('label', { for: 'app' }, t.id), id),
  el('div', { class: 'field' }, el('label', { for: 'secret' }, t.secret), secret),
  el('label', { class: 'check' }, el('input', { type: 'checkbox', onchange: (e) => {
    secret.type = e.target.checked ? 'text' : 'password';
  } }), el('span', {}, t.show)),
  enter, el('p', { class: 'muted small' }, t.memory));
  let away = null; // ends the attempt that is under way
  const begin = () => {
    away?.abort();
    away = new AbortController();
    return away;
  };
  const asked = button(t.organisation, { class: 'primary wide', onclick: async () => {
    const mine = begin();
    fill(note, t.elsewhere, ' ', button(t.cancel, { class: 'quiet', onclick: () => mine.abort() }));
    note.className = 'banner quiet';
    note.hidden = false;
    try {
      const token = await authorize(organisation, mine.signal);
      await start(new Session(`Bearer ${token}`), mine.signal);
    } catch (x) {
      if (away !== mine) return;
      if (mine.signal.aborted) {
        note.hidden = true;
        asked.focus();
        return;
      }
      const why = x instanceof SignInFailed ? t.failed[x.why] : x.status === 401 ? t.notAccepted : x.status === 403 ? t.forbidden : '';
      problem(why || (x instanceof Unreachable ? texts.offline.title : x.detail || texts.problem.unknown), asked);
    }
  } });
  const people = el('div', { class: 'people' }, organisation && [asked, el('p', { class: 'muted small' }, t.organisationNote)]);
  fill(root, el('main', { id: 'main', class: 'gate', tabindex: '-1' }, el('div', { class: 'gate-head' }, el('h1', {}, brand()), el('p', { class: 'claim' }, t.claim)),
    el('div', { class: 'card gate-card' }, organisation && [el('h2', {}, t.title), note, people], form), el('p', { class: 'small gate-foot' }, el('a', { href: '/v1/docs' }, t.docs))));
  (people.firstChild ?? id).focus();
}

/** Signs in, or throws why not. A signal cancels it: then nothing is shown of what was asked for. */
async function start(session, signal) {
  signal.addEventListener('abort', () => session.end(), { once: true });
  signal.throwIfAborted();
  const retention = await session.json('/v1/retention');
  let capabilities = null;
  try {
    capabilities = await session.json('/v1/capabilities');
  } catch (e) {
    if (e.status !== 403) throw e; // an operator sees numbers alone
  }
  signal.throwIfAborted();
  new Desk(session, capabilities, retention).open();
  tell(texts.said.signedIn);
}

/** What is shown while somebody is signed in. */
class Desk {
  #timers = [];
  #away = new AbortController();
  #active = Date.now();
  #offline = 0; // seconds until the next try; 0 while the server answers
  #tally = new Tally();
  #view = null; // that is shown
  #name = ''; // of the tab

  constructor(session, capabilities, retention) {
    Object.assign(this, { session, capabilities, retention });
    const { limits } = capabilities ?? { limits: null };
    this.shelf = new Shelf(session, limits && { bytes: limits.bytes, refuse: (n) => texts.add.tooLarge(size(n), size(limits.bytes)) });
    this.#measure(retention);
    session.onended = () => this.close(texts.signIn.ended, 'bad');
    this.banner = el('div', { class: 'banner bad offline', role: 'alert', hidden: true });
    this.notice = el('div', { class: 'banner bad', role: 'alert', hidden: true });
    this.main = el('main', { id: 'main', tabindex: '-1' });
    this.tabs = new Map();
    if (capabilities) {
      this.adder = new Adder(this.shelf, capabilities);
      this.list = new List(this.shelf, this.#acts());
      this.erased = new ErasedList(this.shelf, this.#acts());
    }
  }

  #acts() {
    return {
      back: () => this.go(this.#name),
      open: (doc) => this.#openDocument(doc),
      retry: (doc) => this.shelf.retry(doc),
      dismiss: (doc) => this.shelf.dismiss(doc),
      cancel: (doc) => this.shelf.cancel(doc),
      remove: (doc) => this.#remove(doc),
      receipt: (task) => this.#show(new ReceiptView(this.session, task, this.#acts())),
      download: (doc, name) => this.#try(() => download(this.session, doc, name)),
    };
  }

  open() {
    const t = texts.bar;
    const tab = (name, text) => {
      const b = el('button', { type: 'button', class: 'tab', onclick: () => this.go(name) }, text);
      this.tabs.set(name, b);
      return b;
    };
    fill(root, el('header', { class: 'bar' }, brand(), el('nav', { 'aria-label': t.views },
      this.capabilities && [tab('documents', t.documents), tab('erased', t.erased)], tab('retention', t.retention), this.capabilities && tab('receipts', t.receipts)),
    el('span', { class: 'muted small region' }, t.region(this.retention.region)), button(t.signOut, { class: 'quiet', onclick: () => this.close() })), this.banner, this.notice, this.main);
    const { signal } = this.#away;
    for (const type of ['pointerdown', 'keydown', 'scroll']) document.addEventListener(type, () => {
      this.#active = Date.now();
    }, { signal, passive: true });
    document.addEventListener('paste', (e) => {
      if (this.#name === 'documents' && !e.target.closest?.('input, textarea')) this.adder?.paste(e);
    }, { signal });
    for (const type of ['dragover', 'drop']) document.addEventListener(type, (e) => e.preventDefault(), { signal }); // beside the zone a browser would open the file
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.shelf.refresh();
    }, { signal });
    addEventListener('pagehide', () => this.close(), { signal });
    this.shelf.addEventListener('change', () => this.#update(), { signal });
    this.shelf.addEventListener('progress', () => this.list?.tick(), { signal });
    this.shelf.addEventListener('said', (e) => tell(e.detail), { signal });
    this.shelf.addEventListener('gone', (e) => {
      say(live, '');
      if (this.#view instanceof DocumentView && this.#view.doc === e.detail) this.#view.clear();
    }, { signal });
    this.shelf.addEventListener('unreachable', () => this.#lost(), { signal });
    this.shelf.addEventListener('reached', () => this.#reached(), { signal });
    this.#timers.push(setInterval(() => this.#tick(), 1000), setInterval(() => this.#look(), 60_000));
    this.go(this.capabilities ? 'documents' : 'retention', false);
    if (this.capabilities) this.shelf.refresh();
  }

  /** Shows one of the views of the bar. */
  go(name, focus = true) {
    this.#name = name;
    for (const [n, b] of this.tabs) {
      if (n === name) b.setAttribute('aria-current', 'page');
      else b.removeAttribute('aria-current');
    }
    this.shelf.watchErased = name === 'erased';
    const view = {
      documents: () => ({ node: el('div', { class: 'documents' }, el('h1', { class: 'unseen', tabindex: '-1' }, texts.bar.documents), this.adder.node, this.list.node), update: () => this.list.update() }),
      erased: () => this.erased,
      retention: () => new RetentionView(this.#tally),
      receipts: () => new Checker(this.session),
    }[name]();
    this.#show(view, focus);
    if (name === 'erased') this.shelf.refresh();
    if (name === 'retention') this.#look();
  }

  #show(view, focus = true) {
    this.#view?.clear?.('');
    this.#view = view;
    this.notice.hidden = true;
    fill(this.main, view.node);
    this.#update();
    scrollTo(0, 0);
    if (focus) (view.node.querySelector('h1') ?? this.main).focus({ preventScroll: true });
  }

  #openDocument(doc) {
    this.#show(new DocumentView(this.session, this.shelf, doc, this.#acts()));
  }

  async #remove(doc) {
    if (!await confirmRemoval(doc.name)) return;
    await this.#try(async () => {
      const task = await this.shelf.remove(doc);
      this.#show(new ReceiptView(this.session, task, this.#acts()));
    });
  }

  async #try(act) {
    try {
      this.notice.hidden = true;
      await act();
    } catch (e) {
      if (e.name === 'AbortError' || this.session.ended) return;
      if (e instanceof Unreachable) {
        this.#lost();
        return;
      }
      fill(this.notice, e.detail || texts.problem.unknown);
      this.notice.hidden = false;
      if (e.status === 410 || e.status === 404) this.shelf.refresh();
    }
  }

  #update() {
    const view = this.#view;
    if (view instanceof RetentionView) view.update(this.retention);
    else view?.update?.();
  }

  #tick() {
    this.shelf.expire();
    if (this.#view?.tick) this.#view.tick();
    else if (this.#name === 'documents') this.list?.tick();
    if (this.#offline > 0) {
      this.#offline--;
      if (this.#offline === 0) this.#again();
      else this.#countdown();
    }
    const sending = this.shelf.docs.some((d) => d.upload && d.open);
    if (Date.now() - this.#active > idle && !sending) this.close(texts.signIn.idle);
  }

  async #look() {
    try {
      this.#measure(await this.session.json('/v1/retention'));
      this.#reached();
      this.#update();
    } catch (e) {
      if (e instanceof Unreachable) this.#lost();
    }
  }

  #measure(retention) {
    this.retention = retention;
    this.shelf.ahead = Date.parse(retention.now) - Date.now();
    this.#tally.add(retention);
  }

  #lost() {
    if (this.#offline > 0) return;
    this.#offline = retries;
    this.remaining = el('span', { 'aria-live': 'off' });
    fill(this.banner, icon('warn'), el('div', {}, el('p', { class: 'strong' }, texts.offline.title), el('p', { class: 'small' }, this.remaining)),
      button(texts.offline.again, { onclick: () => this.#again() }));
    this.banner.hidden = false;
    this.main.classList.add('stale');
    this.#countdown();
  }

  #countdown() {
    say(this.remaining, texts.offline.detail(this.#offline));
  }

  async #again() {
    this.#offline = 0;
    await this.#look();
    if (this.capabilities && this.#offline === 0) this.shelf.refresh();
  }

  #reached() {
    this.#offline = 0;
    this.banner.hidden = true;
    this.main.classList.remove('stale');
  }

  /** Forgets credentials and everything that came with them. */
  close(message = '', tone = 'quiet') {
    if (this.session.ended) return;
    this.#away.abort();
    for (const timer of this.#timers) clearInterval(timer);
    this.session.end();
    this.#view?.clear?.('');
    this.#view = null;
    this.adder?.clear();
    this.shelf.clear();
    say(live, '');
    signIn(message, tone);
    if (!message) tell(texts.said.signedOut);
  }
}

signIn();
