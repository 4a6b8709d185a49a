// Signing in at an OpenID Connect issuer, oidc-provider, in a real browser: make page-test.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { folder, freePort, issue, launch, open, photograph, serveWith, violations } from './browser.mjs';

const client = 'lethe-page';
const audience = 'lethe-api';
let server;
let issuer;
let browser;
let files;
let letter;

before(async () => {
  files = folder();
  const port = await freePort();
  issuer = await issue({ client, audience, redirect: `http://127.0.0.1:${port}/page/signed-in.html` });
  server = await serveWith(files, port, {
    LETHE_OIDC_ISSUER: issuer.url, LETHE_OIDC_AUDIENCE: audience, LETHE_OIDC_CLIENT_ID: client, LETHE_OIDC_SCOPE: 'openid documents', LETHE_OIDC_RESOURCE: 'urn:lethe',
  });
  browser = await launch();
  letter = files.file('letter.jpg', await photograph(browser));
});

after(async () => {
  await browser?.close();
  await server?.stop();
  await issuer?.stop();
  files?.remove();
});

/** A tab at the page, with what it and the issuer's window asked for. */
async function tab(options) {
  const one = await open(browser, server, { beside: [issuer.url], ...options });
  const asked = [];
  one.context.on('request', (r) => asked.push(r));
  return { ...one, asked };
}

/** Presses the button, and returns the issuer's window. */
async function ask(page) {
  const [window] = await Promise.all([page.context().waitForEvent('page'), page.getByRole('button', { name: 'Sign in with your organisation' }).click()]);
  await window.locator('input[name=login]').waitFor();
  return window;
}

/** Signs somebody in. */
async function enter(page, name) {
  const window = await ask(page);
  await window.locator('input[name=login]').fill(name);
  await window.locator('input[name=password]').fill('any');
  await window.getByRole('button', { name: 'Sign-in' }).click();
  const closed = window.waitForEvent('close');
  await window.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Drop files or folders here').waitFor();
  await closed;
}

/** What a token says, unchecked. */
const parts = (token) => token.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));

/** The token that a tab sent last. */
const sent = (asked) => asked.map((r) => r.headers().authorization).filter(Boolean).at(-1);

test('people sign in at their organisation, and each sees their own documents alone', async () => {
  const jane = await tab();
  assert.deepEqual(await violations(jane.page), []);
  await enter(jane.page, 'jane');
  await jane.page.locator('input[data-files]').setInputFiles([letter]);
  await jane.page.locator('li', { hasText: 'letter.jpg' }).locator('.badge', { hasText: /^Read$/ }).waitFor();
  const { tasks } = await (await fetch(`${server.url}/v1/tasks`, { headers: { Authorization: sent(jane.asked) } })).json();
  assert.equal(tasks.length, 1);

  const john = await tab({ width: 375, scheme: 'dark' });
  assert.deepEqual(await violations(john.page), []);
  await enter(john.page, 'john');
  await john.page.getByText('No documents').waitFor();
  for (const [who, authorization] of [['another person', sent(john.asked)], ['the application', `Basic ${btoa(`${server.app}:${server.secret}`)}`]]) {
    const ask = (path, method = 'GET') => fetch(server.url + path, { method, headers: { Authorization: authorization } });
    assert.equal((await ask(`/v1/tasks/${tasks[0].id}`)).status, 404, who);
    assert.equal((await ask(`/v1/tasks/${tasks[0].id}`, 'DELETE')).status, 404, who);
    assert.equal((await ask(`/v1/tasks/${tasks[0].id}/results/txt`)).status, 404, who);
    assert.deepEqual((await (await ask('/v1/tasks')).json()).tasks, [], who);
    assert.ok((await (await ask('/v1/access-log')).json()).entries.every((e) => !e.task), `${who} sees who looked at it`);
  }
  const own = (path) => fetch(server.url + path, { headers: { Authorization: sent(jane.asked) } });
  assert.equal((await own(`/v1/tasks/${tasks[0].id}`)).status, 200); // gives links to results, which is recorded
  const { entries } = await (await own('/v1/access-log')).json();
  assert.ok(entries.length > 0 && entries.every((e) => e.task === tasks[0].id && e.application.startsWith(`${server.app}-`)), JSON.stringify(entries));

  await jane.page.getByRole('button', { name: 'Delete letter.jpg now' }).click();
  await jane.page.getByRole('button', { name: 'Delete now', exact: true }).click();
  await jane.page.locator('.certificate').waitFor();
  for (const { page, context, wrong } of [jane, john]) {
    assert.deepEqual(await page.evaluate(async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length, location.href]), [0, 0, 0, `${server.url}/`]);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in with your organisation' }).waitFor();
    assert.deepEqual(wrong, []);
    await context.close();
  }
});

