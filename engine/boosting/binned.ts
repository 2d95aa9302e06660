/** Features in bins: found once, shared by every model that is trained on the same rows. */
import { InvalidInput } from '../../domain/errors.js';
import { binColumn, binOf, findBins, ZERO_THRESHOLD, type BinMapper, type BinRules } from './bin-mapper.js';
import { bundleFeatures, type BundlingFeature, type FeatureGroup } from './bundles.js';
import { completeParameters, type BoostingOptions, type BoostingParameters } from './parameters.js';
import { CongruentialRandom } from './random.js';

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

/** The sampled values that are not zero, sorted; `present` are the sample's positions of missing and non-zero values. */
function sampleOf(values: Float64Array, rows: Int32Array | null): Sampled {
  const size = rows ? rows.length : values.length;
  const nonZero = new Float64Array(size);
  const present = new Int32Array(size);
  let count = 0;
  let presentCount = 0;
  for (let position = 0; position < size; position++) {
    const value = values[rows ? rows[position]! : position]!;
    if (value >= -ZERO_THRESHOLD && value <= ZERO_THRESHOLD) continue;
    present[presentCount++] = position;
    if (value === value) nonZero[count++] = value;
  }
  return { sorted: nonZero.subarray(0, count).sort(), missingCount: presentCount - count, present: present.subarray(0, presentCount) };
}

/** Sampled rows away from the commonest bin; where zero is in the commonest bin that is: missing or not zero. */
function bundlingRows(mapper: BinMapper, values: Float64Array, rows: Int32Array | null, present: Int32Array): Int32Array {
  if (mapper.defaultBin === mapper.frequentBin) return present;
  const size = rows ? rows.length : values.length;
  const away = new Int32Array(size);
  let count = 0;
  for (let position = 0; position < size; position++) {
    if (binOf(mapper, values[rows ? rows[position]! : position]!) !== mapper.frequentBin) away[count++] = position;
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
 * @throws InvalidInput when there is no feature or no row, or when lengths differ
 */
export function binFeatures(features: readonly BoostingFeature[], options?: BoostingOptions): BinnedFeatures {
  const parameters = completeParameters(options);
  const rowCount = checkFeatures(features);
  const sampleSize = Math.min(rowCount, parameters.subsampleForBin);
  const rows = sampleSize < rowCount ? new CongruentialRandom(parameters.dataRandomSeed).sample(rowCount, sampleSize) : null;
  const total = rows ? rows.length : rowCount;
  const rules: BinRules = {
    maxBin: parameters.maxBin, minDataInBin: parameters.minDataInBin, useMissing: parameters.useMissing,
    minSplitRows: parameters.featurePreFilter ? Math.trunc((parameters.minChildSamples * total) / rowCount) : 0,
  };
  const bundling: BundlingFeature[] = [];
  const mappers = features.map(({ kind, values }, index) => {
    const { sorted, missingCount, present } = sampleOf(values, rows);
    const mapper = findBins(kind, sorted, missingCount, total, rules);
    if (mapper.binCount > 0) bundling.push({ index, mapper, rows: parameters.enableBundle ? bundlingRows(mapper, values, rows, present) : present, nonZeroCount: present.length });
    return mapper;
  });
  const columns = features.map(({ values }, index) => (mappers[index]!.binCount > 0 ? binColumn(mappers[index]!, values) : new Uint8Array(0)));
  const groups: FeatureGroup[] = parameters.enableBundle ? bundleFeatures(bundling, total, rowCount, parameters.enableSparse) : bundling.map(({ index }) => ({ features: [index], multi: false }));
  for (const group of groups) if (group.features.length > 1 && !group.multi) resolveCollisions(group.features, mappers, columns, rowCount);
  return {
    rowCount, features: features.map(({ name, kind }) => ({ name, kind })), mappers, columns,
    internalOrder: Int32Array.from(groups.flatMap((group) => group.features)), binning: binningParametersOf(parameters),
  };
}
