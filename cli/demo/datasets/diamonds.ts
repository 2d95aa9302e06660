/**
 * The tutorial everyone knows, rebuilt with a seed: what does a diamond sell for? A boosting is trained here and now, judged on a test set that becomes the reference,
 * and sent to production. A few stones were always graded by another laboratory, which sees colours worse and measures depth higher; after a while most are.
 * How much the model errs on such stones can be learnt from the reference, so that the estimate sees the error grow before any price is known.
 */
import { readFrame } from '../../../client/sources/frame.js';
import { predictBoosting, binFeatures, trainBoosting, type BoostedTrees, type BoostingFeature } from '../../../engine/boosting/index.js';
import { categoricalOf, continuousOf, splitRandomly, takeRows, type Frame } from '../../../engine/index.js';
import { LegacyRandom } from '../../../engine/stats/random.js';
import { dataFile, deliver, type CsvLines, type DemoDataset } from '../deliveries.js';

const SEED = 42;
const SHARES = { train: 0.4, validation: 0.1, test: 0.25, production: 0.25 };
const FEATURES = ['carat', 'cut', 'color', 'clarity', 'depth', 'table', 'x', 'y', 'z'];
/** Divides test and production without a rest. */
const CHUNKS = 15;
/** Tried on the validation set; the best is kept. */
const LEAVES = [15, 31, 63];
/** Share of the stones that the other laboratory grades: always, and in production from then on. */
const USUAL_SHARE = 0.05;
const DRIFT_SHARE = 0.7;
const DRIFT_FROM = 0.6;
/** It sees the lower half of the colours … */
const OTHER_COLORS = ['H', 'I', 'J'];
/** … and measures depth so much higher, in per cent of the diameter (whose deviation is 1.4). */
const DEPTH_SHIFT = 4;
const FIRST_MOMENT = Date.UTC(2024, 0, 1);
const SECONDS_BETWEEN = 600;

export async function diamonds(): Promise<DemoDataset> {
  const all = await readFrame(dataFile('diamonds.csv.gz'));
  const parts = splitRandomly(all.rowCount, SHARES, SEED);
  const train = graded(takeRows(all, parts.train), 1, () => USUAL_SHARE);
  const validation = graded(takeRows(all, parts.validation), 2, () => USUAL_SHARE);
  const { model, leaves, tried } = chooseModel(train, validation);
  const test = graded(takeRows(all, parts.test), 3, () => USUAL_SHARE);
  const production = takeRows(all, parts.production);
  const drifted = graded(production, 4, (row) => (row < DRIFT_FROM * production.rowCount ? USUAL_SHARE : DRIFT_SHARE));
  const chunkSize = Math.floor(drifted.rowCount / CHUNKS);
  const reference = csvOf(test, model, 0, 0);
  const analysis = csvOf(drifted, model, test.rowCount, test.rowCount);
  const prices = continuousOf(production, 'price').values;
  const targets = { header: 'id,price', rows: Array.from(prices, (price, i) => `${test.rowCount + i},${price}`) };
  return {
    model: 'diamonds',
    headline: 'a regression: what does a diamond sell for?',
    before: [
      `53,940 diamonds, split by seed ${SEED}: ${Object.entries(parts).map(([part, rows]) => `${part} ${rows.length.toLocaleString('en')}`).join(', ')}`,
      `a boosting of 100 trees trained on 'train'; error on 'validation': ${tried.map(({ leaves: n, rmse }) => `${n} leaves ${rmse.toFixed(0)}`).join(', ')} → ${leaves} leaves; on 'test' ${rootMeanSquare(test, model).toFixed(0)}`,
      `'test' becomes the reference, 'production' the inferences; another laboratory, which grades ${100 * USUAL_SHARE} % of the stones, grades ${100 * DRIFT_SHARE} % of its last ${Math.round(100 * (1 - DRIFT_FROM))} %: color and depth drift`,
    ],
    reference: Buffer.from([`${reference.header},price`, ...reference.rows.map((row, i) => `${row},${continuousOf(test, 'price').values[i]!}`), ''].join('\n')),
    columns: { problemType: 'regression', identifier: 'id', timestamp: 'sold_at', prediction: 'predicted_price', target: 'price', features: FEATURES },
    target: 'price',
    chunkSize,
    metric: 'rmse',
    ...deliver(analysis, targets, '326'),
  };
}

/** The features as the boosting takes them; texts become codes in their order of the alphabet, which all parts share. */
function featuresOf(frame: Frame): BoostingFeature[] {
  return FEATURES.map((name) => {
    const column = frame.columns.get(name)!;
    return column.kind === 'categorical'
      ? { name, kind: 'categorical', values: Float64Array.from(column.codes) }
      : { name, kind: 'numeric', values: continuousOf(frame, name).values };
  });
}

function chooseModel(train: Frame, validation: Frame): { model: BoostedTrees; leaves: number; tried: { leaves: number; rmse: number }[] } {
  const binned = binFeatures(featuresOf(train));
  const models = LEAVES.map((leaves) => {
    const model = trainBoosting(binned, continuousOf(train, 'price').values, { numLeaves: leaves });
    return { model, leaves, rmse: rootMeanSquare(validation, model) };
  });
  const best = models.reduce((a, b) => (b.rmse < a.rmse ? b : a));
  return { ...best, tried: models.map(({ leaves, rmse }) => ({ leaves, rmse })) };
}

function rootMeanSquare(frame: Frame, model: BoostedTrees): number {
  const predicted = predictBoosting(model, featuresOf(frame));
  const prices = continuousOf(frame, 'price').values;
  return Math.sqrt(predicted.reduce((sum, value, i) => sum + (value - prices[i]!) ** 2, 0) / predicted.length);
}

/** A copy in which a share of the stones has the other laboratory's color and depth. */
function graded(frame: Frame, stream: number, shareAt: (row: number) => number): Frame {
  const random = new LegacyRandom(SEED + stream);
  const color = categoricalOf(frame, 'color');
  const others = OTHER_COLORS.map((name) => color.categories.indexOf(name));
  const codes = color.codes.slice();
  const depth = continuousOf(frame, 'depth').values.slice();
  for (let row = 0; row < frame.rowCount; row++) {
    if (random.upTo(999) >= 1000 * shareAt(row)) continue;
    codes[row] = others[random.upTo(others.length - 1)]!;
    depth[row] = Math.round(10 * (depth[row]! + DEPTH_SHIFT)) / 10;
  }
  const columns = new Map(frame.columns).set('color', { ...color, codes }).set('depth', { kind: 'continuous', values: depth });
  return { rowCount: frame.rowCount, columns };
}

/** Identifier, moment of sale, features, prediction. @param position of the first row in time */
function csvOf(frame: Frame, model: BoostedTrees, firstId: number, position: number): CsvLines {
  const predicted = predictBoosting(model, featuresOf(frame));
  const cells = FEATURES.map((name) => {
    const column = frame.columns.get(name)!;
    return column.kind === 'categorical' ? (row: number) => column.categories[column.codes[row]!]! : ((values) => (row: number) => String(values[row]!))(continuousOf(frame, name).values);
  });
  return {
    header: ['id', 'sold_at', ...FEATURES, 'predicted_price'].join(','),
    rows: Array.from({ length: frame.rowCount }, (_, row) => [
      firstId + row, new Date(FIRST_MOMENT + 1000 * SECONDS_BETWEEN * (position + row)).toISOString().slice(0, 19), ...cells.map((cell) => cell(row)), predicted[row]!.toFixed(2),
    ].join(',')),
  };
}
