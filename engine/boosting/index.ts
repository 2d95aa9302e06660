/** Gradient boosting of decision trees with the numbers of LightGBM 4.5: regression (squared error) and binary classification (log loss). See docs/how-it-works/boosting.md. */
export { binFeatures, type BinnedFeatures, type BoostingFeature } from './binned.js';
export type { BoostingOptions, BoostingParameters } from './parameters.js';
export { boostingParametersFrom } from './lightgbm-names.js';
export { predictBoosting } from './predict.js';
export { trainBoosting } from './train.js';
export type { BoostedTrees } from './trees.js';
