/** What a batch's faults are called, and whose they seem to be. */
import { expect, it } from 'vitest';
import type { QuarantineReason } from '../../domain/batch.js';
import type { SchemaColumn } from '../../domain/schema.js';
import { describeViolations, findViolations, graveViolations, refusals, tooManyBad, type BatchFaults } from '../../domain/violations.js';

const feature = (name: string): SchemaColumn => ({ name, role: 'feature', kind: 'continuous' });
const reason = (change: Partial<QuarantineReason>): QuarantineReason => ({ column: 'amount', reason: 'text in a number', rows: 1, firstRow: 1, example: 'n/a', ...change });
const faults = (change: Partial<BatchFaults>): BatchFaults => ({ missing: [], unknown: [], alike: new Map(), quarantine: [], rowsRead: 100, rowsQuarantined: 0, ...change });
const said = (change: Partial<BatchFaults>): string[] => findViolations(faults(change)).map(({ column, kind, fault }) => `${column} ${kind} ${fault}`);

it('columns that come, go or change their name or type are the pipeline\'s', () => {
  expect(said({ missing: [feature('amount'), feature('age')], unknown: ['Amount', 'height'] })).toEqual(['amount renamed pipeline', 'age missing pipeline', 'height new pipeline']);
  expect(said({ missing: [feature('age')], unknown: ['x17'], alike: new Map([['age', 'x17']]) })).toEqual(['age renamed pipeline']);
  expect(said({ quarantine: [reason({ rows: 60, firstRow: 2 })], rowsQuarantined: 60 })).toEqual(['amount retyped pipeline']);
});

it('one unknown column is the new name of one missing column only, a near name before alike values', () => {
  const found = findViolations(faults({ missing: [feature('amount'), feature('amounts')], unknown: ['Amount'], alike: new Map([['amounts', 'Amount']]) }));
  expect(found.map(({ column, kind, detail }) => [column, kind, detail])).toEqual([['amount', 'renamed', "comes as 'Amount'"], ['amounts', 'missing', 'is not there']]);
});

it('single bad values are natural; rows that are all bad from one moment on are not', () => {
  expect(said({ quarantine: [reason({ rows: 12 })], rowsQuarantined: 12 })).toEqual(['amount values natural']);
  expect(said({ quarantine: [reason({ rows: 40, firstRow: 61 })], rowsQuarantined: 40 })).toEqual(['amount values pipeline']);
  expect(said({ quarantine: [reason({ rows: 2, firstRow: 99 })], rowsQuarantined: 2 })).toEqual(['amount values natural']);
  expect(said({ quarantine: [reason({ reason: 'infinite', rows: 100 })], rowsQuarantined: 100 })).toEqual(['amount values pipeline']);
});

it('strict refuses a batch for its columns, and for its values only when too many are bad', () => {
  const strict = { policy: 'strict', quarantineAbove: 0.1 } as const;
  const few = faults({ quarantine: [reason({ rows: 10 })], rowsQuarantined: 10, unknown: ['note'] });
  expect(refusals(findViolations(few), few, strict).map(({ kind }) => kind)).toEqual(['new']);
  const many = faults({ quarantine: [reason({ rows: 11 })], rowsQuarantined: 11 });
  expect(refusals(findViolations(many), many, strict)).toHaveLength(1);
  expect(refusals(findViolations(many), many, { ...strict, policy: 'best_effort' })).toEqual([]);
  expect(tooManyBad(many, { ...strict, quarantineAbove: null })).toBe(false);
  expect(tooManyBad(faults({ rowsRead: 0 }), strict)).toBe(false);
});

it('a column that nobody asked for is recorded and no incident, unless batches with one are refused', () => {
  const one = faults({ unknown: ['note'], quarantine: [reason({ rows: 3 })], rowsQuarantined: 3 });
  expect(graveViolations(findViolations(one), one, { policy: 'best_effort', quarantineAbove: 0.1 })).toEqual([]);
  expect(graveViolations(findViolations(one), one, { policy: 'best_effort', quarantineAbove: 0.02 }).map(({ kind }) => kind)).toEqual(['values']);
  expect(graveViolations(findViolations(one), one, { policy: 'strict', quarantineAbove: 0.1 }).map(({ kind }) => kind)).toEqual(['new']);
});

it('they are told in one sentence, the first of many', () => {
  const found = findViolations(faults({ missing: [feature('a1'), feature('b2'), feature('c3')], quarantine: [reason({ rows: 3 })], rowsQuarantined: 3 }));
  expect(describeViolations(found)).toBe("column 'a1' is not there; column 'b2' is not there; column 'c3' is not there; column 'amount': text in a number (\"n/a\") in 3 rows");
  expect(describeViolations(found, 1)).toBe("column 'a1' is not there; and 3 more");
});
