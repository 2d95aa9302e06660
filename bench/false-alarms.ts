/**
 * How often each method alerts when nothing has changed: reference chunks and analysis chunks of n rows from one and the same distribution, again and again.
 * Prints a table per method, and with --write puts each into the method's page, docs/how-it-works/<page>.md, between its markers.
 *
 *   node scripts/bench.mjs false-alarms [--only univariate] [--scale 1] [--seed 1] [--save FILE | --load FILE] [--write]
 *
 * A rate is alerts / chunks over all repetitions; its 95 % interval is mean ± 1.96 standard errors over the repetitions, since the chunks of one repetition share their thresholds.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { calculateChunk, fitCalculator, judge, NO_COLUMNS, slice, thresholdsOf, type Column, type EngineRequest, type Frame } from '../engine/index.js';

const { values: args } = parseArgs({ options: { only: { type: 'string' }, scale: { type: 'string', default: '1' }, seed: { type: 'string', default: '1' }, write: { type: 'boolean', default: false }, save: { type: 'string' }, load: { type: 'string' } } });

/** Chunks of the analysis in each repetition. */
const ANALYSIS_CHUNKS = 10;
const ROWS = [200, 1_000, 5_000];
const REFERENCE_CHUNKS = [10, 25];
/** Repetitions by rows per chunk. */
const REPETITIONS: Record<number, number> = { 200: 400, 1_000: 200, 5_000: 60 };

interface Study {
  page: string;
  request: EngineRequest;
  /** Share of the usual repetitions: what trains a boosting takes long. */
  share?: number;
  /** Thresholds do not come from the reference's chunks: those need not be calculated. */
  constant?: boolean;
}

const features = { ...NO_COLUMNS, continuous: ['normal', 'skewed', 'rounded'], categorical: ['category'] };
const binary = { ...NO_COLUMNS, target: 'outcome', prediction: 'guess', probability: 'score' };
const several = {
  ...NO_COLUMNS, problemType: 'classification_multiclass' as const, target: 'kind', prediction: 'guessed_kind',
  classProbabilities: ['a', 'b', 'c'].map((name) => ({ class: name, column: `score_${name}` })),
};
const regression = { ...NO_COLUMNS, problemType: 'regression' as const, target: 'price', prediction: 'guessed_price' };
const CLASSIFICATION = ['roc_auc', 'f1', 'precision', 'recall', 'specificity', 'accuracy', 'average_precision'] as const;
const REGRESSION = ['mae', 'mape', 'mse', 'rmse', 'msle', 'rmsle'] as const;

