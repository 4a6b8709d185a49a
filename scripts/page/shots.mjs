// Pictures of the page for people to look at: node scripts/page/shots.mjs FOLDER
import { mkdirSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { folder, launch, open, photograph, proven, serve, signIn } from './browser.mjs';

const out = process.argv[2] ?? 'dist/page-shots';
mkdirSync(out, { recursive: true });
const server = await serve();
const browser = await launch();
const files = folder();
const names = [];
try {
  const letter = files.file('letter to Ms Harlow.jpg', await photograph(browser));
  const pdf = join(files.dir, 'annual report.pdf');
  execFileSync('go', ['run', './scripts/sample', '-o', pdf, '-words', join(files.dir, 'words')]);
  const bad = files.file('notes.pdf', 'these are no bytes of a document');
  for (const [width, height] of [[1440, 900], [375, 780]]) {
    for (const scheme of ['light', 'dark']) {
      const { page, context } = await open(browser, server, { width, height, scheme, motion: 'reduce' });
      const shot = async (name, fullPage = true) => {
        const path = join(out, `${name}-${width}-${scheme}.png`);
        await page.evaluate(() => scrollTo(0, 0)); // the bar stays at the top of the window, wherever that is on the page
        await page.screenshot({ path, fullPage });
        names.push(path);
      };
      await shot('1-sign-in');
      await signIn(page, server);
      await page.getByText('No documents').waitFor();
      await page.locator('details.settings summary').click();
      await shot('2-empty');
      await page.locator('details.settings summary').click();
      await page.locator('input[data-files]').setInputFiles([letter, pdf, bad]);
      await page.locator('.badge', { hasText: 'Not read' }).waitFor();
      await page.locator('li', { hasText: 'letter to Ms Harlow.jpg' }).locator('.badge', { hasText: /^Read$/ }).waitFor();
      await page.locator('li', { hasText: 'annual report.pdf' }).locator('.badge', { hasText: /^Read$/ }).waitFor();
      await shot('3-list');
      await page.getByRole('button', { name: 'letter to Ms Harlow.jpg', exact: true }).click();
      await page.locator('.page-text .w').first().waitFor();
      await page.getByLabel('Search in the text').fill('river');
      await page.locator('.w.hit').first().waitFor();
      await shot('4-document');
      await page.getByRole('button', { name: 'Delete letter' }).click();
      await shot('5-ask', false);
      await page.getByRole('button', { name: 'Delete now', exact: true }).click();
      await proven(page);
      await shot('6-certificate');
      await page.getByRole('button', { name: 'Erased', exact: true }).click();
      await page.locator('li', { hasText: 'Erased' }).first().waitFor();
      await shot('7-erased');
      await page.getByRole('button', { name: 'Retention' }).click();
      await page.locator('.tiles').waitFor();
      await shot('8-retention');
      await page.getByRole('button', { name: 'Verify', exact: true }).click();
      await shot('9-check');
      await context.close();
      for (const t of (await (await server.call('/v1/tasks')).json()).tasks) await server.call(`/v1/tasks/${t.id}`, { method: 'DELETE' });
    }
  }
} finally {
  await browser.close();
  await server.stop();
  files.remove();
}
console.log(names.join('\n'));
