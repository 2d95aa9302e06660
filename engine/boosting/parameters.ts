/** What one may choose about a boosting, with LightGBM's defaults, and LightGBM's own names and aliases for it. */
import { InvalidInput } from '../../domain/errors.js';
import { EPSILON } from './gain.js';
import { CongruentialRandom } from './random.js';

/** Parameters of a boosting; names are LightGBM's in camel case (scikit-learn's where they differ). */
export interface BoostingParameters {
  /** 'regression': squared error; 'binary': log loss of labels 0 and 1. */
  objective: 'regression' | 'binary';
  nEstimators: number;
  learningRate: number;
  numLeaves: number;
  /** Levels of splits; 0 or less: no limit. */
  maxDepth: number;
  /** Rows that a leaf must keep. */
  minChildSamples: number;
  /** Hessians that a leaf must keep in sum. */
  minChildWeight: number;
  minSplitGain: number;
  regAlpha: number;
  regLambda: number;
  /** Share of rows drawn for a tree, when subsampleFreq is above 0. */
  subsample: number;
  /** Trees between two draws of rows; 0: all rows always. */
  subsampleFreq: number;
  colsampleByTree: number;
  colsampleByNode: number;
  /** Bins of a numeric feature, missing values' own included. */
  maxBin: number;
  minDataInBin: number;
  /** Rows that bins are found from; more are sampled. */
  subsampleForBin: number;
  catSmooth: number;
  catL2: number;
  maxCatThreshold: number;
  maxCatToOnehot: number;
  minDataPerGroup: number;
  /** Bound of a leaf's output; 0 or less: none. */
  maxDeltaStep: number;
  pathSmooth: number;
  extraTrees: boolean;
  boostFromAverage: boolean;
  /** Drops features that cannot give two sides minChildSamples rows each. */
  featurePreFilter: boolean;
  enableBundle: boolean;
  enableSparse: boolean;
  useMissing: boolean;
  /** Binary only: steepness of the sigmoid, weight of label 1, and whether classes are weighed equal. */
  sigmoid: number;
  scalePosWeight: number;
  isUnbalance: boolean;
  dataRandomSeed: number;
  baggingSeed: number;
  featureFractionSeed: number;
  extraSeed: number;
}

/** All optional. `seed` sets those of the four seeds that are not given. */
export type BoostingOptions = Partial<BoostingParameters> & { seed?: number };

const DEFAULTS: BoostingParameters = {
  objective: 'regression', nEstimators: 100, learningRate: 0.1, numLeaves: 31, maxDepth: -1, minChildSamples: 20, minChildWeight: 1e-3, minSplitGain: 0,
  regAlpha: 0, regLambda: 0, subsample: 1, subsampleFreq: 0, colsampleByTree: 1, colsampleByNode: 1, maxBin: 255, minDataInBin: 3, subsampleForBin: 200_000,
  catSmooth: 10, catL2: 10, maxCatThreshold: 32, maxCatToOnehot: 4, minDataPerGroup: 100, maxDeltaStep: 0, pathSmooth: 0, extraTrees: false,
  boostFromAverage: true, featurePreFilter: true, enableBundle: true, enableSparse: true, useMissing: true, sigmoid: 1, scalePosWeight: 1, isUnbalance: false,
  dataRandomSeed: 1, baggingSeed: 3, featureFractionSeed: 2, extraSeed: 6,
};

interface Bound { min?: number; above?: number; max?: number; whole?: boolean }

