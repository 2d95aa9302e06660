/** Verdicts and the numeric half of gates, under their registered names: in worker threads, with heartbeats. */
import type { Gate } from '../../domain/gate.js';
import type { VerdictSummary } from '../contracts/challenge.js';
import type { GateTask, NumericDeps, TaskOptions, VerdictTask } from '../deps.js';
import { withFailures } from '../failure.js';

type WithHeartbeats = <T>(work: (options: TaskOptions) => Promise<T>) => Promise<T>;

export interface RegisteredVerdicts {
  aftercareComputeVerdict(request: VerdictTask['request']): Promise<VerdictSummary>;
  aftercareAskGate(request: GateTask['request']): Promise<Gate>;
}

export function createVerdictActivities({ threads }: NumericDeps, withHeartbeats: WithHeartbeats): RegisteredVerdicts {
  return {
    aftercareComputeVerdict: withFailures(async (request) => {
      const { judgement, text, guardrails } = await withHeartbeats((options) => threads.run({ kind: 'verdict', request }, options));
      return { judgement, text, guardrails };
    }),
    aftercareAskGate: withFailures((request) => withHeartbeats((options) => threads.run({ kind: 'gate', request }, options))),
  };
}
