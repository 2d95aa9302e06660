/**
 * Two hosts of a Temporal cluster on PostgreSQL, two workers; one of each is killed while the story of the loop is told, and everything is as in the calm. `npm run test:cluster`
 * has the server built once and says where it is (AFTERCARE_CLUSTER_BIN); without that there is nothing to test.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { randomFrom } from '../storm/chaos.js';
import { deliveriesOf, settledDigest } from '../storm/digest-loop.js';
import { difference, type Digest } from '../storm/digest.js';
import { buildLoopStory } from '../storm/story-loop.mjs';
import { tellStory } from '../storm/storm.js';
import { ClusterStack, type ClusterBlow } from './cluster-stack.js';

const BIN = process.env.AFTERCARE_CLUSTER_BIN ?? '';
const SEEDS = (process.env.AFTERCARE_CLUSTER_SEEDS ?? '1').split(',').map(Number);
const STORY = fileURLToPath(new URL('../storm/story-loop.mjs', import.meta.url));
const STORY_LIMIT_MS = 400_000;

/** One host and one worker, each in its own part of the story. */
function draw(seed: number): ClusterBlow[] {
  const random = randomFrom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const half = Math.floor(buildLoopStory().length / 2) - 2;   // not in its last steps: there is nothing left to be disturbed
  const blow = (kind: 'host' | 'worker', from: number): ClusterBlow => ({ step: from + below(half), delayMs: below(600), victim: `${kind}-${below(2) === 0 ? 1 : 2}` });
  return below(2) === 0 ? [blow('host', 0), blow('worker', half)] : [blow('worker', 0), blow('host', half)];
}

describe.runIf(BIN !== '')('a cluster of two hosts, two workers', () => {
  const folder = BIN === '' ? '' : mkdtempSync(join(tmpdir(), 'aftercare-cluster-'));
  let stack: ClusterStack;
  let calm: Digest;

  beforeAll(async () => {
    chmodSync(folder, 0o711);
    stack = await ClusterStack.start(folder, BIN);
    const told = await tellStory(STORY, stack, 'calm', [], STORY_LIMIT_MS);
    calm = await settledDigest(stack.ready, 'calm');
    process.stderr.write(`cluster, calm: ${(told.elapsedMs / 1_000).toFixed(1)} s\n`);
    expect(calm.lines.some((line) => /^challenge .*"state":"kept"/.test(line))).toBe(true);
  });
  afterAll(async () => {
    await stack?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(SEEDS)('seed %i: a host and a worker are killed, everything is as in the calm, and every message has come', { timeout: 600_000 }, async (seed) => {
    const model = `storm-${seed}`;
    const told = await tellStory(STORY, stack, model, draw(seed), STORY_LIMIT_MS);
    expect(told.killed).toHaveLength(2);
    await stack.whole();
    const digest = await settledDigest(stack.ready, model, calm);
    const delivered = await deliveriesOf(stack.ready, model, stack.received());
    process.stderr.write(`cluster, seed ${seed}: ${(told.elapsedMs / 1_000).toFixed(1)} s, ${told.killed.join(', ')}, ${delivered.intents} messages, ${delivered.repeats} came again\n`);
    expect(difference(calm, digest)).toBe('');
    expect(delivered).toMatchObject({ lost: [], unknown: [] });
  });
});

test('draw: one host and one worker, at different steps; each of them by some seed', () => {
  const all = Array.from({ length: 40 }, (_, seed) => draw(seed));
  expect(all.every((blows) => blows.length === 2 && new Set(blows.map(({ victim }) => victim.slice(0, 4))).size === 2 && blows[0]!.step < blows[1]!.step)).toBe(true);
  expect([...new Set(all.flat().map(({ victim }) => victim))].sort()).toEqual(['host-1', 'host-2', 'worker-1', 'worker-2']);
});
