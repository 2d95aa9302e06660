/** Where configurations point: only to this machine's files. */
import { InvalidInput } from '../../domain/errors.js';
import { isAbsent, type Section } from './fields.js';
import { renderPath } from './templates.js';

/**
 * A path of this machine, its template filled in.
 * @throws InvalidInput for s3://, gs://, abfs://, http:// and the like, and for credentials
 */
export function localPath(template: string, now: Date): string {
  const path = renderPath(template, now);
  const scheme = /^([A-Za-z][A-Za-z\d+.-]*):\/\//.exec(path)?.[1]?.toLowerCase();
  if (scheme === undefined) return path;
  if (scheme === 'file') return decodeURIComponent(new URL(path).pathname);
  throw new InvalidInput(`path '${path}': ${scheme}:// cannot be read or written here; copy the file to this machine, or mount the storage as a folder`);
}

/** @throws InvalidInput naming what only matters where files lie elsewhere */
export function refuseRemoteArguments(section: Section): void {
  for (const name of ['credentials', 'fs_args']) {
    const value = section[name];
    if (isAbsent(value) || (typeof value === 'object' && Object.keys(value as object).length === 0)) continue;
    throw new InvalidInput(`'${name}' cannot be honoured: only files of this machine are read and written; copy the files, and leave '${name}' out`);
  }
}
