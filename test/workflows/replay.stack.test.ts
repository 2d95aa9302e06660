/** Histories that were recorded by this and earlier versions replay under the workflows as they are now: what has begun goes on. */
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import * as workflows from '../../workflows/index.js';
import { workflowBundle } from './support/bundle.js';
import { silenceWorkers } from './support/stage.js';

const folder = fileURLToPath(new URL('../histories/', import.meta.url));
const historiesOf = (type: string): string[] => (existsSync(`${folder}${type}`) ? readdirSync(`${folder}${type}`).filter((name) => name.endsWith('.json')).sort() : []);
const read = (type: string, name: string) => {
  const { workflowId, ...events } = JSON.parse(readFileSync(`${folder}${type}/${name}`, 'utf8')) as { workflowId: string; events: { activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[] };
  return { workflowId, events };
};

beforeAll(() => silenceWorkers());

describe.each(Object.keys(workflows))('%s', (type) => {
  it('has a recorded history', () => {
    expect(historiesOf(type), `no history in test/histories/${type}: record one with npm run history:record`).not.toEqual([]);
  });

  it.each(historiesOf(type))('replays %s', async (name) => {
    const { workflowId, events } = read(type, name);
    await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, historyFromJSON(events), workflowId);
  });
});

it('keeps no history of a type that is not there any more', () => {
  expect(readdirSync(folder).sort()).toEqual(Object.keys(workflows).sort());
});

it('notices a history that the workflow would not have written', async () => {
  const name = historiesOf('aftercareMonitoringRun').find((file) => file.includes('completes'))!;
  const { workflowId, events } = read('aftercareMonitoringRun', name);
  events.events.find((event) => event.activityTaskScheduledEventAttributes)!.activityTaskScheduledEventAttributes!.activityType.name = 'aftercareSomethingElse';
  await expect(Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, historyFromJSON(events), workflowId)).rejects.toThrow(DeterminismViolationError);
});
