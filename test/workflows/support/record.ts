/**
 * What a story left in Temporal replays; with AFTERCARE_RECORD_HISTORIES it is kept in test/histories/, for the versions to come.
 * A history that is there stays as it is, because workflows that were begun like it may still be running, unless AFTERCARE_RECORD_HISTORIES is `force`.
 */
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { aftercareVersion } from '../../support/version.js';
import { workflowBundle } from './bundle.js';
import type { Stage } from './stage.js';

export interface Recorded {
  workflowType: string;
  scenario: string;
  workflowId: string;
  /** One execution of several; absent: the last. */
  runId?: string;
}

export async function replayAndKeep(stage: Stage, recorded: readonly Recorded[]): Promise<void> {
  for (const { workflowType, scenario, workflowId, runId } of recorded) {
    const history = await stage.client.workflow.getHandle(workflowId, runId).fetchHistory();
    expect(history.events!.length, `${workflowType} ${scenario}`).toBeGreaterThan(3);
    await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history, workflowId);
    if (!process.env.AFTERCARE_RECORD_HISTORIES) continue;
    const folder = fileURLToPath(new URL(`../../histories/${workflowType}/`, import.meta.url));
    const file = `${folder}${aftercareVersion()}-${scenario}.json`;
    if (existsSync(file) && process.env.AFTERCARE_RECORD_HISTORIES !== 'force') {
      console.log(`not recorded: ${file} is there (--force writes it anew)`);
      continue;
    }
    mkdirSync(folder, { recursive: true });
    // Where the code stood on the machine that recorded is nobody's business, and no part of a replay.
    const events = JSON.parse(historyToJSON(history), (key, value: unknown) => (key === 'stackTrace' ? '' : value)) as object;
    writeFileSync(file, `${JSON.stringify({ workflowId, ...events }, null, 1)}\n`);
  }
}
