/** Small invented data of a binary model: enough for every calculator, computed in a moment. */

/** A seeded generator of numbers in [0, 1): the same data in every run (mulberry32, Tommy Ettinger 2017, public domain). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface LoanRow extends Record<string, unknown> {
  id: string;
  timestamp: string;
  income: number;
  region: string;
  y_pred_proba: number;
  y_pred: number;
}

const START_MS = Date.UTC(2030, 0, 1);

/** Rows `from` to `to` − 1, one per minute. @param shift moves incomes: drift */
export function loans(from: number, to: number, shift = 0): LoanRow[] {
  return Array.from({ length: to - from }, (_, i) => {
    const random = seeded(from + i + 1);
    const income = Math.round((random() + random() + random()) * 20_000) + shift;
    const score = Math.min(0.999, Math.max(0.001, income / 60_000 + (random() - 0.5) * 0.4));
    return {
      id: `loan-${from + i}`, timestamp: new Date(START_MS + (from + i) * 60_000).toISOString(), income, region: ['north', 'south', 'east'][Math.floor(random() * 3)]!,
      y_pred_proba: Number(score.toFixed(4)), y_pred: score > 0.5 ? 1 : 0,
    };
  });
}

/** What became of these rows. */
export function outcomes(rows: readonly LoanRow[]): { id: string; repaid: number }[] {
  return rows.map(({ id, y_pred_proba: score }) => ({ id, repaid: seeded(Number(id.slice(5)) + 7_919)() < score ? 1 : 0 }));
}

/** Rows with their outcome: a reference. */
export function withOutcome(rows: readonly LoanRow[]): (LoanRow & { repaid: number })[] {
  const known = outcomes(rows);
  return rows.map((row, i) => ({ ...row, repaid: known[i]!.repaid }));
}
