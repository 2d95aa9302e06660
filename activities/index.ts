/** Activities under the names by which workflows ask for them, bound to servers and threads. */
import { Context } from '@temporalio/activity';
import { closeDecision, openDecision } from '../store/decisions.js';
import { recordAudit } from '../store/audit.js';
import { abandonRun } from './abandon-run.js';
import { createChallengeActivities } from './challenge/index.js';
import type { LightActivities, NumericActivities } from './contract.js';
import type { LightDeps, NumericDeps, TaskOptions, TaskProgress } from './deps.js';
import { withFailures } from './failure.js';
import { finishRun } from './finish-run.js';
import { fitPopulations } from './fit-populations.js';
import { createGateActivities } from './gate/index.js';
import { createIncidentActivities } from './incidents/index.js';
import { createNotificationActivities, type SendDeps } from './notifications/index.js';
import { notify } from './notify.js';
import { planRun } from './plan-run.js';
import { readLedger } from './read-ledger.js';
import { createTendingActivities } from './tending/index.js';
import { createRetrainingActivities } from './retraining/index.js';
import { createVerdictActivities } from './verdict/index.js';

export type { LightDeps, NumericDeps, NumericTask, NumericThreads, TaskOptions } from './deps.js';

/** Stands in front of every name, because a plugin's names silently win over a user's equal ones. */
export const PREFIX = 'aftercare';

export type Registered<T> = { [K in keyof T & string as `${typeof PREFIX}${Capitalize<K>}`]: T[K] };

/** Database and mail: beside the workflows, on MAIN_QUEUE. */
export function createLightActivities(deps: LightDeps & SendDeps): Registered<LightActivities> {
  return {
    aftercareReadLedger: withFailures((request) => readLedger(deps, request)),
    aftercarePlanRun: withFailures((request) => planRun(deps, request)),
    aftercareFinishRun: withFailures((request) => finishRun(deps, request)),
    aftercareAbandonRun: withFailures((request) => abandonRun(deps, request)),
    aftercareOpenDecision: withFailures((request) => openDecision(deps.pool, request)),
    aftercareCloseDecision: withFailures((request) => closeDecision(deps.pool, request)),
    aftercareNotify: withFailures((request) => notify(deps, request)),
    aftercareRecordAudit: withFailures((entry) => recordAudit(deps.pool, entry)),
    ...createGateActivities(deps),
    ...createIncidentActivities(deps),
    ...createChallengeActivities(deps),
    ...createNotificationActivities(deps),
    ...createRetrainingActivities(deps),
    ...createTendingActivities(deps),
  };
}

/** Fits and chunks: on NUMERIC_QUEUE, in threads. They heartbeat every 2 s and end within moments of a cancellation. */
export function createNumericActivities(deps: NumericDeps): Registered<NumericActivities> {
  return {
    aftercareFitReference: withFailures((request) => withHeartbeats(async (options) => {
      const { fitted, failures } = await fitPopulations(deps, request.runId, options);
      return { fitted, failures: failures.length };
    })),
    aftercareComputeChunks: withFailures((request) => withHeartbeats((options) => deps.threads.run({ kind: 'compute', runId: request.runId, part: request.part }, options))),
    ...createVerdictActivities(deps, withHeartbeats),
  };
}

const HEARTBEAT_MS = 2_000;

async function withHeartbeats<T>(work: (options: TaskOptions) => Promise<T>): Promise<T> {
  const context = Context.current();
  let progress: TaskProgress = { done: 0, of: 0 };
  context.heartbeat(progress);
  const timer = setInterval(() => context.heartbeat(progress), HEARTBEAT_MS);
  try {
    return await work({ signal: context.cancellationSignal, onProgress: (next) => { progress = next; } });
  } finally {
    clearInterval(timer);
  }
}
