/** What commands print: answers on standard output, progress and complaints on standard error. */
import cliProgress from 'cli-progress';

/** One JSON document on standard output; NaN and ±∞ (which JSON lacks) as texts. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, (_key, cell: unknown) => (typeof cell === 'number' && !Number.isFinite(cell) ? String(cell) : cell), 2)}\n`);
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A line for the person who watches; never mixed into answers. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

export interface ProgressBar {
  update(done: number, of: number | null, note?: string): void;
  stop(): void;
}

/** A bar on a terminal, a line every few seconds elsewhere, silence when `quiet`. */
export function progressBar(label: string, unit: string, quiet = false): ProgressBar {
  if (quiet) return { update() {}, stop() {} };
  if (!process.stderr.isTTY) return plainProgress(label, unit);
  const bar = new cliProgress.SingleBar({ format: `${label} {bar} {percentage}% · {shown} ${unit}`, stream: process.stderr, hideCursor: true, clearOnComplete: true, barsize: 24 }, cliProgress.Presets.rect);
  let started = false;
  return {
    update(done, of, note) {
      const total = of ?? Math.max(done, 1);
      const shown = note ?? done.toLocaleString('en');
      if (!started) { bar.start(total, 0, { shown }); started = true; }
      bar.setTotal(total);
      bar.update(done, { shown });
    },
    stop() { if (started) bar.stop(); },
  };
}

const PLAIN_EVERY_MS = 3_000;

function plainProgress(label: string, unit: string): ProgressBar {
  let last = Date.now();
  return {
    update(done, of, note) {
      if (Date.now() - last < PLAIN_EVERY_MS) return;
      last = Date.now();
      const share = of ? ` (${Math.round((100 * done) / of)} %)` : '';
      say(`${label}: ${note ?? done.toLocaleString('en')} ${unit}${share}`);
    },
    stop() {},
  };
}
