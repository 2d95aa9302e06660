// Takes the pictures of the README and of docs/how-to-read-plots.md from a real report:
//   npm run demo -- --exit && npx aftercare report car-loans --out report.html && node scripts/pictures.mjs report.html
// Needs a Chromium or Chrome: on the PATH, or named in AFTERCARE_CHROMIUM.
import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const MOST_BYTES = 300_000;
const [report] = process.argv.slice(2);
if (!report) fail('which report? node scripts/pictures.mjs report.html');

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs/pictures');
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: findChromium(), args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--hide-scrollbars'] });
try {
  for (const colorScheme of ['light', 'dark']) {
    const page = await browser.newPage({ viewport: { width: 1040, height: 1000 }, deviceScaleFactor: 1.2, colorScheme });
    await page.goto(pathToFileURL(resolve(report)).href);
    const suffix = colorScheme === 'dark' ? '-dark' : '';
    // The top of the report, down to the end of the key metric's figure.
    const end = await page.locator('figure').first().evaluate((figure) => figure.getBoundingClientRect().bottom + 8);
    await save(page, `report${suffix}.png`, { fullPage: true, clip: { x: 0, y: 0, width: 1040, height: Math.ceil(end) } });
    if (colorScheme === 'light') {
      for (const [name, selector] of [['estimated-against-realized', '#ac-key-metric'], ['drift', '#ac-drift-0-0'], ['distribution-continuous', '#ac-distribution-0']]) {
        if (await page.locator(selector).count() > 0) await save(page.locator(`figure:has(${selector})`).first(), `${name}.png`, {});
      }
      const shares = page.locator('figure:has(rect.ac-share)').first();
      if (await shares.count() > 0) await save(shares, 'distribution-categorical.png', {});
    }
    await page.close();
  }
} finally {
  await browser.close();
}

async function save(target, name, options) {
  const path = join(folder, name);
  await target.screenshot({ path, ...options });
  const { size } = statSync(path);
  console.log(`${name}: ${Math.round(size / 1000)} kB`);
  if (size > MOST_BYTES) throw new Error(`${name} has ${size} bytes, ${MOST_BYTES} at most`);
}

function findChromium() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = [process.env.AFTERCARE_CHROMIUM, ...folders.flatMap((one) => ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].map((name) => join(one, name)))];
  const found = candidates.find((path) => {
    try {
      accessSync(path ?? '', constants.X_OK);
      return path;
    } catch {
      return false;
    }
  });
  return found ?? fail('no Chromium or Chrome found: install one, or name it in AFTERCARE_CHROMIUM');
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
