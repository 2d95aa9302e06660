/** Rows dealt out to folds so that each fold has its share of both classes. The folds are those of scikit-learn's `StratifiedKFold` without shuffling, row by row. */

/**
 * @param isSecond 1 for rows of one class, 0 for rows of the other
 * @param folds at least 2
 * @returns each row's fold, 0 … folds − 1; null when both classes have fewer rows than there are folds (of a small class alone some folds just have none)
 * Cost O(rows).
 */
export function stratifiedFolds(isSecond: Uint8Array, folds: number): Int32Array | null {
  const rows = isSecond.length;
  let seconds = 0;
  for (let row = 0; row < rows; row++) seconds += isSecond[row]!;
  if (Math.max(seconds, rows - seconds) < folds) return null;
  // The class that appears first is dealt out first.
  const first = rows > 0 ? isSecond[0]! : 0;
  const countOfFirst = first === 1 ? seconds : rows - seconds;
  const dealers = [new Dealer(0, countOfFirst, folds), new Dealer(countOfFirst, rows, folds)] as const;
  const foldOf = new Int32Array(rows);
  for (let row = 0; row < rows; row++) foldOf[row] = dealers[isSecond[row] === first ? 0 : 1].next();
  return foldOf;
}

/** Deals out the rows of one class in blocks: as many to fold i as there are places ≡ i (mod folds) among the class's places in the order of classes. */
class Dealer {
  private fold = 0;
  private left: number;

  constructor(private readonly start: number, private readonly end: number, private readonly folds: number) {
    this.left = this.sizeOf(0);
  }

  next(): number {
    while (this.left === 0) this.left = this.sizeOf(++this.fold);
    this.left -= 1;
    return this.fold;
  }

  private sizeOf(fold: number): number {
    const placesBelow = (end: number) => Math.max(0, Math.ceil((end - fold) / this.folds));
    return placesBelow(this.end) - placesBelow(this.start);
  }
}
