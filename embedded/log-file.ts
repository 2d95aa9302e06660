/** Logs of our processes: they write to the file themselves, so that our own death costs them nothing. */
import { chmodSync, existsSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const LIMIT_BYTES = 10_000_000;

/** Opens for appending; a long log is put aside first (one generation is kept). The caller closes the descriptor. */
export function openLog(folder: string, name: string): { path: string; descriptor: number } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, name);
  if (existsSync(path) && statSync(path).size > LIMIT_BYTES) {
    rmSync(`${path}.1`, { force: true });
    renameSync(path, `${path}.1`);
  }
  const descriptor = openSync(path, 'a', 0o600);
  chmodSync(path, 0o600);
  return { path, descriptor };
}
