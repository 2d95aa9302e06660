// Takes the pictures of the README and of docs/how-to-read-plots.md from a real report:
//   npm run demo -- --exit && npx aftercare report car-loan --out report.html && node scripts/pictures.mjs report.html
// With a second report, of a model with segments and a confusion matrix (datasets/mc_*), those as well: node scripts/pictures.mjs report.html cards.html
// Needs a Chromium or Chrome: on the PATH, or named in AFTERCARE_CHROMIUM.
import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const MOST_BYTES = 300_000;
const [report, several] = process.argv.slice(2);
if (!report) fail('which report? node scripts/pictures.mjs report.html');

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs/pictures');
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: findChromium(), args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--hide-scrollbars'] });
try {
  for (const colorScheme of ['light', 'dark']) {
    await shoot(`report${colorScheme === 'dark' ? '-dark' : ''}.png`, colorScheme, async (page, path) => {
      // The top of the report, down to the end of the key metric's figure.
      const end = await page.locator('figure').first().evaluate((figure) => figure.getBoundingClientRect().bottom + 8);
      await page.screenshot({ path, fullPage: true, clip: { x: 0, y: 0, width: 1040, height: Math.ceil(end) } });
    });
  }
  const figures = { 'estimated-against-realized': '#ac-key-metric', drift: '#ac-drift-0-0', 'distribution-continuous': '#ac-distribution-0', 'distribution-categorical': 'rect.ac-share' };
  for (const [name, part] of Object.entries(figures)) {
    await shoot(`${name}.png`, 'light', (page, path) => page.locator(`figure:has(${part})`).first().screenshot({ path }));
  }
  if (several) {
    await shoot('segments.png', 'light', (page, path) => page.locator('#segments').screenshot({ path }), several);
    await shoot('confusion.png', 'light', (page, path) => page.locator('#confusion figure').first().screenshot({ path }), several);
  }
} finally {
  await browser.close();
}

/** As sharp as the limit of bytes allows. */
async function shoot(name, colorScheme, take, from = report) {
  const path = join(folder, name);
  for (const deviceScaleFactor of [1.5, 1.25, 1.15, 1]) {
    const page = await browser.newPage({ viewport: { width: 1040, height: 1000 }, deviceScaleFactor, colorScheme });
    await page.goto(pathToFileURL(resolve(from)).href);
    await take(page, path);
    await page.close();
    const { size } = statSync(path);
    console.log(`${name}: ${Math.round(size / 1000)} kB at ${deviceScaleFactor} pixels per point`);
    if (size <= MOST_BYTES) return;
  }
  throw new Error(`${name} is larger than ${MOST_BYTES} bytes`);
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
