/** What keeps two versions from being compared: both must answer the same question about the same columns. */
import { didYouMean } from './near-names.js';
import { columnOf, quoted, storedColumns, type ModelSchema, type SchemaColumn } from './schema.js';

const words = (text: string): string => text.replaceAll('_', ' ');

/**
 * Problem type, target, and the columns with their roles and kinds; their order does not matter.
 *
 * @returns one phrase for each difference, columns named; [] when there is none
 */
export function schemaDifferences(champion: ModelSchema, challenger: ModelSchema): string[] {
  const differences: string[] = [];
  if (champion.problemType !== challenger.problemType) differences.push(`the problem type is ${words(challenger.problemType)}, the champion's ${words(champion.problemType)}`);
  const [target, other] = [columnOf(champion, 'target'), columnOf(challenger, 'target')];
  if (target?.name !== other?.name) differences.push(`the target is ${other ? quoted(other.name) : 'not there'}, the champion's ${target ? quoted(target.name) : 'not there'}`);
  const theirs = new Map(storedColumns(challenger).map((column) => [column.name, column]));
  for (const column of storedColumns(champion)) {
    const found = theirs.get(column.name);
    if (found) differences.push(...columnDifferences(column, found));
    else if (column.role !== 'target') differences.push(missingColumn(column, [...theirs.keys()]));
  }
  const own = new Set(storedColumns(champion).map(({ name }) => name));
  for (const { name, role } of theirs.values()) if (!own.has(name) && role !== 'target') differences.push(newColumn(name));
  return differences;
}

export function missingColumn({ name, role }: SchemaColumn, names: readonly string[]): string {
  return `column ${quoted(name)} (${words(role)}) is not there${didYouMean(name, names)}`;
}

export function newColumn(name: string): string {
  return `column ${quoted(name)} is not among the champion's`;
}

function columnDifferences(column: SchemaColumn, found: SchemaColumn): string[] {
  const differences: string[] = [];
  if (found.role !== column.role) differences.push(`column ${quoted(column.name)} is a ${words(found.role)}, the champion's a ${words(column.role)}`);
  else if (found.kind !== column.kind) differences.push(`column ${quoted(column.name)} is ${found.kind}, the champion's ${column.kind}`);
  else if (found.class !== column.class) differences.push(`column ${quoted(column.name)} is the probability of class ${quoted(found.class ?? '')}, the champion's of ${quoted(column.class ?? '')}`);
  return differences;
}
