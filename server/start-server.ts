/** The server with connections of its own: what `aftercare serve` runs. */
import { Aftercare } from '../client/index.js';
import { InvalidInput } from '../domain/errors.js';
import { openPool } from '../store/pool.js';
import { createServer, type ServerLog } from './create-server.js';
import { temporalProbe } from './temporal-probe.js';

export interface StartServerOptions {
  databaseUrl: string;
  temporal: { address: string; namespace: string };
  host: string;
  port: number;
  /** Absent: links are not made by us, and what asks for us is taken at its word. */
  publicUrl?: string | undefined;
  trustProxy?: boolean | undefined;
  /** Bytes. */
  referenceLimit?: number | undefined;
  log?: ServerLog;
}

export interface RunningServer {
  /** e.g. http://127.0.0.1:8088 */
  url: string;
  /** Lets requests that are under way end. */
  close(): Promise<void>;
}

/** @throws InvalidInput when the port is taken or the public address is none */
export async function startServer({ databaseUrl, temporal, host, port, publicUrl, trustProxy, referenceLimit, log }: StartServerOptions): Promise<RunningServer> {
  if (publicUrl !== undefined) checkPublicUrl(publicUrl);
  const client = await Aftercare.connect({ databaseUrl, temporal, by: 'aftercare serve' });
  const pool = openPool(databaseUrl, { max: 8, applicationName: 'aftercare serve' });
  const probe = temporalProbe(temporal);
  const release = async (): Promise<void> => {
    await probe.close();
    await client.close();
    await pool.end();
  };
  try {
    const app = await createServer({
      pool, client, publicUrl: publicUrl ?? null, askTemporal: probe.ask,
      ...(log === undefined ? {} : { log }), ...(trustProxy === undefined ? {} : { trustProxy }), ...(referenceLimit === undefined ? {} : { referenceLimit }),
    });
    const url = await app.listen({ host, port });
    return {
      url,
      async close() {
        await app.close();
        await release();
      },
    };
  } catch (error) {
    await release();
    const { code } = error as { code?: string };
    if (code === 'EADDRINUSE' || code === 'EADDRNOTAVAIL' || code === 'EACCES') throw new InvalidInput(`cannot listen on ${host}:${port} (${code}): choose another --host or --port`);
    throw error;
  }
}

/** @throws InvalidInput unless it is an http or https address without query */
export function checkPublicUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '' || url.username !== '') throw new InvalidInput(`'${text.slice(0, 200)}' is no public address: https://host[:port][/path], without query`);
}
