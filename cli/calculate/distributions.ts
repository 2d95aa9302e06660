/** Distributions of columns, chunk by chunk. Reference and analysis are looked at each for itself. */
import { InvalidInput } from '../../domain/errors.js';
import type { PeriodName } from '../../domain/measurement.js';
import { quoted } from '../../domain/schema.js';
import { categoricalDistribution, continuousDistribution, type ChunkDensity, type ChunkRange, type ValueCount } from '../../engine/index.js';
import { chunkRows } from './chunk-rows.js';
import type { DistributionConstruction } from './construction.js';
import type { PreparedData } from './data.js';

/** One column of one period. */
export interface ColumnDistribution {
  column: string;
  period: PeriodName;
  chunks: ChunkRange[];
  /** Per chunk. */
  shapes: { kind: 'continuous'; densities: ChunkDensity[] } | { kind: 'categorical'; counts: ValueCount[][] };
}

/** @throws InvalidInput when a column is missing, or not of the kind that the calculator takes */
export function distributionsOn(construction: DistributionConstruction, data: PreparedData, period: PeriodName): ColumnDistribution[] {
  const { frame, chunks } = chunkRows(construction, data, 'text', `the ${period} data`);
  return [...construction.readings.keys()].map((column) => {
    const found = frame.columns.get(column)!;
    if (found.kind !== construction.distribution) throw new InvalidInput(`column ${quoted(column)} of the ${period} data is ${found.kind}, ${construction.calculator} takes only ${construction.distribution} columns: leave it out`);
    return {
      column, period, chunks,
      shapes: found.kind === 'continuous'
        ? { kind: 'continuous', densities: continuousDistribution(found.values, chunks, construction.points) }
        : { kind: 'categorical', counts: categoricalDistribution(found, chunks) },
    };
  });
}
