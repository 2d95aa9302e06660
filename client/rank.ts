/** Which columns to look at first: by alerts, by how their drift goes together with performance, by impact × drift. On any filter of results. */
import { InvalidInput } from '../domain/errors.js';
import type { CalculatorKind, Result } from '../domain/measurement.js';
import { columnsOf, quoted } from '../domain/schema.js';
import type { ModelSettings } from '../domain/settings.js';
import { alertCountRanking } from '../engine/ranking.js';
import { correlationRanking, impactDriftRanking, type ColumnChunkValue, type PerformanceRankingInput } from '../engine/ranking-performance.js';
import { findModel } from '../store/find-model.js';
import type { Pool } from '../store/pool.js';
import { readResults, type ResultFilter } from '../store/results.js';

export const RANKINGS = ['alerts', 'correlation', 'impact'] as const;
export type RankingKind = (typeof RANKINGS)[number];

/** Calculators that measure columns, which can be ranked. */
export const RANKED_CALCULATORS = ['univariate_drift', 'missing_values', 'unseen_values', 'numerical_range', 'summary_statistics'] as const satisfies readonly CalculatorKind[];
export type RankedCalculator = (typeof RANKED_CALCULATORS)[number];

export interface RankOptions extends Pick<ResultFilter, 'columns' | 'from' | 'to'> {
  /** Default: alerts. */
  by?: RankingKind | undefined;
  /** Whose values of the columns; default: univariate_drift. */
  calculator?: RankedCalculator | undefined;
  /** The method (drift) or statistic; default: by alerts all of them, else the first that the settings name for the column's kind. */
  method?: string | undefined;
  /** Performance metric to go together with; default: the model's key metric. Not used by alerts. */
  metric?: string | undefined;
  /** Default: realized where it is known in at least two chunks, else estimated. */
  performance?: 'estimated' | 'realized' | undefined;
  /** `column=value`; default: all rows together. */
  segment?: string | undefined;
  /** Version number; default: the version in charge. */
  version?: number | undefined;
  /** Only columns that alerted. */
  onlyDrifting?: boolean | undefined;
}

/** A column and why it stands there; what a ranking does not know is null. */
export interface RankedResult {
  /** From 1. */
  rank: number;
  column: string;
  /** At least one of the chunks alerted. */
  hasDrifted: boolean;
  alerts: number;
  /** By correlation: Pearson's r with the change of performance, and how probable it is by chance. */
  correlation: number | null;
  pValue: number | null;
  /** By impact: impact × drift, in [0, 1). */
  score: number | null;
  drift: number | null;
  impact: number | null;
  /** Chunks that counted. */
  chunks: number;
}

export interface Ranking {
  by: RankingKind;
  calculator: RankedCalculator;
  segment: string;
  version: number;
  /** What the columns' values were set against; null by alerts. */
  performance: { kind: 'estimated' | 'realized'; metric: string } | null;
  columns: RankedResult[];
}

/** @throws NotFound; InvalidInput when the filter leaves nothing to rank, or less than two chunks for a correlation */
export async function rankColumns(pool: Pool, model: string, options: RankOptions = {}): Promise<Ranking> {
  const found = await findModel(pool, model, options.version);
  const { by = 'alerts', calculator = 'univariate_drift', segment = '' } = options;
  const shared: ResultFilter = { segments: [segment], versions: [found.versionNumber], from: options.from, to: options.to };
  const features = new Set(columnsOf(found.schema, 'feature').map(({ name }) => name));
  const usual = usualMethods(found.settings, new Map(found.schema.columns.map(({ name, kind }) => [name, kind])));
  const isMeant = ({ column, metric }: Result): boolean => column !== '' && (options.columns ? options.columns.includes(column) : features.has(column))
    && (options.method === undefined ? by === 'alerts' || calculator !== 'univariate_drift' || usual.get(column) === metric : metric === options.method);
  const measured = (await readResults(pool, found.modelId, { ...shared, calculators: [calculator], columns: options.columns })).filter(isMeant);
  const analysis = measured.filter(({ period }) => period === 'analysis');
  if (analysis.length === 0) throw new InvalidInput(nothingThere(options, calculator));
  const alerts = new Map(alertCountRanking(analysis).map((entry) => [entry.column, entry]));
  const ranking = { by, calculator, segment, version: found.versionNumber };
  const unknown = { correlation: null, pValue: null, score: null, drift: null, impact: null };
  if (by === 'alerts') {
    const chunks = new Set(analysis.map(chunkOf)).size;
    const columns = alertCountRanking(analysis, { onlyDrifting: options.onlyDrifting === true }).map(({ rank, column, alerts: count }) => ({ rank, column, hasDrifted: count > 0, alerts: count, ...unknown, chunks }));
    return { ...ranking, performance: null, columns };
  }
  requireOneMethod(analysis, calculator);
  const metric = options.metric ?? found.settings.keyMetric;
  const performance = choosePerformance(await readResults(pool, found.modelId, { ...shared, calculators: ['estimated_performance', 'realized_performance'], metrics: [metric] }), metric, options.performance);
  const input = alignedInput(analysis, performance.results);
  const rankingOptions = { onlyDrifting: options.onlyDrifting === true };
  const alertsOf = (column: string): number => alerts.get(column)?.alerts ?? 0;
  const against = { kind: performance.kind, metric };
  if (by === 'correlation') {
    return { ...ranking, performance: against, columns: correlationRanking(input, rankingOptions).map(({ rank, column, hasDrifted, correlation, pValue, chunks }) => ({ rank, column, hasDrifted, alerts: alertsOf(column), ...unknown, correlation: known(correlation), pValue: known(pValue), chunks })) };
  }
  const referenceColumns = measured.filter(({ period }) => period === 'reference').map(({ column, value }) => ({ column, value }));
  const columns = impactDriftRanking({ ...input, referenceColumns, twoSided: calculator === 'summary_statistics' }, rankingOptions)
    .map(({ rank, column, hasDrifted, score, drift, impact, chunks }) => ({ rank, column, hasDrifted, alerts: alertsOf(column), ...unknown, score: known(score), drift: known(drift), impact: known(impact), chunks }));
  return { ...ranking, performance: against, columns };
}

