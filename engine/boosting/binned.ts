/** Features in bins: found once, shared by every model that is trained on the same rows. */
import { InvalidInput } from '../../domain/errors.js';
import { binCategories, findBins, ZERO_THRESHOLD, type BinMapper, type BinRules } from './bin-mapper.js';
import { bundleFeatures, type BundlingFeature, type FeatureGroup } from './bundles.js';
import { SORT_COUNTER_BYTES } from './kernels.js';
import { completeParameters, type BoostingOptions, type BoostingParameters } from './parameters.js';
import { CongruentialRandom } from './random.js';
import { fastWorkspace, Layout, type Workspace } from './workspace.js';

/** One column of input. */
export interface BoostingFeature {
  name: string;
  kind: 'numeric' | 'categorical';
  /** One number a row; NaN is missing. Categorical: whole codes from 0; negative codes count as missing. */
  values: Float64Array;
}

/** What of a parameter set decides the bins; a model can be trained on bins of the same choice only. */
export type BinningParameters = Pick<BoostingParameters,
  'maxBin' | 'minDataInBin' | 'subsampleForBin' | 'dataRandomSeed' | 'useMissing' | 'enableBundle' | 'enableSparse' | 'featurePreFilter' | 'minChildSamples'>;

/** Features in bins. Plain data; may be shared between threads when its arrays are. */
export interface BinnedFeatures {
  rowCount: number;
  features: { name: string; kind: BoostingFeature['kind'] }[];
  /** Per feature; binCount 0: it cannot split anything and has no column. */
  mappers: BinMapper[];
  /** Per feature, the bin of each row. */
  columns: (Uint8Array | Uint16Array)[];
  /** Features that can split, in LightGBM's own numbering. */
  internalOrder: Int32Array;
  binning: BinningParameters;
}

export function binningParametersOf(p: BoostingParameters): BinningParameters {
  return {
    maxBin: p.maxBin, minDataInBin: p.minDataInBin, subsampleForBin: p.subsampleForBin, dataRandomSeed: p.dataRandomSeed, useMissing: p.useMissing,
    enableBundle: p.enableBundle, enableSparse: p.enableSparse, featurePreFilter: p.featurePreFilter, minChildSamples: p.featurePreFilter ? p.minChildSamples : 0,
  };
}

interface Sampled { sorted: Float64Array; missingCount: number; present: Int32Array }

/** Scratch memory for one column at a time, and the kernels that sort it and put it into bins. */
class ColumnScratch {
  private readonly workspace: Workspace;
  private readonly values: number;
  private readonly other: number;
  private readonly counters: number;
  private readonly bounds: number;

  constructor(rowCount: number, maxBin: number, workspaceFor: (layout: Layout) => Workspace) {
    const layout = new Layout();
    this.values = layout.take(8 * rowCount);
    this.other = layout.take(8 * rowCount);
    this.counters = layout.take(SORT_COUNTER_BYTES);
    this.bounds = layout.take(8 * (maxBin + 2));
    this.workspace = workspaceFor(layout);
  }

  /** The sampled values that are not zero, sorted (in scratch memory: gone with the next call); `present` are the sample's positions of missing and non-zero values. */
  sample(values: Float64Array, rows: Int32Array | null): Sampled {
    const size = rows ? rows.length : values.length;
    const nonZero = new Float64Array(this.workspace.buffer, this.values, size);
    const present = new Int32Array(size);
    let count = 0;
    let presentCount = 0;
    for (let position = 0; position < size; position++) {
      const value = values[rows ? rows[position]! : position]!;
      if (value >= -ZERO_THRESHOLD && value <= ZERO_THRESHOLD) continue;
      present[presentCount++] = position;
      if (value === value) nonZero[count++] = value;
    }
    this.workspace.kernels.sortDoubles(this.values, count, this.other, this.counters);
    return { sorted: nonZero.subarray(0, count), missingCount: presentCount - count, present: present.subarray(0, presentCount) };
  }

  /** The bins of a column: one byte a row where they fit, else two. */
  binsOf(mapper: BinMapper, values: Float64Array): Uint8Array | Uint16Array {
    if (mapper.kind === 'categorical') return binCategories(mapper, values);
    const { buffer, kernels } = this.workspace;
    const count = values.length;
    new Float64Array(buffer, this.values, count).set(values);
    new Float64Array(buffer, this.bounds, mapper.upperBounds.length).set(mapper.upperBounds);
    const missingBin = mapper.missing === 'nan' ? mapper.binCount - 1 : mapper.defaultBin;
    const width = mapper.binCount <= 256 ? 1 : 2;
    kernels.binValues(this.values, count, this.bounds, mapper.upperBounds.length, missingBin, 0, this.other, width, width);
    return width === 1 ? new Uint8Array(buffer, this.other, count).slice() : new Uint16Array(buffer, this.other, count).slice();
  }
}

