// The page in a real browser: make page-test. It needs bin/lethe, Debian's chromium, and what scripts/setup.sh page installs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { folder, launch, open, photograph, proven, serve, signIn, violations } from './browser.mjs';

let server;
let browser;
let files;
let letter;
let pdf;

before(async () => {
  server = await serve();
  browser = await launch();
  files = folder();
  letter = files.file('letter.jpg', await photograph(browser));
  pdf = join(files.dir, 'report.pdf');
  execFileSync('go', ['run', './scripts/sample', '-o', pdf, '-words', join(files.dir, 'words')]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
  files?.remove();
});

/** A row of the list whose state is these words. */
const row = (page, name, state) => page.locator('li', { hasText: name }).filter({ has: page.locator('.badge', { hasText: new RegExp(`^${state}$`) }) });
const read = async (page, name) => row(page, name, 'Read').waitFor();

async function accessible(page, where) {
  assert.deepEqual(await violations(page), [], `axe-core: ${where}`);
}

async function fits(page, where) {
  const [inside, outside] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(inside <= outside, `${where} is ${inside} wide, the window ${outside}`);
}

/** The picture of a page, once it is another than the one before, and how many pixels its longer side has. */
async function drawn(page, before = '') {
  await page.waitForFunction((b) => {
    const img = document.querySelector('.sheet img');
    return img && !img.hidden && img.complete && img.naturalWidth > 0 && img.src !== b;
  }, before);
  return page.locator('.sheet img').evaluate((img) => [img.src, Math.max(img.naturalWidth, img.naturalHeight)]);
}

/** Whether nearly every word of a page stands where its picture has ink, and lies over it as wide as it is there. */
const over = (page) => page.locator('.sheet').evaluate((sheet) => {
  const img = sheet.querySelector('img');
  const c = document.createElement('canvas');
  c.width = img.naturalWidth;
  c.height = img.naturalHeight;
  const g = c.getContext('2d');
  g.drawImage(img, 0, 0);
  const whole = img.getBoundingClientRect();
  const words = [...sheet.querySelectorAll('.layer .w')];
  const fits = words.filter((w) => {
    const box = w.getBoundingClientRect();
    const text = w.firstChild.getBoundingClientRect();
    const at = [box.x - whole.x, box.y - whole.y, box.width, box.height].map((v) => (v * c.width) / whole.width);
    const { data } = g.getImageData(at[0], at[1], Math.max(1, at[2]), Math.max(1, at[3]));
    let [dark, light] = [255, 0];
    for (let i = 0; i < data.length; i += 4) [dark, light] = [Math.min(dark, data[i + 1]), Math.max(light, data[i + 1])];
    return light - dark > 60 && Math.abs(text.width - box.width) < 2 && Math.abs(text.height - box.height) < 2;
  });
  return words.length > 0 && fits.length >= 0.95 * words.length;
});

async function saved(page, click) {
  const [file] = await Promise.all([page.waitForEvent('download'), click()]);
  return { name: file.suggestedFilename(), content: readFileSync(await file.path()) };
}

for (const [width, scheme] of [[1440, 'light'], [1440, 'dark'], [375, 'light'], [375, 'dark']]) {
  test(`whole path with a PDF and a photograph, ${width} pixels, ${scheme}`, async () => {
    const { page, wrong, context } = await open(browser, server, { width, scheme });
    await accessible(page, 'signing in');
    await fits(page, 'signing in');
    await signIn(page, server);
    await page.getByText('No documents').waitFor();
    await page.locator('details.settings summary').click();
    await accessible(page, 'empty list with settings');
    await fits(page, 'settings');
    await page.locator('input[data-files]').setInputFiles([letter, pdf]);
    await read(page, 'letter.jpg');
    await read(page, 'report.pdf');
    await accessible(page, 'list');
    await fits(page, 'list');
    const text = await saved(page, () => page.getByRole('button', { name: 'Download Text of letter.jpg' }).click());
    assert.equal(text.name, 'letter.txt');
    assert.match(text.content.toString(), /river gauge at Weirford/);
    await page.getByRole('button', { name: 'report.pdf', exact: true }).click();
    await page.locator('.page-text .w').first().waitFor();
    const [first] = await drawn(page);
    assert.equal(await over(page), true, 'words stand where their ink is on page 1');
    await page.getByRole('button', { name: 'Next page' }).click();
    const [second, longer] = await drawn(page, first);
    assert.notEqual(second, first);
    assert.ok(longer <= 1600 && longer > 1500, `the longer side has ${longer} pixels`);
    assert.equal(await over(page), true, 'words stand where their ink is on page 2');
    await accessible(page, 'document');
    await fits(page, 'document');
    await page.getByRole('button', { name: 'Back to documents' }).click();
    await page.getByRole('button', { name: 'letter.jpg', exact: true }).click();
    await page.locator('.page-text .w').first().waitFor();
    await page.getByLabel('Search in the text').fill('gauge at weirford');
    await page.getByText('1 of 1', { exact: true }).waitFor();
    assert.equal(await page.locator('.page-text .hit').count(), 3);
    await drawn(page);
    assert.equal(await page.locator('.layer .hit').count(), 3);
    assert.equal(await over(page), true, 'words stand where their ink is on the photograph');
    await accessible(page, 'picture with words');
    await fits(page, 'picture with words');
    await page.getByRole('button', { name: 'Delete letter.jpg now' }).click();
    await accessible(page, 'question before a delete');
    await page.getByRole('button', { name: 'Delete now', exact: true }).click();
    await proven(page);
    await accessible(page, 'certificate');
    await fits(page, 'certificate');
    const compare = page.locator('input[data-compare]');
    await compare.setInputFiles(letter);
    await page.getByText('letter.jpg is the document of this receipt').waitFor();
    await compare.setInputFiles(pdf);
    await page.getByText('report.pdf is not the document of this receipt').waitFor();
    const receipt = await saved(page, () => page.getByRole('button', { name: 'Save the receipt' }).click());
    await page.getByRole('button', { name: 'Erased', exact: true }).click();
    await page.getByRole('button', { name: /^Receipt of Document/ }).first().waitFor();
    await accessible(page, 'erased documents');
    await fits(page, 'erased documents');
    await page.getByRole('button', { name: 'Retention', exact: true }).click();
    await page.locator('.tiles').waitFor();
    await accessible(page, 'retention');
    await fits(page, 'retention');
    await page.getByRole('button', { name: 'Verify', exact: true }).click();
    const chosen = page.locator('input[data-receipt]');
    await chosen.setInputFiles({ name: 'a.receipt', mimeType: 'text/plain', buffer: receipt.content });
    await page.getByText('Genuine and in the log').waitFor();
    for (const [what, forged] of [['a time', receipt.content.toString().replace(/\nuploaded 20(\d\d)/, '\nuploaded 19$1')], ['the proof', receipt.content.toString().replace(/\nindex \d+\n/, '\nindex 0\n')]]) {
      await chosen.setInputFiles({ name: 'forged.receipt', mimeType: 'text/plain', buffer: Buffer.from(forged) });
      await page.getByText('This receipt proves nothing').waitFor().catch(() => assert.fail(`${what} was forged and nobody noticed`));
    }
    await accessible(page, 'refused receipt');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Application id').waitFor();
    assert.equal(await page.locator('text=report.pdf').count(), 0);
    assert.deepEqual(await page.evaluate(async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length, document.cookie, (await navigator.serviceWorker.getRegistrations()).length]), [0, 0, 0, '', 0]);
    assert.deepEqual(wrong, []);
    await context.close();
    for (const t of (await (await server.call('/v1/tasks')).json()).tasks) await server.call(`/v1/tasks/${t.id}`, { method: 'DELETE' });
  });
}

