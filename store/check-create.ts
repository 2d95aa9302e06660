/** What a model must be to be created. */
import type { QuarantineReason } from '../domain/batch.js';
import { InvalidInput } from '../domain/errors.js';
import { checkSchema, columnOf, quoted, type ModelSchema } from '../domain/schema.js';
import { metricLack, performanceLack } from '../domain/performance-lacks.js';
import { enabledCalculators, type ModelSettings } from '../domain/settings.js';
import { checkRowWidth } from './model-tables.js';
import { storableText } from './quarantine.js';

const MAX_NAME = 200;

/** @throws InvalidInput unless the name has 1 to 200 printable characters and no blank at its ends */
export function checkModelName(name: string): string {
  const length = [...name].length;
  if (length === 0 || length > MAX_NAME) throw new InvalidInput(`a model's name has 1 to ${MAX_NAME} characters, this one has ${length}`);
  if (/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(name)) throw new InvalidInput(`a model's name has printable characters only, ${JSON.stringify(name)} has others`);
  if (name.trim() !== name) throw new InvalidInput(`a model's name neither begins nor ends with a blank: ${JSON.stringify(name)}`);
  return name;
}

/** @returns true when the reference needs its target in every row. @throws InvalidInput when the schema cannot feed the calculators that are switched on */
export function checkPrerequisites(schema: ModelSchema, settings: ModelSettings): boolean {
  checkSchema(schema);
  checkRowWidth(schema);
  for (const { name } of schema.columns) {
    if (storableText(name) !== name) throw new InvalidInput(`column ${JSON.stringify(name)} has a character in its name that Postgres cannot keep (NUL, or half of a pair): rename it`);
  }
  if (settings.chunking.kind === 'period' && !columnOf(schema, 'timestamp')) {
    throw new InvalidInput(`chunking by period (${settings.chunking.period}) needs a timestamp column and the schema has none: name one, or chunk by size or count`);
  }
  const performance = enabledCalculators(settings.calculators).filter((kind) => kind === 'estimated_performance' || kind === 'realized_performance');
  for (const kind of performance) {
    const lack = performanceLack(kind, schema) ?? settings.calculators[kind]!.metrics.map((metric) => metricLack(metric, schema)).find((reason) => reason !== null);
    if (lack) throw new InvalidInput(`${lack}: name it, or switch ${performance.join(' and ')} off in the settings`);
  }
  return performance.length > 0;
}

const MOST_SHOWN = 4;

/** A reference must be without fault: what is learnt from it judges everything later. @throws InvalidInput naming columns, counts, first places and the remedy */
export function refuseBadReference(label: string, rowsRead: number, rowsBad: number, reasons: readonly QuarantineReason[]): void {
  if (rowsBad === 0) return;
  const shown = reasons.slice(0, MOST_SHOWN).map(({ column, reason, rows, firstRow, example }) =>
    `${column === '' ? '' : `column ${quoted(column)}: `}${reason} in ${rows.toLocaleString('en')} of ${rowsRead.toLocaleString('en')} rows (first: row ${firstRow}${example === '' ? '' : `, ${JSON.stringify(example)}`})`);
  const more = reasons.length > MOST_SHOWN ? `; and ${reasons.length - MOST_SHOWN} more kinds` : '';
  throw new InvalidInput(`the reference (${label}) has ${rowsBad.toLocaleString('en')} row${rowsBad === 1 ? '' : 's'} that cannot be learnt from: ${shown.join('; ')}${more}: correct or leave out these rows`);
}
