/** For tests of your own: a real PostgreSQL and a real Temporal server that live as long as the test run (`aftercare/testing`). */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Guard } from './guard.js';
import { anyFreePort } from './ports.js';
import { startPostgres } from './postgres.js';
import { findTemporalBinary } from './temporal-binary.js';
import { startTemporalServer } from './temporal-server.js';

export interface TestStack {
  /** An empty database: `aftercare` brings it to its schema when a worker or client first opens it. */
  databaseUrl: string;
  temporalAddress: string;
  namespace: string;
  /** Ends both servers and removes everything that they wrote. */
  stop(): Promise<void>;
}

export interface TestStackOptions {
  /** Use these instead of starting one. */
  databaseUrl?: string;
  temporalAddress?: string;
  onLog?: (line: string) => void;
}

/**
 * Starts what is not given, on free ports, with data in a temporary folder (Postgres without fsync, Temporal in memory).
 * Both end and the folder goes when this process ends, also when it is killed.
 */
export async function startTestStack(options: TestStackOptions = {}): Promise<TestStack> {
  const onLog = options.onLog ?? (() => undefined);
  const folder = mkdtempSync(join(tmpdir(), 'aftercare-test-'));
  chmodSync(folder, 0o711);
  const guard = new Guard(folder);
  const onSpawn = (groupId: number): void => guard.add(groupId);
  const [postgres, temporal] = await Promise.allSettled([
    options.databaseUrl === undefined ? anyFreePort().then((port) => startPostgres({ dataFolder: folder, port, onLog, fast: true, onSpawn })) : null,
    options.temporalAddress === undefined ? findTemporalBinary(onLog).then(async ({ path }) => startTemporalServer({ dataFolder: folder, binary: path, port: await anyFreePort(), onLog, fast: true, onSpawn })) : null,
  ]);
  const running = [postgres, temporal].flatMap((outcome) => (outcome.status === 'fulfilled' && outcome.value !== null ? [outcome.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((server) => server.stop()));
    guard.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const failed = [postgres, temporal].find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return {
    databaseUrl: options.databaseUrl ?? (postgres.status === 'fulfilled' ? postgres.value?.url ?? '' : ''),
    temporalAddress: options.temporalAddress ?? (temporal.status === 'fulfilled' ? temporal.value?.address ?? '' : ''),
    namespace: 'default',
    stop,
  };
}
