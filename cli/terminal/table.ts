/** Rows as a table for a terminal or a file: columns aligned, numbers to the right, shortened to the terminal's width. */
import { formatCount, formatValue } from '../../plots/format.js';
import { columnsOf, fit, pad, printable, styleOf, type TerminalOptions } from './style.js';

export type TableCell = string | number | boolean | null | undefined;
export type TableRow = Record<string, TableCell>;

const GAP = '  ';
const LEAST = 6;
// Numbers that were written as text: aligned as numbers.
const NUMERIC = /^[+\u2212-]?[\d,]*\.?\d+(e[+\u2212-]?\d+)?%?$/;
const ALERT = /◆|^ALERT$/;

/** Headings are the keys of the rows, in the order in which they first appear. No rows: the empty text. No newline at the end. */
export function table(rows: readonly TableRow[], options: TerminalOptions = {}): string {
  if (rows.length === 0) return '';
  const style = styleOf(options);
  const headings = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const texts = rows.map((row) => headings.map((heading) => cellText(row[heading])));
  const right = headings.map((heading, i) => rows.every((row, r) => row[heading] === null || row[heading] === undefined || texts[r]![i] === '' || texts[r]![i] === '–' || NUMERIC.test(texts[r]![i]!)) && texts.some((row) => NUMERIC.test(row[i]!)));
  const titles = headings.map(printable);
  const widths = shrink(titles.map((title, i) => Math.max(columnsOf(title), ...texts.map((row) => columnsOf(row[i]!)))), right, style.width);
  const line = (cells: readonly string[], paint: (text: string, cell: string) => string): string => cells.map((cell, i) => paint(pad(fit(cell, widths[i]!), widths[i]!, right[i]), cell)).join(GAP).trimEnd();
  return [
    line(titles, (text) => style.bold(text)),
    style.dim(widths.map((width) => '─'.repeat(width)).join(GAP)),
    ...texts.map((row) => line(row, (text, cell) => (ALERT.test(cell) ? style.alert(text) : text))),
  ].join('\n');
}

function cellText(cell: TableCell): string {
  if (cell === null || cell === undefined) return '–';
  if (typeof cell === 'number') return Number.isInteger(cell) && Math.abs(cell) < 1e15 ? formatCount(cell) : formatValue(cell);
  return printable(String(cell));
}

/** Takes from the widest columns of text until the line fits, or nothing more can be taken. */
function shrink(widths: number[], right: readonly boolean[], width: number): number[] {
  const shrunk = [...widths];
  let over = shrunk.reduce((sum, w) => sum + w, 0) + GAP.length * (shrunk.length - 1) - width;
  while (over > 0) {
    const widest = shrunk.reduce((best, w, i) => (!right[i] && w > LEAST && (best < 0 || w > shrunk[best]!) ? i : best), -1);
    if (widest < 0) break;
    shrunk[widest]! -= 1;
    over -= 1;
  }
  return shrunk;
}
