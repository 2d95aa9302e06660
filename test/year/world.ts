/** A made-up world: rows of any day, what came of them, and what versions of different skill say about them. The same whenever it is asked for. */
import type { Row } from '../store/memory-source.js';

export const ROWS_A_DAY = 60;
/** Targets come so many days after their rows. */
export const TARGET_DELAY_DAYS = 45;
const DAY_MS = 86_400_000;

/** A number in [0, 1) that three whole numbers determine. Finalizer of MurmurHash3. */
function mixed(a: number, b: number, c: number): number {
  let h = Math.imul(a + 1_000, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca77) ^ Math.imul(c + 1, 0xc2b2ae3d);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

/** What is known of a row before anybody judges it, −3 … 3. */
const signal = (row: number): number => 6 * mixed(row, 1, 0) - 3;
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** What came of it. Rows with negative numbers are those of references. */
export function target(row: number): Row {
  return { id: idOf(row), repaid: mixed(row, 2, 0) < sigmoid(1.5 * signal(row)) ? 1 : 0 };
}

const idOf = (row: number): string => `row-${row}`;

/** Noise of a version's scores: the first one is poor, each skill halves it. */
export function features(row: number, startMs: number): Row {
  return { id: idOf(row), at: new Date(startMs + row * (DAY_MS / ROWS_A_DAY)).toISOString(), amount: Math.round(signal(row) * 1e6) / 1e3, colour: ['red', 'green', 'blue'][Math.floor(mixed(row, 3, 0) * 3)]! };
}

export function scored(row: number, version: number, skill: number, startMs: number): Row {
  const noise = (6 * mixed(row, 4, version) - 3) / 2 ** skill;
  const score = Math.round(sigmoid(1.5 * signal(row) + noise) * 1e4) / 1e4;
  return { ...features(row, startMs), score, predicted: score >= 0.5 ? 1 : 0 };
}

export const rowsOfDay = (day: number): number[] => Array.from({ length: ROWS_A_DAY }, (_, i) => day * ROWS_A_DAY + i);

const REFERENCE_ROWS = 1_500;

/** Rows before the first day, with this version's scores and their targets. */
export function reference(version: number, skill: number, startMs: number): Row[] {
  return Array.from({ length: REFERENCE_ROWS }, (_, i) => i - REFERENCE_ROWS).map((row) => ({ ...scored(row, version, skill, startMs), ...target(row) }));
}
