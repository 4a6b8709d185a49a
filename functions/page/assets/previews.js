// The pictures of the pages of a document: entries of a ZIP file (APPNOTE 6.3.10) that are stored as they are. Each is a range of the
// file, and is fetched when it is looked at.

import { Problem } from './api.js';

const directoryEntry = 64; // more bytes than an entry of the directory has: 46 and its name
const end = 22; // bytes of what ends a ZIP file
const most = { picture: 8e6, whole: 64e6 }; // bytes that are held in memory
const slack = 10_000; // milliseconds before its end that a link is not used any more

/** What is no ZIP file of pictures. */
export class Damaged extends Error {}

const demand = (holds) => {
  if (!holds) throw new Damaged();
};

/** Where each entry of a ZIP file is, by its name: [offset, size, length of the name]. tail is how the file ends, size how long it is. */
export function directory(tail, size) {
  const v = new DataView(tail);
  const last = v.byteLength - end;
  demand(last >= 0 && v.getUint32(last, true) === 0x06054b50);
  const entries = new Map();
  let at = v.getUint32(last + 16, true) - (size - v.byteLength);
  demand(at >= 0 && at + v.getUint32(last + 12, true) === last);
  while (at < last) {
    demand(at + 46 <= last && v.getUint32(at, true) === 0x02014b50 && v.getUint16(at + 10, true) === 0);
    const name = v.getUint16(at + 28, true);
    demand(at + 46 + name <= last);
    entries.set(String.fromCharCode(...new Uint8Array(tail, at + 46, name)), [v.getUint32(at + 42, true), v.getUint32(at + 24, true), name]);
    at += 46 + name + v.getUint16(at + 30, true) + v.getUint16(at + 32, true);
  }
  return entries;
}

export class Previews {
  #session;
  #id;
  #result;
  #pages;
  #now;
  #entries = null;
  #whole = null; // the file, where no part of it is given

  /** Of the result of a task that has so many pages. now tells the time of the server. */
  constructor(session, id, result, pages, now) {
    this.#session = session;
    this.#id = id;
    this.#result = result;
    this.#pages = pages;
    this.#now = now;
  }

  /** The picture of a page; null where there is none. */
  async picture(number) {
    this.#entries ??= await this.#directory();
    const entry = this.#entries.get(`${String(number).padStart(4, '0')}.jpg`);
    if (!entry) return null;
    const [offset, size, name] = entry;
    demand(size <= most.picture);
    const local = 30 + name; // bytes before the picture
    const found = await this.#bytes(offset, offset + local + size);
    const v = new DataView(found);
    demand(found.byteLength === local + size && v.getUint32(0, true) === 0x04034b50 && v.getUint16(26, true) === name && v.getUint16(28, true) === 0);
    return new Blob([new Uint8Array(found, local)], { type: 'image/jpeg' });
  }

  async #directory() {
    const { bytes } = this.#result;
    return directory(await this.#bytes(Math.max(0, bytes - end - directoryEntry * this.#pages), bytes), bytes);
  }

  /** The bytes of the file from one to before another. */
  async #bytes(from, to) {
    if (!this.#whole) {
      const answer = await this.#session.result(await this.#link(), `${from}-${to - 1}`);
      if (answer.status === 206) return answer.arrayBuffer();
      if (this.#result.bytes > most.whole) {
        answer.body?.cancel();
        throw new Damaged();
      }
      this.#whole = await answer.blob(); // a document that is deleted when all was fetched is sent whole
    }
    return this.#whole.slice(from, to).arrayBuffer();
  }

  /** The result with a link that still leads to it. */
  async #link() {
    if (this.#result.expires && Date.parse(this.#result.expires) - slack < this.#now()) {
      const task = await this.#session.json(`/v1/tasks/${this.#id}`);
      const result = task.results?.find((r) => r.format === this.#result.format);
      if (!result) throw new Problem(404, {});
      this.#result = result;
    }
    return this.#result;
  }

  /** Lets go of what it holds. */
  clear() {
    this.#whole = null;
    this.#entries = null;
  }
}
