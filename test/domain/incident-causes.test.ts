import { describe, expect, it } from 'vitest';
import { causeSpans, questionText, type JudgedValue } from '../../domain/incident-causes.js';
import { revise } from '../../domain/revision.js';

const KEYS = ['000000', '000001', '000002', '000003'];
const RULES = { keyMetric: 'roc_auc', driftMethodOf: new Map([['age', 'jensen_shannon'], ['city', 'chi2']]) };

function series(calculator: JudgedValue['calculator'], metric: string, column: string, alerts: (boolean | null)[]): JudgedValue[] {
  return alerts.map((alert, i) => ({ calculator, metric, column, chunkKey: KEYS[i]!, alert }));
}

describe('causeSpans', () => {
  it('opens one incident per cause and row of consecutive alerts, in the order of chunks', () => {
    const spans = causeSpans(KEYS, [
      ...series('univariate_drift', 'jensen_shannon', 'age', [false, true, true, false]),
      ...series('estimated_performance', 'roc_auc', '', [true, false, false, true]),
    ], RULES);
    expect(spans.map(({ kind, cause, openingChunk, lastChunk, chunkCount, ongoing }) => [kind, cause, openingChunk, lastChunk, chunkCount, ongoing])).toEqual([
      ['estimated_performance', 'roc_auc', '000000', '000000', 1, false],
      ['drift', 'age', '000001', '000002', 2, false],
      ['estimated_performance', 'roc_auc', '000003', '000003', 1, true],
    ]);
  });

  it('looks at the key metric and at each column\'s first drift method only', () => {
    expect(causeSpans(KEYS, [
      ...series('estimated_performance', 'f1', '', [true, true, true, true]),
      ...series('univariate_drift', 'jensen_shannon', 'city', [true, true, true, true]),
    ], RULES)).toEqual([]);
  });

  it('takes several data quality series of a column as one cause: one alert is enough', () => {
    const spans = causeSpans(KEYS, [
      ...series('missing_values', 'missing_values_rate', 'city', [false, true, null, false]),
      ...series('unseen_values', 'unseen_values_rate', 'city', [null, false, true, false]),
    ], RULES);
    expect(spans).toEqual([{ kind: 'data_quality', cause: 'city', openingChunk: '000001', lastChunk: '000002', chunkCount: 2, ongoing: false }]);
  });

  it('lets a chunk that cannot be computed neither open nor end an incident', () => {
    const [span] = causeSpans(KEYS, series('reconstruction_error', 'reconstruction_error', '', [true, null, true, null]), RULES);
    expect(span).toMatchObject({ kind: 'drift', cause: 'reconstruction_error', openingChunk: '000000', lastChunk: '000002', chunkCount: 2, ongoing: true });
  });

  it('a question names model, cause and chunk', () => {
    const subject = { kind: 'estimated_performance', cause: 'roc_auc', metric: 'ROC AUC', segment: '', openingChunk: '000016', from: null, side: null } as const;
    expect(questionText(subject, 'loans')).toBe("Model 'loans': the estimated ROC AUC left its thresholds in chunk 16. Acknowledge, retrain or ignore?");
    expect(questionText({ ...subject, segment: 'colour=red', from: '2024-03-01T07:30:00Z' }, 'loans'))
      .toBe("Model 'loans', segment colour=red: the estimated ROC AUC left its thresholds in the chunk that begins 2024-03-01 07:30 UTC. Acknowledge, retrain or ignore?");
    expect(questionText({ ...subject, side: 'lower' }, 'loans')).toContain('the estimated ROC AUC fell below its threshold in chunk 16');
    expect(questionText({ ...subject, side: 'upper' }, 'loans')).toContain('rose above its threshold, for the better in chunk');
    expect(questionText({ ...subject, kind: 'realized_performance', cause: 'rmse', metric: 'RMSE', side: 'upper' }, 'cars')).toContain('the realized RMSE rose above its threshold in chunk');
    expect(questionText({ ...subject, kind: 'drift', cause: 'domain_classifier' }, 'loans')).toContain('the inputs can be told from those of the reference');
  });
});

describe('revise', () => {
  const found = { value: 0.5, samplingError: null, bandLower: null, bandUpper: null, ownAlert: null, reason: null };
  const OPEN = { open: true, provisional: true };
  const CLOSED = { open: false, provisional: false };
  const AWAITING = { open: false, provisional: true };

  it('keeps what is the same', () => {
    expect(revise({ ...found, ...CLOSED }, found, CLOSED)).toBe('keep');
  });
  it('overwrites the value of an open chunk', () => {
    expect(revise({ ...found, ...OPEN }, { ...found, value: 0.6 }, OPEN)).toBe('overwrite');
    expect(revise({ ...found, ...OPEN }, { ...found, value: 0.6 }, CLOSED)).toBe('overwrite');
  });
  it('supersedes the value of a complete chunk', () => {
    expect(revise({ ...found, ...CLOSED }, { ...found, value: 0.6 }, CLOSED)).toBe('supersede');
  });
  it('supersedes the value of a complete chunk that waits for targets, so that every one on the way is kept', () => {
    expect(revise({ ...found, ...AWAITING }, { ...found, value: 0.6 }, AWAITING)).toBe('supersede');
    expect(revise({ ...found, ...AWAITING }, { ...found, value: 0.6 }, CLOSED)).toBe('supersede');
    expect(revise({ ...found, ...AWAITING }, found, CLOSED)).toBe('mark');
  });
  it('marks a value whose chunk was completed or opened again', () => {
    expect(revise({ ...found, ...OPEN }, found, CLOSED)).toBe('mark');
    expect(revise({ ...found, ...CLOSED }, found, OPEN)).toBe('mark');
  });
});