const STUDIES: Study[] = [
  { page: 'univariate-drift', request: { kind: 'univariate_drift', columns: features, settings: { continuousMethods: ['jensen_shannon', 'kolmogorov_smirnov', 'wasserstein', 'hellinger'], categoricalMethods: ['jensen_shannon', 'chi2', 'hellinger', 'l_infinity'] } } },
  { page: 'reconstruction-error', request: { kind: 'reconstruction_error', columns: features, settings: { components: 0.65 } } },
  { page: 'data-quality', request: { kind: 'missing_values', columns: { ...features, continuous: ['skewed'], categorical: ['category'] }, settings: { normalize: true } } },
  { page: 'data-quality', request: { kind: 'unseen_values', columns: { ...features, continuous: [] }, settings: { normalize: true } } },
  { page: 'data-quality', request: { kind: 'numerical_range', columns: { ...features, categorical: [] }, settings: { normalize: true } } },
  { page: 'summary-statistics', request: { kind: 'summary_statistics', columns: { ...features, continuous: ['normal', 'skewed'], categorical: [] }, settings: { statistics: ['avg', 'sum', 'std', 'median'] } } },
  { page: 'estimated-performance', request: { kind: 'estimated_performance', columns: binary, settings: { metrics: [...CLASSIFICATION] } }, share: 0.5 },
  { page: 'realized-performance', request: { kind: 'realized_performance', columns: binary, settings: { metrics: [...CLASSIFICATION] } } },
  { page: 'estimated-performance', request: { kind: 'estimated_performance', columns: several, settings: { metrics: [...CLASSIFICATION] } }, share: 0.25 },
  { page: 'realized-performance', request: { kind: 'realized_performance', columns: several, settings: { metrics: [...CLASSIFICATION] } }, share: 0.5 },
  { page: 'realized-performance', request: { kind: 'realized_performance', columns: regression, settings: { metrics: [...REGRESSION] } } },
  { page: 'direct-loss-estimation', request: { kind: 'estimated_performance', columns: { ...regression, ...{ continuous: features.continuous, categorical: features.categorical } }, settings: { metrics: [...REGRESSION] } }, share: 0.1 },
  { page: 'domain-classifier', request: { kind: 'domain_classifier', columns: features, settings: { folds: 5 } }, share: 0.05, constant: true },
];

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Rows of all kinds from one distribution. */
function draw(rows: number, random: () => number): Frame {
  const gauss = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const numbers = Object.fromEntries(['normal', 'skewed', 'rounded', 'score', 'guess', 'outcome', 'score_a', 'score_b', 'score_c', 'price', 'guessed_price'].map((name) => [name, new Float64Array(rows)])) as Record<string, Float64Array>;
  const codes = Object.fromEntries(['category', 'kind', 'guessed_kind'].map((name) => [name, new Int32Array(rows)])) as Record<string, Int32Array>;
  for (let i = 0; i < rows; i++) {
    const normal = gauss();
    const skewed = Math.exp(0.5 * normal + 0.7 * gauss());
    const category = Math.min(3, Math.floor(4 * random() ** 2));
    const rounded = Math.round(2 * gauss() + category) / 2;
    numbers.normal![i] = normal;
    numbers.skewed![i] = random() < 0.03 ? NaN : skewed;
    numbers.rounded![i] = rounded;
    codes.category![i] = random() < 0.02 ? -1 : category;
    const score = 1 / (1 + Math.exp(-(normal + 0.5 * rounded - 0.3)));
    numbers.score![i] = score;
    numbers.guess![i] = score >= 0.5 ? 1 : 0;
    numbers.outcome![i] = random() < score ** 1.2 ? 1 : 0;
    const weights = [Math.exp(normal), Math.exp(0.5 * rounded), Math.exp(0.3 * category)];
    const total = weights[0]! + weights[1]! + weights[2]!;
    const shares = weights.map((weight) => weight / total);
    ['score_a', 'score_b', 'score_c'].forEach((name, c) => { numbers[name]![i] = shares[c]!; });
    codes.guessed_kind![i] = shares.indexOf(Math.max(...shares));
    const at = random();
    codes.kind![i] = at < shares[0]! ? 0 : at < shares[0]! + shares[1]! ? 1 : 2;
    const expected = 100 * Math.exp(0.3 * normal + 0.1 * category);
    numbers.guessed_price![i] = expected;
    numbers.price![i] = expected * Math.exp(0.1 * (1 + 0.3 * category) * gauss());
  }
  const columns = new Map<string, Column>();
  for (const [name, values] of Object.entries(numbers)) columns.set(name, { kind: 'continuous', values });
  columns.set('category', { kind: 'categorical', codes: codes.category!, categories: ['red', 'green', 'blue', 'grey'] });
  for (const name of ['kind', 'guessed_kind']) columns.set(name, { kind: 'categorical', codes: codes[name]!, categories: ['a', 'b', 'c'] });
  return { rowCount: rows, columns };
}

interface Rate {
  rate: number;
  half: number;
  chunks: number;
}

/** Rates per series, e.g. `jensen_shannon · normal`. */
function study({ request, constant }: Study, rows: number, referenceChunks: number, repetitions: number, seed: number): Map<string, Rate> {
  const shares = new Map<string, number[]>();
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const random = uniform(seed + 7919 * repetition + 104_729 * rows + 1_299_709 * referenceChunks);
    const reference = draw(rows * referenceChunks, random);
    const chunks = constant ? [] : Array.from({ length: referenceChunks }, (_, i) => ({ start: i * rows, end: (i + 1) * rows }));
    const fitted = fitCalculator(request, reference, chunks);
    const analysis = draw(rows * ANALYSIS_CHUNKS, random);
    const points = Array.from({ length: ANALYSIS_CHUNKS }, (_, i) => calculateChunk(fitted, slice(analysis, i * rows, (i + 1) * rows)));
    const bounds = new Map(thresholdsOf(fitted, request.settings).map((series) => [`${series.metric} · ${series.column}`, series.bounds]));
    const alerts = new Map<string, number>();
    for (const point of points.flat()) {
      const name = `${point.metric} · ${point.column}`;
      const limits = bounds.get(name) ?? (constant ? { lower: 0.45, upper: 0.65 } : { lower: null, upper: null });
      alerts.set(name, (alerts.get(name) ?? 0) + (judge(fitted, point, limits) ? 1 : 0));
    }
    for (const [name, count] of alerts) shares.set(name, [...(shares.get(name) ?? []), count / ANALYSIS_CHUNKS]);
  }
  return new Map([...shares].map(([name, values]) => [name, rateOf(values)]));
}