const BOUNDS: { [K in keyof BoostingOptions]: Bound } = {
  nEstimators: { min: 1, whole: true }, learningRate: { above: 0 }, numLeaves: { min: 2, max: 131_072, whole: true }, maxDepth: { whole: true },
  minChildSamples: { min: 0, whole: true }, minChildWeight: { min: 0 }, minSplitGain: { min: 0 }, regAlpha: { min: 0 }, regLambda: { min: 0 },
  subsample: { above: 0, max: 1 }, subsampleFreq: { whole: true }, colsampleByTree: { above: 0, max: 1 }, colsampleByNode: { above: 0, max: 1 },
  maxBin: { min: 2, max: 65_535, whole: true }, minDataInBin: { min: 1, whole: true }, subsampleForBin: { min: 1, whole: true },
  catSmooth: { min: 0 }, catL2: { min: 0 }, maxCatThreshold: { min: 1, whole: true }, maxCatToOnehot: { min: 1, whole: true }, minDataPerGroup: { min: 1, whole: true },
  maxDeltaStep: {}, pathSmooth: { min: 0 }, sigmoid: { above: 0 }, scalePosWeight: { above: 0 },
  dataRandomSeed: { whole: true }, baggingSeed: { whole: true }, featureFractionSeed: { whole: true }, extraSeed: { whole: true }, seed: { whole: true },
};

function checkNumber(name: string, value: unknown, bound: Bound): void {
  if (typeof value !== 'number' || Number.isNaN(value)) throw new InvalidInput(`boosting parameter ${name}: ${String(value)} is not a number`);
  if (bound.whole && !Number.isInteger(value)) throw new InvalidInput(`boosting parameter ${name}: ${value} is not a whole number`);
  if (bound.min !== undefined && value < bound.min) throw new InvalidInput(`boosting parameter ${name}: ${value} is below ${bound.min}`);
  if (bound.above !== undefined && value <= bound.above) throw new InvalidInput(`boosting parameter ${name}: ${value} is not above ${bound.above}`);
  if (bound.max !== undefined && value > bound.max) throw new InvalidInput(`boosting parameter ${name}: ${value} is above ${bound.max}`);
}

/** The four seeds that LightGBM draws from one, in its order; two draws belong to features that are not here. */
function seedsFrom(seed: number): Pick<BoostingParameters, 'dataRandomSeed' | 'baggingSeed' | 'featureFractionSeed' | 'extraSeed'> {
  const random = new CongruentialRandom(seed);
  const [dataRandomSeed, baggingSeed, , featureFractionSeed, , extraSeed] = Array.from({ length: 6 }, () => random.nextShort(0, 32_767)) as [number, number, number, number, number, number];
  return { dataRandomSeed, baggingSeed, featureFractionSeed, extraSeed };
}

/**
 * Options completed with defaults.
 *
 * @throws InvalidInput when a value is out of its range, or of another type
 */
export function completeParameters(options: BoostingOptions = {}): BoostingParameters {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as BoostingOptions;
  const { seed, ...rest } = given;
  for (const [name, value] of Object.entries(given)) {
    const bound = BOUNDS[name as keyof BoostingOptions];
    if (bound) checkNumber(name, value, bound);
    else if (name === 'objective') {
      if (value !== 'regression' && value !== 'binary') throw new InvalidInput(`boosting parameter objective: '${String(value)}' is neither 'regression' nor 'binary'`);
    } else if (!(name in DEFAULTS)) throw new InvalidInput(`boosting parameter ${name} is not known`);
    else if (typeof value !== 'boolean') throw new InvalidInput(`boosting parameter ${name}: ${String(value)} is neither true nor false`);
  }
  const parameters = { ...DEFAULTS, ...(seed === undefined ? {} : seedsFrom(seed)), ...rest };
  if (parameters.isUnbalance && Math.abs(parameters.scalePosWeight - 1) > 1e-6) throw new InvalidInput('boosting parameters isUnbalance and scalePosWeight exclude each other');
  // Both are LightGBM's corrections: a leaf must keep at least a row, and two under path smoothing.
  if (parameters.pathSmooth > EPSILON && parameters.minChildSamples < 2) parameters.minChildSamples = 2;
  if (parameters.minChildSamples <= 0 && parameters.minChildWeight <= EPSILON) parameters.minChildSamples = 1;
  return parameters;
}
