// The page beside a storage of another origin, as on clouds, which answers scripts by the rule of the template alone: make page-test.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { folder, launch, open, photograph, serve, signIn } from './browser.mjs';

let server;
let browser;
let files;
let letter;

before(async () => {
  server = await serve();
  browser = await launch();
  files = folder();
  letter = files.file('letter.jpg', await photograph(browser));
});

after(async () => {
  await browser?.close();
  await server?.stop();
  files?.remove();
});

/** The words of a list in a template. */
const listed = (file, name) => readFileSync(file, 'utf8').match(new RegExp(`${name}: \\[([^\\]]*)\\]`))[1].split(',').map((word) => word.replace(/['\s]/g, ''));

const clouds = {
  AWS: { template: 'infra/aws/stamp.yaml', names: ['AllowedMethods', 'AllowedHeaders'], link: (size) => ({ 'If-None-Match': '*', 'Content-Length': String(size) }) },
  Azure: { template: 'infra/azure/modules/account.bicep', names: ['allowedMethods', 'allowedHeaders'], link: () => ({ 'x-ms-blob-type': 'BlockBlob' }) },
};

/** Serves until it is stopped. */
async function serving(handle) {
  const other = createServer(handle);
  await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${other.address().port}`, stop: () => { other.close(); other.closeAllConnections(); } };
}

async function all(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A storage that holds what the server's own links lead to, and answers scripts of one origin by a rule. */
async function store([methods, headers], origin) {
  const asked = [];
  const storage = await serving(async (q, a) => {
    asked.push(`${q.method} ${q.headers.authorization ?? ''}`);
    if (q.headers.origin === origin()) a.setHeader('Access-Control-Allow-Origin', origin());
    if (q.method === 'OPTIONS') {
      const wanted = (q.headers['access-control-request-headers'] ?? '').split(/,\s*/).filter(Boolean);
      const allowed = methods.includes(q.headers['access-control-request-method']) && wanted.every((name) => headers.includes(name));
      a.writeHead(allowed ? 200 : 403, allowed ? { 'Access-Control-Allow-Methods': methods.join(), 'Access-Control-Allow-Headers': headers.join() } : {}).end();
      return;
    }
    const body = await all(q);
    const answer = await fetch(server.url + q.url.replace('/stamp/', '/blobs/'), {
      method: q.method, headers: q.headers.range ? { Range: q.headers.range } : {}, body: q.method === 'PUT' ? body : undefined,
    });
    a.writeHead(answer.status, { 'Content-Type': answer.headers.get('Content-Type') ?? 'application/octet-stream' }).end(Buffer.from(await answer.arrayBuffer()));
  });
  return { ...storage, asked };
}

/** The server as a cloud shows it: its links lead to the storage, with the headers that an upload there needs. */
const front = (storage, link) => serving(async (q, a) => {
  const body = await all(q);
  const { host, connection, ...headers } = q.headers;
  const answer = await fetch(server.url + q.url, { method: q.method, headers, body: ['GET', 'HEAD'].includes(q.method) ? undefined : body });
  let content = Buffer.from(await answer.arrayBuffer());
  const given = Object.fromEntries([...answer.headers].filter(([name]) => !['content-length', 'connection', 'transfer-encoding'].includes(name)));
  if (given['content-security-policy']) given['content-security-policy'] = given['content-security-policy'].replace("connect-src 'self'", `connect-src 'self' ${storage.url}`);
  if (q.url.startsWith('/v1/tasks') && content.length > 0) {
    const told = JSON.parse(String(content).replaceAll(`${server.url}/blobs/`, `${storage.url}/stamp/`));
    if (told.upload) told.upload.headers = link(JSON.parse(String(body)).size);
    content = JSON.stringify(told);
  }
  a.writeHead(answer.status, given).end(content);
});

for (const [cloud, { template, names, link }] of Object.entries(clouds)) {
  test(`documents go to the storage of ${cloud} and results come from there`, async () => {
    let origin = '';
    const storage = await store(names.map((name) => listed(template, name)), () => origin);
    const shown = await front(storage, link);
    origin = shown.url;
    const { page, wrong, context } = await open(browser, shown, { beside: [storage.url] });
    await signIn(page, server);
    await page.locator('input[data-files]').setInputFiles([letter]);
    const row = page.locator('li', { hasText: 'letter.jpg' });
    await row.locator('.badge', { hasText: /^Read$/ }).waitFor();
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download Text of letter.jpg' }).click()]);
    assert.match(readFileSync(await file.path(), 'utf8'), /river gauge at Weirford/);
    await page.getByRole('button', { name: 'letter.jpg', exact: true }).click();
    await page.waitForFunction(() => document.querySelector('.sheet img')?.naturalWidth > 0);
    assert.ok(storage.asked.some((r) => r.startsWith('OPTIONS')) && storage.asked.some((r) => r.startsWith('PUT')) && storage.asked.some((r) => r.startsWith('GET')), String(storage.asked));
    assert.ok(storage.asked.every((r) => r.endsWith(' ')), 'no credentials of the application go to storage');
    assert.deepEqual(wrong, []);
    await context.close();
    shown.stop();
    storage.stop();
  });
}

test('a storage that answers another origin takes nothing, and the page says so', async () => {
  const { names, template, link } = clouds.AWS;
  const storage = await store(names.map((name) => listed(template, name)), () => 'https://ocr.example.org');
  const shown = await front(storage, link);
  const { page, context } = await open(browser, shown, { beside: [storage.url] });
  await signIn(page, server);
  await page.locator('input[data-files]').setInputFiles({ name: 'other.jpg', mimeType: 'image/jpeg', buffer: readFileSync(letter) });
  await page.locator('li', { hasText: 'other.jpg' }).getByRole('button', { name: 'Try again' }).waitFor();
  assert.ok(storage.asked.length > 0 && storage.asked.every((r) => r.startsWith('OPTIONS')), String(storage.asked));
  await context.close();
  shown.stop();
  storage.stop();
});