test('a document that an earlier session sent is shown with its pictures', async () => {
  const { page, wrong, context } = await open(browser, server);
  await signIn(page, server);
  await page.locator('input[data-files]').setInputFiles([pdf]);
  await read(page, 'report.pdf');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await signIn(page, server);
  await page.getByRole('button', { name: /^Document / }).first().click();
  await drawn(page);
  assert.equal(await over(page), true);
  await page.locator('.layer .w').nth(1).dblclick();
  const picked = (await page.evaluate(() => String(getSelection()))).trim();
  assert.ok(picked.length > 1 && (await page.locator('.layer .w').nth(1).textContent()).includes(picked), picked);
  assert.deepEqual(wrong, []);
  await context.close();
  for (const t of (await (await server.call('/v1/tasks')).json()).tasks) await server.call(`/v1/tasks/${t.id}`, { method: 'DELETE' });
});

test('keyboard only', async () => {
  const { page, wrong, context } = await open(browser, server);
  const key = async (...names) => {
    for (const n of names) await page.keyboard.press(n);
  };
  await page.keyboard.type(server.app); // the first field has the focus
  await key('Tab');
  await page.keyboard.type(server.secret);
  await key('Enter');
  await page.getByText('Drop files or folders here').waitFor();
  const to = async (name, most = 60) => {
    for (let n = 0; n < most; n++) {
      await key('Tab');
      const at = await page.evaluate(() => document.activeElement.getAttribute('aria-label') || document.activeElement.textContent);
      if (at === name) return;
    }
    assert.fail(`Tab does not lead to ${name}`);
  };
  await to('Choose files');
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), key('Enter')]);
  await chooser.setFiles(letter);
  await read(page, 'letter.jpg');
  await to('letter.jpg');
  await key('Enter');
  await page.locator('.page-text .w').first().waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1');
  await to('Delete letter.jpg now');
  await key('Enter');
  await page.getByText('Delete this document now?').waitFor();
  await key('Escape');
  await page.getByText('Delete this document now?').waitFor({ state: 'detached' });
  await to('Delete letter.jpg now');
  await key('Enter');
  await to('Delete now', 4);
  await key('Enter');
  await page.locator('.certificate').waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test('a picture is pasted, and a file of no known kind is refused', async () => {
  const { page, context } = await open(browser, server);
  await signIn(page, server);
  await page.evaluate((data) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], 'image.jpeg', { type: 'image/jpeg' }));
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }));
  }, readFileSync(letter).toString('base64'));
  await read(page, 'Pasted picture.jpg');
  await page.locator('input[data-files]').setInputFiles({ name: 'notes.pdf', mimeType: 'application/pdf', buffer: Buffer.from('no document') });
  await row(page, 'notes.pdf', 'Not read').waitFor();
  await page.getByText('The content is none of the document types').waitFor();
  await page.locator('input[data-files]').setInputFiles({ name: 'empty.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(0) });
  await page.getByText('The file is empty.').waitFor();
  await accessible(page, 'refused files');
  await context.close();
});

