/** What values mean under the thresholds of a run. */
import type { MetricPoint } from '../domain/measurement.js';
import type { Bounds, ThresholdRule } from '../domain/threshold.js';
import { boundsThatCount, overrideFor } from '../domain/threshold-overrides.js';
import { judge, thresholdsOf, type FittedCalculator } from '../engine/catalogue.js';
import type { WantedCalculator } from './calculators.js';

export type Judge = (point: MetricPoint) => { bounds: Bounds; alert: boolean | null };

const NO_BOUNDS: Bounds = { lower: null, upper: null };

/** Thresholds are worked out once per calculator; a series that has none is judged by none. */
export function judgeFor(fitted: FittedCalculator, { request: { settings }, overrides, worseSideOf }: WantedCalculator): Judge {
  const ruleOf = (metric: string, column: string): ThresholdRule | undefined => overrideFor(overrides, metric, column).rule;
  const bounds = new Map(thresholdsOf(fitted, settings, ruleOf).map((series) => [
    `${series.metric}\u0000${series.column}`, boundsThatCount(series.bounds, overrideFor(overrides, series.metric, series.column).alertOn, worseSideOf(series.metric)),
  ]));
  return (point) => {
    const own = bounds.get(`${point.metric}\u0000${point.column}`) ?? NO_BOUNDS;
    return { bounds: own, alert: judge(fitted, point, own) };
  };
}
