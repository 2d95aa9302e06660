/** Numeric threads when nobody says how many: one per core, but each may hold a quarter of a million rows, so no more than a few. */
import { availableParallelism } from 'node:os';

const MOST = 4;

export const usualThreads = (): number => Math.min(MOST, availableParallelism());
