/** What a Temporal Schedule starts: asks the model's lifecycle for a run or a retraining and ends. The schedule's nominal time is the request's key, so a repeat is no second run. */
import { getExternalWorkflowHandle, isCancellation, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { lifecycleId } from '../domain/names.js';
import { isTurn } from '../domain/schedule.js';
import { requestRetrainingSignal, requestRunSignal, type ScheduledRunInput } from './messages.js';

/** @returns the key of the request; null when it is not this firing's turn, or the model has no lifecycle any more */
export async function aftercareScheduledRun({ modelId, turn, purpose }: ScheduledRunInput): Promise<string | null> {
  const nominal = nominalTime();
  if (turn && !isTurn(turn, turn.zone, nominal.getTime())) {
    setCurrentDetails(`Not this time: every ${turn.every} ${turn.unit}s.`);
    return null;
  }
  const key = `schedule:${nominal.toISOString()}`;
  try {
    const lifecycle = getExternalWorkflowHandle(lifecycleId(modelId));
    if (purpose === 'retraining') await lifecycle.signal(requestRetrainingSignal, { key, trigger: 'schedule', by: 'schedule', reason: `It is time by the schedule (${nominal.toISOString()}).` });
    else await lifecycle.signal(requestRunSignal, { key, trigger: 'schedule', by: 'schedule' });
  } catch (error) {
    if (isCancellation(error)) throw error;
    setCurrentDetails('Nothing to ask: the model was archived or deleted.');
    return null;
  }
  return key;
}

/** When the schedule meant this to happen, however late it was: an attribute that the server sets. By hand: when it was started. */
function nominalTime(): Date {
  const info = workflowInfo();
  const scheduled: unknown = info.searchAttributes['TemporalScheduledStartTime']?.[0];
  return scheduled instanceof Date ? scheduled : typeof scheduled === 'string' ? new Date(scheduled) : info.startTime;
}