/** Drops files and folders of this machine onto the page, as a person does. */
async function drop(page, ...paths) {
  await page.getByText('Drop files or folders here').scrollIntoViewIfNeeded();
  const box = await page.locator('.zone').boundingBox();
  const devtools = await page.context().newCDPSession(page);
  for (const type of ['dragEnter', 'dragOver', 'drop']) {
    await devtools.send('Input.dispatchDragEvent', { type, x: box.x + box.width / 2, y: box.y + box.height / 2, data: { items: [], files: paths, dragOperationsMask: 1 } });
  }
}

test('a folder is dropped with the folders in it, and chosen likewise', async () => {
  const { page, wrong, context } = await open(browser, server);
  await signIn(page, server);
  const top = join(files.dir, 'archive');
  mkdirSync(join(top, 'years', '2026'), { recursive: true });
  cpSync(letter, join(top, 'years', '2026', 'spring.jpg'));
  cpSync(letter, join(top, 'summer.jpg'));
  mkdirSync(join(top, 'many')); // a browser lists at most 100 at a time
  for (let n = 0; n < 120; n++) writeFileSync(join(top, 'many', `empty ${n}.pdf`), '');
  await drop(page, top, pdf);
  await row(page, 'empty 119.pdf', 'Not accepted').waitFor();
  assert.equal(await page.locator('.items .name', { hasText: /^empty \d+\.pdf$/ }).count(), 120);
  await read(page, 'spring.jpg');
  await read(page, 'summer.jpg');
  await read(page, 'report.pdf');
  assert.equal(await page.locator('.zone.over').count(), 0);
  const chosen = join(files.dir, 'chosen');
  mkdirSync(join(chosen, 'below'), { recursive: true });
  cpSync(letter, join(chosen, 'below', 'autumn.jpg'));
  await page.locator('input[webkitdirectory]').setInputFiles(chosen);
  await read(page, 'autumn.jpg');
  mkdirSync(join(files.dir, 'nothing'));
  await drop(page, join(files.dir, 'nothing'));
  await page.getByText('There was no file in what you dropped.').waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
  for (const t of (await (await server.call('/v1/tasks')).json()).tasks) await server.call(`/v1/tasks/${t.id}`, { method: 'DELETE' });
});

