/** Segments in runs: each is a population of its own, with its own reference, chunks, thresholds and incidents. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Result } from '../../domain/measurement.js';
import type { ModelSettings, SegmentSettings } from '../../domain/settings.js';
import { appendRows } from '../../store/append-rows.js';
import { appendTargets } from '../../store/append-targets.js';
import { createModel } from '../../store/create-model.js';
import { readIncidents } from '../../store/incidents.js';
import { updateSettings } from '../../store/models.js';
import { readResults } from '../../store/results.js';
import { createDatabase, uniqueName, type TestDatabase } from '../support/stack.js';
import { memorySource, type Row } from '../store/memory-source.js';
import { createSmallModel, pick, runModel, smallRow, smallSettings, smallTarget, SMALL_SCHEMA } from './run-model.js';

let database: TestDatabase;
beforeAll(async () => { database = await createDatabase(); });
afterAll(async () => { await database.drop(); });

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const append = (modelId: number, rows: readonly Row[]): Promise<unknown> => appendRows(database.pool, modelId, memorySource([...rows]), { by: 'test' });
const BY_COLOUR: SegmentSettings = { by: ['colour'], minReferenceRows: 20 };

function segmented(chunking: ModelSettings['chunking'], segments: SegmentSettings = BY_COLOUR, change: Partial<ModelSettings> = {}): ModelSettings {
  return smallSettings(chunking, { segments, ...change });
}

/** What a value is, whatever model and segment it stands in. */
function bare(results: readonly Result[]): unknown[] {
  return results.map(({ model: _model, segment: _segment, dataRevision: _data, revision: _revision, chunk, ...rest }) => JSON.stringify({ ...rest, chunk })).sort();
}

async function segmentResults(modelId: number, segment: string): Promise<Result[]> {
  return readResults(database.pool, modelId, { segments: [segment] });
}

