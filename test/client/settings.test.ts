/** Settings by problem type: what is chosen when nobody chose, and what is refused by name. */
import { describe, expect, it } from 'vitest';
import { completeSettings, staleAfter } from '../../client/models.js';
import { changeSettings, type SettingsPatch } from '../../client/settings-check.js';
import { InvalidInput } from '../../domain/errors.js';
import type { ColumnKind, ColumnRole, ModelSchema, ProblemType, SchemaColumn } from '../../domain/schema.js';
import type { ModelSettings } from '../../domain/settings.js';

const column = (name: string, role: ColumnRole, kind: ColumnKind, label?: string): SchemaColumn => ({ name, role, kind, ...(label === undefined ? {} : { class: label }) });

const OUTCOMES: Record<ProblemType, SchemaColumn[]> = {
  classification_binary: [column('y', 'target', 'continuous'), column('p', 'prediction', 'continuous'), column('s', 'predicted_probability', 'continuous')],
  classification_multiclass: [column('y', 'target', 'categorical'), column('p', 'prediction', 'categorical'), ...['a', 'b', 'c'].map((label) => column(`s_${label}`, 'predicted_probability', 'continuous', label))],
  regression: [column('y', 'target', 'continuous'), column('p', 'prediction', 'continuous')],
};

function schemaOf(problemType: ProblemType, without: ColumnRole[] = []): ModelSchema {
  return { problemType, columns: [column('x', 'feature', 'continuous'), column('city', 'feature', 'categorical'), column('note', 'ignored', 'categorical'), ...OUTCOMES[problemType].filter(({ role }) => !without.includes(role))] };
}

function settingsOf(schema: ModelSchema, patch: SettingsPatch = {}): { settings: ModelSettings; notes: string[] } {
  const notes: string[] = [];
  return { settings: completeSettings(schema, patch, 1_000, notes), notes };
}

function refusal(schema: ModelSchema, patch: SettingsPatch): string {
  try {
    settingsOf(schema, patch);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInput);
    return (error as Error).message;
  }
  throw new Error('it was not refused');
}

describe('completeSettings: what runs when nobody chose', () => {
  it.each([
    ['classification_binary', 'roc_auc'], ['classification_multiclass', 'roc_auc'], ['regression', 'rmse'],
  ] as const)('a %s is judged by %s, estimated and realized', (problemType, keyMetric) => {
    const { settings, notes } = settingsOf(schemaOf(problemType));
    expect(settings.keyMetric).toBe(keyMetric);
    expect(settings.calculators.estimated_performance?.metrics).toContain(keyMetric);
    expect(settings.calculators.realized_performance?.metrics).toEqual(settings.calculators.estimated_performance?.metrics);
    expect(notes).toEqual([]);
  });

  it.each(['classification_binary', 'classification_multiclass'] as const)('a %s without probabilities is judged by what needs none, once targets come', (problemType) => {
    const { settings, notes } = settingsOf(schemaOf(problemType, ['predicted_probability']));
    expect(settings.calculators.estimated_performance).toBeNull();
    expect(settings.calculators.realized_performance?.metrics).toEqual(['f1', 'precision', 'recall', 'specificity', 'accuracy']);
    expect(settings.keyMetric).toBe('f1');
    expect(notes).toEqual(['performance is not estimated: the schema has no predicted probability column', 'roc_auc is not computed: the schema has no predicted probability column']);
  });

  it('a binary model without predicted class has what the score gives', () => {
    const { settings } = settingsOf(schemaOf('classification_binary', ['prediction']));
    expect(settings.calculators.estimated_performance?.metrics).toEqual(['roc_auc']);
  });

  it('a model without target has neither, and says why', () => {
    const { settings, notes } = settingsOf(schemaOf('regression', ['target']));
    expect(settings.calculators).toMatchObject({ estimated_performance: null, realized_performance: null });
    expect(settings.targets).toEqual({ arrival: 'absent' });
    expect(notes[0]).toMatch(/the schema has no target column/);
  });

  it('columns of the role segment make segments', () => {
    const schema = schemaOf('regression');
    expect(settingsOf({ ...schema, columns: [...schema.columns, column('branch', 'segment', 'categorical')] }).settings.segments).toEqual({ by: ['branch'] });
    expect(settingsOf(schema).settings.segments).toBeNull();
  });
});

