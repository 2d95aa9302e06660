/** Verdicts on real rows: what both answered, joined by identifier, with the targets that were known at a horizon. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { FittedCache } from '../../activities/fitted-cache.js';
import { computeVerdict, type VerdictRequest } from '../../activities/verdict/compute-verdict.js';
import { buildProgram } from '../../cli/program.js';
import type { Verdict } from '../../domain/challenge.js';
import { LIFECYCLE_DEFAULTS } from '../../domain/lifecycle-settings.js';
import { addFromInput } from '../../client/challengers.js';
import type { ModelSchema } from '../../domain/schema.js';
import { defaultSettings } from '../../domain/settings.js';
import { appendRows } from '../../store/append-rows.js';
import { appendTargets } from '../../store/append-targets.js';
import { createModel } from '../../store/create-model.js';
import { inTransaction } from '../../store/pool.js';
import { removeRows } from '../../store/remove-rows.js';
import { addServing } from '../../store/telemetry.js';
import { readVerdicts } from '../../store/verdicts.js';
import { ServingTally } from '../../domain/telemetry.js';
import { memorySource, type Row } from '../store/memory-source.js';
import { createDatabase, uniqueName, type TestDatabase } from '../support/stack.js';
import { normal, uniform, VerdictWorld } from './verdict-world.js';

let database: TestDatabase;
beforeAll(async () => { database = await createDatabase(); });
afterAll(async () => { await database.drop(); });

const cache = new FittedCache();
const world = (blur: [number, number]): VerdictWorld => new VerdictWorld(database.pool, uniqueName('loans'), blur);
async function judge(of: VerdictWorld, change: Partial<VerdictRequest> = {}): Promise<Verdict> {
  return computeVerdict(database.pool, cache, { modelId: of.modelId, challenge: 1, challenger: 2, champion: 1, horizon: await of.horizon(), settings: LIFECYCLE_DEFAULTS.challenge, ...change });
}

it('a clearer challenger is better on the rows that both answered and whose targets came, and the same horizon gives the same again', async () => {
  const of = await world([2.5, 0.5]).create();
  await of.append(1, 0, 3_000);
  await of.append(2, 1_000, 4_000);
  await of.targets(0, 2_500);
  const verdict = await judge(of);
  expect(verdict).toMatchObject({ judgement: 'better', champion: 1, challenger: 2, comparison: { metric: 'roc_auc', basis: 'realized', pairs: 1_500, judgement: 'better', reason: null } });
  expect(verdict.comparison.difference!.lower).toBeGreaterThan(0.01);
  expect(verdict.text).toMatch(/^version 2 is better than version 1: roc_auc 0\.\d+ against 0\.\d+, \+0\.\d+ \(95 %: \+0\.\d+ to \+0\.\d+; positive is better\) on 1,500 rows that both answered, with targets; better by more than 0\.01 with probability/);
  const horizon = await of.horizon();
  await of.targets(0, 2_500, true);
  expect(await judge(of, { horizon })).toEqual(verdict);
  // A challenge's verdict stands; computed anew it comes out the same, because the horizon is a state of the data.
  expect({ ...await judge(of, { horizon, challenge: 2 }), challenge: 1, text: '', comparison: { ...verdict.comparison, difference: null } })
    .toMatchObject({ comparison: { champion: verdict.comparison.champion, challenger: verdict.comparison.challenger, pairs: 1_500 } });
  expect((await judge(of)).judgement).toBe('worse');
  expect((await readVerdicts(database.pool, of.modelId, { challenger: 2 })).map((one) => one.judgement)).toEqual(['worse', 'better', 'better']);
});

it('aftercare verdict shows it at a terminal: the sentence, a line for all rows and each segment with its interval, the guardrails', async () => {
  const of = await new VerdictWorld(database.pool, 'loans', [2.5, 0.5]).create({ segments: { by: ['branch'] } });
  for (const version of [1, 2] as const) await of.append(version, 0, 3_000);
  await of.targets(0, 3_000);
  const verdict = await judge(of);
  const printed: string[] = [];
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => { printed.push(String(text)); return true; });
  try {
    const program = await buildProgram('verdict');
    await program.parseAsync(['node', 'aftercare', 'verdict', 'loans', '2', '--database-url', database.url]);
    await program.parseAsync(['node', 'aftercare', 'verdict', 'loans', '--json', '--database-url', database.url]);
  } finally {
    stdout.mockRestore();
  }
  const [text, table, ...rest] = printed;
  expect(text).toBe(`${verdict.text}\n`);
  const lines = table!.split('\n').slice(2, 6);
  expect(lines.map((line) => line.split(/ {2,}/)[0])).toEqual(['all rows', 'branch=north', 'branch=south', 'branch=west']);
  // The region of equivalence around no difference, the interval to the right of it.
  for (const line of lines) expect(line).toMatch(/better +·+░+│░+·*━+●━+·*$/);
  expect(rest.slice(0, 3).map((line) => line.split(':')[0])).toEqual(['not known', 'not known', 'kept']);
  expect(JSON.parse(rest.at(-1)!)).toEqual(verdict);
});

it('removed rows and corrected targets do not count', async () => {
  const of = await world([1, 1]).create();
  await of.append(1, 0, 1_000);
  await of.append(2, 0, 1_000);
  await of.targets(0, 1_000);
  const before = await judge(of);
  await removeRows(database.pool, of.modelId, memorySource(Array.from({ length: 300 }, (_, n) => ({ id: `loan-${n}` }))), { by: 'test' });
  const after = await judge(of);
  expect([before.comparison.pairs, after.comparison.pairs]).toEqual([1_000, 700]);
  await of.targets(300, 1_000, true);
  const corrected = await judge(of);
  expect(corrected.comparison.champion).toBeCloseTo(1 - after.comparison.champion!, 12);
});

it('before targets come the estimates are shown and judge nothing; where none ever come they judge', async () => {
  const delayed = await world([3, 0.3]).create();
  for (const version of [1, 2] as const) await delayed.append(version, 0, 3_000);
  await delayed.targets(0, 100);
  const estimated = await judge(delayed);
  expect(estimated).toMatchObject({ judgement: 'not yet', comparison: { basis: 'estimated', pairs: 3_000, judgement: 'not yet' } });
  expect(estimated.comparison.reason).toMatch(/^the estimates alone say better with probability .*; 100 of 500 needed pairs have their targets$/);

  const absent = await world([3, 0.3]).create({ targets: { arrival: 'absent' } });
  for (const version of [1, 2] as const) await absent.append(version, 0, 3_000);
  const judged = await judge(absent);
  expect(judged).toMatchObject({ judgement: 'better', comparison: { basis: 'estimated', judgement: 'better' } });
  // Both were calibrated on 2,000 rows of reference: the interval says so.
  const { lower, upper } = judged.comparison.difference!;
  expect(upper - lower).toBeGreaterThan(0.03);
  await delayed.targets(0, 3_000);
  const realized = (await judge(delayed)).comparison;
  expect(realized.basis).toBe('realized');
  expect(Math.abs(judged.comparison.champion! - realized.champion!)).toBeLessThan(0.03);
  expect(Math.abs(judged.comparison.challenger! - realized.challenger!)).toBeLessThan(0.03);
});

it('a challenger that fails more often or is much worse somewhere is not called better', async () => {
  const of = await world([2.5, 0.5]).create({ segments: { by: ['branch'] } });
  await of.append(1, 0, 6_000);
  // Every third row is of the branch north.
  await of.append(2, 0, 6_000, { blur: (n) => (n % 3 === 0 ? 12 : 0.1) });
  await of.targets(0, 6_000);
  const unfair = await judge(of);
  expect(unfair.comparison.judgement).toBe('not yet');
  expect(Object.keys(unfair.segments).sort()).toEqual(['branch=north', 'branch=south', 'branch=west']);
  expect(unfair.segments['branch=north']).toMatchObject({ pairs: 2_000, judgement: 'worse' });
  expect(unfair.segments['branch=south']).toMatchObject({ pairs: 2_000, judgement: 'better' });
  expect(unfair.guardrails.find(({ guardrail }) => guardrail === 'worst_segment')).toMatchObject({ kept: false, text: expect.stringContaining('branch=north') as string });
  expect(unfair.guardrails.filter(({ guardrail }) => guardrail !== 'worst_segment')).toMatchObject([{ guardrail: 'error_rate', kept: null }, { guardrail: 'response_time', kept: null }]);

  const loud = await world([2.5, 0.5]).create();
  for (const version of [1, 2] as const) await loud.append(version, 0, 2_000);
  await loud.targets(0, 2_000);
  const tally = new ServingTally();
  for (let i = 0; i < 1_000; i++) for (const version of [1, 2]) tally.addCall({ version, atMs: 1e12 + i, durationMs: 10 * version, error: version === 2 && i % 20 === 0 }, 1e12);
  await inTransaction(database.pool, (tx) => addServing(tx, loud.modelId, tally.take(), { key: 'calls', nowMs: 1e12 }));
  const verdict = await judge(loud);
  expect(verdict).toMatchObject({ judgement: 'not yet', comparison: { judgement: 'better' }, guardrails: [{ guardrail: 'error_rate', kept: false, text: 'error rate 5 % against 0 % (allowed: 1 % more)' }, { guardrail: 'response_time', kept: false }] });
  expect(verdict.text).toMatch(/a guardrail is not kept: error rate 5 % against 0 %/);
});

it('regressions and several classes are compared as well, estimated and realized', async () => {
  const { pool } = database;
  const shared: ModelSchema['columns'] = [{ name: 'id', role: 'identifier', kind: 'text' }, { name: 'size', role: 'feature', kind: 'continuous' }, { name: 'kind', role: 'feature', kind: 'categorical' }];
  const classes = ['low', 'mid', 'top'];
  const problems: { schema: ModelSchema; row: (n: number, blur: number, salt: number) => Row; target: (n: number) => Row }[] = [
    {
      schema: { problemType: 'regression', columns: [...shared, { name: 'guess', role: 'prediction', kind: 'continuous' }, { name: 'price', role: 'target', kind: 'continuous' }] },
      row: (n, blur, salt) => ({ guess: 100 + 10 * normal(n, 0) + blur * normal(n, salt) }),
      target: (n) => ({ price: 100 + 10 * normal(n, 0) + 2 * normal(n, 2) }),
    },
    {
      schema: { problemType: 'classification_multiclass', columns: [...shared, ...classes.map((name) => ({ name: `p_${name}`, role: 'predicted_probability' as const, kind: 'continuous' as const, class: name })), { name: 'guess', role: 'prediction', kind: 'categorical' }, { name: 'grade', role: 'target', kind: 'categorical' }] },
      row: (n, blur, salt) => {
        const weights = classes.map((_, c) => Math.exp(2 * normal(n, 10 * c) + blur * normal(n, salt + 20 * c)));
        const total = weights.reduce((a, b) => a + b, 0);
        return { ...Object.fromEntries(classes.map((name, c) => [`p_${name}`, weights[c]! / total])), guess: classes[weights.indexOf(Math.max(...weights))]! };
      },
      target: (n) => {
        const weights = classes.map((_, c) => Math.exp(2 * normal(n, 10 * c)));
        const at = uniform(n, 99) * weights.reduce((a, b) => a + b, 0);
        return { grade: at < weights[0]! ? 'low' : at < weights[0]! + weights[1]! ? 'mid' : 'top' };
      },
    },
  ];
  for (const { schema, row, target } of problems) {
    const name = uniqueName(schema.problemType);
    const whole = (n: number, version: 1 | 2): Row => ({ id: `r${n}`, size: normal(n, 0), kind: n % 2 === 0 ? 'a' : 'b', ...row(n, version === 1 ? 4 : 0.5, version + 3) });
    const reference = (version: 1 | 2): Row[] => Array.from({ length: 1_500 }, (_, i) => ({ ...whole(i - 1_500, version), ...target(i - 1_500) }));
    const settings = { ...defaultSettings(schema.problemType, { kind: 'size', size: 500 }), targets: { arrival: 'absent' as const }, segments: { by: ['kind'] } };
    const { modelId } = await createModel(pool, { name, schema, settings, reference: memorySource(reference(1), { columnNames: schema.columns.map((column) => column.name) }), by: 'test' });
    await addFromInput({ pool, by: 'test' }, name, { reference: reference(2), key: 'challenger', schema });
    const numbers = Array.from({ length: 1_200 }, (_, n) => n);
    for (const version of [1, 2] as const) await appendRows(pool, modelId, memorySource(numbers.map((n) => whole(n, version))), { by: 'test', ...(version === 2 ? { version } : {}) });
    const ask = (horizon: number): Promise<Verdict> => computeVerdict(pool, cache, { modelId, challenge: 1, challenger: 2, champion: 1, horizon, settings: LIFECYCLE_DEFAULTS.challenge });
    const estimated = await ask(4);
    await appendTargets(pool, modelId, memorySource(numbers.map((n) => ({ id: `r${n}`, ...target(n) }))), { by: 'test' });
    const realized = await ask(5);
    expect([estimated, realized].map(({ judgement, comparison }) => [judgement, comparison.basis, comparison.pairs]), name).toEqual([['better', 'estimated', 1_200], ['better', 'realized', 1_200]]);
    // A region and a limit in the metric's own unit, where that has one.
    const { champion, challenger, rope } = realized.comparison;
    const own = schema.problemType === 'regression';
    expect(rope).toBeCloseTo(own ? 0.01 * Math.max(champion!, challenger!) : 0.01, 12);
    expect(Object.values(realized.segments).map((one) => one.rope)).toEqual([rope, rope]);
    const [worst] = realized.guardrails.filter(({ guardrail }) => guardrail === 'worst_segment');
    const [, segment, limit] = /^worst segment (kind=[ab]): .* \(worse by more than ([\d.]+) with/.exec(worst!.text)!;
    expect(Number(limit)).toBeCloseTo(own ? 0.05 * realized.segments[segment!]!.champion! : 0.05, 3);
    for (const side of ['champion', 'challenger'] as const) expect(Math.abs(estimated.comparison[side]! - realized.comparison[side]!) / realized.comparison[side]!, `${name} ${side}`).toBeLessThan(0.1);
  }
});

it('what cannot be compared is refused with its numbers', async () => {
  const of = await world([1, 1]).create();
  await of.append(1, 0, 50);
  await of.append(2, 100, 130);
  await expect(judge(of)).rejects.toThrow('versions 1 and 2 have 0 rows in common: version 1 answered 50 rows, version 2 answered 30 rows');
  await expect(judge(of, { challenger: 7 })).rejects.toThrow('the model has no version 7: its versions are 1, 2');
  await expect(judge(of, { challenger: 1 })).rejects.toThrow('version 1 cannot be compared with itself');
  await expect(judge(of, { settings: { ...LIFECYCLE_DEFAULTS.challenge, metric: 'rmse' } })).rejects.toThrow(/versions cannot be compared by 'rmse': there are roc_auc/);
});
