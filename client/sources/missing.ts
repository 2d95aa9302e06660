/** Texts that stand for "missing" in files without types: pandas' default list (read_csv, 2.2). The empty field is missing everywhere. */
export const MISSING_TEXTS: readonly string[] = [
  '#N/A', '#N/A N/A', '#NA', '-1.#IND', '-1.#QNAN', '-NaN', '-nan', '1.#IND', '1.#QNAN', '<NA>', 'N/A', 'NA', 'NULL', 'NaN', 'None', 'n/a', 'nan', 'null',
];

const TEXTS = MISSING_TEXTS.map((text) => Buffer.from(text, 'latin1'));
const LONGEST = Math.max(...TEXTS.map((text) => text.length));
/** 1 for bytes that begin one of the texts: spares almost every cell the comparison. */
const BEGINS = new Uint8Array(256);
for (const text of TEXTS) BEGINS[text[0]!] = 1;

/** True for the empty text and those of `MISSING_TEXTS`, letter by letter. */
export function isMissingText(bytes: Uint8Array, from: number, to: number): boolean {
  const length = to - from;
  if (length === 0) return true;
  if (length > LONGEST || BEGINS[bytes[from]!] === 0) return false;
  for (const text of TEXTS) {
    if (text.length !== length) continue;
    let i = 0;
    while (i < length && text[i] === bytes[from + i]) i++;
    if (i === length) return true;
  }
  return false;
}
