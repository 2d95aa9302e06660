/** A calculator that is asked for, before its data are known. Column kinds are only known once the reference is read. */
import { NO_COLUMNS, type CalculatorColumns, type EngineRequest } from '../../engine/index.js';
import type { Chunking } from './parameters.js';

/** How a named column is to be read, whatever its type. `as labels` and `as texts`: see labels.ts. */
export type ColumnReading = 'as it is' | 'as numbers' | 'as categories' | 'whole numbers as categories' | 'as labels' | 'as texts';

/** Columns of `readings` by kind, in the order of `readings`. */
export type ColumnsByKind = Pick<CalculatorColumns, 'continuous' | 'categorical'>;

/** Which kinds of columns a calculator takes; others are refused, or passed over. */
export interface WantedKinds {
  continuous: boolean;
  categorical: boolean;
  refuseOthers: boolean;
}

/** Columns of a classification into several classes. */
export interface ClassColumns {
  target: string;
  /** Each class as the request writes it, and the column of its probability. */
  probabilities: Map<string, string>;
}

/** What all have. */
export interface ConstructionBase {
  /** As NannyML calls it. */
  calculator: string;
  chunking: Chunking;
  /** Columns that the calculator is about, and how each is read. */
  readings: Map<string, ColumnReading>;
  kinds: WantedKinds;
}

/** A calculator of the engine's catalogue. */
export interface CalculatorConstruction extends ConstructionBase {
  /** Only of several classes. */
  classes?: ClassColumns;
  /** @param classes names of the classes as the frames' labels write them, ascending, with their columns */
  requestOf(split: ColumnsByKind, classes: CalculatorColumns['classProbabilities']): EngineRequest;
}

/** Distributions, which are looked at and not judged. */
export interface DistributionConstruction extends ConstructionBase {
  distribution: 'continuous' | 'categorical';
  /** Of a density curve, about. */
  points: number;
}

export type Construction = CalculatorConstruction | DistributionConstruction;

/** Of calculators that know no target, prediction or probability. */
export const NO_ROLES: Omit<CalculatorColumns, 'continuous' | 'categorical'> = NO_COLUMNS;

export const ANY_KIND: WantedKinds = { continuous: true, categorical: true, refuseOthers: false };
export const ONLY_CONTINUOUS: WantedKinds = { continuous: true, categorical: false, refuseOthers: true };

/** Every column read in the same way. */
export function readAll(columns: readonly string[], reading: ColumnReading): Map<string, ColumnReading> {
  return new Map(columns.map((column) => [column, reading]));
}
