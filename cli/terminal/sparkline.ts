/** A series in one line of text. */
import { styleOf, type TerminalOptions } from './style.js';

export interface SparklineOptions extends TerminalOptions {
  /** Value of the lowest and of the highest block; default: those of the values. */
  min?: number;
  max?: number;
  /** Red where there are colours; counted behind the line in any case. */
  alerts?: readonly boolean[];
}

const BLOCKS = '▁▂▃▄▅▆▇█';
const UNKNOWN = '·';
const MIDDLE = BLOCKS[3]!;

/** One block per value (several values share one where the terminal is narrow); a dot where a value is not known. Alerts follow as `◆ 5`. */
export function sparkline(values: readonly (number | null)[], options: SparklineOptions = {}): string {
  const style = styleOf(options);
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const min = options.min ?? known.reduce((low, value) => Math.min(low, value), Infinity);
  const max = options.max ?? known.reduce((high, value) => Math.max(high, value), -Infinity);
  const count = Math.min(values.length, Math.max(10, Number.isFinite(style.width) ? style.width - 20 : values.length));
  let line = '';
  for (let k = 0; k < count; k += 1) {
    const from = Math.floor((k * values.length) / count);
    const to = Math.max(from + 1, Math.floor(((k + 1) * values.length) / count));
    const block = blockOf(meanOf(values.slice(from, to)), min, max);
    line += (options.alerts ?? []).slice(from, to).includes(true) ? style.alert(block) : block;
  }
  const alerts = (options.alerts ?? []).filter((alert) => alert).length;
  return alerts > 0 ? `${line}  ${style.alert(`◆ ${alerts}`)}` : line;
}

const EIGHTHS = ' ▏▎▍▌▋▊▉';

/** A bar of at most `columns` characters for `value` of `max`; at least a sliver for anything above 0. */
export function bar(value: number, max: number, columns: number): string {
  if (!(value > 0) || !(max > 0)) return '';
  const eighths = Math.max(1, Math.round(Math.min(1, value / max) * columns * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + (eighths % 8 > 0 ? EIGHTHS[eighths % 8]! : '');
}

function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value));
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value / known.length, 0);
}

function blockOf(value: number | null, min: number, max: number): string {
  if (value === null) return UNKNOWN;
  if (!(max > min)) return MIDDLE;
  // Halved, so that a range of huge numbers does not overflow.
  const share = (value / 2 - min / 2) / (max / 2 - min / 2);
  return BLOCKS[Math.max(0, Math.min(7, Math.floor(share * 8)))]!;
}
