// Checks a receipt as `lethe verify` does: its signature (Ed25519, c2sp.org/signed-note), that its opening opens the commitments of
// the entry, and, once it is logged, the proof of inclusion (RFC 6962, c2sp.org/tlog-proof) under a signed checkpoint. It needs
// nothing but WebCrypto and holds no text for people: a Refusal names its reason.

const heading = 'lethe-receipt/v1';
const proofHeading = 'c2sp.org/tlog-proof@v1';
const notLogged = 'not yet logged';
const kind = 'lethe/v1 receipt';
const maxReceipt = 64 << 10;
const maxEntry = 8 << 10;
const maxInt64 = 2n ** 63n - 1n;

/** Why a receipt proves nothing: reason is altered, unknown-key, no-key or unsupported; about says which part. */
export class Refusal extends Error {
  constructor(reason, about) {
    super(`${reason}: ${about}`);
    this.reason = reason;
    this.about = about;
  }
}

const altered = (about) => new Refusal('altered', about);
const utf8 = new TextEncoder();
const strictly = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

async function sha256(...parts) {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', all));
}

/** Bytes of standard base64 with padding, null for anything else. */
function decode(text) {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return null;
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

const encode = (bytes) => btoa(String.fromCharCode(...bytes));
const encodeURL = (bytes) => encode(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
const equal = (a, b) => a.length === b.length && a.every((v, i) => v === b[i]);
const properName = (name) => name !== '' && !/[\s+\u0085]/u.test(name);

/** A whole number of 64 bits as Go writes it, null for anything else. */
function integer(text, canonical) {
  if (!/^[+-]?\d{1,25}$/.test(text)) return null;
  const n = BigInt(text.replace(/^\+/, ''));
  return n < 0n || n > maxInt64 || (canonical && String(n) !== text) ? null : n;
}

/** Reads public keys of the form name+hash+key, one on each line. */
export async function parseKeys(text) {
  const keys = [];
  for (const line of text.split('\n').map((l) => l.trim()).filter(Boolean)) {
    const [name, hash, ...rest] = line.split('+');
    const bytes = decode(rest.join('+'));
    if (!properName(name) || !/^[0-9a-f]{8}$/i.test(hash ?? '') || bytes?.length !== 33 || bytes[0] !== 1) throw new Refusal('no-key', 'key');
    if (hex((await sha256(utf8.encode(`${name}\n`), bytes)).slice(0, 4)) !== hash.toLowerCase()) throw new Refusal('no-key', 'key');
    if (keys.some((k) => k.name === name && k.hash === hash.toLowerCase())) continue;
    let key;
    try {
      key = await crypto.subtle.importKey('raw', bytes.slice(1), { name: 'Ed25519' }, false, ['verify']);
    } catch {
      throw new Refusal('unsupported', 'key');
    }
    keys.push({ name, hash: hash.toLowerCase(), key, public: line, fingerprint: `sha256:${hex(await sha256(utf8.encode(line)))}` });
  }
  if (keys.length === 0) throw new Refusal('no-key', 'key');
  return keys;
}

/** Opens a signed note: its text and the key that signed it. */
async function open(note, keys, part) {
  const split = note.lastIndexOf('\n\n');
  // eslint-disable-next-line no-control-regex
  if (split < 0 || /[\u0000-\u0009\u000b-\u001f]/.test(note) || !note.endsWith('\n')) throw altered(part);
  const text = note.slice(0, split + 1);
  const lines = note.slice(split + 2, -1).split('\n');
  if (note.length < split + 3 || lines.length > 100) throw altered(part);
  const seen = new Set();
  let by = null;
  for (const line of lines) {
    const [, name, signed] = /^— ([^ ]*) (.+)$/u.exec(line) ?? [];
    const bytes = signed === undefined ? null : decode(signed);
    if (!bytes || !properName(name) || bytes.length < 5) throw altered(part);
    const hash = hex(bytes.slice(0, 4));
    const key = keys.find((k) => k.name === name && k.hash === hash);
    if (!key || seen.has(key)) continue;
    seen.add(key);
    if (!await crypto.subtle.verify('Ed25519', key.key, bytes.slice(4), utf8.encode(text))) throw altered(part);
    by ??= key;
  }
  if (!by) throw new Refusal('unknown-key', part);
  return { text, by };
}

/** Separates the signed text from what follows its signatures. */
function cut(receipt) {
  for (const begin of [`${proofHeading}\n`, `${notLogged}\n`]) {
    const at = receipt.indexOf(`\n\n${begin}`);
    if (at >= 0) return [receipt.slice(0, at + 1), receipt.slice(at + 2)];
  }
  throw altered('end');
}

/** A time as Go's RFC3339Nano writes it in UTC. */
function canonicalTime(text) {
  const m = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{0,8}[1-9])?Z$/.exec(text);
  const at = m ? new Date(`${m[1]}Z`) : null;
  return Boolean(at) && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(m[1]);
}

/** Reads the signed text of a receipt: its opening and the entry that the log contains. */
function parseBody(body) {
  const split = body.indexOf('\n\n');
  const top = body.slice(0, Math.max(split, 0)).split('\n');
  const entry = body.slice(split + 2);
  if (split < 0 || top.length !== 4) throw altered('text');
  const opening = {};
  for (const [i, name] of ['task', 'nonce', 'input'].entries()) {
    if (!top[i + 1].startsWith(`${name} `)) throw altered('text');
    opening[name] = top[i + 1].slice(name.length + 1);
  }
  if (opening.input !== 'unread' && !opening.input.startsWith('sha256:')) throw altered('text');
  const lines = entry.split('\n');
  if (utf8.encode(entry).length > maxEntry || lines.pop() !== '' || lines.length < 3) throw altered('text');
  const [first, subject, at, ...rest] = lines;
  if (first !== kind || !/^subject [^ ]*$/.test(subject) || !at.startsWith('at ') || !canonicalTime(at.slice(3))) throw altered('text');
  const fields = rest.map((line) => {
    const space = line.indexOf(' ');
    if (space < 1) throw altered('text');
    return [line.slice(0, space), line.slice(space + 1)];
  });
  const digest = opening.input === 'unread' ? '' : opening.input.slice('sha256:'.length);
  return { task: opening.task, nonce: opening.nonce, digest, entry, subject: subject.slice(8), at: at.slice(3), fields };
}

/** Hides a value behind a nonce, as every entry about a task does. */
async function commitment(purpose, nonce, value) {
  return encodeURL(await sha256(utf8.encode(`lethe.${purpose}.v1\n${nonce}\n${value}`)));
}

/** The hash of a tree of which a leaf and the hashes beside its path are known; null if they are not of that length. */
async function rootOf(hashes, lo, hi, index, leaf) {
  if (lo + 1n === hi) return hashes.length === 0 ? leaf : null;
  if (hashes.length === 0) return null;
  let half = 1n;
  while (half * 2n < hi - lo) half *= 2n;
  const left = index < lo + half;
  const inner = await rootOf(hashes.slice(0, -1), left ? lo : lo + half, left ? lo + half : hi, index, leaf);
  if (!inner) return null;
  const beside = hashes[hashes.length - 1];
  return sha256(Uint8Array.of(1), ...(left ? [inner, beside] : [beside, inner]));
}

/** Checks the proof that a log contains the entry. */
async function include(entry, proof, keys) {
  const split = proof.indexOf('\n\n');
  const [first, number, ...rest] = proof.slice(0, Math.max(split, 0)).split('\n');
  const index = number?.startsWith('index ') ? integer(number.slice(6), false) : null;
  const hashes = rest.map(decode);
  if (split < 0 || first !== proofHeading || index === null || hashes.length > 63 || hashes.some((h) => h?.length !== 32)) throw altered('proof');
  const { text, by } = await open(proof.slice(split + 2), keys, 'checkpoint');
  const lines = text.split('\n');
  const size = integer(lines[1] ?? '', true);
  const root = decode(lines[2] ?? '');
  const extension = lines.slice(3);
  if (lines.length < 4 || size === null || root?.length !== 32 || extension.pop() !== '' || extension.includes('')) throw altered('checkpoint');
  if (!keys.some((k) => k.name === lines[0])) throw altered('checkpoint');
  if (index >= size) throw altered('proof');
  const leaf = await sha256(Uint8Array.of(0), utf8.encode(entry));
  const computed = await rootOf(hashes, 0n, size, index, leaf);
  if (!computed || !equal(computed, root)) throw altered('proof');
  return { index, size, root: encode(root), logKey: by };
}

/** Checks a receipt (bytes) with public keys as text, one on each line. Throws a Refusal, or returns what is proven. */
export async function verify(receipt, publicKeys) {
  const keys = await parseKeys(publicKeys);
  let text;
  try {
    text = strictly.decode(receipt);
  } catch {
    throw altered('text');
  }
  if (receipt.length > maxReceipt || !text.startsWith(`${heading}\n`)) throw altered('heading');
  const [signed, proof] = cut(text);
  const { text: body, by } = await open(signed, keys, 'signature');
  const said = parseBody(body);
  if (said.subject !== await commitment('subject', said.nonce, said.task)) throw altered('opening');
  const document = said.digest === '' ? 'unread' : await commitment('document', said.nonce, said.digest);
  if ((said.fields.find(([name]) => name === 'document')?.[1] ?? '') !== document) throw altered('opening');
  const verdict = { ...said, key: by, logged: false };
  if (proof === `${notLogged}\n`) return verdict;
  return { ...verdict, logged: true, ...await include(said.entry, proof, keys) };
}
