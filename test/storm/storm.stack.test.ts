/**
 * Promise 3: calm = storm. `npm run test:storm -- --seeds 20` tries more seeds, `--seed N` repeats one, `--kills N` makes it worse.
 * (AFTERCARE_STORM_SEEDS, a list of numbers, and AFTERCARE_STORM_KILLS are how that command tells this file.)
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lastingPort } from '../support/ports.js';
import { openPool } from '../../store/pool.js';
import { drawKills, randomFrom, VICTIMS } from './chaos.js';
import { difference, digestOf, type Digest } from './digest.js';
import { StormStack, tell, type Told } from './storm.js';
import { buildStory } from './story.mjs';

const SEEDS = (process.env.AFTERCARE_STORM_SEEDS ?? '1,2').split(',').map(Number);
const KILLS = Number(process.env.AFTERCARE_STORM_KILLS ?? 3);
const folder = mkdtempSync(join(tmpdir(), 'aftercare-storm-'));
chmodSync(folder, 0o711);

let stack: StormStack;
let calm: Told;
let calmDigest: Digest;

beforeAll(async () => {
  stack = await StormStack.start(['--data', join(folder, 'data'), '--postgres-port', String(await lastingPort()), '--temporal-port', String(await lastingPort()), '--ui-port', String(await lastingPort())]);
  calm = await tell(stack, 'calm', []);
  calmDigest = await digestOf(stack.ready, 'calm');
});

afterAll(async () => {
  await stack.end();
  rmSync(folder, { recursive: true, force: true });
});

describe('storm', () => {
  test('the calm story is worth a storm: runs, alerts, decisions answered, late, repeated, bad, corrected and removed rows, changed targets', () => {
    const count = (text: RegExp): number => calmDigest.lines.filter((line) => text.test(line)).length;
    expect(calm.clientStarts).toBe(1);
    expect(count(/^result /)).toBeGreaterThan(200);
    expect(count(/^incident .*"state":"acknowledged"/)).toBeGreaterThan(0);
    expect(count(/^decision .*"state":"answered"/)).toBeGreaterThan(0);
    expect(count(/^batch /)).toBe(1 + calm.receipts.size);
    const receipts = [...calm.receipts.values()];
    expect(receipts.some((receipt) => receipt.rowsDuplicate > 0 && receipt.kind === 'analysis')).toBe(true);
    expect(receipts.some((receipt) => receipt.rowsQuarantined > 0)).toBe(true);
    expect(receipts.some((receipt) => (receipt.rowsReplaced ?? 0) > 0)).toBe(true);
    expect(receipts.some((receipt) => (receipt.targets?.changed ?? 0) > 0)).toBe(true);
    expect(receipts.some((receipt) => receipt.kind === 'removal' && receipt.rowsAccepted > 0)).toBe(true);
  });

  test.each(SEEDS)('seed %i: after kills of workers, servers, client or all of it, everything is as in the calm', { timeout: 400_000 }, async (seed) => {
    const kills = drawKills(seed, buildStory().length, KILLS);
    const told = await tell(stack, `storm-${seed}`, kills);
    process.stderr.write(`storm, seed ${seed}: ${(told.elapsedMs / 1000).toFixed(1)} s (calm ${(calm.elapsedMs / 1000).toFixed(1)} s), client started ${told.clientStarts} times, killed ${told.killed.join(', ')}\n`);
    expect(told.killed).toHaveLength(KILLS);
    for (const [key, receipt] of told.receipts) {
      const { rowsAccepted, rowsDuplicate, rowsQuarantined, rowsRead } = receipt;
      const expected = calm.receipts.get(key)!;
      expect({ rowsAccepted, rowsDuplicate, rowsQuarantined, rowsRead }, `acknowledged under ${key}`).toEqual({ rowsAccepted: expected.rowsAccepted, rowsDuplicate: expected.rowsDuplicate, rowsQuarantined: expected.rowsQuarantined, rowsRead: expected.rowsRead });
    }
    const digest = await digestOf(stack.ready, `storm-${seed}`);
    expect(difference(calmDigest, digest)).toBe('');
    expect(digest.hash).toBe(calmDigest.hash);
  });
});

describe('digestOf', () => {
  test('notices one changed cell, one row too many, and one result that differs', async () => {
    const { databaseUrl } = stack.ready;
    const pool = openPool(databaseUrl, { max: 1 });
    try {
      const { rows } = await pool.query<{ id: number }>("select id from aftercare.model where name = 'calm'");
      const id = rows[0]!.id;
      const spoil = async (sql: string, mend: string): Promise<string> => {
        await pool.query(sql);
        const told = difference(calmDigest, await digestOf(stack.ready, 'calm'));
        await pool.query(mend);
        return told;
      };
      const table = `aftercare_data.m${id}_inference`;
      expect(await spoil(`update ${table} set row = row + 1000000 where ctid = (select min(ctid) from ${table})`, `update ${table} set row = row - 1000000 where row >= 1000000`)).toContain('+ rows inference');
      expect(await spoil(`create table spoilt as select * from ${table} limit 1; insert into ${table} select * from spoilt`, `delete from ${table} where ctid = (select max(ctid) from ${table}); drop table spoilt`)).toContain('+ rows inference');
      const measurement = `where id = (select max(m.id) from aftercare.measurement m join aftercare.chunk c on c.id = m.chunk_id join aftercare.version v on v.id = c.version_id
                           where v.model_id = ${id} and m.current and m.value is not null and not c.vanished)`;
      expect(await spoil(`update aftercare.measurement set value = value + 1 ${measurement}`, `update aftercare.measurement set value = value - 1 ${measurement}`)).toContain('+ result');
    } finally {
      await pool.end();
    }
  });
});

describe('drawKills', () => {
  test('the same seed draws the same kills, another seed others; every victim is drawn by some seed', () => {
    expect(drawKills(7, 20, 5)).toEqual(drawKills(7, 20, 5));
    expect(drawKills(7, 20, 5)).not.toEqual(drawKills(8, 20, 5));
    const victims = new Set(Array.from({ length: 20 }, (_, seed) => drawKills(seed, 20, 5)).flat().map((kill) => kill.victim));
    expect([...victims].sort()).toEqual([...VICTIMS].sort());
  });
  test('randomFrom gives numbers in [0, 1)', () => {
    const random = randomFrom(1);
    const drawn = Array.from({ length: 1_000 }, random);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeLessThan(1);
  });
});
