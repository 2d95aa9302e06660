/** A sentence for every incident that has none yet, in the words in which people are asked about it. */
import { incidentSentence } from '../../domain/incident-causes.js';
import { metricName } from '../../plots/names.js';
import { describeIncidents, readOpeningSide, readUndescribed } from '../../store/incidents.js';
import type { Queryable } from '../../store/pool.js';

/** The side of the threshold is looked up only for performance: the other sentences do not name it. */
export async function describeNewIncidents(tx: Queryable, versionId: number, model: string): Promise<void> {
  const described: { id: number; text: string }[] = [];
  for (const incident of await readUndescribed(tx, versionId)) {
    const { id, kind, cause, openingAt } = incident;
    const side = kind === 'estimated_performance' || kind === 'realized_performance' ? await readOpeningSide(tx, versionId, incident) : null;
    described.push({ id, text: incidentSentence({ ...incident, metric: metricName(cause), from: openingAt, side }, model) });
  }
  await describeIncidents(tx, described);
}
