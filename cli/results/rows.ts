/** Results as tables: a row per value, or a row per chunk as NannyML's flat tables have it. */
import { InvalidInput } from '../../domain/errors.js';
import type { CalculatorKind, Result } from '../../domain/measurement.js';
import type { ResultRecord } from '../calculate/records.js';
import type { Table, TableColumn } from '../flat/table.js';
import { wideTable } from '../flat/wide.js';

type Cell = string | number | boolean | null;
type FieldType = Exclude<TableColumn['type'], 'nothing' | 'moment'>;

/** Columns of a row per value, in their order; their types do not depend on the rows. */
const FIELDS: { name: string; type: FieldType; of(result: Result): Cell }[] = [
  { name: 'model', type: 'text', of: (r) => r.model },
  { name: 'version', type: 'whole', of: (r) => r.version },
  { name: 'calculator', type: 'text', of: (r) => r.calculator },
  { name: 'metric', type: 'text', of: (r) => r.metric },
  { name: 'column', type: 'text', of: (r) => r.column },
  { name: 'segment', type: 'text', of: (r) => r.segment },
  { name: 'period', type: 'text', of: (r) => r.period },
  { name: 'chunkKey', type: 'text', of: (r) => r.chunk.key },
  { name: 'chunkIndex', type: 'whole', of: (r) => r.chunk.index },
  { name: 'startIndex', type: 'whole', of: (r) => r.chunk.startIndex },
  { name: 'endIndex', type: 'whole', of: (r) => r.chunk.endIndex },
  { name: 'startDate', type: 'instant', of: (r) => r.chunk.startDate },
  { name: 'endDate', type: 'instant', of: (r) => r.chunk.endDate },
  { name: 'rows', type: 'whole', of: (r) => r.chunk.rows },
  { name: 'complete', type: 'flag', of: (r) => r.chunk.complete },
  { name: 'value', type: 'number', of: (r) => r.value },
  { name: 'samplingError', type: 'number', of: (r) => r.samplingError },
  { name: 'bandLower', type: 'number', of: (r) => r.bandLower },
  { name: 'bandUpper', type: 'number', of: (r) => r.bandUpper },
  { name: 'lowerThreshold', type: 'number', of: (r) => r.lowerThreshold },
  { name: 'upperThreshold', type: 'number', of: (r) => r.upperThreshold },
  { name: 'alert', type: 'flag', of: (r) => r.alert },
  { name: 'reason', type: 'text', of: (r) => r.reason },
  { name: 'final', type: 'flag', of: (r) => r.chunk.final },
  { name: 'targets', type: 'whole', of: (r) => r.chunk.targets },
  { name: 'engineVersion', type: 'text', of: (r) => r.engineVersion },
  { name: 'dataRevision', type: 'whole', of: (r) => r.dataRevision },
  { name: 'revision', type: 'whole', of: (r) => r.revision },
  { name: 'tags', type: 'json', of: (r) => JSON.stringify(r.tags) },
];

/** A row per value. */
export function resultTable(results: readonly Result[]): Table {
  return { rowCount: results.length, columns: FIELDS.map(({ name, type, of }) => ({ name, type, values: results.map(of) }) as TableColumn) };
}

/** NannyML's name for what gives results of the kind: its table's layout is meant. */
const LAYOUT_OF: Record<CalculatorKind, string> = {
  univariate_drift: 'UnivariateDriftCalculator',
  reconstruction_error: 'DataReconstructionDriftCalculator',
  domain_classifier: 'DomainClassifierCalculator',
  missing_values: 'MissingValuesCalculator',
  unseen_values: 'UnseenValuesCalculator',
  numerical_range: 'NumericalRangeCalculator',
  summary_statistics: 'SummaryStatsAvgCalculator',
  estimated_performance: 'CBPE',
  realized_performance: 'PerformanceCalculator',
};

/**
 * A row per chunk, columns as NannyML names them: `car_value_jensen_shannon_alert`, `roc_auc_value`.
 * @throws InvalidInput when the results are of several calculators, versions or segments, whose columns or rows would meet
 */
export function widenResults(results: readonly Result[]): Table {
  const several = (what: string, flag: string, values: Set<unknown>) => {
    if (values.size > 1) throw new InvalidInput(`--wide has a row per chunk of one ${what}, these are ${values.size} (${[...values].map(String).sort().slice(0, 8).join(', ')}): add ${flag}`);
  };
  several('calculator', '--calculator', new Set(results.map((r) => r.calculator)));
  several('version', '--model-version', new Set(results.map((r) => r.version)));
  several('segment', '--segment', new Set(results.map((r) => r.segment)));
  const [first] = results;
  if (!first) return { rowCount: 0, columns: [] };
  return wideTable(LAYOUT_OF[first.calculator], results.map(recordOf), [], () => false);
}

function recordOf(result: Result): ResultRecord {
  const { chunk, column, metric } = result;
  const zoneless = (date: string | null) => date && date.replace(/Z$/, '');
  return {
    name: column === '' ? metric : column,
    // A column has several series: they are told apart by their metric.
    ...(result.calculator === 'univariate_drift' || (result.calculator === 'summary_statistics' && column !== '') ? { method: metric } : {}),
    key: chunk.key, chunk_index: chunk.index, start_index: chunk.startIndex, end_index: chunk.endIndex, start_date: zoneless(chunk.startDate), end_date: zoneless(chunk.endDate), period: result.period,
    value: result.value, sampling_error: result.samplingError, upper_confidence_boundary: result.bandUpper, lower_confidence_boundary: result.bandLower,
    upper_threshold: result.upperThreshold, lower_threshold: result.lowerThreshold, alert: result.alert,
  };
}
