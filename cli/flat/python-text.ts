/** Values as Python's `str` writes them: what pandas puts into CSV files and into names of categories. */

/**
 * A double: shortest digits that read back as the same number, `1.0` for whole numbers, exponents of two digits below 1e-4 and from 1e16 on.
 * NaN is `nan`, ±∞ `inf` and `-inf`.
 */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-4 || size >= 1e16)) return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  const text = Object.is(value, -0) ? '-0' : String(value);
  return text.includes('.') ? text : `${text}.0`;
}

export const boolText = (value: boolean): string => (value ? 'True' : 'False');
