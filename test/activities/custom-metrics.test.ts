import { describe, expect, it } from 'vitest';
import { columnsToRead } from '../../activities/frames.js';
import { wantedCalculators } from '../../activities/calculators.js';
import type { ModelSchema } from '../../domain/schema.js';
import { defaultSettings, type ModelSettings } from '../../domain/settings.js';
import { registerMetrics, type ClassificationMetric } from '../../engine/index.js';

const schema: ModelSchema = {
  problemType: 'classification_binary',
  columns: [
    { name: 'income', role: 'feature', kind: 'continuous' }, { name: 'amount', role: 'segment', kind: 'continuous' }, { name: 'note', role: 'ignored', kind: 'categorical' },
    { name: 'score', role: 'predicted_probability', kind: 'continuous' }, { name: 'granted', role: 'prediction', kind: 'continuous' }, { name: 'repaid', role: 'target', kind: 'continuous' },
  ],
};
const model = { versionId: 1, referenceRevision: 1, schema };
const profit: ClassificationMetric = { name: 'profit', problemType: 'classification_binary', betterWhen: 'higher', columns: ['amount'], calculate: () => 1 };

function settings(customMetrics?: string[]): ModelSettings {
  const defaults = defaultSettings('classification_binary', { kind: 'size', size: 500 });
  return { ...defaults, calculators: { realized_performance: { metrics: ['accuracy'], ...(customMetrics ? { customMetrics } : {}) } } };
}

const wantedWith = (metric: ClassificationMetric) => wantedCalculators(model, settings(['profit']), null, { customMetrics: registerMetrics([metric]) });
const keyWith = (metric: ClassificationMetric): string => wantedWith(metric).wanted[0]!.key;

describe("metrics of one's own in what a run wants", () => {
  it('bring the columns that they read', () => {
    const { wanted: [calculator], failures } = wantedWith(profit);
    expect(failures).toEqual([]);
    expect(calculator!.request.columns).toMatchObject({ target: 'repaid', prediction: 'granted', further: ['amount'] });
    const placed = schema.columns.map((column, i) => ({ ...column, physical: `c${i}` }));
    expect(columnsToRead([calculator!.request], placed).map(({ name }) => name)).toEqual(['amount', 'score', 'granted', 'repaid']);
  });

  it('are learnt anew with another version or other limits, not with the same', () => {
    expect(keyWith({ ...profit })).toBe(keyWith(profit));
    expect(keyWith({ ...profit, version: '2' })).not.toBe(keyWith(profit));
    expect(keyWith({ ...profit, limits: { lower: 0 } })).not.toBe(keyWith(profit));
    expect(wantedCalculators(model, settings()).wanted[0]!.key).not.toBe(keyWith(profit));
  });

  it('get worse where they say', () => {
    expect(wantedWith(profit).wanted[0]!.worseSideOf('profit')).toBe('lower');
    expect(wantedWith({ ...profit, betterWhen: 'lower' }).wanted[0]!.worseSideOf('profit')).toBe('upper');
  });

  it('that cannot be had are failures of their calculator, with the reason', () => {
    expect(wantedCalculators(model, settings(['profit']))).toMatchObject({ wanted: [], failures: [{ calculator: 'realized_performance', stage: 'fit', message: expect.stringContaining("metric 'profit' is not known to this worker") as string }] });
    expect(wantedWith({ ...profit, columns: ['note'] }).failures[0]!.message).toBe("realized_performance: metrics of your own read 'note', which the schema does not keep; it keeps 'income', 'amount', 'score', 'granted', 'repaid'");
  });
});

describe('what a run wants of the estimate of a regression', () => {
  it('is learnt from the features in the order chosen, else in that of the schema', () => {
    const regression = { ...model, schema: { problemType: 'regression' as const, columns: [
      { name: 'area', role: 'feature' as const, kind: 'categorical' as const }, { name: 'distance', role: 'feature' as const, kind: 'continuous' as const }, { name: 'hour', role: 'feature' as const, kind: 'continuous' as const },
      { name: 'promised', role: 'prediction' as const, kind: 'continuous' as const }, { name: 'minutes', role: 'target' as const, kind: 'continuous' as const },
    ] } };
    const orderOf = (columns: string[] | undefined, segment: { column: string; value: string } | null = null) => {
      const chosen = { ...defaultSettings('regression', { kind: 'size', size: 500 }), calculators: { estimated_performance: { metrics: ['mae' as const], ...(columns ? { columns } : {}) } } };
      return (wantedCalculators(regression, chosen, segment).wanted[0]!.request.settings as { columns: string[] }).columns;
    };
    expect(orderOf(undefined)).toEqual(['area', 'distance', 'hour']);
    expect(orderOf(['hour', 'area'])).toEqual(['hour', 'area']);
    expect(orderOf(['hour', 'area'], { column: 'area', value: 'hills' })).toEqual(['hour']);
    expect(orderOf(undefined, { column: 'area', value: 'hills' })).toEqual(['distance', 'hour']);
  });
});
