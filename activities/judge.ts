/** What values mean under the thresholds of a run. */
import type { MetricPoint } from '../domain/measurement.js';
import type { Bounds } from '../domain/threshold.js';
import { judge, thresholdsOf, type FittedCalculator } from '../engine/catalogue.js';
import type { WantedCalculator } from './calculators.js';

export type Judge = (point: MetricPoint) => { bounds: Bounds; alert: boolean | null };

const NO_BOUNDS: Bounds = { lower: null, upper: null };

/** Thresholds are worked out once per calculator; a series that has none is judged by none. */
export function judgeFor(fitted: FittedCalculator, { request: { settings } }: WantedCalculator): Judge {
  const bounds = new Map(thresholdsOf(fitted, settings).map((series) => [`${series.metric}\u0000${series.column}`, series.bounds]));
  return (point) => {
    const own = bounds.get(`${point.metric}\u0000${point.column}`) ?? NO_BOUNDS;
    return { bounds: own, alert: judge(fitted, point, own) };
  };
}
