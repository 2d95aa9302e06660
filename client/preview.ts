/** What other settings would say of the values that are there: thresholds judge anew without computing anything. */
import type { CalculatorKind } from '../domain/measurement.js';
import { worseSideOf } from '../domain/metrics.js';
import type { ModelSettings } from '../domain/settings.js';
import { boundsThatCount, overrideFor, overridesOf } from '../domain/threshold-overrides.js';
import type { Bounds } from '../domain/threshold.js';
import { judge, thresholdsOf, type FittedCalculator, type SettingsByKind } from '../engine/catalogue.js';
import { fromFittedJson } from '../engine/fitted-json.js';
import { findModel } from '../store/find-model.js';
import { listInForce, readJudged, type JudgedValue } from '../store/judged-values.js';
import type { Pool } from '../store/pool.js';
import { judgesAnew, staleAfter } from './models.js';
import { changeSettings, type SettingsPatch } from './settings-check.js';

/** A series whose bounds or alerts would be others. */
export interface PreviewedSeries {
  calculator: CalculatorKind;
  metric: string;
  column: string;
  segment: string;
  before: Bounds & { alerts: number };
  after: Bounds & { alerts: number };
}

export interface SettingsPreview {
  settings: ModelSettings;
  /** Calculators (and `chunks`, `segments`) that would be computed anew: what they will say is not known before. */
  stale: string[];
  judgesAnew: boolean;
  /** Alerts of complete analysis chunks, over all series that need no computing. */
  alerts: { before: number; after: number };
  /** Only those that change, those whose number of alerts changes most first. */
  changed: PreviewedSeries[];
}

/** Nothing is written. @throws NotFound; InvalidInput when the result is no settings */
export async function previewSettings(pool: Pool, model: string, patch: SettingsPatch): Promise<SettingsPreview> {
  const found = await findModel(pool, model);
  const settings = changeSettings(found.settings, patch, found.schema);
  const stale = staleAfter(found.settings, settings);
  const preview: SettingsPreview = { settings, stale, judgesAnew: judgesAnew(found.settings, settings), alerts: { before: 0, after: 0 }, changed: [] };
  for (const one of await listInForce(pool, found.versionId)) {
    const chosen = settings.calculators[one.calculator];
    if (!chosen || stale.includes(one.calculator) || stale.includes('chunks') || (one.segment !== '' && stale.includes('segments'))) continue;
    const { body, values } = await readJudged(pool, found.versionId, one);
    if (body === '') continue;
    // What stands under a calculator's name are its settings.
    const judgement = judgeBy(fromFittedJson(body), chosen as SettingsByKind[CalculatorKind], settings, one.segment);
    for (const series of bySeries(values)) {
      const after = judgement(series);
      const before = { lower: series[0]!.lower, upper: series[0]!.upper, alerts: series.filter(({ alert }) => alert === true).length };
      preview.alerts.before += before.alerts;
      preview.alerts.after += after.alerts;
      if (before.alerts !== after.alerts || before.lower !== after.lower || before.upper !== after.upper) preview.changed.push({ calculator: one.calculator, metric: series[0]!.metric, column: series[0]!.column, segment: one.segment, before, after });
    }
  }
  preview.changed.sort((a, b) => Math.abs(b.after.alerts - b.before.alerts) - Math.abs(a.after.alerts - a.before.alerts));
  return preview;
}

function judgeBy(fitted: FittedCalculator, chosen: SettingsByKind[CalculatorKind], settings: ModelSettings, segment: string): (series: readonly JudgedValue[]) => Bounds & { alerts: number } {
  const overrides = overridesOf(settings.thresholds ?? [], fitted.kind, segment);
  const bounds = new Map(thresholdsOf(fitted, chosen, (metric, column) => overrideFor(overrides, metric, column).rule).map((series) => [
    JSON.stringify([series.metric, series.column]), boundsThatCount(series.bounds, overrideFor(overrides, series.metric, series.column).alertOn, worseSideOf(fitted.kind, series.metric)),
  ]));
  return (series) => {
    const own = bounds.get(JSON.stringify([series[0]!.metric, series[0]!.column])) ?? { lower: null, upper: null };
    const alerts = series.filter(({ value, ownAlert }) => judge(fitted, { value: value ?? NaN, ...(ownAlert === null ? {} : { alert: ownAlert }) }, own) === true).length;
    return { ...own, alerts };
  };
}

function bySeries(values: readonly JudgedValue[]): JudgedValue[][] {
  const series = new Map<string, JudgedValue[]>();
  for (const value of values) {
    const key = JSON.stringify([value.metric, value.column]);
    series.set(key, [...(series.get(key) ?? []), value]);
  }
  return [...series.values()];
}
