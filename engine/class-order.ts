/** The order of classes: that of confusion matrices and of matrices of business value. */
import { compareText } from './frame.js';

/** Ascending, a copy; numbers as numbers when all are: 2 comes before 10. Texts by code point, as Python orders them. */
export function inClassOrder<T>(classes: readonly T[], labelOf: (one: T) => string): T[] {
  const areNumbers = classes.every((one) => labelOf(one).trim() !== '' && Number.isFinite(Number(labelOf(one))));
  return [...classes].sort((a, b) => (areNumbers ? Number(labelOf(a)) - Number(labelOf(b)) : compareText(labelOf(a), labelOf(b))));
}
