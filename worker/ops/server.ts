/** Health and metrics of a worker, for this machine (or whoever the operator lets in): nothing here changes anything or tells a row. */
import { createServer, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { InvalidInput } from '../../domain/errors.js';
import { WorkerMetrics, type Inside } from './metrics.js';

/** Workers as they can be asked how they are. */
export interface Probed extends Inside {
  /** @throws when Temporal does not answer */
  askTemporal(): Promise<void>;
  /** What does not poll, in words; empty: all do. */
  notPolling(): string[];
}

export interface OpsAddress {
  host: string;
  /** 0: any free one. */
  port: number;
  /** Of this package, for the page. */
  version: string;
}

export interface OpsServer {
  url: string;
  metrics: WorkerMetrics;
  /** Where Temporal's SDK puts its own metrics, on a port of this machine that nobody else needs to know. */
  sdkPort: number;
  /** The workers that there are from now on; null: none. */
  watch(workers: Probed | null): void;
  close(): Promise<void>;
}

const PATIENCE_MS = 2_000;
const NANOSECONDS = 1e6;

/** @throws InvalidInput when the port is taken */
export async function startOpsServer({ host, port, version }: OpsAddress): Promise<OpsServer> {
  let workers: Probed | null = null;
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const metrics = new WorkerMetrics(() => workers, version);
  const sdkPort = await freePort();
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, { error: 'only GET' });
    if (path === '/healthz') {
      const lagMs = Math.round(delay.max / NANOSECONDS);
      delay.reset();
      return answer(response, 200, { ok: true, eventLoopLagMs: lagMs });
    }
    const late = path === '/readyz' ? readiness(workers).then((reasons) => answer(response, reasons.length === 0 ? 200 : 503, { ready: reasons.length === 0, reasons }))
      : path === '/metrics' ? page(metrics, workers, sdkPort).then((text) => { response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' }).end(text); })
        : null;
    if (late === null) return answer(response, 404, { error: 'there are /healthz, /readyz and /metrics' });
    late.catch(() => answer(response, 500, { error: 'failed' }));
  });
  await new Promise<void>((done, fail) => server.once('error', (error: NodeJS.ErrnoException) => fail(new InvalidInput(`cannot listen on ${host}:${port} for health and metrics (${error.code ?? error.message}): choose another --ops-port`))).listen(port, host, done));
  const { address, family, port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`, metrics, sdkPort,
    watch: (next) => { workers = next; },
    async close() {
      delay.disable();
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

function answer(response: ServerResponse, status: number, body: Record<string, unknown>): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(`${JSON.stringify(body)}\n`);
}

/** Why it is not ready; empty: it is. Servers' own words may hold addresses, so only who does not answer is told. */
async function readiness(workers: Probed | null): Promise<string[]> {
  if (!workers) return ['the workers wait for their servers, or are being made'];
  const asked = await Promise.all([within('PostgreSQL', workers.pool.query('select 1')), within('Temporal', workers.askTemporal())]);
  return [...asked.filter((reason) => reason !== null), ...workers.notPolling()];
}

async function within(name: string, asked: Promise<unknown>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((done) => { timer = setTimeout(() => done(`${name} did not answer within ${PATIENCE_MS / 1_000} s`), PATIENCE_MS); });
  try {
    return await Promise.race([asked.then(() => null, () => `${name} does not answer`), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Ours and Temporal's on one page. */
async function page(metrics: WorkerMetrics, workers: Probed | null, sdkPort: number): Promise<string> {
  const [ours, sdk] = await Promise.all([metrics.text(workers?.pool ?? null), sdkMetrics(sdkPort)]);
  return `${ours.trimEnd()}\n${sdk}`;
}

async function sdkMetrics(port: number): Promise<string> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return (await response.text()).replace(/^# EOF\n?/m, '');
  } catch {
    return '';   // no runtime yet, or it is being made anew
  }
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createTcpServer();
    probe.once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => done(port));
    });
  });
}
