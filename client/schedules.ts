/** A model's runs and retrainings by the calendar: a Temporal Schedule for each, made to agree with the settings as often as one likes. */
import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy, type ScheduleOptions } from '@temporalio/client';
import { retrainingScheduleId, scheduleId, WORKFLOW } from '../domain/names.js';
import { scheduleSpan, scheduleTimes } from '../domain/schedule.js';
import type { ScheduleSettings } from '../domain/settings.js';
import type { ScheduledRunInput } from '../workflows/messages.js';
import type { TemporalLink } from './temporal-link.js';

export type SchedulePurpose = 'run' | 'retraining';
export const SCHEDULE_PURPOSES: readonly SchedulePurpose[] = ['run', 'retraining'];

const idOf = (modelId: number, purpose: SchedulePurpose): string => (purpose === 'run' ? scheduleId(modelId) : retrainingScheduleId(modelId));

export interface ScheduleOf {
  modelId: number;
  name: string;
  purpose: SchedulePurpose;
  /** null: none. */
  schedule: (ScheduleSettings & { from?: string; until?: string }) | null;
  /** IANA name: wall-clock times are meant here. */
  zone: string;
}

/** After an outage longer than this, runs that were missed are not made up for one by one: the next one sees all their rows anyway. */
const CATCH_UP = '1 day';

/** @throws InvalidInput when the settings are no schedule */
export async function ensureSchedule({ client }: TemporalLink, model: ScheduleOf, taskQueue: string): Promise<void> {
  if (!model.schedule) return removeSchedule({ client }, model.modelId, model.purpose);
  const options = scheduleOptions(model, model.schedule, taskQueue);
  try {
    await client.schedule.create(options);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const { spec, action, policies } = options;
    await client.schedule.getHandle(options.scheduleId).update((previous) => ({ state: previous.state, spec, action, policies: { ...previous.policies, ...policies } }));
  }
}

export async function removeSchedule({ client }: Pick<TemporalLink, 'client'>, modelId: number, purpose: SchedulePurpose): Promise<void> {
  try {
    await client.schedule.getHandle(idOf(modelId, purpose)).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}

function scheduleOptions({ modelId, name, zone, purpose }: ScheduleOf, schedule: NonNullable<ScheduleOf['schedule']>, taskQueue: string) {
  const { every, unit } = schedule;
  const turn = every > 1 && unit !== 'hour' ? { turn: { every, unit, zone } } : {};
  const id = idOf(modelId, purpose);
  return {
    scheduleId: id,
    spec: { ...scheduleTimes(schedule, zone), ...scheduleSpan(schedule) },
    action: {
      type: 'startWorkflow', workflowType: WORKFLOW.scheduledRun, taskQueue, workflowId: `${id}/run`,
      args: [{ modelId, ...turn, ...(purpose === 'run' ? {} : { purpose }) } satisfies ScheduledRunInput], staticSummary: `Scheduled ${purpose} of ${name}`,
    },
    policies: { overlap: ScheduleOverlapPolicy.BUFFER_ONE, catchupWindow: CATCH_UP, pauseOnFailure: false },
  } satisfies ScheduleOptions;
}