describe('a run with segments', () => {
  it.each([
    ['chunks by size', { kind: 'size', size: 20 }],
    ['chunks by day', { kind: 'period', period: 'D' }],
    ['a fixed number of chunks', { kind: 'count', count: 3 }],
  ] as const)('gives every segment the values of a model that has its rows alone: %s', async (_name, chunking) => {
    const id = await createSmallModel(database.pool, uniqueName('segmented'), segmented(chunking));
    const red = ({ colour }: Row): boolean => colour === 'red';
    const names = SMALL_SCHEMA.columns.map(({ name }) => name).filter((name) => name !== 'colour');
    const reference = numbers(-200, 0).map((n) => ({ ...smallRow(n), ...smallTarget(n) })).filter(red).map((row) => pick(row, names));
    const alone = await createModel(database.pool, {
      name: uniqueName('alone'), schema: { ...SMALL_SCHEMA, columns: SMALL_SCHEMA.columns.filter(({ name }) => name !== 'colour') },
      settings: smallSettings(chunking), reference: memorySource(reference, { columnNames: names }), by: 'test',
    });
    // In two runs, with targets in between: what an increment computes is what all at once would have given.
    for (const rows of [numbers(0, 130), numbers(130, 260)]) {
      await append(id, rows.map((n) => smallRow(n)));
      await append(alone.modelId, rows.map((n) => smallRow(n)).filter(red).map((row) => pick(row, names)));
      await runModel(database.pool, id);
    }
    const targets = numbers(0, 200);
    await appendTargets(database.pool, id, memorySource(targets.map((n) => smallTarget(n))), { by: 'test' });
    await appendTargets(database.pool, alone.modelId, memorySource(targets.filter((n) => red(smallRow(n))).map((n) => smallTarget(n))), { by: 'test' });
    await runModel(database.pool, id);
    await runModel(database.pool, alone.modelId);
    const own = bare(await segmentResults(id, 'colour=red'));
    expect(own.length).toBeGreaterThan(50);
    // A period is complete when any newer row has come, be it red or not.
    const withoutCompleteness = (lines: unknown[]): unknown[] => lines.map((line) => String(line).replace(/"complete":(true|false),"final":(true|false)/, ''));
    expect(withoutCompleteness(own)).toEqual(withoutCompleteness(bare(await segmentResults(alone.modelId, ''))));
  });

  it('leaves the values of all rows as they are without segments', async () => {
    const id = await createSmallModel(database.pool, uniqueName('with'), segmented({ kind: 'size', size: 20 }));
    const plain = await createSmallModel(database.pool, uniqueName('without'), smallSettings({ kind: 'size', size: 20 }));
    for (const modelId of [id, plain]) {
      await append(modelId, numbers(0, 100).map((n) => smallRow(n)));
      await runModel(database.pool, modelId);
    }
    expect(bare(await segmentResults(id, ''))).toEqual(bare(await segmentResults(plain, '')));
    expect(new Set((await readResults(database.pool, id, { segments: 'all' })).map(({ segment }) => segment))).toEqual(new Set(['', 'colour=blue', 'colour=green', 'colour=grey', 'colour=red']));
  });

  it('says which values have no segment: few in the reference, beyond the most frequent, new in the analysis', async () => {
    const id = await createSmallModel(database.pool, uniqueName('notes'), segmented({ kind: 'size', size: 20 }, { ...BY_COLOUR, maxValues: 3 }));
    await append(id, numbers(0, 40).map((n) => ({ ...smallRow(n), colour: n < 3 ? 'mauve' : n === 3 ? null : smallRow(n).colour })));
    const { record } = await runModel(database.pool, id);
    expect(record.failures).toEqual([]);
    expect(record.notes).toHaveLength(3);
    expect(record.notes[0]).toMatch(/^segments by 'colour': 1 value is left out, only the 3 most frequent are looked at .*: '(red|green|blue|grey)' \(\d+\)$/);
    expect(record.notes[1]).toMatch(/1 value is left out, with fewer than 20 rows in the reference .*: 'violet' \(\d+\)$/);
    expect(record.notes[2]).toBe("segments by 'colour': 'mauve' (3 rows) is not in the reference: there is nothing to compare it with");
    const segments = new Set((await readResults(database.pool, id, { segments: 'all' })).map(({ segment }) => segment));
    expect(segments.size).toBe(4);
    expect(segments.has('colour=mauve')).toBe(false);
  });

  it('costs the new rows, once for all rows and once for each column of segments', async () => {
    const id = await createSmallModel(database.pool, uniqueName('increment'), segmented({ kind: 'size', size: 20 }));
    await append(id, numbers(0, 400).map((n) => smallRow(n)));
    expect((await runModel(database.pool, id)).record.rowsRead).toBeGreaterThan(780);
    await append(id, numbers(400, 420).map((n) => smallRow(n)));
    const { record, plan } = await runModel(database.pool, id);
    // 20 new rows, and the open chunk of each population again: of all rows none, of four segments fewer than 20 each.
    expect(record.rowsRead).toBeLessThan(20 + 20 + 4 * 20);
    expect(record.chunksComputed).toBeLessThan(record.chunks / 2);
    expect(plan.parts).toBe(1);
    expect((await runModel(database.pool, id)).record).toMatchObject({ rowsRead: 0, chunksComputed: 0, referenceRowsRead: 0 });
  });

  it('takes values as they are: quotes, backslashes, slashes, blanks', async () => {
    const odd: Record<string, string> = { red: `O'Brien "x" \\ €`, green: 'a/b%2F=c', blue: '  blank ends ', grey: "'; drop table x; --" };
    const renamed = (row: Row): Row => ({ ...row, colour: odd[String(row.colour)] ?? row.colour });
    const names = SMALL_SCHEMA.columns.map(({ name }) => name);
    const reference = numbers(-200, 0).map((n) => renamed({ ...smallRow(n), ...smallTarget(n) }));
    const { modelId } = await createModel(database.pool, { name: uniqueName('odd'), schema: SMALL_SCHEMA, settings: segmented({ kind: 'size', size: 20 }), reference: memorySource(reference, { columnNames: names }), by: 'test' });
    const plain = await createSmallModel(database.pool, uniqueName('plain'), segmented({ kind: 'size', size: 20 }));
    await append(modelId, numbers(0, 100).map((n) => renamed(smallRow(n))));
    await append(plain, numbers(0, 100).map((n) => smallRow(n)));
    expect((await runModel(database.pool, modelId)).record.failures).toEqual([]);
    await runModel(database.pool, plain);
    for (const [colour, value] of Object.entries(odd)) {
      const results = await segmentResults(modelId, `colour=${value}`);
      expect(results.length).toBeGreaterThan(50);
      expect(bare(results)).toEqual(bare(await segmentResults(plain, `colour=${colour}`)));
    }
  });

  it('chunks segments in their own way where the settings say so', async () => {
    const id = await createSmallModel(database.pool, uniqueName('own-chunks'), segmented({ kind: 'size', size: 50 }, { ...BY_COLOUR, chunking: { kind: 'size', size: 10 } }));
    await append(id, numbers(0, 100).map((n) => smallRow(n)));
    await runModel(database.pool, id);
    const rowsOf = async (segment: string): Promise<number> => Math.max(...(await segmentResults(id, segment)).map(({ chunk }) => chunk.rows));
    expect(await rowsOf('')).toBe(50);
    expect(await rowsOf('colour=red')).toBe(10);
  });

  it('a segment that is no longer asked for leaves what readers see, and comes back as it was', async () => {
    const id = await createSmallModel(database.pool, uniqueName('comes-back'), segmented({ kind: 'size', size: 20 }));
    await append(id, numbers(0, 200).map((n) => smallRow(n)));
    await runModel(database.pool, id);
    const before = bare(await segmentResults(id, 'colour=red'));
    expect(before.length).toBeGreaterThan(50);
    await updateSettings(database.pool, id, (current) => ({ ...current, segments: null }), 'test');
    await runModel(database.pool, id);
    expect(await segmentResults(id, 'colour=red')).toEqual([]);
    expect(new Set((await readIncidents(database.pool, id)).filter(({ segment }) => segment !== '').map(({ state }) => state))).toEqual(new Set(['withdrawn']));
    await updateSettings(database.pool, id, (current) => ({ ...current, segments: BY_COLOUR }), 'test');
    const { record } = await runModel(database.pool, id);
    expect(bare(await segmentResults(id, 'colour=red'))).toEqual(before);
    expect(record).toMatchObject({ referenceRowsRead: 0, rowsRead: 0 });
  });

  it('opens incidents of its segments beside those of all rows, and asks about them where the settings say so', async () => {
    const settings = segmented({ kind: 'size', size: 20 }, { by: ['colour'], minReferenceRows: 20, chunking: { kind: 'size', size: 5 } }, {
      calculators: { univariate_drift: { columns: ['amount'], continuousMethods: ['wasserstein'], categoricalMethods: ['chi2'], thresholds: { wasserstein: { type: 'constant', lower: null, upper: 200 } } } },
    });
    const id = await createSmallModel(database.pool, uniqueName('incidents'), { ...settings, decisions: { ...settings.decisions, on: ['drift'] } });
    await append(id, numbers(0, 220).map((n) => smallRow(n)));
    const first = await runModel(database.pool, id);
    const incidents = await readIncidents(database.pool, id, ['open']);
    expect(new Set(incidents.map(({ segment, cause }) => `${segment} ${cause}`))).toEqual(new Set([' amount', 'colour=blue amount', 'colour=green amount', 'colour=grey amount', 'colour=red amount']));
    expect(first.outcome.questions.map(({ decisionId }) => decisionId.split('/')[1])).toEqual(['drift']);
    await updateSettings(database.pool, id, (current) => ({ ...current, decisions: { ...current.decisions, segments: true } }), 'test');
    const { questions } = (await runModel(database.pool, id)).outcome;
    expect(new Set(questions.map(({ decisionId }) => decisionId.split('/')[1]))).toEqual(new Set(['drift', 'colour=blue', 'colour=green', 'colour=grey', 'colour=red']));
    expect(new Set(questions.map(({ decisionId }) => decisionId)).size).toBe(questions.length);
    expect(questions.find(({ decisionId }) => decisionId.includes('colour=red'))!.text).toContain('segment colour=red: column \'amount\' drifted in the chunk that begins 2024-');
  });
});

