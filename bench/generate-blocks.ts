/** Seeded tables as typed blocks, without a file between: for benches with more rows than one would want to parse. */
import type { BlockColumn, RowBlock, RowSource } from '../domain/row-block.js';
import type { ModelSchema, ProblemType, SchemaColumn } from '../domain/schema.js';
import { seededRandom } from './generate.js';

export interface GeneratedBlocks {
  problem: ProblemType;
  rows: number;
  seed: number;
  /** Number of the first row: identifiers and times go on from there; below 0 before the analysis. */
  firstRow: number;
  /** Shift of the mean of `amount`, in standard deviations. */
  drift?: number;
}

const number = (name: string, role: SchemaColumn['role'] = 'feature'): SchemaColumn => ({ name, role, kind: 'continuous' });
const category = (name: string): SchemaColumn => ({ name, role: 'feature', kind: 'categorical' });

/** Thirteen columns: identifier, time, six numbers, three categories, prediction (with a probability where there are classes) and target. */
export function generatedSchema(problem: ProblemType): ModelSchema {
  return {
    problemType: problem,
    columns: [
      { name: 'id', role: 'identifier', kind: 'text' }, { name: 'at', role: 'timestamp', kind: 'timestamp' },
      number('amount'), number('income'), number('debt_ratio'), number('tenure'), number('usage'), ...(problem === 'regression' ? [number('age')] : [number('y_pred_proba', 'predicted_probability')]),
      category('region'), category('channel'), category('product'), number('y_pred', 'prediction'), number('y_true', 'target'),
    ],
  };
}

const BLOCK_ROWS = 8_192;
const START_MICROS = Date.UTC(2024, 0, 1) * 1_000;
const STEP_MICROS = 3_000_000;
const TEXTS: Record<string, string[]> = {
  region: ['north', 'south', 'east', 'west', 'centre'],
  channel: ['web', 'branch', 'telephone', 'partner'],
  product: Array.from({ length: 20 }, (_, i) => `product-${i + 1}`),
};

/** Rows as the store takes them. The same options give the same rows, whatever columns are asked for. */
export function generatedSource(options: GeneratedBlocks): RowSource {
  const { problem, rows, seed, firstRow } = options;
  const names = generatedSchema(problem).columns.map(({ name }) => name);
  return {
    label: 'generated rows',
    columnNames: names,
    progress: { bytesRead: 0, bytesTotal: null },
    async *blocks(columns): AsyncGenerator<RowBlock> {
      const random = seededRandom(seed);
      for (let start = 0; start < rows; start += BLOCK_ROWS) {
        const count = Math.min(BLOCK_ROWS, rows - start);
        const numbers = drawNumbers(random, count, options);
        yield await Promise.resolve({ rowCount: count, firstRow: start + 1, columns: columns.map(({ name }) => columnOf(name, numbers, firstRow + start, count)), faults: [] });
      }
    },
    close: async () => undefined,
  };
}

/** Every number of a block by its column; categories as positions among their texts. */
function drawNumbers(random: () => number, count: number, { problem, drift = 0 }: GeneratedBlocks): Map<string, Float64Array> {
  const drawn = new Map<string, Float64Array>();
  const column = (name: string): Float64Array => {
    const values = new Float64Array(count);
    drawn.set(name, values);
    return values;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const [amount, income, debt, tenure, usage, other] = ['amount', 'income', 'debt_ratio', 'tenure', 'usage', problem === 'regression' ? 'age' : 'y_pred_proba'].map(column) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  const [region, channel, product, predicted, truth] = ['region', 'channel', 'product', 'y_pred', 'y_true'].map(column) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  for (let i = 0; i < count; i++) {
    const wealth = normal();
    amount[i] = 12_000 + 1_000 * (normal() + drift);
    income[i] = 30_000 * Math.exp(wealth);
    debt[i] = random();
    tenure[i] = Math.floor(10 * random());
    usage[i] = random() < 0.02 ? NaN : normal();
    region[i] = Math.floor(random() * 5);
    channel[i] = Math.floor(random() ** 2 * 4);
    product[i] = Math.floor(random() * 20);
    const signal = (amount[i]! - 12_000) / 1_000 + 0.5 * wealth + 0.1 * channel[i]!;
    if (problem === 'regression') {
      other[i] = 18 + Math.floor(60 * random());
      truth[i] = Math.max(0, 500 + 100 * signal + 2 * other[i]! + (20 + 5 * channel[i]!) * normal());
      predicted[i] = Math.max(0, 500 + 100 * signal + 2 * other[i]!);
    } else {
      const score = 1 / (1 + Math.exp(-(signal + 0.7 * normal())));
      other[i] = score;
      predicted[i] = score >= 0.5 ? 1 : 0;
      truth[i] = random() < score ? 1 : 0;
    }
  }
  return drawn;
}

function columnOf(name: string, numbers: ReadonlyMap<string, Float64Array>, firstRow: number, count: number): BlockColumn {
  if (name === 'at') return { kind: 'timestamp', micros: Float64Array.from({ length: count }, (_, i) => START_MICROS + (firstRow + i) * STEP_MICROS) };
  const values = numbers.get(name);
  const texts = TEXTS[name];
  if (values && !texts) return { kind: 'continuous', values };
  const cells = Array.from({ length: count }, (_, i) => (texts && values ? texts[values[i]!]! : `inference-${firstRow + i}`));
  const offsets = new Uint32Array(count + 1);
  cells.forEach((cell, i) => { offsets[i + 1] = offsets[i]! + cell.length; });
  return { kind: 'text', bytes: Buffer.from(cells.join(''), 'latin1'), offsets, missing: new Uint8Array(count) };
}
