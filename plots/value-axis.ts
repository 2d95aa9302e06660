/** From values to heights: a range that shows everything with a margin, for any finite numbers. */
import { scaleLinear } from 'd3';
import { tickFormat } from './format.js';

export interface ValueAxis {
  /** Value → pixel */
  y: (value: number) => number;
  ticks: { y: number; label: string }[];
}

// Beyond these the width of a range overflows, or its parts vanish.
const LARGEST = 1e300;
const SMALLEST = 1e-290;
const MARGIN = 0.08;

/**
 * @param values everything that must be visible; may be empty
 * @param unit   true: the values cannot leave 0 … 1, so the margin does not either
 */
export function valueAxis(values: readonly number[], top: number, bottom: number, unit: boolean, count = 5): ValueAxis {
  const [low, high] = rangeOf(values, unit);
  const scale = scaleLinear([low, high], [bottom, top]).clamp(true);
  const ticks = scale.ticks(count);
  const write = tickFormat(ticks);
  return { y: (value) => scale(within(value)), ticks: ticks.map((tick) => ({ y: scale(tick), label: write(tick) })) };
}

function within(value: number): number {
  return Math.abs(value) < SMALLEST ? 0 : Math.max(-LARGEST, Math.min(LARGEST, value));
}

function rangeOf(values: readonly number[], unit: boolean): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    const shown = within(value);
    low = Math.min(low, shown);
    high = Math.max(high, shown);
  }
  if (low > high) return [0, 1];
  // A constant series gets room around it; so does one whose spread is below what a double can divide into ticks.
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (high - low <= size * 1e-12) {
    const room = size === 0 ? 1 : size * 0.05;
    [low, high] = low === 0 && high === 0 ? [0, 1] : [low - room, high + room];
    return unit ? [Math.max(0, low), Math.min(1, high)] : [low, high];
  }
  const margin = (high - low) * MARGIN;
  const below = low >= 0 && low - margin < 0 ? 0 : low - margin;
  const above = unit && high <= 1 ? Math.min(1, high + margin) : high + margin;
  return [below, above];
}
