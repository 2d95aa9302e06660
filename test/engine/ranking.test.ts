import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InvalidInput } from '../../domain/errors.js';
import { alertCountRanking, correlationRanking, impactDriftRanking, type ColumnChunkValue, type PerformanceRankingInput } from '../../engine/index.js';
import { incompleteBeta, pearsonCorrelation } from '../../engine/stats/beta.js';

interface Oracle {
  rankings: {
    metric: string;
    period: string;
    onlyDrifting: boolean;
    columns: Record<string, { values: (number | null)[]; alerts: boolean[] }>;
    performance: (number | null)[];
    referencePerformance: (number | null)[];
    ranking: { column: string; correlation: number | null; pValue: number | null; hasDrifted: boolean; rank: number }[];
  }[];
  pairs: { x: number[]; y: number[]; r: number; p: number }[];
  betas: { x: number; a: number; b: number; value: number }[];
}
const oracle = JSON.parse(readFileSync(new URL('../oracles/rankers.json', import.meta.url), 'utf8')) as Oracle;

const near = (got: number, want: number, digits = 9) => expect(Math.abs(got - want)).toBeLessThanOrEqual(10 ** -digits * Math.max(Math.abs(want), 1e-12));

/** A column's values in chunks 0, 1, 2, … */
const column = (name: string, values: (number | null)[], alerts: boolean[] = []): ColumnChunkValue[] => values.map((value, chunk) => ({ column: name, chunk, value, alert: alerts[chunk] ?? false }));
const chunks = (values: (number | null)[]) => values.map((value, chunk) => ({ chunk, value }));

describe('alertCountRanking', () => {
  it('counts alerts, an unknown one as none; equal counts by name, descending', () => {
    const ranked = alertCountRanking([...column('a', [1, 2], [true, false]), ...column('b', [1, 2], [true, false]), { column: 'c', chunk: 0, value: NaN, alert: null }]);
    expect(ranked).toEqual([{ column: 'b', alerts: 1, rank: 1 }, { column: 'a', alerts: 1, rank: 2 }, { column: 'c', alerts: 0, rank: 3 }]);
  });

  it('leaves out columns that never alerted when only drifting ones are asked for', () => {
    expect(alertCountRanking([...column('a', [1]), ...column('b', [1], [true])], { onlyDrifting: true })).toEqual([{ column: 'b', alerts: 1, rank: 1 }]);
  });
});

describe('correlationRanking', () => {
  it.each(oracle.rankings.map((one) => [`${one.metric}, ${one.period}${one.onlyDrifting ? ', only drifting' : ''}`, one] as const))("gives NannyML's ranking of the car-loan data by %s", (_, one) => {
    const columns = Object.entries(one.columns).flatMap(([name, { values, alerts }]) => column(name, values, alerts));
    const ranked = correlationRanking({ columns, performance: chunks(one.performance), referencePerformance: one.referencePerformance }, { onlyDrifting: one.onlyDrifting });
    expect(ranked.map(({ column: name, hasDrifted, rank }) => ({ name, hasDrifted, rank }))).toEqual(one.ranking.map(({ column: name, hasDrifted, rank }) => ({ name, hasDrifted, rank })));
    ranked.forEach(({ correlation, pValue }, i) => {
      near(correlation, one.ranking[i]!.correlation!);
      near(pValue, one.ranking[i]!.pValue!);
    });
  });

  it('leaves out chunks that lack a value on either side; fewer than two, or one side without change, is unknown and comes last', () => {
    const ranked = correlationRanking({
      columns: [...column('flat', [1, 1, 1, 1]), ...column('once', [null, 3, null, null]), ...column('follows', [1, 2, null, 9])],
      performance: chunks([0.9, 0.8, 0.1, null]),
      referencePerformance: [0.9, null, 0.9],
    });
    expect(ranked).toEqual([
      { column: 'follows', correlation: 1, pValue: 1, chunks: 2, hasDrifted: false, rank: 1 },
      { column: 'flat', correlation: NaN, pValue: NaN, chunks: 3, hasDrifted: false, rank: 2 },
      { column: 'once', correlation: NaN, pValue: NaN, chunks: 1, hasDrifted: false, rank: 3 },
    ]);
  });

  const good: PerformanceRankingInput = { columns: column('a', [1, 2]), performance: chunks([0.9, 0.8]), referencePerformance: [0.9] };
  it.each<[string, Partial<PerformanceRankingInput>, string]>([
    ['no results of columns', { columns: [] }, 'no results of columns'],
    ['no performance', { performance: [] }, 'no performance results'],
    ['a reference without a value', { referencePerformance: [null, NaN] }, 'on any of the 2 reference chunks'],
    ['two methods', { columns: [...column('a', [1, 2]), ...column('a', [1, 2])] }, "column 'a' has several values in chunk 0: choose one method"],
    ['two metrics', { performance: [...chunks([0.9, 0.8]), ...chunks([0.7, 0.6])] }, 'choose one metric'],
    ['chunks that the performance lacks', { performance: chunks([0.9]) }, 'chunk 1, the performance has none'],
    ['chunks that the columns lack', { performance: chunks([0.9, 0.8, 0.7]) }, '1 chunk that no column has (2)'],
  ])('refuses %s', (_, wrong, message) => {
    expect(() => correlationRanking({ ...good, ...wrong })).toThrow(InvalidInput);
    expect(() => correlationRanking({ ...good, ...wrong })).toThrow(message);
    expect(() => impactDriftRanking({ ...good, ...wrong, referenceColumns: [] })).toThrow(message);
  });
});