const chunkOf = ({ chunk }: Result): string => chunk.key;

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

/** The first method that was chosen for the column's kind. */
function usualMethods({ calculators }: ModelSettings, kinds: ReadonlyMap<string, string>): Map<string, string> {
  const drift = calculators.univariate_drift;
  return new Map([...kinds].map(([column, kind]): [string, string] => [column, (kind === 'continuous' ? drift?.continuousMethods[0] : drift?.categoricalMethods[0]) ?? '']));
}

function nothingThere({ segment, columns, method }: RankOptions, calculator: string): string {
  const filter = [segment ? `segment '${segment}'` : '', columns ? `columns ${columns.map(quoted).join(', ')}` : '', method ? `method '${method}'` : ''].filter((text) => text !== '');
  return `there is no analysis result of ${calculator}${filter.length > 0 ? ` for ${filter.join(' and ')}` : ''}: run the model first, or widen the filter`;
}

/** Several values of one column in one chunk cannot be set against one performance. */
function requireOneMethod(analysis: readonly Result[], calculator: string): void {
  const metrics = new Map<string, Set<string>>();
  for (const { column, metric } of analysis) metrics.set(column, (metrics.get(column) ?? new Set()).add(metric));
  const several = [...metrics].find(([, names]) => names.size > 1);
  if (several) throw new InvalidInput(`${calculator} has several values of column ${quoted(several[0])} in each chunk (${[...several[1]].join(', ')}): choose one as method`);
}

function choosePerformance(results: readonly Result[], metric: string, wanted: RankOptions['performance']): { kind: 'estimated' | 'realized'; results: Result[] } {
  const of = (kind: 'estimated' | 'realized'): Result[] => results.filter(({ calculator }) => calculator === `${kind}_performance`);
  const values = (list: readonly Result[]): number => list.filter(({ period, value }) => period === 'analysis' && value !== null).length;
  const kind = wanted ?? (values(of('realized')) >= 2 ? 'realized' : 'estimated');
  const chosen = of(kind);
  if (values(chosen) === 0) throw new InvalidInput(`there is no ${kind} ${metric} in the analysis to set the columns against: name another metric, or another kind of performance`);
  return { kind, results: chosen };
}

/** Values of the chunks that both sides have. */
function alignedInput(analysis: readonly Result[], performance: readonly Result[]): PerformanceRankingInput {
  const there = new Set(performance.filter(({ period, value }) => period === 'analysis' && value !== null).map(chunkOf));
  const covered = new Set(analysis.map(chunkOf));
  const both = new Set([...there].filter((key) => covered.has(key)));
  if (both.size === 0) throw new InvalidInput('no chunk has both a value of a column and of the performance');
  return {
    columns: analysis.filter((result) => both.has(result.chunk.key)).map(({ column, chunk, value, alert }): ColumnChunkValue => ({ column, chunk: chunk.key, value, alert })),
    performance: performance.filter((result) => result.period === 'analysis' && both.has(result.chunk.key)).map(({ chunk, value }) => ({ chunk: chunk.key, value })),
    referencePerformance: performance.filter(({ period }) => period === 'reference').map(({ value }) => value),
  };
}