describe('thresholds of single series', () => {
  it('are judged anew without computing anything, the most specific has the word', async () => {
    const id = await createSmallModel(database.pool, uniqueName('overrides'), segmented({ kind: 'size', size: 20 }));
    await append(id, numbers(0, 200).map((n) => smallRow(n)));
    await runModel(database.pool, id);
    await updateSettings(database.pool, id, (current) => ({
      ...current,
      thresholds: [
        { calculator: 'univariate_drift', metric: 'jensen_shannon', rule: { type: 'constant', lower: null, upper: 0.9 } },
        { calculator: 'univariate_drift', column: 'score', rule: { type: 'constant', lower: null, upper: 0.8 } },
        { calculator: 'univariate_drift', segment: 'colour=red', rule: { type: 'constant', lower: 0.01, upper: 0.7 } },
        { calculator: 'univariate_drift', segment: 'colour=red', column: 'score', alertOn: 'worse' },
      ],
    }), 'test');
    const { record } = await runModel(database.pool, id);
    expect(record).toMatchObject({ rowsRead: 0, referenceRowsRead: 0, chunksComputed: 0 });
    const bounds = (await readResults(database.pool, id, { segments: 'all' })).filter(({ calculator, period }) => calculator === 'univariate_drift' && period === 'analysis')
      .map(({ segment, column, lowerThreshold, upperThreshold }) => `${segment}|${column}|${lowerThreshold}|${upperThreshold}`);
    const of = (segment: string, column: string): string[] => [...new Set(bounds)].filter((line) => line.startsWith(`${segment}|${column}|`));
    expect(of('', 'amount')).toEqual(['|amount|null|0.9']);
    expect(of('', 'score')).toEqual(['|score|null|0.8']);
    expect(of('colour=red', 'amount')).toEqual(['colour=red|amount|0.01|0.7']);
    expect(of('colour=red', 'score')).toEqual(['colour=red|score|null|0.7']);
    expect(of('colour=blue', 'score')).toEqual(['colour=blue|score|null|0.8']);
  });

  it('alertOn worse: an improvement of performance is no alert', async () => {
    const id = await createSmallModel(database.pool, uniqueName('worse'), smallSettings({ kind: 'size', size: 20 }, {
      thresholds: [
        { calculator: 'estimated_performance', rule: { type: 'constant', lower: 0.98, upper: 0.99 } },
        { calculator: 'estimated_performance', metric: 'accuracy', rule: { type: 'constant', lower: -2, upper: -1 }, alertOn: 'worse' },
        { calculator: 'estimated_performance', metric: 'f1', rule: { type: 'constant', lower: -2, upper: -1 } },
      ],
    }));
    await append(id, numbers(0, 40).map((n) => smallRow(n)));
    await runModel(database.pool, id);
    const alerts = (metric: string): Promise<Set<unknown>> => readResults(database.pool, id, { calculators: ['estimated_performance'], metrics: [metric], period: 'analysis' })
      .then((results) => new Set(results.map(({ alert, lowerThreshold, upperThreshold }) => `${alert} ${lowerThreshold} ${upperThreshold}`)));
    // Both lie above an impossible band; only where worse counts, above is no alert.
    expect(await alerts('f1')).toEqual(new Set(['true 0 -1']));
    expect(await alerts('accuracy')).toEqual(new Set(['false 0 null']));
  });
});