describe('impactDriftRanking', () => {
  const referencePerformance = [0.89, 0.91];
  const usual = (name: string) => [0.9, 1.1].map((value) => ({ column: name, value }));

  it('is a quarter where column and performance stand at three deviations, in every chunk', () => {
    const [only] = impactDriftRanking({ columns: column('a', [1.3, 1.3]), performance: chunks([0.87, 0.93]), referencePerformance, referenceColumns: usual('a') });
    near(only!.score, 0.25);
    expect(only).toMatchObject({ column: 'a', chunks: 2, hasDrifted: false, rank: 1 });
    near(only!.drift, 0.5);
    near(only!.impact, 0.5);
  });

  it('ranks what drifts when the performance moves before what drifts when it does not', () => {
    const ranked = impactDriftRanking({
      columns: [...column('apart', [5, 1, 1, 1], [true]), ...column('still', [1, 1, 1, 1]), ...column('together', [1, 1, 1, 3], [false, false, false, true])],
      performance: chunks([0.9, 0.9, 0.9, 0.7]),
      referencePerformance,
      referenceColumns: ['apart', 'still', 'together'].flatMap(usual),
    });
    expect(ranked.map(({ column: name, hasDrifted }) => [name, hasDrifted])).toEqual([['together', true], ['apart', true], ['still', false]]);
    expect(ranked[1]!.score).toBe(0);
    expect(ranked[1]!.drift).toBeGreaterThan(ranked[0]!.drift);
  });

  it('needs one chunk only, and no deviation: what never varied and departs is as unusual as can be', () => {
    const [only] = impactDriftRanking({ columns: column('a', [0.2]), performance: chunks([0.87]), referencePerformance, referenceColumns: [0, 0, 0].map((value) => ({ column: 'a', value })) });
    expect(only!.drift).toBe(1);
    near(only!.score, 0.5);
  });

  it('counts values below the usual only where both sides are asked for', () => {
    const input = { columns: column('a', [0.7]), performance: chunks([0.87]), referencePerformance, referenceColumns: usual('a') };
    expect(impactDriftRanking(input)[0]!.score).toBe(0);
    near(impactDriftRanking({ ...input, twoSided: true })[0]!.score, 0.25);
  });

  it('puts a column without usual values last, unknown', () => {
    const ranked = impactDriftRanking({ columns: [...column('new', [5]), ...column('a', [1])], performance: chunks([0.87]), referencePerformance, referenceColumns: usual('a') });
    expect(ranked.map(({ column: name, score }) => [name, score])).toEqual([['a', 0], ['new', NaN]]);
  });
});

describe('pearsonCorrelation and incompleteBeta', () => {
  it('equal SciPy', () => {
    for (const { x, y, r, p } of oracle.pairs) {
      const got = pearsonCorrelation(Float64Array.from(x), Float64Array.from(y));
      near(got.r, r, 12);
      near(got.pValue, p, x.length > 500 ? 9 : 11);
    }
    for (const { x, a, b, value } of oracle.betas) expect(Math.abs(incompleteBeta(x, a, b) - value), `${x} ${a} ${b}`).toBeLessThanOrEqual(1e-11 * value + 1e-300);
  });

  it('do not overflow', () => {
    expect(pearsonCorrelation(Float64Array.of(1e200, 2e200, 4e200), Float64Array.of(1, 2, 4)).r).toBeCloseTo(1, 14);
  });
});