test('the page asks by PKCE for an access token for the service, and for no more', async () => {
  const { page, context, asked, wrong } = await tab();
  const answers = [];
  context.on('response', async (r) => r.url() === `${issuer.url}/token` && answers.push(await r.json()));
  await enter(page, 'jane');
  const at = new URL(asked.find((r) => r.url().startsWith(`${issuer.url}/auth?`)).url()).searchParams;
  assert.equal(at.get('response_type'), 'code');
  assert.equal(at.get('redirect_uri'), `${server.url}/page/signed-in.html`);
  assert.equal(at.get('code_challenge_method'), 'S256');
  assert.equal(at.get('response_mode'), 'fragment');
  for (const name of ['state', 'nonce', 'code_challenge']) assert.equal(at.get(name).length, 43, name);
  const form = new URLSearchParams(asked.find((r) => r.url() === `${issuer.url}/token` && r.method() === 'POST').postData());
  assert.deepEqual([...form.keys()].sort(), ['client_id', 'code', 'code_verifier', 'grant_type', 'redirect_uri', 'resource']);
  assert.equal(asked.filter((r) => r.url().startsWith(server.url) && r.url().includes(form.get('code'))).length, 0, 'the server sees no code');
  const [answer] = answers;
  assert.equal(answer.refresh_token, undefined);
  assert.equal(sent(asked), `Bearer ${answer.access_token}`);
  const [header, claims] = parts(answer.access_token);
  assert.deepEqual([header.typ, claims.aud, claims.client_id], ['at+jwt', audience, client]);
  const id = await fetch(`${server.url}/v1/tasks`, { headers: { Authorization: `Bearer ${answer.id_token}` } });
  assert.equal(id.status, 401, 'an ID token opens nothing');
  assert.deepEqual(wrong, []);
  await context.close();
});

test('answers that are not the issuer’s to this question sign nobody in', async () => {
  const { page, context, asked } = await tab();
  const window = await ask(page);
  const state = new URL(asked.find((r) => r.url().startsWith(`${issuer.url}/auth?`)).url()).searchParams.get('state');
  const forge = async (answer) => {
    const other = await context.newPage();
    await other.goto(`${server.url}/page/signed-in.html#${new URLSearchParams(answer)}`);
    return other;
  };
  const stray = await forge({ state: 'made-up', code: 'made-up', iss: issuer.url });
  await stray.getByText('The page that asked is gone').waitFor();
  assert.equal(new URL(stray.url()).hash, '');
  await page.getByText('Continue in the window that has opened.').waitFor(); // still
  await forge({ state, code: 'made-up', iss: 'https://login.example.org' });
  await page.getByText('The answer was not right').waitFor();
  assert.deepEqual(await violations(page), []);
  assert.equal(asked.filter((r) => r.url() === `${issuer.url}/token`).length, 0, 'no code of another issuer is sent to this one');
  await window.close();
  const second = await ask(page);
  await second.getByText('Cancel').click();
  await page.getByText('You were not signed in: it was cancelled or not allowed.').waitFor();
  const third = await ask(page);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('Continue in the window that has opened.').waitFor({ state: 'hidden' });
  await third.close();
  await context.close();
});

test('cancelling while the server is asked who signed in signs nobody in', async () => {
  const { page, context, asked, wrong } = await tab();
  let answer;
  const held = new Promise((resolve) => {
    answer = resolve;
  });
  await page.route('**/v1/retention', async (route) => {
    await held;
    await route.continue().catch(() => {}); // nobody waits for it any more
  });
  const window = await ask(page);
  await window.locator('input[name=login]').fill('jane');
  await window.locator('input[name=password]').fill('any');
  await window.getByRole('button', { name: 'Sign-in' }).click();
  const question = page.waitForRequest('**/v1/retention');
  await window.getByRole('button', { name: 'Continue' }).click();
  await question;
  const ends = page.waitForEvent('requestfailed', (r) => r.url().endsWith('/v1/retention'));
  await page.getByRole('button', { name: 'Cancel' }).click();
  await ends;
  answer();
  await page.getByText('Continue in the window that has opened.').waitFor({ state: 'hidden' });
  await page.unroute('**/v1/retention');
  assert.deepEqual(await violations(page), []);
  const before = asked.length;
  await page.getByLabel('Application id').fill(server.app);
  await page.getByLabel('Secret', { exact: true }).fill(server.secret);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('Drop files or folders here').waitFor();
  const used = asked.slice(before).map((r) => r.headers().authorization).filter(Boolean);
  assert.ok(used.length > 0 && used.every((a) => a.startsWith('Basic ')), 'the token that was cancelled is used no more');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in with your organisation' }).waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test('an issuer that is gone is told, and an application’s secret signs in all the same', async () => {
  const { page, context } = await tab();
  await page.route(`${issuer.url}/**`, (route) => route.abort());
  await page.getByRole('button', { name: 'Sign in with your organisation' }).click();
  await page.getByText('Your organisation does not answer.').waitFor();
  await page.getByLabel('Application id').fill(server.app);
  await page.getByLabel('Secret', { exact: true }).fill(server.secret);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('Drop files or folders here').waitFor();
  await context.close();
});
