/**
 * The tutorial everyone knows, rebuilt with a seed: what does a diamond sell for? A boosting is trained here and now, judged on a test set that becomes the reference,
 * and sent to production, where after half of the time another laboratory grades colour and measures depth.
 */
import { readFrame } from '../../../client/sources/frame.js';
import { predictBoosting, binFeatures, trainBoosting, type BoostedTrees, type BoostingFeature } from '../../../engine/boosting/index.js';
import { categoricalOf, continuousOf, splitRandomly, takeRows, type Frame } from '../../../engine/index.js';
import { LegacyRandom } from '../../../engine/stats/random.js';
import { dataFile, deliver, type CsvLines, type DemoDataset } from '../deliveries.js';

const SEED = 42;
const SHARES = { train: 0.4, validation: 0.1, test: 0.25, production: 0.25 };
const FEATURES = ['carat', 'cut', 'color', 'clarity', 'depth', 'table', 'x', 'y', 'z'];
const CHUNKS = 10;
/** Tried on the validation set; the best is kept. */
const LEAVES = [15, 31, 63];
/** From this share of production on, this share of the stones is graded anew. */
const DRIFT_FROM = 0.6;
const DRIFT_SHARE = 0.7;
/** The other laboratory sees the lower half of the colours. */
const DRIFTED_COLORS = ['H', 'I', 'J'];
/** … and measures depth so much higher, in per cent of the diameter (its usual deviation is 1.4). */
const DEPTH_SHIFT = 2.5;
const FIRST_MOMENT = Date.UTC(2024, 0, 1);
const SECONDS_BETWEEN = 600;

export async function diamonds(): Promise<DemoDataset> {
  const all = await readFrame(dataFile('diamonds.csv.gz'));
  const parts = splitRandomly(all.rowCount, SHARES, SEED);
  const train = takeRows(all, parts.train);
  const validation = takeRows(all, parts.validation);
  const { model, leaves, tried } = chooseModel(train, validation);
  const test = takeRows(all, parts.test);
  const production = takeRows(all, parts.production);
  const drifted = withDrift(production);
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
      `'test' becomes the reference, 'production' the inferences; its last ${Math.round(100 * (1 - DRIFT_FROM))} % are graded elsewhere: color and depth drift, prices do not`,
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

/** A copy in which the later stones' color and depth are another laboratory's. */
function withDrift(production: Frame): Frame {
  const random = new LegacyRandom(SEED + 1);
  const color = categoricalOf(production, 'color');
  const drifted = DRIFTED_COLORS.map((name) => color.categories.indexOf(name));
  const codes = color.codes.slice();
  const depth = continuousOf(production, 'depth').values.slice();
  for (let i = Math.round(DRIFT_FROM * production.rowCount); i < production.rowCount; i++) {
    if (random.upTo(999) >= 1000 * DRIFT_SHARE) continue;
    codes[i] = drifted[random.upTo(drifted.length - 1)]!;
    depth[i] = Math.round(10 * (depth[i]! + DEPTH_SHIFT)) / 10;
  }
  const columns = new Map(production.columns).set('color', { ...color, codes }).set('depth', { kind: 'continuous', values: depth });
  return { rowCount: production.rowCount, columns };
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
