/**
 * Temporal's Java test server, which lets months pass in a moment while nobody works. It is Java, so it is used where Java and Maven are and left out
 * elsewhere: then the same story is told with short durations. The libraries (38 MB) are fetched once into the cache folder.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Worker } from '@temporalio/worker';
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const VERSION = '1.38.0';
const run = promisify(execFile);

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>aftercare</groupId><artifactId>test-server</artifactId><version>1</version>
  <dependencies><dependency><groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId><version>${VERSION}</version></dependency></dependencies>
</project>
`;

const LAUNCHER = `#!/bin/sh
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto -Xmx512m -cp "$(dirname "$0")/lib/*" io.temporal.testserver.TestServer "$@"
`;

/** @returns why there is none, in a sentence's end, or the environment */
export async function openTimeSkipping(): Promise<TestWorkflowEnvironment | string> {
  try {
    await Promise.all([run('java', ['-version']), run('mvn', ['-v'])]);
  } catch {
    return 'Java or Maven is not here';
  }
  try {
    const path = await launcher();
    return await TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } });
  } catch (error) {
    return `the test server could not be had (${(error as Error).message.split('\n')[0]})`;
  }
}

/**
 * Lets time pass. The test server forgets to unlock it when a child completes after its parent has: time that does not pass while nobody works is time that it holds
 * on to, and is let go, as often as it takes. Let go while somebody works, it would run out under what is being done.
 */
export async function passTime(environment: TestWorkflowEnvironment, ms: number, workers: readonly Worker[]): Promise<void> {
  const busy = (): boolean => workers.some((worker) => {
    const { numInFlightActivities, numInFlightWorkflowActivations } = worker.getStatus();
    return numInFlightActivities + numInFlightWorkflowActivations > 0;
  });
  let over = false;
  const slept = environment.sleep(ms).finally(() => { over = true; });
  for (let idleMs = 0; !over; idleMs = busy() ? 0 : idleMs + 100) {
    await Promise.race([slept, delay(100)]);
    if (!over && idleMs >= 3_000 && idleMs % 1_000 === 0) await environment.connection.testService!.unlockTimeSkipping({});
  }
  await slept;
}

async function launcher(): Promise<string> {
  const cache = process.env.AFTERCARE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'aftercare');
  const folder = join(cache, `temporal-test-server-${VERSION}`);
  const path = join(folder, 'test-server');
  if (existsSync(path)) return path;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, 'fetching-'));
  try {
    writeFileSync(join(fresh, 'pom.xml'), POM);
    await run('mvn', ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib'], { cwd: fresh, timeout: 150_000 });
    writeFileSync(join(fresh, 'test-server'), LAUNCHER);
    chmodSync(join(fresh, 'test-server'), 0o755);
    if (!existsSync(path)) renameSync(fresh, folder);
  } catch (error) {
    if (!existsSync(path)) throw error;   // another run was quicker
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return path;
}
