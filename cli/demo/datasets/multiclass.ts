/** Which of three credit cards should a customer be offered? Three classes, 60,000 + 60,000 rows. */
import { csvLines, dataFile, deliver, type DemoDataset } from '../deliveries.js';

const CARDS = ['prepaid_card', 'highstreet_card', 'upmarket_card'];

export function multiclass(): DemoDataset {
  return {
    model: 'credit-card',
    headline: 'three classes: which credit card is offered?',
    before: [],
    reference: dataFile('mc_reference.csv.gz'),
    columns: {
      problemType: 'classification_multiclass', identifier: 'id', timestamp: 'timestamp', prediction: 'y_pred', target: 'y_true',
      predictedProbability: Object.fromEntries(CARDS.map((card) => [card, `y_pred_proba_${card}`])),
    },
    target: 'y_true',
    chunkSize: 6_000,
    metric: 'roc_auc',
    ...deliver(csvLines('mc_analysis.csv.gz'), csvLines('mc_analysis_gt.csv.gz'), CARDS[0]!),
  };
}
