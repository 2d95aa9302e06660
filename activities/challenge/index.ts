/** The activities of challenges under the names by which workflows ask for them. */
import { noteChallenge, openChallenge } from '../../store/challenges.js';
import { promote } from '../../store/promote.js';
import type { ChallengeActivities } from '../contracts/challenge.js';
import type { LightDeps } from '../deps.js';
import { withFailures } from '../failure.js';
import { callSwitch } from './call-switch.js';
import { checkProbation } from './check-probation.js';

type Registered<T> = { [K in keyof T & string as `aftercare${Capitalize<K>}`]: T[K] };

export function createChallengeActivities({ pool }: Pick<LightDeps, 'pool'>): Registered<ChallengeActivities> {
  return {
    aftercareOpenChallenge: withFailures((request) => openChallenge(pool, request)),
    aftercareNoteChallenge: withFailures((noted) => noteChallenge(pool, noted)),
    aftercareCallSwitch: withFailures((request) => callSwitch({ pool }, request)),
    aftercarePromote: withFailures((change) => promote(pool, change)),
    aftercareCheckProbation: withFailures((request) => checkProbation({ pool }, request)),
  };
}
