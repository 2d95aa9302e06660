/** The kernels in WebAssembly against those in JavaScript, and the committed bytes against their source. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { binFeatures, predictBoosting, trainBoosting, type BoostingOptions } from '../../../engine/boosting/index.js';
import { EXPONENTIAL_TABLE } from '../../../engine/boosting/exponential.js';
import { SORT_COUNTER_BYTES } from '../../../engine/boosting/kernels.js';
import { javaScriptWorkspace, Layout, webAssemblyWorkspace, type Workspace } from '../../../engine/boosting/workspace.js';
import { generate } from './generated.js';

const inWebAssembly = (layout: Layout): Workspace => webAssemblyWorkspace(layout)!;

test('kernels.wasm.ts is what scripts/build-kernels.mjs makes of kernels.as', () => {
  const checked = spawnSync(process.execPath, [fileURLToPath(new URL('../../../scripts/build-kernels.mjs', import.meta.url)), '--check'], { encoding: 'utf8' });
  expect([checked.status, checked.stderr]).toEqual([0, '']);
});

describe('kernels in WebAssembly and in JavaScript give the same bits', () => {
  const data = generate(5_003, 11);
  const rules: [string, 'regression' | 'binary', BoostingOptions][] = [
    ['squared error', 'regression', {}], ['log loss', 'binary', {}], ['log loss, weighted and steeper', 'binary', { scalePosWeight: 2.5, sigmoid: 1.7 }],
    ['two-byte columns', 'regression', { maxBin: 900, minDataInBin: 1 }], ['rows outside the tree', 'regression', { subsample: 0.6, subsampleFreq: 1 }],
    ['more than 32 leaves', 'regression', { numLeaves: 90, minChildSamples: 5 }], ['scores beyond the exponential’s reach', 'binary', { sigmoid: 300, learningRate: 5, nEstimators: 20, minChildWeight: 0 }],
  ];
  test.each(rules)('training and prediction: %s', (_, objective, parameters) => {
    const options: BoostingOptions = { nEstimators: 25, ...parameters, objective };
    const labels = objective === 'binary' ? data.labels : data.values;
    const [slow, fast] = [javaScriptWorkspace, inWebAssembly].map((workspaceFor) => {
      const bins = binFeatures(data.features, options, workspaceFor);
      const model = trainBoosting(bins, labels, options, workspaceFor);
      return { bins, model, predicted: predictBoosting(model, data.features, 0, 5_003, workspaceFor) };
    });
    expect(fast).toStrictEqual(slow);
  });

  test('many rows: single-byte bin numbers, rows fetched in batches', () => {
    const { features, values } = generate(60_000, 12);
    const options: BoostingOptions = { nEstimators: 3 };
    const bins = binFeatures(features.slice(0, 11), options);
    expect(bins.rowCount * bins.internalOrder.length * 2).toBeGreaterThan(1 << 20);
    expect(trainBoosting(bins, values, options, inWebAssembly)).toStrictEqual(trainBoosting(bins, values, options, javaScriptWorkspace));
  });

  test('more bins than two bytes can number', () => {
    // 80 columns of 900 bins and more: row-major bin numbers take four bytes.
    const features = Array.from({ length: 80 }, (_, index) => ({ name: `f${index}`, kind: 'numeric' as const, values: generate(1_000, 30 + index).features[0]!.values }));
    const labels = generate(1_000, 29).values;
    const options: BoostingOptions = { nEstimators: 3, maxBin: 2_000, minDataInBin: 1 };
    const bins = binFeatures(features, options);
    expect(bins.mappers.reduce((sum, mapper) => sum + mapper.binCount, 0)).toBeGreaterThan(65_536);
    expect(trainBoosting(bins, labels, options, inWebAssembly)).toStrictEqual(trainBoosting(bins, labels, options, javaScriptWorkspace));
  });

  test('sorting: negative, tiny, huge, repeated and infinite numbers', () => {
    const numbers = Float64Array.from({ length: 3_000 }, (_, row) => (row % 7 === 0 ? -1 : 1) * ((row * 2654435761) % 4096) * 10 ** ((row % 40) * 15 - 300));
    numbers.set([Infinity, -Infinity, Number.MAX_VALUE, -Number.MIN_VALUE, 5, 5]);
    const sort = (workspaceFor: (layout: Layout) => Workspace) => {
      const layout = new Layout();
      const [values, scratch, counters] = [layout.take(numbers.byteLength), layout.take(numbers.byteLength), layout.take(SORT_COUNTER_BYTES)];
      const { buffer, kernels } = workspaceFor(layout);
      const view = new Float64Array(buffer, values, numbers.length);
      view.set(numbers.filter((number) => number !== 0));
      const count = numbers.filter((number) => number !== 0).length;
      kernels.sortDoubles(values, count, scratch, counters);
      return view.slice(0, count);
    };
    expect(sort(inWebAssembly)).toEqual(sort(javaScriptWorkspace));
    expect(sort(inWebAssembly)).toEqual(numbers.filter((number) => number !== 0).sort());
  });

  test('gradients of the log loss over the whole range of scores, an odd number of rows', () => {
    const count = 20_001;
    const gradientsIn = (workspaceFor: (layout: Layout) => Workspace) => {
      const layout = new Layout();
      const [table, scores, labels, gradients] = [layout.take(EXPONENTIAL_TABLE.byteLength), layout.take(8 * count), layout.take(4 * count), layout.take(8 * count)];
      const { buffer, kernels } = workspaceFor(layout);
      new Float64Array(buffer, table, EXPONENTIAL_TABLE.length).set(EXPONENTIAL_TABLE);
      new Float64Array(buffer, scores, count).set(Float64Array.from({ length: count }, (_, row) => (row % 5 === 0 ? (row - 10_000) / 10 : (row - 10_000) * 10 ** ((row % 60) - 55))));
      new Float32Array(buffer, labels, count).set(Float32Array.from({ length: count }, (_, row) => (row % 3 === 0 ? 1 : -1)));
      expect(kernels.logisticGradients(count, scores, labels, gradients, 1, 1, 1, table)).toBe(count);
      return new Float32Array(buffer, gradients, 2 * count).slice();
    };
    expect(gradientsIn(inWebAssembly)).toEqual(gradientsIn(javaScriptWorkspace));
  });
});
