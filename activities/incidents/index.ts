/** The activities of incidents under the names by which workflows ask for them. */
import { noteIncident } from '../../store/incident-acts.js';
import type { IncidentActivities } from '../contracts/incidents.js';
import type { LightDeps } from '../deps.js';
import { withFailures } from '../failure.js';

type Registered<T> = { [K in keyof T & string as `aftercare${Capitalize<K>}`]: T[K] };

export function createIncidentActivities({ pool }: Pick<LightDeps, 'pool'>): Registered<IncidentActivities> {
  return { aftercareNoteIncident: withFailures((note) => noteIncident(pool, note)) };
}
