/** What an incident's messages tell: what it is, the values outside their thresholds, their plot, and what can be done. */
import type { CalculatorKind } from '../../domain/measurement.js';
import type { Incident } from '../../domain/incident.js';
import type { JudgedKind } from '../../domain/settings.js';
import { shellQuoted } from '../../domain/shell.js';
import { formatValue } from '../../plots/format.js';
import { calculatorName, metricName, sentence } from '../../plots/names.js';
import { findSeries, seriesOf } from '../../plots/series.js';
import { readIncident } from '../../store/incidents.js';
import { findIncidentByText, readAlertingValues, type AlertingValue, type StoryIncident } from '../../store/notifications.js';
import type { Pool } from '../../store/pool.js';
import { readResults } from '../../store/results.js';
import { minuteOf } from './message.js';
import { plainStory, type Story, type StoryChart, type StoryTable } from './story.js';

const HEADLINES: Record<string, string> = {
  'incident-opened': 'incident', 'incident-reminder': 'reminder: an incident waits', 'incident-escalated': 'ESCALATED: an incident waits', 'incident-reopened': 'an incident is open again',
  'incident-acknowledged': 'an incident was acknowledged', 'incident-snoozed': 'an incident was snoozed', 'incident-resolved': 'an incident is over', 'incident-withdrawn': 'an incident was taken back by late data',
};

/** @param kind of the notice */
export async function incidentStory(pool: Pool, { model, modelId, id, kind, text }: { model: string; modelId: number; id: string; kind: string; text: string }): Promise<Story> {
  const incidentId = await findIncidentByText(pool, modelId, id);
  const incident = incidentId === null ? null : await readIncident(pool, incidentId);
  if (!incident) return plainStory(model, text);
  const values = await readAlertingValues(pool, incident.id);
  const asks = kind === 'incident-opened' || kind === 'incident-reminder' || kind === 'incident-escalated' || kind === 'incident-reopened';
  const over = incident.state === 'resolved' || incident.state === 'withdrawn';
  return {
    ...plainStory(model, text),
    headline: `${HEADLINES[kind] ?? kind.replaceAll('-', ' ')} (${aboutOf(incident)})`,
    facts: [...factsOf(incident), { label: 'State', value: incident.state + (incident.acknowledgedBy === null ? '' : `, acknowledged by ${incident.acknowledgedBy}`) }, { label: 'Severity', value: incident.severity }],
    tables: values.length === 0 ? [] : [valuesTable(values)],
    commands: asks && !over ? [
      { purpose: 'Look at it', command: `aftercare incidents show ${incident.id}` },
      { purpose: 'Acknowledge it', command: `aftercare incidents acknowledge ${incident.id} --as ${shellQuoted('YOUR NAME')}` },
    ] : [],
    chart: await incidentChart(pool, modelId, incident, incident.version, values),
    details: { incident: { id: incident.id, identity: incident.identity, version: incident.version, segment: incident.segment, kind: incident.kind, cause: incident.cause, openingChunk: incident.openingChunk, lastChunk: incident.lastChunk, state: incident.state }, values: detailsOf(values) },
    obsolete: !asks ? null
      : incident.state === 'withdrawn' ? 'late data took the incident back'
        : kind === 'incident-opened' || incident.state === 'open' ? null : `the incident is ${incident.state}`,
  };
}

/** `drift, income, segment region=north` */
export function aboutOf({ kind, cause, segment }: Pick<StoryIncident, 'kind' | 'cause' | 'segment'>): string {
  return `${kind.replaceAll('_', ' ')}, ${cause}${segment === '' ? '' : `, segment ${segment}`}`;
}

export function factsOf(incident: StoryIncident & { version?: number }): Story['facts'] {
  const { kind, cause, segment, openingChunk, lastChunk, version = 1 } = incident;
  const span = openingChunk === lastChunk ? `chunk ${openingChunk}` : `chunks ${openingChunk} to ${lastChunk}`;
  return [
    ...(version === 1 ? [] : [{ label: 'Version', value: String(version) }]),
    ...(segment === '' ? [] : [{ label: 'Segment', value: segment }]),
    { label: 'What', value: `${kind.replaceAll('_', ' ')}, ${cause}${isJudged(kind) ? `, ${span}` : `, since ${openingChunk}`}` },
  ];
}

export function valuesTable(values: readonly AlertingValue[]): StoryTable {
  const dated = values.some(({ startAt }) => startAt !== null);
  return {
    caption: 'Values outside their thresholds',
    columns: ['chunk', ...(dated ? ['from (UTC)', 'to (UTC)'] : []), 'metric', 'value', 'lower threshold', 'upper threshold'],
    rows: values.map(({ chunk, startAt, endAt, metric, value, lower, upper }) => [
      chunk, ...(dated ? [startAt ? minuteOf(startAt) : '', endAt ? minuteOf(endAt) : ''] : []), metricName(metric), formatValue(value), lower === null ? 'none' : formatValue(lower), upper === null ? 'none' : formatValue(upper),
    ]),
  };
}

export function detailsOf(values: readonly AlertingValue[]): Record<string, unknown>[] {
  return values.map(({ startAt, endAt, ...value }) => ({ ...value, startAt: startAt && new Date(startAt).toISOString(), endAt: endAt && new Date(endAt).toISOString() }));
}

const SERIES_OF: Record<JudgedKind, (cause: string) => { calculators: CalculatorKind[]; column: string | null }> = {
  estimated_performance: () => ({ calculators: ['estimated_performance'], column: null }),
  realized_performance: () => ({ calculators: ['realized_performance'], column: null }),
  drift: (cause) => (cause === 'reconstruction_error' || cause === 'domain_classifier' ? { calculators: [cause], column: null } : { calculators: ['univariate_drift'], column: cause }),
  data_quality: (cause) => ({ calculators: ['missing_values', 'unseen_values', 'numerical_range'], column: cause }),
};

/** The series whose values alert. @returns null for a failure to predict, which has no series */
export async function incidentChart(pool: Pool, modelId: number, { kind, cause, segment }: Pick<Incident, 'kind' | 'cause' | 'segment'>, version: number, values: readonly AlertingValue[]): Promise<StoryChart | null> {
  const metric = values[0]?.metric;
  if (!isJudged(kind) || metric === undefined) return null;
  const { calculators, column } = SERIES_OF[kind](cause);
  const results = await readResults(pool, modelId, { calculators, metrics: [metric], segments: [segment], versions: [version], ...(column === null ? {} : { columns: [column] }) });
  const all = seriesOf(results);
  const series = calculators.map((calculator) => findSeries(all, calculator, metric, column ?? '')).find((found) => found !== null) ?? null;
  if (!series) return null;
  const name = kind === 'estimated_performance' ? `estimated ${metricName(metric)}` : kind === 'realized_performance' ? `realized ${metricName(metric)}` : metricName(metric);
  return { title: `${column === null ? sentence(name) : `${column}: ${name}`}${segment === '' ? '' : `, segment ${segment}`} (${calculatorName(series.calculator).toLowerCase()})`, series };
}

function isJudged(kind: Incident['kind']): kind is JudgedKind {
  return Object.hasOwn(SERIES_OF, kind);
}
