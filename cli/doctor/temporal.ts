/** The Temporal server that commands would use, or the binary with which `up` would start one. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { SEARCH_ATTRIBUTES } from '../../domain/names.js';
import { resolveTarget } from '../../domain/temporal-target.js';
import { findInstalledTemporal, isNewEnough } from '../../embedded/temporal-binary.js';
import { fail, guarded, ok, warn, type Check } from './check.js';

/** Of temporal.api.enums.v1.IndexedValueType. */
const KEYWORD = 2;
const PATIENCE_MS = 5_000;

/** @param mend register missing search attributes @param own the server is an operator's own, who can choose how long it keeps what has ended */
export function checkTemporal(address: string, namespace: string, mend: boolean, own = false): Promise<Check[]> {
  return guarded('temporal', `see that Temporal runs at ${address} and that namespace '${namespace}', TLS and API key are right; or start one with 'aftercare up'`, async () => {
    const { connectionOptions } = resolveTarget({ address, namespace }, loadClientConnectConfig());
    const connection = await Connection.connect({ ...connectionOptions, connectTimeout: PATIENCE_MS });
    try {
      return await connection.withDeadline(Date.now() + PATIENCE_MS, async () => {
        const { serverVersion } = await connection.workflowService.getSystemInfo({});
        const checks: Check[] = [
          isNewEnough(serverVersion) ? ok('temporal', `server ${serverVersion} at ${address}`) : warn('temporal', `server ${serverVersion} at ${address} is older than what this is tested with`, 'upgrade the server to 1.28 or newer'),
        ];
        let retentionMs: number;
        try {
          const { config } = await connection.workflowService.describeNamespace({ namespace });
          retentionMs = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1_000;
        } catch {
          return [...checks, fail('namespace', `there is no namespace '${namespace}'`, `make it (temporal operator namespace create ${namespace}), or name another with --namespace or TEMPORAL_NAMESPACE`)];
        }
        return [...checks, own ? namespaceCheck(namespace, retentionMs) : ok('namespace', `'${namespace}' is there`), await checkSearchAttributes(connection, namespace, mend)];
      });
    } finally {
      await connection.close();
    }
  });
}

const DAY_MS = 86_400_000;
const SHORT_MS = 3 * DAY_MS;

/** What has ended is forgotten after the namespace's retention; what runs is not. */
function namespaceCheck(namespace: string, retentionMs: number): Check {
  const days = `${Math.round((retentionMs / DAY_MS) * 10) / 10} day(s)`;
  if (retentionMs === 0 || retentionMs >= SHORT_MS) return ok('namespace', `'${namespace}' is there${retentionMs === 0 ? '' : `, ended workflows are kept for ${days}`}`);
  return warn('namespace', `'${namespace}' is there, and keeps ended workflows for ${days} only: their histories are gone when somebody asks after a weekend (results, decisions and the audit stay in PostgreSQL)`, `temporal operator namespace update --namespace ${namespace} --retention 168h`);
}

async function checkSearchAttributes(connection: Connection, namespace: string, mend: boolean): Promise<Check> {
  const wanted = Object.values(SEARCH_ATTRIBUTES);
  const missingNow = async (): Promise<string[]> => {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return wanted.filter((name) => customAttributes?.[name] !== KEYWORD);
  };
  const missing = await missingNow();
  if (missing.length === 0) return ok('search attributes', `${wanted.join(' and ')} are registered`);
  const remedy = `\`aftercare doctor --mend\`, or: ${missing.map((name) => `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type Keyword`).join(' && ')}`;
  if (!mend) return fail('search attributes', `${missing.join(' and ')} not registered as Keyword in namespace '${namespace}'`, remedy);
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])) });
  return ok('search attributes', `mended: registered ${missing.join(' and ')} (a cluster may need a minute to notice)`);
}

const isOnPath = (name: string): boolean =>
  [...(process.env.PATH ?? '').split(delimiter), '/usr/local/go/bin'].some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });

/** No address known: would `up` be able to start one? Nothing is downloaded or built for the answer. */
export async function checkEmbeddedTemporal(): Promise<Check[]> {
  const found = await findInstalledTemporal();
  if ('binary' in found) return [ok('temporal', `not running; 'aftercare up' would start server ${found.binary.serverVersion} from ${found.binary.path}`)];
  const install = 'install the `temporal` command line (https://docs.temporal.io/cli), or Go 1.24 or newer (https://go.dev/dl), or give --temporal-address';
  if (isOnPath('go')) return [warn('temporal', `no server here yet (${found.refusal}); 'aftercare up' would download it, or build it with Go in about 4 minutes`, `to save that time, ${install}`)];
  return [warn('temporal', `no server here yet (${found.refusal}), and no Go to build one; 'aftercare up' would have to download it`, install)];
}
