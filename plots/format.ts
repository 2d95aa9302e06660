/** Numbers, counts, dates and names as people read them. English, and the same on every machine. */

const MINUS = '\u2212';

/** Thousands set apart, a true minus sign, `decimals` decimals; without the zeros at the end when `trim`. */
function plain(value: number, decimals: number, trim: boolean): string {
  const [whole, part = ''] = Math.abs(value).toFixed(Math.max(0, Math.min(20, decimals))).split('.') as [string, string?];
  const kept = trim ? part.replace(/0+$/, '') : part;
  const text = `${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${kept === '' ? '' : `.${kept}`}`;
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

/** Powers of ten: 1.25e−7. */
function scientific(value: number, decimals: number): string {
  const [mantissa, exponent] = value.toExponential(Math.max(0, Math.min(20, decimals))).split('e') as [string, string];
  return `${mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa}e${exponent}`.replaceAll('-', MINUS);
}

/** A whole number with thousands set apart: 50,000. */
export function formatCount(value: number): string {
  return Number.isFinite(value) ? plain(value, 0, true) : 'unknown';
}

/**
 * A measured value with `digits` significant digits; very large and very small ones in powers of ten.
 * null and NaN are 'unknown'.
 */
export function formatValue(value: number | null, digits = 4): string {
  if (value === null || Number.isNaN(value)) return 'unknown';
  if (!Number.isFinite(value)) return value > 0 ? 'infinite' : `${MINUS}infinite`;
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 1e7 || size < 1e-4) return scientific(value, Math.max(1, digits - 1));
  return plain(value, digits - 1 - Math.floor(Math.log10(size)), true);
}

/**
 * How values that stand below each other are written: all with the decimals that four significant digits of the largest ask for.
 * Falls back to `formatValue` where that would hide the small ones or run long.
 */
export function alignedFormat(values: readonly (number | null)[]): (value: number | null, signed?: boolean) => string {
  const largest = Math.max(0, ...values.map((value) => (value !== null && Number.isFinite(value) ? Math.abs(value) : 0)));
  if (largest >= 1e7 || largest < 1e-3) return (value, signed = false) => (signed && value !== null ? formatDifference(value, 2) : formatValue(value));
  const decimals = 3 - Math.floor(Math.log10(largest));
  return (value, signed = false) => (value === null || !Number.isFinite(value) ? formatValue(value) : `${signed && value > 0 ? '+' : ''}${plain(value, decimals, false)}`);
}

/** With a sign, for differences: +0.0011. */
export function formatDifference(value: number, digits = 3): string {
  const text = formatValue(value, digits);
  return value > 0 ? `+${text}` : text;
}

/** A share of a whole, 0 … 1, as percent: 98.3 %. Never rounds to 0 % or 100 % what is not. */
export function formatShare(share: number | null): string {
  if (share === null || !Number.isFinite(share)) return 'unknown';
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return '<0.1%';
  if (percent < 100 && percent > 99.9) return '>99.9%';
  return `${plain(percent, 1, true)}%`;
}

/** How numbers on an axis are written, all alike, distinguishable at the axis' own step. */
export function tickFormat(ticks: readonly number[]): (value: number) => string {
  const largest = Math.max(...ticks.map(Math.abs), 0);
  const step = ticks.length > 1 ? Math.abs(ticks[1]! - ticks[0]!) : largest;
  if (largest === 0) return (value) => String(value);
  const magnitude = Math.floor(Math.log10(largest));
  const stepMagnitude = step > 0 ? Math.floor(Math.log10(step) + 1e-9) : magnitude;
  const write = magnitude >= 15 || magnitude < -5 ? (value: number) => scientific(value, magnitude - stepMagnitude)
    : magnitude >= 6 && magnitude - stepMagnitude <= 3 ? (value: number) => withUnit(value, stepMagnitude)
      : (value: number) => plain(value, -stepMagnitude, false);
  return (value) => (value === 0 ? '0' : write(value));
}

/** Millions, billions (G) and trillions (T), with as many decimals as a step of that magnitude asks for. */
function withUnit(value: number, stepMagnitude: number): string {
  const [size, unit] = Math.abs(value) >= 1e12 ? [12, 'T'] as const : Math.abs(value) >= 1e9 ? [9, 'G'] as const : [6, 'M'] as const;
  return `${plain(value / 10 ** size, Math.max(0, size - stepMagnitude), true)}${unit}`;
}

/** A name cut in the middle, so that names which differ at the end stay apart. */
export function shorten(name: string, length: number): string {
  const characters = Array.from(name);
  if (characters.length <= length) return name;
  const tail = Math.floor((length - 1) / 3);
  return `${characters.slice(0, length - 1 - tail).join('')}…${tail > 0 ? characters.slice(-tail).join('') : ''}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Milliseconds of the wall clock in a zone, counted as if they were UTC; null for null or for text that is no date. */
export function wallTimeMs(iso: string | null, zone: string): number | null {
  if (iso === null) return null;
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) return null;
  if (zone === 'UTC') return ms;
  const parts = Object.fromEntries(formatterOf(zone).formatToParts(ms).map((part) => [part.type, part.value]));
  return Date.UTC(Number(parts['year']), Number(parts['month']) - 1, Number(parts['day']), Number(parts['hour']), Number(parts['minute']), Number(parts['second'])) + (ms % 1000);
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone);
  if (!formatter) {
    const options: Intl.DateTimeFormatOptions = { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' };
    formatter = new Intl.DateTimeFormat('en-GB', options);
    formatters.set(zone, formatter);
  }
  return formatter;
}

/** 1 Apr 2019, or with the time 1 Apr 2019 06:27. Takes what `wallTimeMs` gave. */
export function formatDate(wallMs: number, withTime = false): string {
  const date = new Date(wallMs);
  const day = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]!} ${date.getUTCFullYear()}`;
  return withTime ? `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}` : day;
}

/** As short as it can be said: 30 Jul – 29 Aug 2019. For tables. */
export function formatSpanShort(startMs: number, endMs: number): string {
  const from = formatDate(startMs);
  const to = formatDate(endMs);
  if (endMs - startMs < 48 * 3_600_000) {
    const [first, last] = [formatDate(startMs, true), formatDate(endMs, true)];
    return from === to && first !== last ? `${first} – ${last.split(' ').at(-1)!}` : formatSpan(startMs, endMs).replace(' to ', ' – ');
  }
  return from.slice(-4) === to.slice(-4) ? `${from.slice(0, -5)} – ${to}` : `${from} – ${to}`;
}

/** From the first to the last moment, with times of day where the days alone would not tell them apart. */
export function formatSpan(startMs: number, endMs: number): string {
  const short = endMs - startMs < 48 * 3_600_000;
  const from = formatDate(startMs, short);
  const to = formatDate(endMs, short);
  return from === to ? from : `${from} to ${to}`;
}

/** A moment of the system, in UTC. */
export function formatMoment(iso: string | null): string {
  const ms = iso === null ? NaN : Date.parse(iso);
  return Number.isNaN(ms) ? 'unknown' : `${formatDate(ms, true)} UTC`;
}

/** 850 ms, 4.2 s, 3 min, 5 h, 2 days. */
export function formatDuration(ms: number): string {
  const units: [number, string, number][] = [[86_400_000, 'days', 2 * 86_400_000], [3_600_000, 'h', 2 * 3_600_000], [60_000, 'min', 2 * 60_000], [1000, 's', 1000]];
  for (const [size, name, from] of units) {
    if (ms >= from) return `${formatValue(ms / size, 3)} ${name}`;
  }
  return `${Math.round(ms)} ms`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
