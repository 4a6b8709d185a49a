// The documents that the page knows: those on the server and those on their way there. What is erased is dropped at once.

import { Problem, Unreachable } from './api.js';
import { texts } from './texts.js';

const atOnce = 3; // documents that are sent at the same time
const ended = new Set(['Completed', 'ProcessingFailed', 'Deleted']);

let made = 0;

/** One document: a task, a file on its way, or both. */
class Doc {
  constructor(task, file, settings) {
    this.key = `d${made++}`;
    this.task = task;
    this.file = file;
    this.settings = settings;
    this.name = file?.name ?? texts.list.unnamed(task.id);
    this.named = Boolean(file);
    this.idempotency = file && crypto.randomUUID();
    this.cancelled = new AbortController(); // by whoever added it
    this.upload = file && { state: 'Waiting', part: 0, problem: '', retryable: true };
    this.created = task ? Date.parse(task.created) : Date.now();
  }

  get id() {
    return this.task?.id;
  }

  /** What the page shows: of an upload under way its state, else that of the task. */
  get state() {
    return this.upload?.state ?? this.task.state;
  }

  get open() {
    return Boolean(this.upload ? ['Waiting', 'Preparing', 'Uploading'].includes(this.upload.state) : !ended.has(this.task.state));
  }
}

export class Shelf extends EventTarget {
  docs = [];
  erased = null; // tasks that are erased, newest first; null until they were asked for
  loaded = false;
  more = false;
  #session;
  #limits;
  #timer = 0;
  #again = false; // ask once more when the question under way is answered
  #under = null;
  #leaving = 0; // cancelled documents of which nobody knows yet whether they became tasks
  watchErased = false;
  ahead = 0; // what the server's time is ahead of the browser's, in milliseconds

  constructor(session, limits) {
    super();
    this.#session = session;
    this.#limits = limits;
  }

  now() {
    return Date.now() + this.ahead;
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** Adds files that are to be read with these settings. */
  add(files, settings) {
    for (const file of files) {
      const doc = new Doc(null, file, settings);
      const problem = this.#refusal(file);
      if (problem) Object.assign(doc.upload, { state: 'Refused', problem, retryable: false });
      this.docs.unshift(doc);
    }
    this.#tell('change');
    this.#tell('said', texts.said.added(files.length));
    this.#send();
  }

  #refusal(file) {
    if (file.size === 0) return texts.add.empty;
    if (file.size > this.#limits.bytes) return this.#limits.refuse(file.size);
    return '';
  }

  #send() {
    const busy = this.docs.filter((d) => ['Preparing', 'Uploading'].includes(d.upload?.state)).length;
    for (const doc of this.docs.filter((d) => d.upload?.state === 'Waiting').reverse().slice(0, Math.max(0, atOnce - busy))) this.#transfer(doc);
  }

