/** Monitors a lending model by the money it earns and a delivery model by the impatience it causes. Prints one JSON line. */
import { Aftercare, type Result } from 'aftercare';

const aftercare = await Aftercare.connect({
  ...(process.env['DATABASE_URL'] ? { databaseUrl: process.env['DATABASE_URL'] } : {}),
  by: 'loans team',
});

const chunks = { chunking: { kind: 'size', size: 500 }, runs: { everyRows: null, onTargets: false } } as const;
await aftercare.models.create({
  name: 'lending', reference: loans(0, 4_000, true), columns: { target: 'repaid' },
  settings: {
    ...chunks, keyMetric: 'profit',
    calculators: { estimated_performance: { metrics: ['roc_auc'], customMetrics: ['profit'] }, realized_performance: { metrics: ['roc_auc'], customMetrics: ['profit'] } },
  },
});
await aftercare.models.create({
  name: 'delivery', reference: deliveries(0, 4_000, true), columns: { target: 'minutes', prediction: 'promised' },
  settings: {
    ...chunks,
    calculators: { estimated_performance: { metrics: ['mae'], customMetrics: ['impatience'] }, realized_performance: { metrics: ['mae'], customMetrics: ['impatience'] } },
  },
});

// Today fewer repay than the model says, and every second parcel goes to the hills, where it takes longer.
await aftercare.append('lending', loans(10_000, 11_000, false));
await aftercare.append('delivery', deliveries(10_000, 11_000, false));
const estimated = { lending: await figures('lending', 'estimated_performance', 'profit'), delivery: await figures('delivery', 'estimated_performance', 'impatience') };
await aftercare.targets('lending', loans(10_000, 11_000, true).map(({ id, repaid }) => ({ id, repaid })));
await aftercare.targets('delivery', deliveries(10_000, 11_000, true).map(({ id, minutes }) => ({ id, minutes })));
const realized = { lending: await figures('lending', 'realized_performance', 'profit'), delivery: await figures('delivery', 'realized_performance', 'impatience') };
console.log(JSON.stringify({ estimated, realized }));
await aftercare.close();

type Figure = Pick<Result, 'value' | 'samplingError' | 'lowerThreshold' | 'upperThreshold' | 'alert' | 'reason'>;

/** A run, and what it says of the new chunks. */
async function figures(model: string, calculator: Result['calculator'], metric: string): Promise<Figure[]> {
  const run = await aftercare.run(model);
  if (run.state !== 'completed' || run.failures.length > 0) throw new Error(`run ${run.state}: ${JSON.stringify(run.failures)}`);
  const results = await aftercare.results(model, { calculators: [calculator], metrics: [metric], period: 'analysis' });
  return results.map(({ value, samplingError, lowerThreshold, upperThreshold, alert, reason }) => ({ value, samplingError, lowerThreshold, upperThreshold, alert, reason }));
}

/** An invented number in [0, 1), always the same for the same n and kind. */
function luck(n: number, kind: number): number {
  return ((n * 104_729 + kind * 7_919 + (n % 89) * kind * 613) % 10_007) / 10_007;
}

function at(n: number): string {
  return new Date(Date.UTC(2030, 0, 1) + n * 60_000).toISOString();
}

/** Invented applications. */
function loans(from: number, to: number, known: boolean): Record<string, unknown>[] {
  return Array.from({ length: to - from }, (_, i) => {
    const n = from + i;
    const income = 10_000 + 50_000 * luck(n, 1);
    const score = Number((0.35 + (income / 60_000) * 0.6).toFixed(4));
    const repays = luck(n, 2) < score - (n >= 10_000 ? 0.15 : 0);
    return {
      id: `loan-${n}`, timestamp: at(n), income, amount: Math.round(1_000 + 9_000 * luck(n, 3)),
      y_pred_proba: score, y_pred: score > 0.85 ? 1 : 0, ...(known ? { repaid: repays ? 1 : 0 } : {}),
    };
  });
}

/** Invented parcels. */
function deliveries(from: number, to: number, known: boolean): Record<string, unknown>[] {
  return Array.from({ length: to - from }, (_, i) => {
    const n = from + i;
    const distance = Math.round(10 + 200 * luck(n, 4)) / 10;
    const hills = luck(n, 5) < (n >= 10_000 ? 0.5 : 0.1);
    const promised = Math.round(12 + 2.5 * distance);
    const minutes = promised + (luck(n, 6) - 0.5) * (hills ? 40 : 10);
    return { id: `parcel-${n}`, timestamp: at(n), distance, area: hills ? 'hills' : 'town', promised, ...(known ? { minutes: Math.max(1, Math.round(minutes)) } : {}) };
  });
}
