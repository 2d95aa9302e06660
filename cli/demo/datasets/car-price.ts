/** What will a used car sell for? A regression, 60,000 + 60,000 rows; its error is estimated before prices are known. */
import { csvLines, dataFile, deliver, type DemoDataset } from '../deliveries.js';

export function carPrice(): DemoDataset {
  return {
    model: 'car-price',
    headline: 'a regression: what will a used car sell for?',
    before: [],
    reference: dataFile('regression_synthetic_reference.csv.gz'),
    columns: { problemType: 'regression', identifier: 'id', timestamp: 'timestamp', prediction: 'y_pred', target: 'y_true' },
    target: 'y_true',
    chunkSize: 6_000,
    metric: 'rmse',
    ...deliver(csvLines('regression_synthetic_analysis.csv.gz'), csvLines('regression_synthetic_analysis_targets.csv.gz'), '5000'),
  };
}
