/** Servers may come later than their worker, or go away and come back: it waits, and says once what it waits for. */
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import { setTimeout as delay } from 'node:timers/promises';
import { isFinal } from '../domain/errors.js';
import { resolveTarget, type TemporalTarget } from '../domain/temporal-target.js';
import { migrate } from '../store/migrate.js';
import type { Pool } from '../store/pool.js';

export interface Patience {
  onNotice: (line: string) => void;
  /** Ends the waiting. */
  signal?: AbortSignal;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/** Tries until it works, or until it is clear that it never will. @throws the last error when the signal says to stop */
export async function persist<T>(what: string, attempt: () => Promise<T>, { onNotice, signal }: Patience): Promise<T> {
  for (let tries = 0, pauseMs = FIRST_PAUSE_MS; ; tries++, pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      const result = await attempt();
      if (tries > 0) onNotice(`${what} is there`);
      return result;
    } catch (error) {
      if (signal?.aborted || isFinal(error) || isMisconfiguration(error)) throw error;
      if (tries === 0) onNotice(`waiting for ${what}: ${messageOf(error)}`);
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal?.aborted) throw error;
    }
  }
}

/** The database, at this version's schema. */
export async function awaitDatabase(pool: Pool, patience: Patience): Promise<void> {
  const applied = await persist('PostgreSQL', () => migrate(pool), patience);
  if (applied.length > 0) patience.onNotice(`database brought up to date: ${applied.join(', ')}`);
}

export async function connectTemporal(target: TemporalTarget & { connection?: NativeConnectionOptions }, patience: Patience): Promise<{ connection: NativeConnection; namespace: string }> {
  const { connectionOptions, namespace } = resolveTarget(target, loadClientConnectConfig());
  const options = { ...connectionOptions, ...target.connection };
  const address = options.address ?? '127.0.0.1:7233';
  const connection = await persist(`Temporal at ${address}`, async () => {
    const opened = await NativeConnection.connect(options);
    try {
      await opened.withDeadline(Date.now() + 5_000, () => opened.workflowService.describeNamespace({ namespace }));
      return opened;
    } catch (error) {
      await opened.close();
      throw error;
    }
  }, patience);
  return { connection, namespace };
}

/** Wrong password or no such database: waiting does not mend it. Anything else may be a server that is still starting. */
function isMisconfiguration(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === '28P01' || code === '28000' || code === '3D000' || code === '42501';
}

export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);   // localhost by both address families
  return error instanceof Error ? error.message || error.name : String(error);
}
