// A server of this machine and a browser for tests of the page: make page-test, make page-shots.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const tools = createRequire(resolve(process.env.PAGE_TOOLS ?? '.tools/page', 'package.json'));
const { chromium } = (await import(pathToFileURL(tools.resolve('playwright-core')).href)).default;
const axe = readFileSync(tools.resolve('axe-core/axe.min.js'), 'utf8');

/** Starts lethe serve --ephemeral: its folder dies with it. */
export async function serve(env = {}) {
  const process_ = spawn(process.env.LETHE ?? 'bin/lethe', ['serve', '--ephemeral'], { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, ...env } });
  const [line] = await once(createInterface({ input: process_.stdout }), 'line');
  const server = JSON.parse(line);
  return {
    ...server,
    advance: async (span) => (await fetch(server.clock, { method: 'POST', body: JSON.stringify({ advance: span }) })).json(),
    call: (path, options = {}) => fetch(server.url + path, { ...options, headers: { Authorization: `Basic ${btoa(`${server.app}:${server.secret}`)}`, ...options.headers } }),
    stop: async () => {
      process_.kill('SIGTERM');
      if (process_.exitCode === null) await once(process_, 'exit');
    },
    freeze: () => process_.kill('SIGSTOP'),
    thaw: () => process_.kill('SIGCONT'),
  };
}

/** A port of this machine that nothing listens on. */
export async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Starts lethe serve where people sign in at an issuer, inside an application that was made before. */
export async function serveWith(at, port, env) {
  const lethe = process.env.LETHE ?? 'bin/lethe';
  const data = join(at.dir, 'data');
  const app = JSON.parse(execFileSync(lethe, ['app', 'create', '--init', '--data', data, '--name', 'page', '--scopes', 'submit,read,delete', '--json'], { stdio: ['ignore', 'pipe', 'ignore'] }));
  const url = `http://127.0.0.1:${port}`;
  const process_ = spawn(lethe, ['serve'], { stdio: 'ignore', env: { ...process.env, LETHE_DATA: data, LETHE_LISTEN: `127.0.0.1:${port}`, LETHE_PAGE_APP: app.id, ...env } });
  while (process_.exitCode === null && !await fetch(`${url}/healthz`).then((r) => r.ok, () => false)) await new Promise((resolve) => setTimeout(resolve, 50));
  return {
    url, app: app.id, secret: app.secret,
    call: (path, options = {}) => fetch(url + path, { ...options, headers: { Authorization: `Basic ${btoa(`${app.id}:${app.secret}`)}`, ...options.headers } }),
    stop: async () => {
      process_.kill('SIGTERM');
      if (process_.exitCode === null) await once(process_, 'exit');
    },
  };
}

/** Starts oidc-provider as the issuer of one public client. Whoever gives a name is signed in under it. */
export async function issue({ client, redirect, audience }) {
  const { default: Provider } = await import(pathToFileURL(tools.resolve('oidc-provider')).href);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const provider = new Provider(url, {
    clients: [{ client_id: client, token_endpoint_auth_method: 'none', redirect_uris: [redirect], grant_types: ['authorization_code'], response_types: ['code'] }],
    clientBasedCORS: () => true,
    pkce: { required: () => true },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    features: {
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({ scope: 'documents', audience, accessTokenTTL: 600, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } }),
        useGrantedResource: () => false,
      },
    },
  });
  const server = createServer(provider.callback());
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { url, stop: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }) };
}

/** How long anything may take, in milliseconds: what is waited for and never comes ends a test, and no slow machine does. */
const patience = 600_000;

/** Starts the browser that is installed. */
export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });

export const folder = () => {
  const dir = mkdtempSync(join(tmpdir(), 'lethe-page-'));
  return { dir, file: (name, content) => (writeFileSync(join(dir, name), content), join(dir, name)), remove: () => rmSync(dir, { recursive: true, force: true }) };
};

/** What axe-core finds wrong, each as one line. */
export async function violations(page) {
  const found = await page.evaluate(`(() => { const module = undefined; ${axe}; return axe.run(document, { resultTypes: ['violations'] }); })()`);
  return found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary.replaceAll('\n', ' ')}`));
}

/** A photograph of a letter: slanted, unevenly lit, with noise. */
export async function photograph(browser) {
  const page = await browser.newPage();
  const data = await page.evaluate(async () => {
    const c = document.createElement('canvas');
    c.width = 1800;
    c.height = 1300;
    const g = c.getContext('2d');
    g.fillStyle = '#6b5a48';
    g.fillRect(0, 0, c.width, c.height);
    g.translate(900, 650);
    g.rotate(-0.022);
    const paper = g.createLinearGradient(-800, -500, 800, 500);
    paper.addColorStop(0, '#fffdf6');
    paper.addColorStop(1, '#d9d2c2');
    g.fillStyle = paper;
    g.fillRect(-820, -560, 1640, 1120);
    g.fillStyle = '#23211e';
    g.font = '44px serif';
    ['Dear Ms Harlow,', '', 'thank you for your letter of 3 March. We have examined', 'the river gauge at Weirford and found it in good order.',
      'The readings of last winter stand as they were published.', '', 'A copy of the protocol, number 4711, is enclosed.', '', 'Yours sincerely,', 'Office of Waterways'].forEach((line, n) => g.fillText(line, -700, -400 + n * 84));
    const p = g.getImageData(0, 0, c.width, c.height);
    for (let i = 0, r = 7; i < p.data.length; i += 4) {
      r = (r * 1103515245 + 12345) & 0x7fffffff;
      const noise = (r % 19) - 9;
      for (let k = 0; k < 3; k++) p.data[i + k] += noise;
    }
    g.putImageData(p, 0, 0);
    return c.toDataURL('image/jpeg', 0.85).split(',')[1];
  });
  await page.close();
  return Buffer.from(data, 'base64');
}

/** A tab at the page: nothing may be asked of an address that is neither the server's nor one of those beside it, and nothing may go wrong in the console. */
export async function open(browser, server, { width = 1440, height = 900, scheme = 'light', motion = 'no-preference', beside = [] } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: motion, locale: 'en-GB', timezoneId: 'Europe/Amsterdam', acceptDownloads: true });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const wrong = [];
  let down = false;
  page.on('console', (m) => {
    if (m.type() === 'error' && !/Failed to load resource/.test(m.text())) wrong.push(m.text());
  });
  page.on('pageerror', (e) => wrong.push(String(e)));
  page.on('request', (r) => {
    const at = new URL(r.url());
    if (at.protocol !== 'blob:' && at.origin !== server.url && !beside.includes(at.origin)) wrong.push(`asks ${at.origin}`);
  });
  await page.goto(`${server.url}/`);
  return { page, wrong, context, isDown: () => down, setDown: (d) => { down = d; } };
}

/** Waits until the receipt on the page is proven to be in the log. */
export async function proven(page) {
  await page.locator('.certificate').waitFor();
  for (const end = Date.now() + patience; Date.now() < end && await page.locator('.certificate.good').count() === 0;) {
    await page.waitForTimeout(1000);
    const again = page.getByRole('button', { name: 'Fetch it again' });
    if (await again.count()) await again.click({ timeout: 1000 }).catch(() => {}); // it goes once the proof is there
  }
  await page.getByText('Genuine and in the log').waitFor();
}

export async function signIn(page, server) {
  await page.getByLabel('Application id').fill(server.app);
  await page.getByLabel('Secret', { exact: true }).fill(server.secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Drop files or folders here').waitFor();
}
