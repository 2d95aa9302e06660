/** Node, disk, ports. */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isPortFree } from '../../embedded/ports.js';
import type { StackFile } from '../../embedded/stack-file.js';
import { fail, ok, warn, type Check } from './check.js';

const OLDEST_NODE = [20, 19] as const;

/** @param version as process.versions.node has it, e.g. '20.19.4' */
export function checkNode(version: string = process.versions.node): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return ok('node', `Node ${version}`);
  return fail('node', `Node ${version} is too old`, `install Node ${OLDEST_NODE.join('.')} or newer (https://nodejs.org)`);
}

const FEW_BYTES = 5e9;
const TOO_FEW_BYTES = 5e8;
const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

/** Room for data below `folder`, which need not exist yet. */
export async function checkDisk(folder: string): Promise<Check> {
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  const free = bavail * bsize;
  const remedy = `make room on the disk of ${existing}, or choose another folder with --data or AFTERCARE_DATA (a million rows of 12 columns take about 0.3 GB)`;
  if (free < TOO_FEW_BYTES) return fail('disk', `${gigabytes(free)} free below ${folder}`, remedy);
  if (free < FEW_BYTES) return warn('disk', `${gigabytes(free)} free below ${folder}`, remedy);
  return ok('disk', `${gigabytes(free)} free below ${folder}`);
}

/** The ports that the next `up` would like to have. Those of a running stack are taken, and rightly so. */
export async function checkPorts(wanted: Record<string, number>, running: StackFile | null): Promise<Check> {
  if (running !== null) return ok('ports', `in use by the stack that runs (process ${running.pid})`);
  const taken: string[] = [];
  for (const [name, port] of Object.entries(wanted)) if (!(await isPortFree(port))) taken.push(`${port} (${name})`);
  if (taken.length === 0) return ok('ports', `${Object.entries(wanted).map(([name, port]) => `${port} (${name})`).join(', ')} are free`);
  return warn('ports', `${taken.join(', ')} taken by another program`, 'nothing need be done: `up` takes the next free ones; or choose with --postgres-port, --temporal-port, --ui-port');
}
