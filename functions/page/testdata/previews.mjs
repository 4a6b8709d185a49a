// Looks for the pictures of each file of cases.json with previews.js, the page's own code, and writes what it finds to standard output.
import { readFileSync } from 'node:fs';
import { Damaged, Previews } from './previews.js';

const { files } = JSON.parse(readFileSync(new URL('cases.json', import.meta.url)));
const found = [];
for (const { content, ranges, expired } of files) {
  const file = Buffer.from(content, 'base64');
  let asked = 0;
  const session = {
    json: async () => ({ results: [{ format: 'preview', bytes: file.length, expires: '2026-03-01T13:00:00Z' }] }),
    result: async (result, range) => {
      asked++;
      if (Date.parse(result.expires) <= Date.parse('2026-03-01T12:00:00Z')) throw new Error('the link has ended');
      const [from, to] = range.split('-').map(Number);
      return ranges ? new Response(file.subarray(from, to + 1), { status: 206 }) : new Response(file);
    },
  };
  const previews = new Previews(session, 'task', { format: 'preview', bytes: file.length, expires: expired ? '2026-03-01T12:00:00Z' : '2026-03-01T13:00:00Z' }, 3, () => Date.parse('2026-03-01T12:00:00Z'));
  const pictures = [];
  try {
    for (const n of [1, 2, 3]) pictures.push((await (await previews.picture(n))?.text()) ?? 'none');
    found.push(`${pictures.join(' ')}, asked ${asked}`);
  } catch (e) {
    if (!(e instanceof Damaged) && !(e instanceof RangeError)) throw e;
    found.push('damaged');
  }
}
process.stdout.write(JSON.stringify(found));