function rateOf(values: number[]): Rate {
  const rate = values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((a, b) => a + (b - rate) ** 2, 0) / Math.max(1, values.length - 1));
  return { rate, half: (1.96 * deviation) / Math.sqrt(values.length), chunks: values.length * ANALYSIS_CHUNKS };
}

function cell(rate: Rate | undefined): string {
  if (!rate) return '';
  const percent = (value: number): string => (100 * value).toFixed(1);
  // Where no alert was seen at all, the interval is that of the rule of three.
  if (rate.rate === 0) return `0 (≤ ${percent(3 / rate.chunks)})`;
  return `${percent(rate.rate)} (${percent(Math.max(0, rate.rate - rate.half))}–${percent(rate.rate + rate.half)})`;
}

const pages = new Map<string, string[]>(args.load ? (JSON.parse(readFileSync(args.load, 'utf8')) as [string, string[]][]) : []);
const chosen = args.load ? [] : STUDIES.filter(({ page, request }) => !args.only || page.includes(args.only) || request.kind.includes(args.only));
for (const one of chosen) {
  const combinations = ROWS.flatMap((rows) => REFERENCE_CHUNKS.map((chunks) => ({ rows, chunks })));
  const startedAt = Date.now();
  const rates = combinations.map(({ rows, chunks }) => study(one, rows, chunks, Math.max(4, Math.round(REPETITIONS[rows]! * (one.share ?? 1) * Number(args.scale))), Number(args.seed)));
  const problem = one.request.kind.endsWith('performance') ? `, ${one.request.columns.problemType.replace('_', ' ')}` : '';
  const lines = [
    `| ${one.request.kind.replaceAll('_', ' ')}${problem} | ${combinations.map(({ rows, chunks }) => `n = ${rows.toLocaleString('en')}, ${chunks} chunks`).join(' | ')} |`,
    `|---|${combinations.map(() => '---').join('|')}|`,
    ...[...rates[0]!.keys()].map((name) => `| ${name.replace(/ · $/, '')} | ${rates.map((of) => cell(of.get(name))).join(' | ')} |`),
  ];
  console.log(`${lines.join('\n')}\n`);
  console.error(`${one.page} ${one.request.kind}: ${((Date.now() - startedAt) / 1000).toFixed(0)} s`);
  pages.set(one.page, [...(pages.get(one.page) ?? []), lines.join('\n')]);
}
if (args.save) writeFileSync(args.save, JSON.stringify([...pages]));
if (args.write) for (const [page, tables] of pages) writeInto(page, tables);

function writeInto(page: string, tables: string[]): void {
  const file = join('docs/how-it-works', `${page}.md`);
  const [begin, end] = ['<!-- false alarms: by `npm run bench -- false-alarms --write` -->', '<!-- end of false alarms -->'];
  const text = [
    begin, '## How often it alerts when nothing has changed', '',
    'Per cent of analysis chunks that alert, with its 95 % interval; n rows per chunk, thresholds learnt from so many reference chunks, default settings, data drawn from one distribution:', '',
    tables.join('\n\n'), '',
    'Fewer reference chunks make thresholds of chance: with 10 of them the interval mean ± 3 standard deviations is itself uncertain by a quarter, and alerts on quiet chunks are more frequent than the 0.3 % of a normal distribution whose mean and deviation are known.', end,
  ].join('\n');
  const old = readFileSync(file, 'utf8');
  const at = old.indexOf(begin);
  writeFileSync(file, at < 0 ? `${old.trimEnd()}\n\n${text}\n` : old.slice(0, at) + text + old.slice(old.indexOf(end) + end.length));
}
