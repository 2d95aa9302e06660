/**
 * Promise 3 for the loop after the alert: calm = storm, and every message arrives. `npm run test:storm -- --story --seeds 50` tries more seeds, `--seed N` repeats one, `--kills N` makes
 * it worse. (AFTERCARE_STORM_SEEDS, a list of numbers, AFTERCARE_STORM_KILLS and AFTERCARE_STORM_SPELL_MS are how that command tells this file.)
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPool } from '../../store/pool.js';
import { drawBlows, LOOP_VICTIMS, WEATHERS } from './chaos.js';
import { deliveriesOf, settledDigest } from './digest-loop.js';
import { difference, type Digest } from './digest.js';
import { LoopStack } from './loop-stack.js';
import { tellStory, type Told } from './storm.js';
import { buildLoopStory } from './story-loop.mjs';

const SEEDS = (process.env.AFTERCARE_STORM_SEEDS ?? '1,2,3').split(',').map(Number);
const KILLS = Number(process.env.AFTERCARE_STORM_KILLS ?? 3);
const SPELL_MS = Number(process.env.AFTERCARE_STORM_SPELL_MS ?? 3_000);
const STORY = fileURLToPath(new URL('./story-loop.mjs', import.meta.url));
/** A story that a storm makes longer than this hangs. */
const STORY_LIMIT_MS = 300_000;

const folder = mkdtempSync(join(tmpdir(), 'aftercare-loop-storm-'));
chmodSync(folder, 0o711);
let stack: LoopStack;
let calm: Told;
let calmDigest: Digest;

beforeAll(async () => {
  stack = await LoopStack.start(folder);
  calm = await tellStory(STORY, stack, 'calm', [], STORY_LIMIT_MS);
  calmDigest = await settledDigest(stack.ready, 'calm');
});

afterAll(async () => {
  await stack?.end();
  rmSync(folder, { recursive: true, force: true });
});

describe('storm over the loop after the alert', () => {
  test('the calm story is worth a storm: incident, acts, answers, retraining by link, verdicts, switch, promotion, probation, telemetry, messages', async () => {
    const count = (text: RegExp): number => calmDigest.lines.filter((line) => text.test(line)).length;
    expect(calm.clientStarts).toBe(1);
    expect(count(/^act .*"act":"acknowledged","by":"ada"/)).toBeGreaterThan(0);
    expect(count(/^act .*"resolution":"ask_expert","resolution_state":"done"/)).toBe(1);
    expect(count(/^question .*"subject":"incident".*"state":"answered"/)).toBeGreaterThan(0);
    expect(count(/^question .*"subject":"retraining".*"state":"answered","answer":"approve","answered_by":"boss@example.org","note":"by link"/)).toBe(1);
    expect(count(/^retraining .*"state":"completed".*"version":2/)).toBe(1);
    expect(calmDigest.lines.filter((line) => line.startsWith('verdict ')).map((line) => /"judgement":"(\w+(?: \w+)?)","body"/.exec(line)![1]).sort()).toEqual(['better', 'not yet']);
    expect(count(/^challenge .*"mode":"challenge","state":"kept","version":2,"against":1,"judgement":"better"/)).toBe(1);
    expect(count(/^audit .*"by":"boss@example.org","action":"version promoted"/)).toBe(1);
    expect(count(/^served /)).toBeGreaterThan(10);
    expect(count(/^version .*"role":"champion"/)).toBe(1);
    expect([...new Set(calmDigest.lines.filter((line) => line.startsWith('notice ')).map((line) => /"state":"(\w+)"/.exec(line)![1]))]).toEqual(['sent']);
    const delivered = await deliveriesOf(stack.ready, 'calm', stack.received());
    expect(delivered).toEqual({ intents: count(/^notice /), lost: [], repeats: 0, unknown: [] });
    expect(stack.calls()).toEqual([{ model: 'calm', modelId: expect.any(Number) as number, challenge: 1, action: 'promote', from: 1, to: 2, by: 'boss@example.org' }]);
  });

  test.each(SEEDS)('seed %i: after kills, bad lines and wrong clocks everything is as in the calm, and every message has come', { timeout: 500_000 }, async (seed) => {
    const model = `storm-${seed}`;
    const blows = drawBlows(seed, buildLoopStory().length, KILLS, SPELL_MS);
    await stack.calmDown();
    const told = await tellStory(STORY, stack, model, blows, STORY_LIMIT_MS);
    expect(told.killed).toHaveLength(blows.length);
    for (const [key, receipt] of told.receipts) {
      const { rowsAccepted, rowsDuplicate, rowsQuarantined, rowsRead } = receipt;
      const expected = calm.receipts.get(key)!;
      expect({ rowsAccepted, rowsDuplicate, rowsQuarantined, rowsRead }, `acknowledged under ${key}`).toEqual({ rowsAccepted: expected.rowsAccepted, rowsDuplicate: expected.rowsDuplicate, rowsQuarantined: expected.rowsQuarantined, rowsRead: expected.rowsRead });
    }
    const digest = await settledDigest(stack.ready, model, calmDigest);
    const delivered = await deliveriesOf(stack.ready, model, stack.received());
    const calls = stack.calls().filter((call) => call['model'] === model);
    process.stderr.write(`loop storm, seed ${seed}: ${(told.elapsedMs / 1000).toFixed(1)} s (calm ${(calm.elapsedMs / 1000).toFixed(1)} s), client started ${told.clientStarts} times, ${delivered.intents} messages, ${delivered.repeats} came again, ` +
      `switch called ${calls.length} times, ${told.killed.join(', ')}\n`);
    expect(difference(calmDigest, digest)).toBe('');
    expect(digest.hash).toBe(calmDigest.hash);
    expect(delivered).toMatchObject({ lost: [], unknown: [] });
    expect(new Set(calls.map(({ action, from, to, by }) => JSON.stringify({ action, from, to, by })))).toEqual(new Set([JSON.stringify({ action: 'promote', from: 1, to: 2, by: 'boss@example.org' })]));
  });
});