/** Sampled rows away from the commonest bin; where zero is in the commonest bin that is: missing or not zero. */
function bundlingRows(mapper: BinMapper, column: Uint8Array | Uint16Array, rows: Int32Array | null, present: Int32Array): Int32Array {
  if (mapper.defaultBin === mapper.frequentBin) return present;
  const size = rows ? rows.length : column.length;
  const away = new Int32Array(size);
  let count = 0;
  for (let position = 0; position < size; position++) {
    if (column[rows ? rows[position]! : position] !== mapper.frequentBin) away[count++] = position;
  }
  return count > 0 ? away.subarray(0, count) : present;
}

/** In a bundle the last feature that is away from its commonest bin keeps its bin; the others of that row lose theirs. */
function resolveCollisions(features: number[], mappers: BinMapper[], columns: (Uint8Array | Uint16Array)[], rowCount: number): void {
  const ordered = [...features].sort((a, b) => a - b);
  const winner = new Int32Array(rowCount).fill(-1);
  for (const feature of ordered) {
    const column = columns[feature]!;
    const frequent = mappers[feature]!.frequentBin;
    for (let row = 0; row < rowCount; row++) {
      if (column[row] === frequent) continue;
      const loser = winner[row]!;
      if (loser >= 0) columns[loser]![row] = mappers[loser]!.frequentBin;
      winner[row] = feature;
    }
  }
}

function checkFeatures(features: readonly BoostingFeature[]): number {
  const rowCount = features[0]?.values.length ?? 0;
  if (rowCount === 0) throw new InvalidInput(`boosting needs at least one feature and one row: ${features.length} features, ${rowCount} rows`);
  for (const { name, values } of features) {
    if (values.length !== rowCount) throw new InvalidInput(`boosting feature '${name}' has ${values.length} rows, '${features[0]!.name}' has ${rowCount}`);
  }
  return rowCount;
}

/**
 * Puts features into bins, as LightGBM does before training.
 *
 * @param options only those of BinningParameters matter; models trained on the result must agree in them
 * @param workspaceFor memory and kernels; the default is WebAssembly where the machine has it
 * @throws InvalidInput when there is no feature or no row, or when lengths differ
 */
export function binFeatures(features: readonly BoostingFeature[], options?: BoostingOptions, workspaceFor: (layout: Layout) => Workspace = fastWorkspace): BinnedFeatures {
  const parameters = completeParameters(options);
  const rowCount = checkFeatures(features);
  const sampleSize = Math.min(rowCount, parameters.subsampleForBin);
  const rows = sampleSize < rowCount ? new CongruentialRandom(parameters.dataRandomSeed).sample(rowCount, sampleSize) : null;
  const total = rows ? rows.length : rowCount;
  const rules: BinRules = {
    maxBin: parameters.maxBin, minDataInBin: parameters.minDataInBin, useMissing: parameters.useMissing,
    minSplitRows: parameters.featurePreFilter ? Math.trunc((parameters.minChildSamples * total) / rowCount) : 0,
  };
  const scratch = new ColumnScratch(rowCount, parameters.maxBin, workspaceFor);
  const bundling: BundlingFeature[] = [];
  const mappers: BinMapper[] = [];
  const columns: (Uint8Array | Uint16Array)[] = [];
  features.forEach(({ kind, values }, index) => {
    const { sorted, missingCount, present } = scratch.sample(values, rows);
    const mapper = findBins(kind, sorted, missingCount, total, rules);
    const column = mapper.binCount > 0 ? scratch.binsOf(mapper, values) : new Uint8Array(0);
    if (mapper.binCount > 0) bundling.push({ index, mapper, rows: parameters.enableBundle ? bundlingRows(mapper, column, rows, present) : present, nonZeroCount: present.length });
    mappers.push(mapper);
    columns.push(column);
  });
  const groups: FeatureGroup[] = parameters.enableBundle ? bundleFeatures(bundling, total, rowCount, parameters.enableSparse) : bundling.map(({ index }) => ({ features: [index], multi: false }));
  for (const group of groups) if (group.features.length > 1 && !group.multi) resolveCollisions(group.features, mappers, columns, rowCount);
  return {
    rowCount, features: features.map(({ name, kind }) => ({ name, kind })), mappers, columns,
    internalOrder: Int32Array.from(groups.flatMap((group) => group.features)), binning: binningParametersOf(parameters),
  };
}
