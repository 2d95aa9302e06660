/** The demo's data sets. */
import type { DemoDataset } from '../deliveries.js';
import { carLoan } from './car-loan.js';
import { carPrice } from './car-price.js';
import { diamonds } from './diamonds.js';
import { multiclass } from './multiclass.js';

const DATASETS = { 'car-loan': carLoan, 'car-price': carPrice, multiclass, diamonds };

/** What `--dataset` takes. */
export type DatasetName = keyof typeof DATASETS;
export const DATASET_NAMES = Object.keys(DATASETS) as DatasetName[];

/** Takes about a second for those whose model is trained here. */
export async function loadDataset(name: DatasetName): Promise<DemoDataset> {
  return DATASETS[name]();
}