describe('settledDigest and deliveriesOf', () => {
  test('notice an act that is missing, another approver, another verdict, a message that was given up, one that never came, one that nobody meant', async () => {
    const pool = openPool(stack.ready.databaseUrl, { max: 1 });
    try {
      const { rows } = await pool.query<{ id: number }>("select id from aftercare.model where name = 'calm'");
      const id = rows[0]!.id;
      await pool.query("delete from aftercare.incident_act where act = 'resolution' and incident_id in (select i.id from aftercare.incident i where i.model_id = $1)", [id]);
      await pool.query("update aftercare.challenge set approved_by = 'eve' where model_id = $1", [id]);
      await pool.query("update aftercare.verdict set body = jsonb_set(body, '{comparison,difference,mean}', '0.5') where model_id = $1 and judgement = 'better'", [id]);
      await pool.query("update aftercare.notification set state = 'dead' where model_id = $1 and kind = 'promotion-done' and medium = 'email'", [id]);
      const told = difference(calmDigest, await settledDigest(stack.ready, 'calm'), 100).split('\n').map((line) => line.slice(0, line.indexOf(' ', 2)));
      expect(told.sort()).toEqual(['+ challenge', '+ notice', '+ verdict', '- act', '- challenge', '- notice', '- verdict']);
      const received = stack.received();
      const [first] = received;
      const delivered = await deliveriesOf(stack.ready, 'calm', [...received.filter(({ id: stamp }) => stamp !== first!.id), received[1]!, { kind: 'webhook', id: 'nobody-meant-this' }]);
      expect(delivered).toMatchObject({ lost: [expect.stringContaining('incident-opened') as string], repeats: 1, unknown: ['nobody-meant-this'] });
    } finally {
      await pool.end();
    }
  });
});

describe('drawBlows', () => {
  test('the same seed draws the same blows; every victim, weather and wrong clock is drawn by some seed, at different steps', () => {
    expect(drawBlows(7, 20, 5, 1_000)).toEqual(drawBlows(7, 20, 5, 1_000));
    expect(drawBlows(7, 20, 5, 1_000)).not.toEqual(drawBlows(8, 20, 5, 1_000));
    const all = Array.from({ length: 40 }, (_, seed) => drawBlows(seed, 20, 5, 1_000));
    expect(all.every((blows) => new Set(blows.map(({ step }) => step)).size === blows.length && blows.length === 6)).toBe(true);
    expect([...new Set(all.flat().map((blow) => (blow.kind === 'kill' ? blow.victim : '')))].sort()).toEqual(['', ...LOOP_VICTIMS].sort());
    expect([...new Set(all.flat().map((blow) => (blow.kind === 'weather' ? blow.weather : '')))].sort()).toEqual(['', ...WEATHERS].sort());
    expect([...new Set(all.flat().map((blow) => (blow.kind === 'kill' ? blow.clockMs : 0)))].sort((a, b) => a - b)).toEqual([-3_600_000, 0, 3_600_000]);
  });
});
