/** What this team calls good: two metrics, one for each of its models. The worker loads this module: `aftercare worker --metrics dist/metrics.js`. */
import { defineMetric, type ClassificationMetric, type RegressionLossMetric } from 'aftercare/engine';

/** Of what is lent, this share comes back on top; of a loan that is not repaid, this share is lost. */
const INTEREST = 0.08;
const LOSS = 0.6;

/** Money earned per application: interest on what was granted and repaid, less what was granted and lost. */
export const profit = defineMetric<ClassificationMetric>({
  name: 'profit',
  version: '1',
  problemType: 'classification_binary',
  betterWhen: 'higher',
  columns: ['amount'],
  calculate(rows) {
    const amounts = rows.numbers('amount');
    const { predictions, targets } = rows;
    let sum = 0;
    for (let i = 0; i < rows.rowCount; i++) if (predictions[i] === 1) sum += amounts[i]! * (targets[i] === 1 ? INTEREST : -LOSS);
    return sum / rows.rowCount;
  },
  // Before anybody knows who repays: each outcome counts as much as it is likely.
  estimate(rows) {
    const amounts = rows.numbers('amount');
    const { predictions, targetProbabilities } = rows;
    const [lost, repaid] = targetProbabilities;
    let sum = 0;
    for (let i = 0; i < rows.rowCount; i++) if (predictions[i] === 1) sum += amounts[i]! * (repaid![i]! * INTEREST - lost![i]! * LOSS);
    return sum / rows.rowCount;
  },
});

/** Minutes of delay, of which being late weighs three times as much as being early. */
export const impatience = defineMetric<RegressionLossMetric>({
  name: 'impatience',
  problemType: 'regression',
  betterWhen: 'lower',
  limits: { lower: 0 },
  loss: ({ targets, predictions }) => targets.map((target, i) => (target > predictions[i]! ? 3 * (target - predictions[i]!) : predictions[i]! - target)),
});
