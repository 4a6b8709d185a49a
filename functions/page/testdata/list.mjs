// Lists tasks of a server that has as many as cases.json says, with api.js, the page's own code, and writes what it was given.
import { readFileSync } from 'node:fs';
import { Session } from './api.js';

const found = [];
for (const { tasks, hours } of JSON.parse(readFileSync(new URL('cases.json', import.meta.url)))) {
  const id = (ms, n) => {
    const time = Math.floor(ms).toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${(n % 4096).toString(16).padStart(3, '0')}-9000-000000000000`;
  };
  const now = Date.now();
  const all = Array.from({ length: tasks }, (_, n) => ({ id: id(now - 1 - (hours * 3600_000 * (tasks - n)) / tasks, n) }));
  let asked = 0;
  globalThis.fetch = async (path) => {
    asked++;
    const query = new URL(path, 'http://server').searchParams;
    const rest = all.filter((t) => t.id > (query.get('after') ?? ''));
    const page = rest.slice(0, 1000);
    return Response.json({ tasks: page, ...(page.length === 1000 ? { after: page[999].id } : {}) });
  };
  const session = new Session('id', 'secret');
  for (let n = 0; n < 2; n++) { // the second time it knows where to begin
    const before = asked;
    const listed = await session.tasks();
    found.push({ more: listed.more, count: listed.tasks.length, newest: listed.tasks.at(-1)?.id === all.at(-1)?.id, asked: asked - before });
  }
}
process.stdout.write(JSON.stringify(found));