test('the certificate is printed on a page of paper, with what it proves and nothing of the screen', async () => {
  const { page, context } = await open(browser, server, { scheme: 'dark' });
  await signIn(page, server);
  await page.locator('input[data-files]').setInputFiles([letter]);
  await read(page, 'letter.jpg');
  const [{ id }] = (await (await server.call('/v1/tasks')).json()).tasks;
  await page.getByRole('button', { name: 'Delete letter.jpg now' }).click();
  await page.getByRole('button', { name: 'Delete now', exact: true }).click();
  await proven(page);
  await page.evaluate(() => { window.print = () => { document.body.dataset.printed = 'yes'; }; });
  await page.getByRole('button', { name: 'Print', exact: true }).click();
  assert.equal(await page.evaluate(() => document.body.dataset.printed), 'yes');
  const paper = files.file('certificate.pdf', await page.pdf({ format: 'A4', printBackground: false }));
  const text = execFileSync(process.env.LETHE ?? 'bin/lethe', ['read', paper], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  assert.equal(text.split('\f').filter((sheet) => sheet.trim()).length, 1, text);
  for (const there of ['Genuine and in the log', id, /sha256:[0-9a-f]{64}|[0-9a-f]{64}/, 'Last copy erased', 'Fingerprint of the key', 'Checked in a browser on', 'Not proven']) assert.match(text.replace(/\s+/g, ' '), there instanceof RegExp ? there : new RegExp(there));
  for (const absent of ['Sign out', 'Print', 'Save the receipt', 'Documents', 'letter.jpg']) assert.doesNotMatch(text, new RegExp(absent));
  await context.close();
});

test('wrong credentials are refused in the page, without a question by the browser', async () => {
  const { page, context } = await open(browser, server);
  const answers = [];
  page.on('response', async (r) => {
    if (r.status() === 401) answers.push(await r.headerValue('www-authenticate'));
  });
  await page.getByLabel('Application id').fill(server.app);
  await page.getByLabel('Secret', { exact: true }).fill('lethe_wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('The server does not know this id with this secret.').waitFor();
  assert.ok(answers.length > 0 && answers.every((a) => !/basic/i.test(a)), String(answers));
  await accessible(page, 'refused credentials');
  await context.close();
});

test('a page of a second origin opens nothing', async () => {
  const other = createServer((_, answer) => answer.setHeader('Content-Type', 'text/html').end('<!DOCTYPE html><title>elsewhere</title>'));
  await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
  const context = await browser.newContext();
  try {
    for (const host of ['127.0.0.1', 'localhost']) { // of the same site, and of another
      const page = await context.newPage();
      const statuses = [];
      page.on('response', (r) => r.url().startsWith(server.url) && statuses.push(`${r.request().method()} ${r.status()}`));
      await page.goto(`http://${host}:${other.address().port}/`);
      const got = await page.evaluate(async ([url, secret]) => {
        await fetch(`${url}/v1/tasks`, { mode: 'no-cors', credentials: 'include' });
        await fetch(`${url}/v1/tasks`, { mode: 'no-cors', credentials: 'include', method: 'POST', body: 'no document' });
        return fetch(`${url}/v1/tasks`, { headers: { Authorization: `Basic ${secret}` } }).then((r) => r.status, () => 'refused by the browser');
      }, [server.url, btoa(`${server.app}:${server.secret}`)]);
      assert.equal(got, 'refused by the browser');
      assert.deepEqual(statuses.slice(0, 2), ['GET 403', 'POST 403'], host);
      await page.close();
    }
  } finally {
    await context.close();
    other.close();
  }
});

test('a server that is gone, and back', async () => {
  const { page, context } = await open(browser, server);
  await signIn(page, server);
  await context.setOffline(true);
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange'))); // asks at once
  await page.getByText('The server does not answer.').waitFor();
  await accessible(page, 'server gone');
  await context.setOffline(false);
  await page.getByRole('button', { name: 'Try now' }).click();
  await page.getByText('The server does not answer.').waitFor({ state: 'hidden' });
  await context.close();
});

test('a session whose application was revoked ends, and the page drops what it held', async () => {
  const { page, context } = await open(browser, server);
  await signIn(page, server);
  await page.locator('input[data-files]').setInputFiles(letter);
  await read(page, 'letter.jpg');
  await page.route('**/v1/**', (route) => route.fulfill({ status: 401, contentType: 'application/problem+json', body: JSON.stringify({ code: 'unauthenticated', status: 401 }) }));
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await page.getByText('You were signed out').waitFor();
  assert.equal(await page.getByText('letter.jpg').count(), 0);
  await accessible(page, 'expired session');
  await context.close();
});

test('what is past its deadline is dropped while it is looked at', async (t) => {
  const other = await serve();
  t.after(() => other.stop());
  const { page, context } = await open(browser, other);
  await signIn(page, other);
  await page.locator('input[data-files]').setInputFiles(letter);
  await read(page, 'letter.jpg');
  await page.getByRole('button', { name: 'letter.jpg', exact: true }).click();
  await page.locator('.page-text .w').first().waitFor();
  await other.advance('23h30m');
  await page.getByText('Everything this page held of it is gone').waitFor();
  assert.equal(await page.locator('.w').count(), 0);
  assert.equal(await page.getByText('letter.jpg').count(), 0);
  await context.close();
});

test('the first load is small and soon interactive', async () => {
  const { page, context } = await open(browser, server);
  const { bytes, interactive } = await page.evaluate(() => {
    const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
    return { bytes: all.reduce((n, e) => n + e.transferSize, 0), interactive: performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd };
  });
  console.log(`first load ${bytes} bytes, interactive after ${Math.round(interactive)} ms`);
  assert.ok(bytes < 150_000, `${bytes} bytes`);
  await context.close();
});
