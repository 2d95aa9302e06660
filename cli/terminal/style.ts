/** What a terminal can show: colours only where a person looks at a terminal and did not refuse them; widths in columns. */
import picocolors from 'picocolors';

export interface TerminalOptions {
  /** Columns to fit into; Infinity: do not shorten. Default: the terminal's, or Infinity when the output is a file or a pipe. */
  width?: number;
  /** Default: true on a terminal, unless NO_COLOR is set or TERM is dumb. */
  color?: boolean;
}

export interface TerminalStyle {
  width: number;
  color: boolean;
  dim: (text: string) => string;
  bold: (text: string) => string;
  alert: (text: string) => string;
}

export function styleOf(options: TerminalOptions = {}, out: { isTTY?: boolean; columns?: number } = process.stdout, env: Record<string, string | undefined> = process.env): TerminalStyle {
  const terminal = out.isTTY === true;
  const color = options.color ?? (terminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb');
  const colors = picocolors.createColors(color);
  return { width: options.width ?? (terminal && out.columns ? out.columns : Infinity), color, dim: colors.dim, bold: colors.bold, alert: colors.red };
}

// Escape sequences in a column's name would command the terminal; all control and format characters become visible.
const COMMANDS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const ZERO = /\p{M}/u;

export function printable(text: string): string {
  return text.replace(COMMANDS, '\ufffd');
}

/** Columns that a printable text takes. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return columns;
}

/** Cut to a number of columns, with an ellipsis in the middle: names often differ at their ends. */
export function fit(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  if (columns <= 1) return '…'.slice(0, columns);
  const tail = takeEnd(text, Math.floor((columns - 1) / 3));
  return `${takeStart(text, columns - 1 - columnsOf(tail))}…${tail}`;
}

export function pad(text: string, columns: number, right = false): string {
  const gap = ' '.repeat(Math.max(0, columns - columnsOf(text)));
  return right ? gap + text : text + gap;
}

function takeStart(text: string, columns: number): string {
  let taken = '';
  for (const character of text) {
    if (columnsOf(taken + character) > columns) break;
    taken += character;
  }
  return taken;
}

function takeEnd(text: string, columns: number): string {
  let taken = '';
  for (const character of [...text].reverse()) {
    if (columnsOf(character + taken) > columns) break;
    taken = character + taken;
  }
  return taken;
}
