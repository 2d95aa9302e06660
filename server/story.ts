/** What a person should see before answering: the question's model, and the figure of what was found. */
import type { Decision } from '../domain/decision.js';
import type { Incident } from '../domain/incident.js';
import type { CalculatorKind } from '../domain/measurement.js';
import { columnOf } from '../domain/schema.js';
import { drawMeasured, drawPerformance, seriesOf, type Markup, type Series } from '../plots/index.js';
import { findModel } from '../store/find-model.js';
import { readIncidents } from '../store/incidents.js';
import type { Pool } from '../store/pool.js';
import { readResults, type ResultFilter } from '../store/results.js';

export interface DecisionStory {
  zone: string;
  incident: Incident | null;
  figure: Markup | null;
}

/** @throws NotFound when the model is gone */
export async function tellStory(pool: Pool, decision: Decision & { modelId: number }): Promise<DecisionStory> {
  const { settings, schema } = await findModel(pool, decision.modelId);
  const incident = decision.incidentId === null ? null : (await readIncidents(pool, decision.modelId)).find(({ id }) => id === decision.incidentId) ?? null;
  const series = incident ? await seriesOfIncident(pool, decision.modelId, incident) : null;
  return { zone: settings.zone, incident, figure: series && draw(series, settings.zone, columnOf(schema, 'target')?.name) };
}

const COLUMN_CALCULATORS: Record<'drift' | 'data_quality', CalculatorKind[]> = { drift: ['univariate_drift'], data_quality: ['missing_values', 'unseen_values', 'numerical_range'] };
const WHOLE_CALCULATORS: readonly CalculatorKind[] = ['reconstruction_error', 'domain_classifier'];

/** null: an incident without a figure, e.g. of silence. */
function filterOf({ kind, cause }: Incident): ResultFilter | null {
  if (kind === 'estimated_performance' || kind === 'realized_performance') return { calculators: [kind], metrics: [cause] };
  if (kind !== 'drift' && kind !== 'data_quality') return null;
  const whole = WHOLE_CALCULATORS.find((calculator) => calculator === cause);
  return whole ? { calculators: [whole] } : { calculators: COLUMN_CALCULATORS[kind], columns: [cause] };
}

/** The one that alerts in the incident's first chunk; several methods may watch one column. */
async function seriesOfIncident(pool: Pool, modelId: number, incident: Incident): Promise<Series | null> {
  const filter = filterOf(incident);
  if (!filter) return null;
  const all = seriesOf(await readResults(pool, modelId, { ...filter, segments: [incident.segment], versions: [incident.version] }));
  return all.find(({ points }) => points.some(({ period, chunk, alert }) => period === 'analysis' && chunk.key === incident.openingChunk && alert === true)) ?? all[0] ?? null;
}

function draw(series: Series, zone: string, target: string | undefined): Markup {
  const options = { id: 'found', zone, width: 720 };
  return series.calculator === 'estimated_performance' || series.calculator === 'realized_performance' ? drawPerformance(series, options) : drawMeasured(series, options, series.column === target);
}
