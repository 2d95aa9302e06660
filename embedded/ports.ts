/** Free ports on the loopback address. */
import { createServer } from 'node:net';

const tryPort = (port: number): Promise<number | null> =>
  new Promise((done) => {
    const server = createServer();
    server.unref();
    server.once('error', () => done(null));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : null));
    });
  });

export const isPortFree = async (port: number): Promise<boolean> => (await tryPort(port)) !== null;

/** Any free port, chosen by the system. Somebody else may take it before it is used: callers try again. */
export async function anyFreePort(): Promise<number> {
  const port = await tryPort(0);
  if (port === null) throw new Error('no free port on 127.0.0.1');
  return port;
}

/** `wanted` when it is free, else the next free one above it (at most 200 further), else any. */
export async function freePortFrom(wanted: number, taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let port = wanted; port < Math.min(wanted + 200, 65_536); port++) {
    if (!taken.has(port) && (await isPortFree(port))) return port;
  }
  return anyFreePort();
}
