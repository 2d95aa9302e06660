import { describe, expect, it } from 'vitest';
import { METRICS_OF, worseSideOf } from '../../domain/metrics.js';
import { performanceLack, metricLack } from '../../domain/performance-lacks.js';
import type { ModelSchema } from '../../domain/schema.js';
import type { ThresholdOverride } from '../../domain/settings.js';
import { boundsThatCount, overrideFor, overridesOf } from '../../domain/threshold-overrides.js';
import type { ThresholdRule } from '../../domain/threshold.js';

const below = (upper: number): ThresholdRule => ({ type: 'constant', lower: null, upper });

describe('overrideFor', () => {
  const given: ThresholdOverride[] = [
    { calculator: 'univariate_drift', segment: 'colour=red', rule: below(4) },
    { calculator: 'univariate_drift', column: 'age', metric: 'wasserstein', rule: below(3) },
    { calculator: 'univariate_drift', rule: below(1), alertOn: 'worse' },
    { calculator: 'univariate_drift', metric: 'wasserstein', rule: below(2) },
    { calculator: 'missing_values', rule: below(0.1) },
  ];

  it('lets the most specific speak: segment before column before metric, whatever the order', () => {
    const red = overridesOf(given, 'univariate_drift', 'colour=red');
    const all = overridesOf(given, 'univariate_drift', '');
    expect(overrideFor(red, 'wasserstein', 'age').rule).toEqual(below(4));
    expect(overrideFor(all, 'wasserstein', 'age').rule).toEqual(below(3));
    expect(overrideFor(all, 'wasserstein', 'income').rule).toEqual(below(2));
    expect(overrideFor(all, 'jensen_shannon', 'income').rule).toEqual(below(1));
  });

  it('decides rule and side apart, and says nothing where nothing was said', () => {
    expect(overrideFor(overridesOf(given, 'univariate_drift', 'colour=red'), 'wasserstein', 'age').alertOn).toBe('worse');
    expect(overrideFor(overridesOf(given, 'numerical_range', ''), 'out_of_range_values_rate', 'age')).toEqual({ rule: undefined, alertOn: 'both' });
  });

  it('of equals the last has the word', () => {
    expect(overrideFor([{ calculator: 'missing_values', rule: below(1) }, { calculator: 'missing_values', rule: below(2) }], 'missing_values_rate', 'age').rule).toEqual(below(2));
  });

  it("'' is all rows alone, absent is every segment too; a confusion matrix is all of its cells", () => {
    const whole: ThresholdOverride[] = [{ calculator: 'realized_performance', segment: '', metric: 'confusion_matrix', rule: below(9) }];
    expect(overridesOf(whole, 'realized_performance', 'colour=red')).toEqual([]);
    expect(overrideFor(overridesOf(whole, 'realized_performance', ''), 'false_positive', '').rule).toEqual(below(9));
    expect(overrideFor(overridesOf(whole, 'realized_performance', ''), 'true_a_pred_b', '').rule).toEqual(below(9));
    expect(overrideFor(overridesOf(whole, 'realized_performance', ''), 'accuracy', '').rule).toBeUndefined();
  });
});

describe('boundsThatCount', () => {
  it('takes away the side on which a metric gets better', () => {
    const bounds = { lower: 1, upper: 2 };
    expect(boundsThatCount(bounds, 'worse', worseSideOf('estimated_performance', 'roc_auc'))).toEqual({ lower: 1, upper: null });
    expect(boundsThatCount(bounds, 'worse', worseSideOf('estimated_performance', 'rmse'))).toEqual({ lower: null, upper: 2 });
    expect(boundsThatCount(bounds, 'worse', worseSideOf('reconstruction_error', 'reconstruction_error'))).toEqual({ lower: null, upper: 2 });
    expect(boundsThatCount(bounds, 'both', worseSideOf('estimated_performance', 'roc_auc'))).toEqual(bounds);
    expect(boundsThatCount(bounds, 'worse', worseSideOf('summary_statistics', 'values_avg'))).toEqual(bounds);
  });

  it('knows a side for every metric of performance, and for the cells of confusion matrices', () => {
    for (const metrics of Object.values(METRICS_OF)) for (const metric of metrics) if (metric !== 'confusion_matrix') expect(worseSideOf('realized_performance', metric)).not.toBeNull();
    expect(worseSideOf('realized_performance', 'true_ham_pred_ham')).toBe('lower');
    expect(worseSideOf('realized_performance', 'true_ham_pred_spam')).toBe('upper');
    expect(worseSideOf('realized_performance', 'profit per customer')).toBeNull();
  });
});

describe('performanceLack', () => {
  const schema = (problemType: ModelSchema['problemType'], roles: string[]): ModelSchema => ({
    problemType, columns: roles.map((role, i) => ({ name: `${role}${i}`, role: role as 'feature', kind: 'continuous' })),
  });

  it('outcomes need no probabilities, estimates do', () => {
    const plain = schema('classification_binary', ['feature', 'prediction', 'target']);
    expect(performanceLack('realized_performance', plain)).toBeNull();
    expect(performanceLack('estimated_performance', plain)).toMatch(/no predicted probability column/);
    expect(metricLack('roc_auc', plain)).toMatch(/needs predicted probabilities/);
    expect(metricLack('f1', plain)).toBeNull();
  });

  it('several classes need a probability for two of them at least; a regression needs predictions and, for estimates, features', () => {
    expect(performanceLack('estimated_performance', schema('classification_multiclass', ['predicted_probability', 'prediction', 'target']))).toMatch(/at least two classes/);
    expect(performanceLack('estimated_performance', schema('classification_multiclass', ['predicted_probability', 'predicted_probability', 'prediction', 'target']))).toBeNull();
    expect(performanceLack('realized_performance', schema('regression', ['feature', 'target']))).toMatch(/no prediction column/);
    expect(performanceLack('estimated_performance', schema('regression', ['prediction', 'target']))).toMatch(/no feature/);
    expect(performanceLack('realized_performance', schema('regression', ['prediction', 'target']))).toBeNull();
  });

  it('nothing goes without a target', () => {
    for (const kind of ['estimated_performance', 'realized_performance'] as const) expect(performanceLack(kind, schema('regression', ['feature', 'prediction']))).toMatch(/no target column/);
  });
});
