/** Tables as CSV text, as pandas' `to_csv` writes them: numbers with all their digits, True and False, nothing for missing cells. */
import type { Table, TableColumn } from './table.js';
import { boolText, floatText } from './python-text.js';

export interface CsvOptions {
  separator: string;
  /** A first column with the row's number; null: none. */
  index: { name: string } | null;
  header: boolean;
  /** What a missing cell is written as. */
  missing: string;
  lineEnd: string;
  /** What truth values are written as. */
  flag(value: boolean): string;
}

export const PANDAS_CSV: CsvOptions = { separator: ',', index: { name: '' }, header: true, missing: '', lineEnd: '\n', flag: boolText };

/** One line after another, each with its end. */
export function* csvLines(table: Table, options: CsvOptions = PANDAS_CSV): Generator<string> {
  const { separator, index, header, lineEnd } = options;
  const quote = (text: string) => quoted(text, separator);
  if (header) yield [...(index ? [quote(index.name)] : []), ...table.columns.map(({ name }) => quote(name))].join(separator) + lineEnd;
  const cells = table.columns.map((column) => cellsOf(column, options));
  for (let row = 0; row < table.rowCount; row++) yield [...(index ? [String(row)] : []), ...cells.map((cellAt) => quote(cellAt(row)))].join(separator) + lineEnd;
}

function cellsOf(column: TableColumn, { missing, flag }: CsvOptions): (row: number) => string {
  const at = <T>(values: readonly (T | null)[], text: (value: T) => string) => (row: number) => {
    const value = values[row]!;
    return value === null ? missing : text(value);
  };
  switch (column.type) {
    case 'text': case 'json': case 'instant': return at(column.values, (text) => text);
    case 'whole': return at(column.values, String);
    case 'number': return at(column.values, (value) => (Number.isNaN(value) ? missing : floatText(value)));
    case 'flag': return at(column.values, flag);
    case 'moment': return at(column.values, momentText(column.values));
    case 'nothing': return () => missing;
  }
}

/** All moments of a column have as many decimals as the one that needs most; days alone where all are midnights. */
function momentText(values: readonly (string | null)[]): (moment: string) => string {
  let digits = -1;
  for (const value of values) {
    if (value === null) continue;
    const fraction = (value.split('.')[1] ?? '').replace(/0+$/, '').length;
    digits = Math.max(digits, fraction > 0 ? Math.ceil(fraction / 3) * 3 : /T00:00:00(\.0*)?$/.test(value) ? -1 : 0);
  }
  return (moment) => {
    const [seconds, fraction = ''] = moment.replace('T', ' ').split('.') as [string, string?];
    return digits < 0 ? seconds.slice(0, 10) : digits === 0 ? seconds : `${seconds}.${fraction.padEnd(digits, '0').slice(0, digits)}`;
  };
}

/** As Python's csv module quotes where it must. */
function quoted(text: string, separator: string): string {
  return text.includes(separator) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
