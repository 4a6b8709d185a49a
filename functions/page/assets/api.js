// The native API as this page uses it. Credentials are in the memory of one Session and in no other place.

/** A refusal by the server: a problem document (RFC 9457). */
export class Problem extends Error {
  constructor(status, body) {
    super(body.code ?? String(status));
    this.status = status;
    this.code = body.code ?? '';
    this.detail = body.detail ?? '';
    this.retryable = body.retryable ?? status >= 500;
  }

  static async of(answer) {
    let body = {};
    try {
      body = await answer.json();
    } catch { /* something between said it, not the server */ }
    return new Problem(answer.status, body);
  }
}

/** No answer came. */
export class Unreachable extends Error {}

/** What a link leads to, as this page reaches it: those of the server itself may begin with another of its names. */
function reachable(url) {
  const at = new URL(url, location.href);
  return at.pathname.startsWith('/blobs/') ? at.pathname + at.search : at.href;
}

/** What a request says of an application. */
export function basic(id, secret) {
  const text = new TextEncoder().encode(`${id}:${secret}`);
  return `Basic ${btoa(String.fromCharCode(...text))}`;
}

const longest = 31 * 86400_000; // milliseconds that a task, or what is left of it, can be listed

/** The least id of a task that is created at a time (UUIDv7, RFC 9562). */
function idAt(ms) {
  const time = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`;
}

/** An application or a person that is signed in. onended is called once its credentials are refused. */
export class Session {
  #authorization;
  #ends = new AbortController();
  #spans = new Map(); // by query: how far back tasks are listed where there are too many, in milliseconds
  onended = () => {};

  constructor(authorization) {
    this.#authorization = authorization;
  }

  /** Forgets the credentials and breaks off what is under way. */
  end() {
    this.#authorization = '';
    this.#ends.abort();
  }

  get ended() {
    return this.#ends.signal.aborted;
  }

  async #fetch(url, options) {
    let answer;
    try {
      answer = await fetch(url, {
        credentials: 'omit', cache: 'no-store', mode: 'cors', redirect: 'error', referrerPolicy: 'no-referrer', signal: this.#ends.signal, ...options,
      });
    } catch (e) {
      throw e.name === 'AbortError' ? e : new Unreachable();
    }
    if (answer.ok) return answer;
    const problem = await Problem.of(answer);
    if (problem.status === 502 || problem.status === 504 || (problem.status === 503 && !problem.code)) throw new Unreachable();
    throw problem;
  }

  /** Sends a request with the credentials; a body travels as JSON. */
  async request(path, { method = 'GET', body, headers = {} } = {}) {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const typed = body === undefined ? {} : { 'Content-Type': 'application/json' };
    try {
      return await this.#fetch(path, { method, headers: { ...headers, ...typed, Authorization: this.#authorization }, ...sent });
    } catch (e) {
      if (e instanceof Problem && e.status === 401) this.onended();
      throw e;
    }
  }

  async json(path, options) {
    return (await this.request(path, options)).json();
  }

  /**
   * The tasks that a query names, oldest first: all of them or, where there are more than so many pages of 1,000, those of the last
   * while that fits. The id of a task begins with its time, so that one that nobody has can say where to begin.
   */
  async tasks(query = '', pages = 5) {
    for (let span = this.#spans.get(query) ?? Infinity; ; span = Math.min(span, longest) / 4) {
      const all = [];
      let after = span === Infinity ? '' : idAt(Date.now() - span);
      for (let n = 0; n < pages; n++) {
        const page = await this.json(`/v1/tasks?limit=1000${query}${after && `&after=${encodeURIComponent(after)}`}`);
        all.push(...page.tasks);
        after = page.after ?? '';
        if (!after) break;
      }
      if (after && span > 1000) continue; // there are more
      const few = all.length < (pages * 1000) / 8;
      this.#spans.set(query, !few ? span : span * 4 < longest ? span * 4 : Infinity);
      return { tasks: all, more: span !== Infinity };
    }
  }

  /** The bytes of a result, or those from first to last of it. */
  async result(result, range) {
    const headers = range ? { Range: `bytes=${range}` } : {};
    if (result.expires) return this.#fetch(reachable(result.url), { headers });
    return this.request(`${result.url}?stream=true`, { headers });
  }

  /** Sends a document to its link until it is cancelled. Only XMLHttpRequest tells how far it is; it carries no credentials. */
  upload(link, file, progress, cancelled) {
    const ends = AbortSignal.any([this.#ends.signal, cancelled]);
    return new Promise((resolve, reject) => {
      ends.throwIfAborted();
      const x = new XMLHttpRequest();
      const stop = () => x.abort();
      ends.addEventListener('abort', stop);
      const done = (f, v) => {
        ends.removeEventListener('abort', stop);
        f(v);
      };
      x.open(link.method, reachable(link.url));
      for (const [name, value] of Object.entries(link.headers ?? {})) {
        if (name.toLowerCase() !== 'content-length') x.setRequestHeader(name, value); // which the browser says itself
      }
      x.upload.addEventListener('progress', (e) => progress(e.loaded / (e.total || 1)));
      x.addEventListener('load', () => {
        if (x.status >= 200 && x.status < 300) return done(resolve);
        let body = {};
        try {
          body = JSON.parse(x.responseText);
        } catch { /* storage of a cloud says it in XML */ }
        return done(reject, new Problem(x.status, body));
      });
      x.addEventListener('error', () => done(reject, new Unreachable()));
      x.addEventListener('abort', () => done(reject, new DOMException('', 'AbortError')));
      x.send(file);
    });
  }
}
