/** A version of a model: which one answers (champion), which ones answer beside it unseen (challengers), which ones did. */
import { InvalidInput } from './errors.js';
import type { ModelSchema } from './schema.js';

export type VersionRole = 'champion' | 'challenger' | 'archived';

/** What a version is made of, as its makers say it; a change of it is a mark on the timeline. */
export interface Provenance {
  runtime?: string;
  /** name → version */
  libraries?: Record<string, string>;
  commit?: string;
  /** Number of the retraining that made it. */
  retraining?: number;
  note?: string;
}

export interface ModelVersion {
  model: string;
  number: number;
  role: VersionRole;
  schema: ModelSchema;
  referenceRows: number;
  provenance: Provenance;
  tags: string[];
  createdAt: string;
  createdBy: string;
}

/** A version was put in charge, and rows of the version whose timeline this is came after it: a mark on that timeline. */
export interface VersionChange {
  /** The version that was put in charge, and the one in whose place. */
  version: number;
  replaced: number;
  how: 'promotion' | 'rollback';
  /** ISO 8601 UTC */
  at: string;
  /** Key of the analysis chunk in which the first rows since then lie. */
  chunk: string;
  /** What the version is made of, in one line; '' when nothing is said. */
  madeOf: string;
}

/** For people, in one line; '' when nothing is said. */
export function describeProvenance({ commit, runtime, libraries, retraining, note }: Provenance): string {
  return [
    retraining === undefined ? '' : `retraining ${retraining}`, commit === undefined ? '' : `commit ${commit}`, runtime ?? '',
    ...Object.entries(libraries ?? {}).map(([name, version]) => `${name} ${version}`), note ?? '',
  ].filter((part) => part !== '').join(', ');
}

const TEXT_MAX = 500;
const LIBRARIES_MAX = 500;

/** As it will be kept: only what is known here. @throws InvalidInput naming what is wrong */
export function checkProvenance(given: Omit<Provenance, 'retraining'> | undefined): Provenance {
  if (given === undefined) return {};
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new InvalidInput('provenance is an object with runtime, libraries, commit and note');
  const { runtime, libraries, commit, note } = given;
  for (const [name, text] of Object.entries({ runtime, commit, note })) {
    if (text !== undefined && (typeof text !== 'string' || text.length > TEXT_MAX)) throw new InvalidInput(`provenance: ${name} is a text of ${TEXT_MAX} characters at most`);
  }
  if (libraries !== undefined) {
    const all = typeof libraries === 'object' && libraries !== null ? Object.entries(libraries) : null;
    if (all === null || all.length > LIBRARIES_MAX || all.some(([name, version]) => typeof version !== 'string' || name.length + version.length > TEXT_MAX)) throw new InvalidInput(`provenance: libraries are versions by name, ${LIBRARIES_MAX} at most`);
  }
  return { ...(runtime === undefined ? {} : { runtime }), ...(libraries === undefined ? {} : { libraries }), ...(commit === undefined ? {} : { commit }), ...(note === undefined ? {} : { note }) };
}
