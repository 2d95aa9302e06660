/** The database that commands would use, or the binaries with which `up` would start one. */
import { existsSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { databaseHealth, prepareDatabase } from '../../client/health.js';
import { preparePostgresBinaries } from '../../embedded/postgres-binaries.js';
import { launchAs } from '../../embedded/postgres-cluster.js';
import { serverUser } from '../../embedded/server-user.js';
import { fail, guarded, ok, warn, type Check } from './check.js';

const OLDEST_MAJOR = 14;
const SKEW_WARN_MS = 2_000;
const SKEW_FAIL_MS = 60_000;

/** For people: host, port and database, never the password. */
export function withoutPassword(databaseUrl: string): string {
  try {
    const url = new URL(databaseUrl);
    return `${url.hostname}${url.port ? `:${url.port}` : ''}${url.pathname}`;
  } catch {
    return 'the address that was given';
  }
}

/** @param mend apply migrations that are due */
export function checkDatabase(databaseUrl: string, mend: boolean): Promise<Check[]> {
  const where = withoutPassword(databaseUrl);
  return guarded('postgres', `see that PostgreSQL runs at ${where} and that user, password and database are right; or start one with 'aftercare up'`, async () => {
    let health = await databaseHealth(databaseUrl);
    let mended: string[] = [];
    if (mend && health.major >= OLDEST_MAJOR && health.migrationsDue.length > 0) {
      mended = await prepareDatabase(databaseUrl);
      health = await databaseHealth(databaseUrl);
    }
    const checks: Check[] = [
      health.major >= OLDEST_MAJOR
        ? ok('postgres', `PostgreSQL ${health.version} at ${where}, ${health.roundTripMs} ms away`)
        : fail('postgres', `PostgreSQL ${health.version} at ${where} is too old`, `use PostgreSQL ${OLDEST_MAJOR} or newer`),
    ];
    checks.push(schemaCheck(health, mended));
    const skew = Math.round(health.clockSkewMs);
    const skewText = `the database's clock is ${Math.abs(skew)} ms ${skew < 0 ? 'behind' : 'ahead of'} this machine's`;
    const remedy = 'let both machines keep time by NTP (chrony, systemd-timesyncd): deadlines and the audit trail are written by either clock';
    const distance = Math.abs(skew) - health.roundTripMs / 2;
    checks.push(distance > SKEW_FAIL_MS ? fail('clock', skewText, remedy) : distance > SKEW_WARN_MS ? warn('clock', skewText, remedy) : ok('clock', skewText));
    return checks;
  });
}

function schemaCheck(health: Awaited<ReturnType<typeof databaseHealth>>, mended: string[]): Check {
  if (health.migrationsUnknown.length > 0) return fail('schema', `the database was opened by a newer aftercare (${health.migrationsUnknown.join(', ')})`, 'use that version or a newer one');
  if (mended.length > 0 && health.migrationsDue.length === 0) return ok('schema', `mended: applied ${mended.join(', ')}`);
  if (health.migrationsDue.length === 0) return ok('schema', 'the database has this version\'s schema');
  const remedy = health.mayCreate ? '`aftercare doctor --mend`, or simply start a worker' : 'grant this account CREATE on the database, or let one that has it run `aftercare doctor --mend` once';
  return (health.mayCreate ? warn : fail)('schema', `${health.migrationsDue.length} migration(s) are due: ${health.migrationsDue.join(', ')}`, remedy);
}

/** No address known: would `up` be able to start one? */
export function checkEmbeddedPostgres(dataFolder: string): Promise<Check[]> {
  return guarded('postgres', 'install again with `npm ci` (without --omit=optional), or give --database-url', async () => {
    const user = serverUser();
    const binaries = preparePostgresBinaries(user);
    const launch = launchAs(user, binaries, 'postgres', dataFolder);
    // Loads every library that the server needs, as the account that it would run as.
    const printed = execFileSync(launch.command, [...launch.prefix, '--version'], { encoding: 'utf8', env: launch.env, cwd: '/', timeout: 15_000, ...(launch.uid === undefined ? {} : { uid: launch.uid, gid: launch.gid }) }).trim();
    const versionFile = join(dataFolder, 'postgres', 'data', 'PG_VERSION');
    const written = existsSync(versionFile) ? readFileSync(versionFile, 'utf8').trim() : null;
    if (written !== null && written !== binaries.version.split('.')[0]) {
      return [fail('postgres', `the data in ${dataFolder} was written by PostgreSQL ${written}, and the embedded one is ${binaries.version}`, 'move it over with pg_dump of that version, or choose another folder with --data')];
    }
    return [ok('postgres', `not running; 'aftercare up' would start ${printed} (${user === null ? 'as you' : `as user ${user.name}`}) on ${written === null ? 'new data' : 'the data'} in ${dataFolder}`)];
  });
}
