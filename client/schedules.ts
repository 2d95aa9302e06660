/** A model's runs by the calendar: one Temporal Schedule per model, made to agree with its settings as often as one likes. */
import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy, type ScheduleOptions } from '@temporalio/client';
import { scheduleId, WORKFLOW } from '../domain/names.js';
import { scheduleTimes } from '../domain/schedule.js';
import type { ScheduleSettings } from '../domain/settings.js';
import type { ScheduledRunInput } from '../workflows/messages.js';
import type { TemporalLink } from './temporal-link.js';

export interface ScheduleOf {
  modelId: number;
  name: string;
  /** null: none. */
  schedule: ScheduleSettings | null;
  /** IANA name: wall-clock times are meant here. */
  zone: string;
}

/** After an outage longer than this, runs that were missed are not made up for one by one: the next one sees all their rows anyway. */
const CATCH_UP = '1 day';

/** @throws InvalidInput when the settings are no schedule */
export async function ensureSchedule({ client }: TemporalLink, model: ScheduleOf, taskQueue: string): Promise<void> {
  if (!model.schedule) return removeSchedule({ client }, model.modelId);
  const options = scheduleOptions(model, model.schedule, taskQueue);
  try {
    await client.schedule.create(options);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const { spec, action, policies } = options;
    await client.schedule.getHandle(options.scheduleId).update((previous) => ({ state: previous.state, spec, action, policies: { ...previous.policies, ...policies } }));
  }
}

export async function removeSchedule({ client }: Pick<TemporalLink, 'client'>, modelId: number): Promise<void> {
  try {
    await client.schedule.getHandle(scheduleId(modelId)).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}

function scheduleOptions({ modelId, name, zone }: ScheduleOf, schedule: ScheduleSettings, taskQueue: string) {
  const { every, unit } = schedule;
  const turn = every > 1 && unit !== 'hour' ? { turn: { every, unit, zone } } : {};
  return {
    scheduleId: scheduleId(modelId),
    spec: scheduleTimes(schedule, zone),
    action: {
      type: 'startWorkflow', workflowType: WORKFLOW.scheduledRun, taskQueue, workflowId: `${scheduleId(modelId)}/run`,
      args: [{ modelId, ...turn } satisfies ScheduledRunInput], staticSummary: `Scheduled run of ${name}`,
    },
    policies: { overlap: ScheduleOverlapPolicy.BUFFER_ONE, catchupWindow: CATCH_UP, pauseOnFailure: false },
  } satisfies ScheduleOptions;
}
