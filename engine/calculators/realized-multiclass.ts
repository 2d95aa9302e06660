/** Realized performance of a model of several classes: metrics of the rows whose target is known. */
import type { MetricPoint } from '../../domain/measurement.js';
import type { PerformanceSettings } from '../../domain/settings.js';
import { plainPoint, type Calculator, type CalculatorColumns } from '../calculator.js';
import type { Frame } from '../frame.js';
import { MulticlassRealized } from '../metrics/multiclass-realized.js';
import { multiclassSamplingErrors } from '../metrics/multiclass-sampling-error.js';
import { samplingError, type SamplingErrorTerms } from '../metrics/sampling-error.js';
import { labelledRows, multiclassLimits, multiclassPlan, requireKnownLabels, type MulticlassPlan } from './multiclass-settings.js';
import { performanceRule } from './performance-settings.js';

/** What was learnt: only the sampling errors, by series, come from the reference. */
export interface FittedRealizedMulticlass extends MulticlassPlan {
  problem: 'classification_multiclass';
  samplingErrors: Record<string, SamplingErrorTerms>;
}

const planOf = (settings: PerformanceSettings, columns: CalculatorColumns) => multiclassPlan('realized performance', settings, columns);

/** @throws InvalidInput when no target of the reference is one of the classes, or a column that a metric needs is not there */
export function fitRealizedMulticlass(settings: PerformanceSettings, columns: CalculatorColumns, reference: Frame): FittedRealizedMulticlass {
  const plan = planOf(settings, columns);
  requireKnownLabels(reference, plan);
  return { problem: 'classification_multiclass', ...plan, samplingErrors: multiclassSamplingErrors(plan.series, labelledRows(plan.columns, reference), plan.classes, plan.options) };
}

/** Cost: one pass for all counts, one sort of each class's scores for ROC AUC and average precision together. */
export function calculateRealizedMulticlass(fitted: FittedRealizedMulticlass, chunk: Frame): MetricPoint[] {
  const metrics = metricsOf(fitted, chunk);
  return fitted.series.map((series) => {
    const { value, rows, reason } = metrics.measure(series);
    const error = metrics.failsInNannyml(series) ? NaN : samplingError(fitted.samplingErrors[series.name]!, rows);
    return { ...plainPoint(series.name, '', value, reason), samplingError: error };
  });
}

/** Names of the series whose calculation fails in NannyML, so that it knows neither their sampling error nor whether they alert. */
export function failuresOfRealizedMulticlass(fitted: FittedRealizedMulticlass, chunk: Frame): Set<string> {
  const metrics = metricsOf(fitted, chunk);
  return new Set(fitted.series.filter((series) => metrics.failsInNannyml(series)).map(({ name }) => name));
}

function metricsOf(fitted: FittedRealizedMulticlass, chunk: Frame): MulticlassRealized {
  return new MulticlassRealized(labelledRows(fitted.columns, chunk), fitted.classes, fitted.options, 'realized');
}

/** Its part of the catalogue's entry `realized_performance`. */
export const realizedMulticlass: Calculator<PerformanceSettings, FittedRealizedMulticlass> = {
  kind: 'realized_performance',
  requiredColumns(settings, columns) {
    const { target, prediction, scores } = planOf(settings, columns).columns;
    const names = [target, ...(prediction === null ? [] : [prediction]), ...(scores ?? [])];
    return { reference: names, chunk: names };
  },
  fit: fitRealizedMulticlass,
  calculate: calculateRealizedMulticlass,
  ruleOf: performanceRule,
  limitsOf: (state, series) => multiclassLimits(state.options, series),
  alertsOnBound: false,
};
