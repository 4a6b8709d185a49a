// Judges each receipt of cases.json with verify.js, the page's own code, and writes what it says to standard output.
import { readFileSync } from 'node:fs';
import { verify, Refusal } from './verify.js';

const { keys, receipts } = JSON.parse(readFileSync(new URL('cases.json', import.meta.url)));
const verdicts = [];
for (const receipt of receipts) {
  try {
    const v = await verify(Buffer.from(receipt, 'base64'), keys);
    verdicts.push({
      task: v.task, digest: v.digest, fields: v.fields.length, key: v.key.public, fingerprint: v.key.fingerprint, logged: v.logged,
      ...(v.logged ? { index: Number(v.index), size: Number(v.size), root: v.root, logKey: v.logKey.public } : {}),
    });
  } catch (e) {
    if (!(e instanceof Refusal)) throw e;
    verdicts.push({ refused: e.reason });
  }
}
process.stdout.write(JSON.stringify(verdicts));
