/** Rows out again: what a training reads. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readModelRows, type ExportedRow, type ExportOptions } from '../../client/rows.js';
import { InvalidInput, NotFound } from '../../domain/errors.js';
import { appendRows } from '../../store/append-rows.js';
import { appendTargets } from '../../store/append-targets.js';
import { memorySource } from '../store/memory-source.js';
import { createLoans, loans } from '../store/loans.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  const { modelId } = await createLoans(database.pool, 'loans');
  // Two batches whose times interleave.
  await appendRows(database.pool, modelId, memorySource(loans(0, 60).filter((_, i) => i % 2 === 1)), { by: 'test' });
  await appendRows(database.pool, modelId, memorySource(loans(0, 60).filter((_, i) => i % 2 === 0)), { by: 'test' });
  await appendTargets(database.pool, modelId, memorySource(loans(0, 40).map(({ id }, i) => ({ id, repaid: i % 3 === 0 ? 1 : 0 }))), { by: 'test' });
  await appendTargets(database.pool, modelId, memorySource([{ id: 'loan-00005', repaid: 1 }]), { by: 'test' });
});
afterAll(() => database.drop());

async function read(options: ExportOptions = {}, model = 'loans'): Promise<ExportedRow[]> {
  const rows: ExportedRow[] = [];
  for await (const block of readModelRows(database.pool, model, options)) rows.push(...block);
  return rows;
}

describe('client.rows', () => {
  it('gives all rows in their order, whatever batch brought them, with the newest target that is known', async () => {
    const rows = await read();
    expect(rows.map(({ id }) => id)).toEqual(loans(0, 60).map(({ id }) => id));
    expect(rows[7]).toEqual({ id: 'loan-00007', when: '2026-01-01T07:00:00.000000Z', income: 1000 + 7 / 3, tier: null, y_pred: 1, score: 0.7, repaid: 0 });
    expect(rows[5]!.repaid).toBe(1);
    expect(rows.slice(40).every(({ repaid }) => repaid === null)).toBe(true);
  });

  it('gives the newest rows whose target has come, by time and by segment', async () => {
    expect((await read({ withTarget: true, last: 3, columns: ['id'] }))).toEqual([{ id: 'loan-00037' }, { id: 'loan-00038' }, { id: 'loan-00039' }]);
    expect((await read({ from: '2026-01-01T10:00', to: '2026-01-01T12:00', columns: ['id', 'repaid'] }))).toEqual([{ id: 'loan-00010', repaid: 0 }, { id: 'loan-00011', repaid: 0 }]);
    expect((await read({ segment: 'tier=tier 2', last: 2, columns: ['tier', 'id'] }))).toEqual([{ tier: 'tier 2', id: 'loan-00053' }, { tier: 'tier 2', id: 'loan-00059' }]);
  });

  it('gives the reference, in blocks, and lets go of its connection when a reader stops early', async () => {
    expect((await read({ period: 'reference', last: 2, withTarget: true, columns: ['id', 'repaid'] }))).toEqual([{ id: 'ref-38', repaid: 1 }, { id: 'ref-39', repaid: 1 }]);
    for await (const block of readModelRows(database.pool, 'loans', { columns: ['id'] })) {
      expect(block.length).toBe(60);
      break;
    }
    expect(database.pool.idleCount).toBe(database.pool.totalCount);
  });

  it('refuses columns, segments, times and versions that there are not', async () => {
    await expect(read({ columns: ['nothing'] })).rejects.toThrow(/keeps no column 'nothing'/);
    await expect(read({ segment: 'town=Rome' })).rejects.toThrow(InvalidInput);
    await expect(read({ from: 'yesterday' })).rejects.toThrow(InvalidInput);
    await expect(read({ last: 0 })).rejects.toThrow(InvalidInput);
    await expect(read({ version: 2 })).rejects.toThrow(NotFound);
  });
});
