/** Deals rows out to parts: train, validation, test, production. */
import { InvalidInput } from '../domain/errors.js';
import { LegacyRandom } from './stats/random.js';

/**
 * Row numbers in random order, dealt out by shares; the same seed gives the same parts. A row is in one part at most, and in exactly one when the shares sum to 1.
 *
 * @param shares of the rows, per part, each above 0, 1 at most together
 * @throws InvalidInput when a share is no share, or a part would get no row: a model cannot be trained on, or judged by, nothing
 */
export function splitRandomly<Part extends string>(rowCount: number, shares: Record<Part, number>, seed: number): Record<Part, Int32Array> {
  const parts = Object.entries(shares) as [Part, number][];
  const total = parts.reduce((sum, [, share]) => sum + share, 0);
  for (const [part, share] of parts) if (!(share > 0 && share <= 1)) throw new InvalidInput(`the share of part '${part}' is ${share}, it must lie above 0 and not above 1`);
  if (total > 1 + 1e-9) throw new InvalidInput(`the shares of ${parts.map(([part]) => `'${part}'`).join(', ')} sum to ${total}, more than all rows`);
  const order = new LegacyRandom(seed).permutation(rowCount);
  let before = 0;
  const dealt = parts.map(([part, share]): [Part, Int32Array] => {
    const start = Math.round(before * rowCount);
    before += share;
    const end = Math.min(rowCount, Math.round(before * rowCount));
    if (end <= start) throw new InvalidInput(`part '${part}' would be empty: ${share} of ${rowCount} rows is none`);
    return [part, order.subarray(start, end)];
  });
  return Object.fromEntries(dealt) as Record<Part, Int32Array>;
}
