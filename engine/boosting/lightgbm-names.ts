/** LightGBM's own parameter names, and their aliases, as ours. Source: src/io/config_auto.cpp of LightGBM 4.5.0 and its scikit-learn classes. */
import { InvalidInput } from '../../domain/errors.js';
import { didYouMean } from '../../domain/near-names.js';
import { completeParameters, type BoostingOptions } from './parameters.js';

/** Our name → LightGBM's name first, then its aliases. */
const NAMES: { [K in keyof BoostingOptions]-?: readonly string[] } = {
  objective: ['objective', 'objective_type', 'app', 'application', 'loss'],
  nEstimators: ['num_iterations', 'num_iteration', 'n_iter', 'num_tree', 'num_trees', 'num_round', 'num_rounds', 'nrounds', 'num_boost_round', 'n_estimators', 'max_iter'],
  learningRate: ['learning_rate', 'shrinkage_rate', 'eta'],
  numLeaves: ['num_leaves', 'num_leaf', 'max_leaves', 'max_leaf', 'max_leaf_nodes'],
  maxDepth: ['max_depth'],
  minChildSamples: ['min_data_in_leaf', 'min_data_per_leaf', 'min_data', 'min_child_samples', 'min_samples_leaf'],
  minChildWeight: ['min_sum_hessian_in_leaf', 'min_sum_hessian_per_leaf', 'min_sum_hessian', 'min_hessian', 'min_child_weight'],
  minSplitGain: ['min_gain_to_split', 'min_split_gain'],
  regAlpha: ['lambda_l1', 'reg_alpha', 'l1_regularization'],
  regLambda: ['lambda_l2', 'reg_lambda', 'lambda', 'l2_regularization'],
  subsample: ['bagging_fraction', 'sub_row', 'subsample', 'bagging'],
  subsampleFreq: ['bagging_freq', 'subsample_freq'],
  colsampleByTree: ['feature_fraction', 'sub_feature', 'colsample_bytree'],
  colsampleByNode: ['feature_fraction_bynode', 'sub_feature_bynode', 'colsample_bynode'],
  maxBin: ['max_bin', 'max_bins'],
  minDataInBin: ['min_data_in_bin'],
  subsampleForBin: ['bin_construct_sample_cnt', 'subsample_for_bin'],
  catSmooth: ['cat_smooth'],
  catL2: ['cat_l2'],
  maxCatThreshold: ['max_cat_threshold'],
  maxCatToOnehot: ['max_cat_to_onehot'],
  minDataPerGroup: ['min_data_per_group'],
  maxDeltaStep: ['max_delta_step', 'max_tree_output', 'max_leaf_output'],
  pathSmooth: ['path_smooth'],
  extraTrees: ['extra_trees', 'extra_tree'],
  boostFromAverage: ['boost_from_average'],
  featurePreFilter: ['feature_pre_filter'],
  enableBundle: ['enable_bundle', 'is_enable_bundle', 'bundle'],
  enableSparse: ['is_enable_sparse', 'is_sparse', 'enable_sparse', 'sparse'],
  useMissing: ['use_missing'],
  sigmoid: ['sigmoid'],
  scalePosWeight: ['scale_pos_weight'],
  isUnbalance: ['is_unbalance', 'unbalance', 'unbalanced_sets'],
  dataRandomSeed: ['data_random_seed', 'data_seed'],
  baggingSeed: ['bagging_seed', 'bagging_fraction_seed'],
  featureFractionSeed: ['feature_fraction_seed'],
  extraSeed: ['extra_seed'],
  seed: ['seed', 'random_seed', 'random_state'],
};

/** Accepted and without effect: how fast, how loud, or about what is not asked for here. */
const WITHOUT_EFFECT = new Set([
  'n_jobs', 'num_threads', 'num_thread', 'nthread', 'nthreads', 'verbosity', 'verbose', 'silent', 'importance_type', 'metric', 'metrics', 'metric_types', 'metric_freq', 'output_freq',
  'first_metric_only', 'deterministic', 'force_col_wise', 'force_row_wise', 'saved_feature_importance_type', 'drop_seed', 'objective_seed', 'pred_early_stop_freq', 'pred_early_stop_margin',
]);

/** Accepted at these values only, which change nothing. */
const ONLY: Record<string, readonly unknown[]> = {
  boosting: ['gbdt', 'gbrt'], boosting_type: ['gbdt', 'gbrt'], boost: ['gbdt', 'gbrt'], data_sample_strategy: ['bagging'], device_type: ['cpu'], device: ['cpu'],
  tree_learner: ['serial'], tree: ['serial'], tree_type: ['serial'], tree_learner_type: ['serial'], linear_tree: [false], linear_trees: [false], zero_as_missing: [false],
  use_quantized_grad: [false], reg_sqrt: [false], pos_bagging_fraction: [1], neg_bagging_fraction: [1], num_class: [1], num_classes: [1], pred_early_stop: [false],
  early_stopping_round: [0], early_stopping_rounds: [0], early_stopping: [0], n_iter_no_change: [0], histogram_pool_size: [-1], is_pre_partition: [false], cegb_tradeoff: [1], cegb_penalty_split: [0],
};

const OBJECTIVES: Record<string, BoostingOptions['objective']> = {
  regression: 'regression', regression_l2: 'regression', l2: 'regression', mean_squared_error: 'regression', mse: 'regression', l2_root: 'regression', root_mean_squared_error: 'regression', rmse: 'regression',
  binary: 'binary',
};

function objectiveFrom(name: string, value: unknown): BoostingOptions['objective'] {
  const objective = typeof value === 'string' ? OBJECTIVES[value] : undefined;
  if (objective === undefined) throw new InvalidInput(`LightGBM parameter ${name}: '${String(value)}' is not offered; squared error ('regression') and log loss ('binary') are`);
  return objective;
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}

/**
 * Options from a LightGBM parameter set, native names or scikit-learn's. Null, undefined and empty lists mean the default.
 * Of several names for one parameter LightGBM's own wins; two aliases must agree.
 *
 * @throws InvalidInput naming the parameter when it is unknown, out of range, or asks for what is not here
 */
export function boostingParametersFrom(lightGbmNames: Record<string, unknown>): BoostingOptions {
  const ours = new Map(Object.entries(NAMES).flatMap(([name, aliases]) => aliases.map((alias) => [alias, name as keyof BoostingOptions] as const)));
  const chosen = new Map<keyof BoostingOptions, { alias: string; value: unknown }>();
  for (const [alias, value] of Object.entries(lightGbmNames)) {
    if (WITHOUT_EFFECT.has(alias) || isEmpty(value)) continue;
    const name = ours.get(alias);
    if (name === undefined) {
      if (ONLY[alias]?.includes(value)) continue;
      throw new InvalidInput(`LightGBM parameter ${alias} = ${JSON.stringify(value)} is not offered by this boosting${didYouMean(alias, [...ours.keys()])}`);
    }
    const before = chosen.get(name);
    const own = NAMES[name][0];
    if (before !== undefined && before.alias !== own && alias !== own && before.value !== value) throw new InvalidInput(`LightGBM parameters ${before.alias} and ${alias} mean the same and differ: ${String(before.value)}, ${String(value)}`);
    if (before === undefined || before.alias !== own) chosen.set(name, { alias, value });
  }
  const options = Object.fromEntries([...chosen].map(([name, { alias, value }]) => [name, name === 'objective' ? objectiveFrom(alias, value) : value])) as BoostingOptions;
  completeParameters(options);
  return options;
}
