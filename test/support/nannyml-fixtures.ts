/** Fixtures computed by NannyML: reading them, asking our calculators the same, and comparing figure by figure. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const ORACLES = fileURLToPath(new URL('../oracles/nannyml/', import.meta.url));
const DATASETS = fileURLToPath(new URL('../../datasets/', import.meta.url));

export type FixtureValue = number | string | boolean | null | FixtureValue[];
export type FixtureRecord = Record<string, FixtureValue>;

export interface Fixture {
  id: string;
  dataset: string;
  calculator: string;
  parameters: Record<string, unknown>;
  column_types?: Record<string, string>;
  reference_rows?: [number, number] | null;
  analysis_rows?: [number, number] | null;
  dropped_analysis_columns?: string[];
  drop_analysis?: string[];
  expected: FixtureRecord[];
}

/** A request that NannyML refuses; `raises` null: it does not. */
export interface RefusedFixture extends Fixture {
  raises: string | null;
  stage: 'construct' | 'fit' | 'calculate';
}

/** data set → reference, analysis, targets (joined on id) */
const FILES: Record<string, [string, string, string | null]> = {
  synthetic_car_loan: ['synthetic_car_loan_reference.csv.gz', 'synthetic_car_loan_analysis.csv.gz', 'synthetic_car_loan_analysis_target.csv.gz'],
  synthetic_car_loan_dq: ['synthetic_car_loan_dq_reference.csv.gz', 'synthetic_car_loan_dq_analysis.csv.gz', 'synthetic_car_loan_analysis_target.csv.gz'],
  synthetic_binary: ['synthetic_sample_reference.csv.gz', 'synthetic_sample_analysis.csv.gz', 'synthetic_sample_analysis_gt.csv.gz'],
  edge_binary: ['edge_binary_reference.csv', 'edge_binary_analysis.csv', null],
  edge_multiclass: ['edge_multiclass_reference.csv', 'edge_multiclass_analysis.csv', null],
  edge_regression: ['edge_regression_reference.csv', 'edge_regression_analysis.csv', null],
  synthetic_car_price: ['regression_synthetic_reference.csv.gz', 'regression_synthetic_analysis.csv.gz', 'regression_synthetic_analysis_targets.csv.gz'],
  synthetic_multiclass: ['mc_reference.csv.gz', 'mc_analysis.csv.gz', 'mc_analysis_gt.csv.gz'],
  rough_multiclass: ['rough_multiclass_reference.csv.gz', 'rough_multiclass_analysis.csv.gz', null],
  numbered_multiclass: ['numbered_multiclass_reference.csv.gz', 'numbered_multiclass_analysis.csv.gz', 'numbered_multiclass_analysis_gt.csv.gz'],
  rare_binary: ['rare_binary_reference.csv.gz', 'rare_binary_analysis.csv.gz', null],
  rough_regression: ['rough_regression_reference.csv.gz', 'rough_regression_analysis.csv.gz', null],
};

