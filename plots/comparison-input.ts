/** Two sets of rows side by side, as a page draws them: what engine/compare.ts gives, as plain data of this room. NaN is what cannot be known. */

export interface ComparisonInput {
  model: string;
  a: ComparedSide;
  b: ComparedSide;
  columns: ComparedColumnInput[];
  overall: { missing: { a: number; b: number }; unseen: number; outOfRange: number };
}

export interface ComparedSide {
  name: string;
  rows: number;
  rowsInAll: number;
  /** ISO 8601 UTC; null without timestamps */
  firstAt: string | null;
  lastAt: string | null;
}

interface Compared {
  column: string;
  missing: { a: { count: number; share: number }; b: { count: number; share: number } };
  distances: { method: string; value: number; pValue?: number }[];
}

interface Figures {
  mean: number;
  deviation: number;
  min: number;
  lowerQuartile: number;
  median: number;
  upperQuartile: number;
  max: number;
}

export type ComparedColumnInput =
  | (Compared & { kind: 'continuous'; summary: { a: Figures; b: Figures }; outOfRange: { count: number; share: number }; distribution: { edges: number[]; a: number[]; b: number[] } })
  | (Compared & { kind: 'categorical'; unseen: { count: number; share: number; categories: string[] }; distribution: { categories: string[]; a: number[]; b: number[] } });
