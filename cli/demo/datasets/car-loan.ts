/** Does a person pay back the loan for a car? Two classes, 50,000 + 50,000 rows. */
import { csvLines, dataFile, deliver, type DemoDataset } from '../deliveries.js';

export function carLoan(): DemoDataset {
  return {
    model: 'car-loan',
    headline: 'two classes: is a car loan paid back?',
    before: [],
    reference: dataFile('synthetic_car_loan_reference.csv.gz'),
    columns: { target: 'repaid' },
    target: 'repaid',
    chunkSize: 5_000,
    metric: 'roc_auc',
    ...deliver(csvLines('synthetic_car_loan_analysis.csv.gz'), csvLines('synthetic_car_loan_analysis_target.csv.gz'), '1'),
  };
}