function readJson(file: string): unknown {
  const bytes = readFileSync(file);
  return JSON.parse((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
}

/** Names of the fixtures that hold results, without `.json.gz`. */
export function fixtureNames(): string[] {
  return readdirSync(ORACLES).filter((file) => file.includes('__') && file.endsWith('.json.gz')).map((file) => file.replace('.json.gz', '')).sort();
}

export function readFixture(name: string): Fixture {
  return readJson(`${ORACLES}${name}.json.gz`) as Fixture;
}

export function readRefused(): RefusedFixture[] {
  const files = [`${ORACLES}errors.json.gz`, `${ORACLES}refused.json`].filter((file) => existsSync(file));
  return files.flatMap((file) => (readJson(file) as { expected: RefusedFixture[] }).expected);
}

/** What `aftercare calculate` is asked. */
export function requestOf(fixture: Fixture): Record<string, unknown> {
  const files = FILES[fixture.dataset];
  if (!files) throw new Error(`no files for data set ${fixture.dataset}`);
  const [reference, analysis, targets] = files;
  return {
    calculator: fixture.calculator,
    parameters: fixture.parameters,
    columnTypes: fixture.column_types ?? {},
    reference: { file: DATASETS + reference, rows: fixture.reference_rows ?? null },
    analysis: { file: DATASETS + analysis, rows: fixture.analysis_rows ?? null, without: fixture.dropped_analysis_columns ?? fixture.drop_analysis ?? [] },
    targets: targets === null ? null : { file: DATASETS + targets, on: 'id' },
  };
}

/** Where NannyML is wrong and we are right, or read a wish it ignores: docs/differences-from-nannyml.md. Its figure is not compared. */
export type Excuse = (fixture: Fixture, want: FixtureRecord, field: string) => boolean;

export const KNOWN_DIFFERENCES: Excuse = (fixture, want, field) =>
  (want['method'] === 'chi2' && field === 'alert' && want['value'] === 'NaN')
  || (fixture.calculator === 'SummaryStatsStdCalculator' && (field === 'sampling_error' || field.endsWith('_confidence_boundary')) && want['sampling_error'] === 'NaN')
  || (want['name'] === 'mape' && (field === 'sampling_error' || field.endsWith('_confidence_boundary')) && typeof want['sampling_error'] !== 'number')
  || (fixture.id === 'more__PerformanceCalculator__one_class_value' && want['chunk_index'] === 3 && field === 'value')
  || (fixture.id === 'univariatedrift__synthetic_car_loan__computation_params_doc_style' && (want['method'] === 'kolmogorov_smirnov' || want['method'] === 'wasserstein'));

const IDENTITY = ['name', 'method', 'period', 'chunk_index'];
const keyOf = (record: FixtureRecord) => IDENTITY.map((field) => String(record[field] ?? '')).join('|');
const numberOf = (value: FixtureValue | undefined) => (value === 'NaN' ? NaN : value === 'Infinity' ? Infinity : value === '-Infinity' ? -Infinity : typeof value === 'number' ? value : null);

/** Allowed: absolute + relative · |wanted|. */
function tolerance(fixture: Fixture, want: FixtureRecord, field: string): [number, number] {
  const name = String(want['name']);
  const error = Math.abs(numberOf(want['sampling_error']) ?? 0) || 0;
  const isBand = field.endsWith('_confidence_boundary');
  if (field === 'sampling_error' || isBand) {
    // 50 bootstrap draws; ties in an unstable sort.
    if (name === 'average_precision') return isBand ? [2 * error, 1e-9] : [1e-12, 0.6];
    if (name === 'roc_auc') return isBand ? [0.06 * error, 1e-9] : [1e-12, 2e-2];
  }
  // Estimates of several classes: after calibration tied rows have different probabilities, and NannyML takes them in the order of an unstable sort.
  if (fixture.calculator === 'CBPE' && typeof fixture.parameters['y_pred_proba'] === 'object' && field === 'value' && /^(roc_auc|average_precision)$/.test(name)) return [2e-4, 0];
  return [1e-9, 1e-9];
}

/** One line per figure that does not agree. */
export function disagreements(fixture: Fixture, got: readonly FixtureRecord[], excuse: Excuse): string[] {
  const byKey = new Map(got.map((record) => [keyOf(record), record]));
  const found: string[] = [];
  if (got.length !== fixture.expected.length || byKey.size !== got.length) found.push(`${got.length} records (${byKey.size} distinct), ${fixture.expected.length} expected`);
  for (const want of fixture.expected) {
    const mine = byKey.get(keyOf(want));
    if (!mine) {
      found.push(`${keyOf(want)} is missing`);
      continue;
    }
    for (const [field, value] of Object.entries(want)) {
      if (IDENTITY.includes(field) || agrees(fixture, field, mine, want) || excuse(fixture, want, field)) continue;
      found.push(`${keyOf(want)} ${field}: ${JSON.stringify(mine[field])} instead of ${JSON.stringify(value)}`);
    }
  }
  return found;
}

function agrees(fixture: Fixture, field: string, mine: FixtureRecord, want: FixtureRecord): boolean {
  const value = want[field]!;
  if (field === 'start_date' || field === 'end_date') return momentOf(mine[field]) === momentOf(value);
  if (field === 'alert') return isNearThreshold(want) || mine[field] === value || (value === 'NaN' && mine[field] === false);
  const wanted = numberOf(value);
  if (wanted === null) return mine[field] === value;
  const [absolute, relative] = tolerance(fixture, want, field);
  const got = numberOf(mine[field]);
  return got !== null && (Object.is(got, wanted) || Math.abs(got - wanted) <= absolute + relative * Math.abs(wanted));
}

/** Milliseconds; NannyML's own texts have up to nine decimals. */
function momentOf(value: FixtureValue | undefined): number | null {
  return typeof value === 'string' ? Date.parse(`${value.replace(' ', 'T').replace(/(\.\d{3})\d+$/, '$1')}Z`) : null;
}

function isNearThreshold(want: FixtureRecord): boolean {
  const value = numberOf(want['value']) ?? NaN;
  return ['lower_threshold', 'upper_threshold'].some((side) => Math.abs(value - (numberOf(want[side]) ?? NaN)) <= 1e-9 + 1e-9 * Math.abs(value));
}