describe('checkSettings: metrics belong to a problem type', () => {
  it('names the metric and lists those that there are', () => {
    expect(refusal(schemaOf('classification_binary'), { calculators: { realized_performance: { metrics: ['rmse'] } } })).toBe(
      "settings: calculators.realized_performance.metrics: 'rmse' is no metric of a binary classification; there are roc_auc, f1, precision, recall, specificity, accuracy, average_precision, confusion_matrix, business_value");
    expect(refusal(schemaOf('regression'), { calculators: { estimated_performance: { metrics: ['rmsel' as 'rmse'] } } })).toMatch(/'rmsel' is no metric of a regression; there are mae, mape, mse, rmse, msle, rmsle; did you mean .*'rmse'/);
    expect(refusal(schemaOf('regression'), { keyMetric: 'roc_auc' })).toBe("settings: keyMetric 'roc_auc' is none of mae, mape, mse, rmse, msle, rmsle");
    expect(refusal(schemaOf('classification_multiclass'), { calculators: { realized_performance: { thresholds: { mae: { type: 'none' } } } } })).toMatch(/thresholds: 'mae' is no metric of a multiclass classification/);
  });

  it('says which column a metric lacks', () => {
    expect(refusal(schemaOf('classification_binary', ['predicted_probability']), { calculators: { realized_performance: { metrics: ['roc_auc'] } } })).toBe('settings: calculators.realized_performance.metrics: roc_auc cannot be computed: the schema has no predicted probability column');
    expect(refusal(schemaOf('classification_binary', ['predicted_probability']), { calculators: { estimated_performance: { metrics: ['f1'] } } })).toMatch(/f1 cannot be estimated: the schema has no predicted probability column/);
  });

  it('takes cells of the confusion matrix as thresholds', () => {
    const cells = settingsOf(schemaOf('classification_multiclass'), { calculators: { realized_performance: { metrics: ['confusion_matrix'], thresholds: { true_a_pred_b: { type: 'none' } } } } });
    expect(cells.settings.calculators.realized_performance?.thresholds).toEqual({ true_a_pred_b: { type: 'none' } });
  });

  it('a matrix of business values has a row and a column for each class', () => {
    const withMatrix = (matrix?: number[][]): SettingsPatch => ({ calculators: { realized_performance: { metrics: ['business_value'], ...(matrix ? { businessValueMatrix: matrix } : {}) } } });
    expect(refusal(schemaOf('classification_multiclass'), withMatrix())).toMatch(/business_value needs businessValueMatrix/);
    expect(refusal(schemaOf('classification_multiclass'), withMatrix([[1, 2], [3, 4]]))).toBe(
      'settings: calculators.realized_performance.businessValueMatrix is 2 × 2, it must be 3 × 3: one row and one column for each class in ascending order (a, b, c)');
    expect(refusal(schemaOf('classification_binary'), withMatrix([[1, 2], [3]]))).toMatch(/is uneven, it must be 2 × 2/);
    expect(settingsOf(schemaOf('classification_multiclass'), withMatrix([[1, 0, 0], [0, 1, 0], [0, 0, 1]])).settings.calculators.realized_performance?.businessValueMatrix).toHaveLength(3);
  });

  it('hyperparameters belong to the estimate of a regression', () => {
    const patch = { hyperparameters: { n_estimators: 50 } };
    expect(settingsOf(schemaOf('regression'), { calculators: { estimated_performance: patch } }).settings.calculators.estimated_performance).toMatchObject(patch);
    expect(refusal(schemaOf('classification_binary'), { calculators: { estimated_performance: patch } })).toMatch(/hyperparameters: they belong to the estimate of a regression, this is a binary classification/);
    expect(refusal(schemaOf('regression'), { calculators: { realized_performance: patch } })).toMatch(/realized performance learns nothing/);
    expect(refusal(schemaOf('regression'), { calculators: { estimated_performance: { businessValueMatrix: [[1]] } } })).toMatch(/a regression has no classes/);
  });
});

describe('checkSettings: segments and thresholds', () => {
  const schema = schemaOf('classification_binary');

  it('segments are values of categorical columns', () => {
    expect(settingsOf(schema, { segments: { by: ['city'], maxValues: 5 } }).settings.segments).toEqual({ by: ['city'], maxValues: 5 });
    expect(refusal(schema, { segments: { by: ['citty'] } })).toBe("settings: segments.by names 'citty', which is no column of the model; did you mean 'city'?");
    expect(refusal(schema, { segments: { by: ['x'] } })).toMatch(/column 'x' holds numbers: segments are values of a categorical column \('city'\); where whole numbers are codes/);
    expect(refusal(schema, { segments: { by: ['note'] } })).toMatch(/column 'note' is not kept/);
    expect(refusal(schema, { segments: { by: ['city', 'city'] } })).toMatch(/segments\.by: names a column twice/);
    expect(changeSettings(settingsOf(schema, { segments: { by: ['city'] } }).settings, { segments: null }, schema).segments).toBeNull();
  });

  it('a threshold for some series names what there is', () => {
    const segmented: SettingsPatch = { segments: { by: ['city'] } };
    const rule = { type: 'constant', lower: 0.7, upper: null } as const;
    const overrides: NonNullable<ModelSettings['thresholds']> = [
      { calculator: 'estimated_performance', metric: 'roc_auc', segment: 'city=Oslo', rule }, { calculator: 'univariate_drift', column: 'x', alertOn: 'worse' },
    ];
    expect(settingsOf(schema, { ...segmented, thresholds: overrides }).settings.thresholds).toEqual(overrides);
    expect(refusal(schema, { thresholds: [{ calculator: 'estimated_performance', segment: 'city=Oslo', rule }] })).toMatch(/thresholds\[0\]\.segment: 'city=Oslo' is no segment of this model: it has none/);
    expect(refusal(schema, { ...segmented, thresholds: [{ calculator: 'univariate_drift', column: 'z', rule }] })).toMatch(/thresholds\[0\]\.column: 'z' is no column/);
    expect(refusal(schema, { thresholds: [{ calculator: 'realized_performance', metric: 'mae', rule }] })).toMatch(/thresholds\[0\]\.metric: 'mae' is no metric of a binary classification/);
    expect(refusal(schema, { thresholds: [{ calculator: 'univariate_drift' }] })).toMatch(/thresholds\.0: says neither rule nor alertOn/);
    expect(refusal(schema, { thresholds: [{ calculator: 'univariate_drift', rule: { type: 'constant', lower: 2, upper: 1 } }] })).toMatch(/the lower bound is not below the upper one/);
  });

  it('thresholds make nothing stale, segments do', () => {
    const { settings } = settingsOf(schema);
    const judged = changeSettings(settings, { thresholds: [{ calculator: 'univariate_drift', alertOn: 'worse' }] }, schema);
    expect(staleAfter(settings, judged)).toEqual([]);
    expect(staleAfter(settings, changeSettings(settings, { segments: { by: ['city'] } }, schema))).toEqual(['segments']);
  });
});
