/** How many principal components to keep: as many as asked for, as many as explain a share of the variance, or as many as the data say. Rules of scikit-learn's PCA. */
import { InvalidInput } from '../../domain/errors.js';
import { logGamma } from '../stats/gamma.js';
import { pairwiseSum } from '../stats/sum.js';

/** A whole number of components; a share of the variance in (0, 1): the fewest that explain more; 'mle': Minka's estimate; null: all. */
export type ComponentChoice = number | 'mle' | null;

/** @throws InvalidInput when the choice is none of these, or there are too few columns or rows for it */
export function checkComponentChoice(choice: ComponentChoice, columns: number, rows: number): void {
  const most = Math.min(columns, rows);
  const having = `${columns} ${columns === 1 ? 'column' : 'columns'} and ${rows} ${rows === 1 ? 'row' : 'rows'}`;
  if (choice === null) return;
  if (choice === 'mle') {
    if (rows < columns) throw new InvalidInput(`the number of components cannot be estimated ('mle') from ${having}: it needs as many rows as columns`);
  } else if (Number.isInteger(choice)) {
    if (choice < 0 || choice > most) throw new InvalidInput(`${choice} components were asked for, ${having} have ${most} at most`);
  } else if (!(choice > 0 && choice < 1)) {
    throw new InvalidInput(`components is ${String(choice)}, it must be a whole number, a share of variance between 0 and 1, or 'mle'`);
  }
}

/**
 * @param variances of the components, descending, none below 0; as the sample has them (divided by rows − 1)
 * @returns the number of components to keep, at most all
 */
export function componentCount(choice: ComponentChoice, variances: Float64Array, rows: number): number {
  if (choice === null) return Math.min(variances.length, rows);
  if (choice === 'mle') return minkaCount(variances, rows);
  return Number.isInteger(choice) ? choice : countForShare(variances, choice);
}

/** Fewest leading components whose share of the sum exceeds `share`; all, where rounding keeps the sum of all below it. */
function countForShare(variances: Float64Array, share: number): number {
  const total = pairwiseSum(variances);
  let sum = 0;
  let count = 0;
  while (count < variances.length) {
    sum += total > 0 ? variances[count]! / total : 0;
    count += 1;
    if (sum > share) break;
  }
  return count;
}

/** Variances below this count as none. */
const NEGLIGIBLE = 1e-15;

/**
 * The number of components under which the data are most probable, if the rest is noise of one size: 1 … columns − 1; 0 for a single column, or without any variance.
 * Source: Minka, "Automatic choice of dimensionality for PCA", 2000, as scikit-learn reads it. Cost O(columns³).
 */
function minkaCount(variances: Float64Array, rows: number): number {
  let best = 0;
  let bestEvidence = -Infinity;
  for (let rank = 1; rank < variances.length; rank++) {
    const evidence = logEvidence(variances, rank, rows);
    if (evidence > bestEvidence) {
      best = rank;
      bestEvidence = evidence;
    }
  }
  return best;
}

/** Log of the data's probability with `rank` components, up to a constant: the terms pu, pl, pv, pp and pa of the paper's equation 76 ff. */
function logEvidence(variances: Float64Array, rank: number, rows: number): number {
  const width = variances.length;
  if (variances[rank - 1]! < NEGLIGIBLE) return -Infinity;
  let evidence = -rank * Math.LN2;
  for (let i = 1; i <= rank; i++) evidence += logGamma((width - i + 1) / 2) - (Math.log(Math.PI) * (width - i + 1)) / 2;
  evidence -= (pairwiseSum(variances.slice(0, rank).map(Math.log)) * rows) / 2;
  const noise = Math.max(NEGLIGIBLE, pairwiseSum(variances.slice(rank)) / (width - rank));
  evidence -= (Math.log(noise) * rows * (width - rank)) / 2;
  const freedom = width * rank - (rank * (rank + 1)) / 2;
  evidence += (Math.log(2 * Math.PI) * (freedom + rank)) / 2;
  const smoothed = variances.map((variance, i) => (i < rank ? variance : noise));
  let curvature = 0;
  for (let i = 0; i < rank; i++) {
    for (let j = i + 1; j < width; j++) {
      curvature += Math.log((variances[i]! - variances[j]!) * (1 / smoothed[j]! - 1 / smoothed[i]!)) + Math.log(rows);
    }
  }
  // Two components of exactly the same variance cannot be told apart: no such rank.
  return Number.isFinite(curvature) ? evidence - curvature / 2 - (rank * Math.log(rows)) / 2 : -Infinity;
}
