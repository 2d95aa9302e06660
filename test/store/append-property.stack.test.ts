/** However the same rows are split and ordered into batches, and however often they are sent again: the tables hold the same, and the counts agree. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendRows } from '../../store/append-rows.js';
import { appendTargets } from '../../store/append-targets.js';
import { inferenceTable, targetTable } from '../../store/model-tables.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { createLoans, loan } from './loans.js';
import { memorySource, type Row } from './memory-source.js';

const ROWS = 24;
let database: TestDatabase;
let nextModel = 0;

beforeAll(async () => { database = await createDatabase(); });
afterAll(() => database.drop());

/** Rows with missing cells and odd numbers, the same in every trial. */
const all: Row[] = Array.from({ length: ROWS }, (_, i) => loan(i, { income: [i / 3, null, -0, 1e-300, 2 ** 53, 0.1][i % 6]!, score: i % 5 === 0 ? null : (i % 11) / 10, tier: i % 4 === 0 ? null : `"${i % 3}", ü` }));

interface Content {
  inferences: unknown[];
  targets: unknown[];
}

async function contentOf(modelId: number): Promise<Content> {
  const { rows: inferences } = await database.pool.query(`select identifier, at, c001, c002, c003, c004 from ${inferenceTable(modelId)} where removed_by is null order by identifier`);
  const { rows: targets } = await database.pool.query(`select identifier, value from ${targetTable(modelId)} where superseded_by is null order by identifier`);
  return { inferences, targets };
}

/** A trial: an order of all rows, where it is cut into batches, rows that are sent again, how many rows a block has, whether targets come first. */
const trial = fc.record({
  order: fc.shuffledSubarray(all.map((_, i) => i), { minLength: ROWS, maxLength: ROWS }),
  cuts: fc.uniqueArray(fc.integer({ min: 1, max: ROWS - 1 }), { maxLength: 5 }),
  again: fc.array(fc.integer({ min: 0, max: ROWS - 1 }), { maxLength: 12 }),
  blockRows: fc.integer({ min: 1, max: 9 }),
  targetsFirst: fc.boolean(),
});

describe('appendRows and appendTargets', () => {
  it('give the same tables and counts for any split, order and repetition of the same rows', async () => {
    let expected: Content | null = null;
    await fc.assert(fc.asyncProperty(trial, async ({ order, cuts, again, blockRows, targetsFirst }) => {
      const name = `property-${(nextModel += 1)}`;
      const { modelId } = await createLoans(database.pool, name);
      const sent = [...order, ...again].map((i) => all[i]!);
      const borders = [0, ...[...cuts].sort((a, b) => a - b), sent.length];
      const batches = borders.slice(1).map((end, k) => sent.slice(borders[k], end)).filter((rows) => rows.length > 0);
      const steps = batches.map((rows) => async () => {
        const { rowsRead, rowsAccepted, rowsDuplicate, rowsQuarantined, duplicate } = await appendRows(database.pool, name, memorySource(rows, { blockRows, columnNames: Object.keys(all[0]!) }), { by: 'test' });
        expect(rowsAccepted + rowsDuplicate + rowsQuarantined).toBe(rowsRead);
        expect(rowsQuarantined).toBe(0);
        // Two batches of the same rows are one batch.
        return duplicate ? 0 : rowsAccepted;
      });
      const targetRows = order.filter((i) => i % 3 !== 0).map((i) => ({ id: all[i]!.id!, repaid: i % 2 }));
      const sendTargets = async (): Promise<number> => {
        await appendTargets(database.pool, name, memorySource([...targetRows, ...targetRows.slice(0, 3)], { blockRows }), { by: 'test' });
        return 0;
      };
      let accepted = 0;
      for (const step of targetsFirst ? [sendTargets, ...steps] : [...steps, sendTargets]) accepted += await step();
      expect(accepted).toBe(ROWS);
      const content = await contentOf(modelId);
      expected ??= content;
      expect(content).toEqual(expected);
      expect(content.inferences).toHaveLength(ROWS);
    }), { numRuns: 25, seed: 20_260_101 });
  });
});
