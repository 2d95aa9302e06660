/** The report in a real browser: nothing is loaded, nothing complains, keys and pointer read every chunk, both themes, a thousand chunks. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderReport } from '../../plots/report.js';
import { carLoanReport } from './car-loan.js';
import { findChromium, launchChromium } from './chromium.js';
import { expectSound, makeResults } from './support.js';

const executable = findChromium();
if (!executable) console.warn('The report is NOT tested in a browser: no Chromium or Chrome was found. Install one, or name it in AFTERCARE_CHROMIUM.');

describe.skipIf(!executable)(`renderReport in a browser${executable ? '' : ' (skipped: no Chromium or Chrome found; set AFTERCARE_CHROMIUM)'}`, () => {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    browser = await launchChromium(executable!);
    folder = mkdtempSync(join(tmpdir(), 'aftercare-report-'));
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  interface Opened { page: Page; complaints: string[]; requests: string[] }
  async function open(html: string, options: BrowserContextOptions = {}): Promise<Opened> {
    const file = join(folder, 'report.html');
    writeFileSync(file, html);
    const page = await browser.newPage({ viewport: { width: 1100, height: 900 }, ...options });
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(file).href);
    return { page, complaints, requests };
  }
  const tip = (page: Page) => page.locator('#tip');
  const html = renderReport(carLoanReport());

  it('loads nothing but itself and makes no complaint', async () => {
    const { page, complaints, requests } = await open(html);
    await page.mouse.wheel(0, 20_000);
    await page.waitForTimeout(200);
    expect(complaints).toEqual([]);
    expect(requests).toHaveLength(1);
    await page.close();
  });

  it('reads a chunk by keyboard: tab to a figure, arrows from chunk to chunk', async () => {
    const { page } = await open(html);
    await page.locator('#ac-key-metric .ac-chunk').last().focus();
    expect(await tip(page).textContent()).toContain('Analysis chunk 9\n30 Jul 2019 to 29 Aug 2019, 4,200 rows, still open\nestimated ROC AUC: 0.9613 (band 0.9559 to 0.9667)');
    await page.keyboard.press('ArrowLeft');
    expect(await tip(page).textContent()).toContain('Analysis chunk 8');
    expect(await tip(page).textContent()).toContain('targets: 3,500 of 5,000 rows (70%), provisional');
    await page.keyboard.press('Home');
    expect(await tip(page).textContent()).toContain('Reference chunk 0');
    expect(await tip(page).isVisible()).toBe(true);
    expect(await page.evaluate<string>('document.activeElement.getAttribute("aria-label")')).toContain('Reference chunk 0');
    await page.keyboard.press('Tab');
    expect(await page.evaluate<boolean>('document.activeElement.closest("#ac-key-metric") !== null')).toBe(false);
    expect(await tip(page).isVisible()).toBe(false);
    await page.close();
  });

  it('can be walked by the tab key alone: every figure is one stop', async () => {
    const { page } = await open(html);
    const stops = await page.locator('svg.ac-figure').evaluateAll((figures) => figures.map((figure) => figure.querySelectorAll('.ac-chunk[tabindex="0"]').length));
    expect(stops.filter((count) => count > 1)).toEqual([]);
    expect(stops.filter((count) => count === 1).length).toBeGreaterThan(15);
    await page.close();
  });

  it('reads a chunk under the pointer', async () => {
    const { page } = await open(html);
    const chunk = page.locator('#ac-key-metric .ac-chunk').nth(15);
    await chunk.scrollIntoViewIfNeeded();
    // The page scrolls smoothly, and what scrolls away takes its text along: the pointer moves until it rests on the chunk.
    let step = 0;
    await expect.poll(async () => {
      const box = (await chunk.boundingBox())!;
      await page.mouse.move(box.x + box.width / 2 + (step++ % 2), box.y + box.height / 2);
      return tip(page).isVisible();
    }, { timeout: 15_000 }).toBe(true);
    expect(await tip(page).textContent()).toContain('Alert: below the lower threshold');
    await page.mouse.move(2, 2);
    await expect.poll(() => tip(page).isVisible(), { timeout: 15_000 }).toBe(false);
    await page.close();
  });

  it('follows the reader into the dark, and may be switched', async () => {
    const paper = (page: Page): Promise<string> => page.evaluate<string>('getComputedStyle(document.querySelector("#ac-key-metric .ac-paper")).fill');
    const dark = await open(html, { colorScheme: 'dark' });
    const light = await open(html, { colorScheme: 'light' });
    const [night, day] = [await paper(dark.page), await paper(light.page)];
    expect(day).toBe('rgb(255, 255, 255)');
    expect(night).not.toBe(day);
    await light.page.locator('#theme').click();
    await light.page.locator('#theme').click();
    expect(await light.page.locator('#theme').textContent()).toBe('Theme: dark');
    expect(await paper(light.page)).toBe(night);
    await dark.page.locator('#theme').click();
    expect(await paper(dark.page)).toBe(day);
    await dark.page.close();
    await light.page.close();
  });

  it('has text that can be read against its ground, in both themes', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await open(html, { colorScheme });
      const colour = (name: string): Promise<string> => page.evaluate<string>(`getComputedStyle(document.documentElement).getPropertyValue('--ac-${name}').trim()`);
      for (const ground of ['paper', 'page', 'past']) {
        for (const name of ['ink', 'muted', 'estimated', 'realized', 'alert', 'threshold', 'focus']) {
          expect(contrast(await colour(name), await colour(ground)), `${name} on ${ground}, ${colorScheme}`).toBeGreaterThan(4.5);
        }
      }
      await page.close();
    }
  });

  it('saves a figure as SVG and as PNG', async () => {
    const { page, complaints } = await open(html);
    const figure = page.locator('figure').first();
    const save = async (kind: string): Promise<Buffer> => {
      const [download] = await Promise.all([page.waitForEvent('download'), figure.getByRole('button', { name: `as ${kind}` }).click()]);
      expect(download.suggestedFilename()).toBe(`key-metric.${kind.toLowerCase()}`);
      return readFileSync(await download.path());
    };
    const svg = (await save('SVG')).toString('utf8');
    expect(svg).toContain('--ac-estimated:#5f3dc4');
    expect(svg).toContain('.ac-line');
    expectSound(svg.replace(/<style[^>]*>.*?<\/style>/gs, '').replace(/<([a-z]+)([^<>]*)\/>/g, '<$1$2></$1>'));
    const png = await save('PNG');
    expect(png.subarray(1, 4).toString('latin1')).toBe('PNG');
    expect(png.readUInt32BE(16)).toBe(1920);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('keeps every text without scripts', async () => {
    const { page } = await open(html, { javaScriptEnabled: false });
    expect(await page.locator('#theme').isVisible()).toBe(false);
    expect(await page.locator('#ac-key-metric .ac-chunk title').count()).toBe(20);
    await page.close();
  });

  it('runs nothing that stands in a name', async () => {
    const evil = '</script><script>window.owned=1</script><img src=x onerror="window.owned=1">';
    const input = carLoanReport();
    const { page, complaints } = await open(renderReport({ ...input, model: { ...input.model, name: evil }, results: input.results.map((result) => ({ ...result, column: result.column && evil })) }));
    expect(await page.evaluate<boolean>('"owned" in window')).toBe(false);
    expect(await page.locator('h1').textContent()).toBe(evil);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('fits a narrow screen: figures scroll, the page does not', async () => {
    const { page } = await open(html, { viewport: { width: 380, height: 800 } });
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(380);
    await page.close();
  });

  it('draws and shows a thousand chunks within three seconds', async () => {
    const input = carLoanReport();
    const cells = Array.from({ length: 1000 }, (_, i) => ({ value: 0.9 + Math.sin(i / 40) / 30, alert: i % 90 > 80, lower: 0.88, upper: 0.93, band: [0.85, 0.95] as [number, number], period: i < 200 ? 'reference' as const : 'analysis' as const }));
    const results = [
      ...makeResults(cells, { calculator: 'estimated_performance', metric: 'roc_auc' }), ...makeResults(cells, { calculator: 'realized_performance', metric: 'roc_auc' }),
      ...['a', 'b', 'c', 'd'].flatMap((column) => makeResults(cells, { column })),
    ];
    // Processor time of drawing here and of the page's own thread there: the same on a busy machine.
    const begun = process.cpuUsage();
    const large = renderReport({ ...input, results, distributions: [] });
    const drawn = process.cpuUsage(begun);
    const page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
    const tools = await page.context().newCDPSession(page);
    await tools.send('Performance.enable', { timeDomain: 'threadTicks' });
    writeFileSync(join(folder, 'large.html'), large);
    await page.goto(pathToFileURL(join(folder, 'large.html')).href);
    await page.locator('#ac-key-metric .ac-chunk').last().focus();
    expect(await tip(page).textContent()).toContain('Analysis chunk 799');
    const shown = (await tools.send('Performance.getMetrics')).metrics.find((metric) => metric.name === 'TaskDuration')!.value * 1000;
    expect(shown).toBeGreaterThan(0);
    expect((drawn.user + drawn.system) / 1000 + shown).toBeLessThan(3000);
    await page.close();
  });
});

/** WCAG 2 contrast ratio of two colours `#rrggbb`. */
function contrast(one: string, two: string): number {
  const luminance = (colour: string): number => {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const share = parseInt(colour.slice(at, at + 2), 16) / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [high, low] = [luminance(one), luminance(two)].sort((a, b) => b - a) as [number, number];
  return (high + 0.05) / (low + 0.05);
}
