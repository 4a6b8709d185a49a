// Cancelling uploads, in a real browser: make page-test.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { folder, launch, open, photograph, serve, signIn, violations } from './browser.mjs';

let server;
let browser;
let files;
let letter;

before(async () => {
  server = await serve();
  browser = await launch();
  files = folder();
  letter = await photograph(browser);
});

after(async () => {
  await browser?.close();
  await server?.stop();
  files?.remove();
});

/** Holds requests of a method to an address back. They go on when they are let go. */
async function hold(page, url, method) {
  let go;
  const gone = new Promise((resolve) => {
    go = resolve;
  });
  await page.route(url, async (route) => {
    if (route.request().method() !== method) return route.fallback();
    await gone;
    return route.continue().catch(() => {}); // it may have been broken off
  });
  return go;
}

const row = (page, name, state) => page.locator('li', { hasText: name }).filter({ has: page.locator('.badge', { hasText: state }) });

/** What the server has of documents, and of those that are erased. */
const tasks = async (query = '') => (await (await server.call(`/v1/tasks${query}`)).json()).tasks;

test('an upload that is cancelled before its task is there sends nothing, and leaves nothing', async () => {
  const { page, context, wrong } = await open(browser, server);
  const sent = [];
  page.on('request', (r) => r.method() === 'PUT' && sent.push(r.url()));
  await signIn(page, server);
  const go = await hold(page, '**/v1/tasks', 'POST');
  const asked = page.waitForRequest((r) => r.method() === 'POST' && r.url().endsWith('/v1/tasks'));
  await page.locator('input[data-files]').setInputFiles(files.file('early.jpg', letter));
  await asked;
  await row(page, 'early.jpg', 'Preparing').waitFor();
  assert.deepEqual(await violations(page), []);
  const erased = page.waitForResponse((r) => r.request().method() === 'DELETE');
  await page.getByRole('button', { name: 'Cancel the upload of early.jpg' }).click();
  await page.getByText('early.jpg').waitFor({ state: 'detached' });
  go();
  assert.ok((await erased).ok());
  await page.getByText('No documents').waitFor();
  assert.deepEqual(await tasks(), []);
  assert.equal((await tasks('?state=Deleted')).length, 1, 'the task was there, and is erased');
  assert.deepEqual(sent, [], 'no byte of the document was sent');
  assert.deepEqual(wrong, []);
  await context.close();
});

test('an upload that is cancelled while it is sent is broken off, and the next one has its turn', async () => {
  const { page, context, wrong } = await open(browser, server);
  await signIn(page, server);
  const go = await hold(page, '**/blobs/**', 'PUT');
  const names = ['one.jpg', 'two.jpg', 'three.jpg', 'four.jpg', 'five.jpg'];
  await page.locator('input[data-files]').setInputFiles(names.map((n) => files.file(n, letter)));
  for (const name of names.slice(0, 3)) await row(page, name, /^Uploading/).waitFor(); // as many as are sent at once
  await page.getByRole('button', { name: 'Cancel the upload of five.jpg' }).click(); // which waits
  const broken = page.waitForEvent('requestfailed', (r) => r.method() === 'PUT');
  await page.getByRole('button', { name: 'Cancel the upload of two.jpg' }).click();
  await broken;
  await row(page, 'four.jpg', /^Uploading/).waitFor();
  go();
  for (const name of ['one.jpg', 'three.jpg', 'four.jpg']) await row(page, name, /^Read$/).waitFor({ timeout: 120_000 });
  for (const name of ['two.jpg', 'five.jpg']) assert.equal(await page.getByText(name).count(), 0, name);
  assert.deepEqual((await tasks()).map((t) => t.state), ['Completed', 'Completed', 'Completed']);
  assert.equal(await page.getByRole('button', { name: /^Cancel the upload/ }).count(), 0);
  assert.deepEqual(wrong, []);
  await context.close();
});