  async #transfer(doc) {
    const up = doc.upload;
    up.state = 'Preparing';
    this.#tell('change');
    try {
      const made = await this.#session.json('/v1/tasks', {
        method: 'POST', body: { ...doc.settings, size: doc.file.size }, headers: { 'Idempotency-Key': doc.idempotency },
      });
      doc.task = made;
      if (doc.cancelled.signal.aborted) {
        this.#forget(doc);
        return;
      }
      if (made.upload) {
        up.state = 'Uploading';
        this.#tell('change');
        await this.#session.upload(made.upload, doc.file, (part) => {
          up.part = part;
          this.#tell('progress', doc);
        }, doc.cancelled.signal);
      }
      delete doc.task.upload;
      doc.task.state = doc.task.state === 'Submitted' ? 'Queued' : doc.task.state;
      doc.upload = null;
      doc.file = null; // what was sent is the server's now
    } catch (e) {
      if (e.name === 'AbortError' || doc.cancelled.signal.aborted) return;
      up.state = e instanceof Problem && !e.retryable ? 'Refused' : 'Broken';
      up.problem = e instanceof Problem ? e.detail || texts.problem.unknown : e instanceof Unreachable ? texts.offline.title : texts.add.unreadable;
      up.retryable = up.state === 'Broken';
      if (e instanceof Unreachable) this.#tell('unreachable');
    } finally {
      if (up.left) this.#leaving--;
    }
    this.#tell('change');
    this.refresh();
    this.#send();
  }

  /** Takes back a document that is on its way. What the server has of it is erased, also where it answers only now. */
  cancel(doc) {
    if (!doc.open || !doc.upload) return;
    if (doc.upload.state === 'Preparing') {
      doc.upload.left = true;
      this.#leaving++;
    }
    doc.cancelled.abort();
    this.dismiss(doc);
    doc.file = null;
    this.#tell('said', texts.said.cancelled);
    this.#send(); // the turn is another one's
  }

  /** Sends a document once more whose upload broke off. */
  retry(doc) {
    Object.assign(doc.upload, { state: 'Waiting', part: 0, problem: '' });
    this.#send();
    this.#tell('change');
  }

  /** Forgets a document that never reached the server. */
  dismiss(doc) {
    this.docs = this.docs.filter((d) => d !== doc);
    this.#forget(doc);
    this.#tell('change');
  }

  #forget(doc) {
    if (doc.id) this.#session.request(`/v1/tasks/${doc.id}`, { method: 'DELETE' }).catch(() => {}); // a task without a document
  }

  /** Erases a document now. */
  async remove(doc) {
    const task = await this.#session.json(`/v1/tasks/${doc.id}`, { method: 'DELETE' });
    this.#drop(doc);
    if (this.erased) this.erased = [task, ...this.erased.filter((t) => t.id !== task.id)];
    this.#tell('change');
    this.refresh();
    return task;
  }

  #drop(doc) {
    doc.name = texts.list.unnamed(doc.id ?? doc.key);
    doc.file = null;
    this.docs = this.docs.filter((d) => d !== doc);
    this.#tell('gone', doc);
    this.#tell('said', texts.said.deleted);
  }

  /** Asks the server how everything stands, at once or when the question under way is answered. */
  refresh() {
    if (this.#under) {
      this.#again = true; // the answer under way may not know yet what just changed
      return this.#under;
    }
    this.#under = this.#look().finally(() => {
      this.#under = null;
      if (this.#again) {
        this.#again = false;
        this.refresh();
      }
    });
    return this.#under;
  }

  async #look() {
    clearTimeout(this.#timer);
    let wait = 15_000;
    try {
      const before = new Set(this.docs.map((d) => d.id).filter(Boolean));
      const { tasks, more } = await this.#session.tasks();
      this.#take(tasks, before, more);
      if (this.watchErased) this.erased = (await this.#session.tasks('&state=Deleted')).tasks.reverse();
      this.loaded = true;
      this.#tell('reached');
      const waiting = this.watchErased && this.erased.some((t) => !t.erased);
      if (waiting || this.docs.some((d) => d.open && !d.upload)) wait = 1_500 + 4 * this.docs.length;
    } catch (e) {
      if (e.name === 'AbortError' || this.#session.ended) return;
      if (e instanceof Unreachable) {
        this.#tell('unreachable');
        return; // whoever counts down asks again
      }
    }
    this.#tell('change');
    this.#later(wait);
  }

  #later(wait) {
    if (this.#session.ended) return;
    this.#timer = setTimeout(() => this.refresh(), document.hidden ? Math.max(wait, 30_000) : wait);
  }

  #take(tasks, before, more) {
    const known = new Map(this.docs.filter((d) => d.id).map((d) => [d.id, d]));
    const listed = new Set();
    for (const task of tasks) {
      listed.add(task.id);
      const doc = known.get(task.id);
      if (!doc) {
        if (this.#leaving === 0 && !this.docs.some((d) => d.upload?.state === 'Preparing' && !d.id)) this.docs.push(new Doc(task)); // else it may be that one's
        continue;
      }
      if (doc.upload) continue;
      if (doc.task.state !== task.state && task.state === 'Completed') this.#tell('said', texts.said.completed(doc.name));
      if (doc.task.state !== task.state && task.state === 'ProcessingFailed') this.#tell('said', texts.said.failed(doc.name));
      doc.task = task;
    }
    this.more = more;
    if (!more) for (const doc of [...this.docs]) if (doc.id && !doc.upload && before.has(doc.id) && !listed.has(doc.id)) this.#drop(doc);
    this.docs.sort((a, b) => b.created - a.created || (b.id ?? '').localeCompare(a.id ?? ''));
  }

  /** Drops what is past its deadline, whether or not the server can be asked. */
  expire() {
    for (const doc of [...this.docs]) if (doc.task?.erase_due && Date.parse(doc.task.erase_due) <= this.now()) this.#drop(doc);
  }

  /** Drops everything. */
  clear() {
    clearTimeout(this.#timer);
    this.docs = [];
    this.erased = null;
  }
}
