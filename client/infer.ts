/** What a model's columns are, told from its data; everything that a person says wins over what the data suggest. */
import { InvalidInput } from '../domain/errors.js';
import { checkSchema, quoted, type ColumnKind, type ColumnRole, type ModelSchema, type ProblemType, type SchemaColumn } from '../domain/schema.js';
import { findRoles, mayBeIdentifier, type Roles } from './infer-roles.js';
import { openSource, type SourceFormat, type SourceInput } from './sources/index.js';
import { MAX_CATEGORIES, profileColumns, type ColumnProfile } from './sources/profile.js';

/** What a person says about the schema. Names are those of columns in the data. */
export interface SchemaOverrides {
  problemType?: ProblemType;
  target?: string;
  prediction?: string;
  /** One column, or for several classes class → column. */
  predictedProbability?: string | Record<string, string>;
  timestamp?: string;
  identifier?: string;
  segments?: string[];
  ignore?: string[];
  /** Given: these alone are features, what has no other role is ignored. */
  features?: string[];
  kinds?: Record<string, 'continuous' | 'categorical'>;
}

export interface InferOptions {
  format?: SourceFormat;
  /** Rows that are looked at, per input; the first million unless said otherwise. */
  maxRows?: number;
}

export interface InferredSchema {
  schema: ModelSchema;
  /** What was decided and why, and what could not be told; one sentence each. */
  notes: string[];
  /** Rows that were looked at. */
  rowCount: number;
  /** Different values of each categorical column among them. */
  distinct: ReadonlyMap<string, number>;
}

const MAX_ROWS = 1_000_000;
/** Fewer different whole numbers than this may be codes of categories. */
const FEW_VALUES = 10;
/** A column of numbers may hold so large a share of texts and is one still; their rows are quarantined. */
const TEXT_SHARE_OF_NUMBERS = 0.01;
/** In so many rows a text that never repeats is no category. */
const ROWS_TO_REPEAT = 100;

/**
 * Infers the schema from one input or several (reference, targets …), whose columns are put together. A file is opened and closed here; a stream is read to its end
 * and cannot be read again.
 *
 * @throws InvalidInput when an input cannot be read, holds no row, an override names a column that is not there or contradicts the data, or the problem type cannot be told
 */
export async function inferSchema(inputs: SourceInput | SourceInput[], overrides: SchemaOverrides = {}, options: InferOptions = {}): Promise<InferredSchema> {
  const notes: string[] = [];
  const profiles = new Map<string, ColumnProfile>();
  const labels: string[] = [];
  let rowCount = 0;
  for (const input of listOfInputs(inputs)) {
    const source = await openSource(input, options.format ? { format: options.format } : {});
    try {
      labels.push(source.label);
      for (const [name, why] of source.unreadable ?? []) notes.push(`${quoted(name)} is ${why}: ignored`);
      const unique = new Set(source.columnNames.filter((name) => mayBeIdentifier(name) || name === overrides.identifier));
      const found = await profileColumns(source, unique, options.maxRows ?? MAX_ROWS);
      const rows = found.reduce((most, profile) => Math.max(most, profile.rows), 0);
      if (rows === 0) throw new InvalidInput(`${source.label} holds no rows: a schema is inferred from data, at least a few hundred rows are needed`);
      rowCount += rows;
      for (const profile of found) profiles.set(profile.name, merged(profiles.get(profile.name), profile));
    } finally {
      await source.close();
    }
  }
  checkNames(overrides, [...profiles.keys()], labels.join(', '));
  const roles = findRoles([...profiles.values()], overrides, notes);
  const schema = { problemType: roles.problemType, columns: [...profiles.values()].map((profile) => columnOf(profile, roles, overrides, notes)) };
  const distinct = new Map(schema.columns.filter(({ kind }) => kind === 'categorical').map(({ name }) => [name, profiles.get(name)!.distinct.size]));
  return { schema: checkSchema(schema), notes, rowCount, distinct };
}

/** An array is rows when it holds objects, else a list of inputs. */
function listOfInputs(inputs: SourceInput | SourceInput[]): SourceInput[] {
  if (!Array.isArray(inputs)) return [inputs];
  const items: readonly unknown[] = inputs;
  const areInputs = items.every((item) => typeof item === 'string' || (typeof item === 'object' && item !== null && (Symbol.iterator in item || Symbol.asyncIterator in item)));
  return areInputs && items.length > 0 ? inputs : [inputs as Iterable<Record<string, unknown>>];
}

function merged(before: ColumnProfile | undefined, next: ColumnProfile): ColumnProfile {
  if (!before) return next;
  return {
    name: next.name,
    rows: before.rows + next.rows,
    missing: before.missing + next.missing,
    numbers: before.numbers + next.numbers,
    wholeNumbers: before.wholeNumbers + next.wholeNumbers,
    bools: before.bools + next.bools,
    timestamps: before.timestamps + next.timestamps,
    min: Math.min(before.min, next.min),
    max: Math.max(before.max, next.max),
    zeroOrOne: before.zeroOrOne + next.zeroOrOne,
    outsideUnit: before.outsideUnit + next.outsideUnit,
    distinct: new Set([...before.distinct, ...next.distinct]),
    repeated: before.repeated ?? next.repeated,
    text: before.text ?? next.text,
  };
}

/** Every name that an override gives must be a column, and have one role only. */
function checkNames(overrides: SchemaOverrides, names: readonly string[], label: string): void {
  const given: [string, string][] = [];
  for (const role of ['target', 'prediction', 'timestamp', 'identifier'] as const) if (overrides[role] !== undefined) given.push([role, overrides[role]]);
  const probability = overrides.predictedProbability;
  if (typeof probability === 'string') given.push(['predicted probability', probability]);
  else if (probability) for (const column of Object.values(probability)) given.push(['predicted probability', column]);
  for (const [what, list] of [['segment', overrides.segments], ['ignored', overrides.ignore], ['feature', overrides.features]] as const) {
    for (const name of list ?? []) given.push([what, name]);
  }
  const roleOf = new Map<string, string>();
  for (const [role, name] of given) {
    if (!names.includes(name)) throw new InvalidInput(noSuchColumn(name, role, names, label));
    const other = roleOf.get(name);
    if (other !== undefined && other !== role) throw new InvalidInput(`column ${quoted(name)} is given as ${other} and as ${role}: one of them`);
    roleOf.set(name, role);
  }
  for (const name of Object.keys(overrides.kinds ?? {})) if (!names.includes(name)) throw new InvalidInput(noSuchColumn(name, 'kind', names, label));
}

function noSuchColumn(name: string, role: string, names: readonly string[], label: string): string {
  const near = nearNames(name, names);
  const hint = near.length > 0 ? `did you mean ${near.map(quoted).join(' or ')}?` : `it has ${names.slice(0, 12).map(quoted).join(', ')}${names.length > 12 ? ` and ${names.length - 12} more` : ''}`;
  return `${label} has no column ${quoted(name)} (given as ${role}): ${hint}`;
}

/** Up to three names that differ by case, by a few letters, or contain one another; the nearest first. */
export function nearNames(name: string, names: readonly string[]): string[] {
  const plain = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
  const wanted = plain(name);
  const allowed = Math.max(1, Math.floor(wanted.length / 3));
  return names
    .map((other) => {
      const text = plain(other);
      const contained = wanted.length >= 3 && text.length >= 3 && (text.includes(wanted) || wanted.includes(text));
      return { other, distance: Math.min(editDistance(wanted, text), contained ? allowed : Infinity) };
    })
    .filter(({ distance }) => distance <= allowed)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ other }) => other);
}

/** Levenshtein's distance: insertions, deletions and replacements of single characters. Cost O(length × length). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

const ROLE_KINDS: Partial<Record<ColumnRole, ColumnKind>> = { identifier: 'text', timestamp: 'timestamp', predicted_probability: 'continuous', segment: 'categorical' };

function columnOf(profile: ColumnProfile, roles: Roles, overrides: SchemaOverrides, notes: string[]): SchemaColumn {
  const { name } = profile;
  const found = roles.columns.get(name);
  const forced = overrides.kinds && Object.hasOwn(overrides.kinds, name) ? overrides.kinds[name] : undefined;
  if (found) {
    const outcome = roles.problemType === 'classification_multiclass' ? 'categorical' : 'continuous';
    const kind = ROLE_KINDS[found.role] ?? (found.role === 'ignored' ? kindOf(profile) : outcome);
    return { name, role: found.role, kind, ...(found.class === undefined ? {} : { class: found.class }) };
  }
  if (overrides.ignore?.includes(name)) return { name, role: 'ignored', kind: kindOf(profile) };
  const wanted = overrides.features?.includes(name) ?? false;
  if (overrides.features && !wanted) return { name, role: 'ignored', kind: kindOf(profile) };
  const kind = forced ?? kindOf(profile);
  const why = wanted || forced !== undefined ? null : reasonToIgnore(profile, kind);
  if (why !== null) {
    notes.push(`${quoted(name)} ${why}: ignored; name it as a feature to keep it`);
    return { name, role: 'ignored', kind };
  }
  noteFeature(profile, kind, forced !== undefined, notes);
  return { name, role: 'feature', kind };
}

/** Truth values and texts are categories, numbers are continuous, also whole ones of few values: as NannyML types them. */
function kindOf(profile: ColumnProfile): 'continuous' | 'categorical' {
  const present = profile.rows - profile.missing;
  return profile.numbers > 0 && profile.numbers >= present * (1 - TEXT_SHARE_OF_NUMBERS) ? 'continuous' : 'categorical';
}

function reasonToIgnore(profile: ColumnProfile, kind: ColumnKind): string | null {
  const present = profile.rows - profile.missing;
  if (present === 0) return `is missing in all of ${profile.rows} rows`;
  if (kind === 'continuous') return /^Unnamed: \d+$/.test(profile.name) ? 'has no name (the index of a table, it seems)' : null;
  if (profile.timestamps === present) return 'holds times, which no calculator takes as a feature';
  if (profile.distinct.size === 1 && profile.bools === 0) return `is always ${quoted([...profile.distinct][0]!)}`;
  if (profile.distinct.size > MAX_CATEGORIES) return `has more than ${MAX_CATEGORIES.toLocaleString('en')} different texts: it looks like an identifier`;
  if (profile.distinct.size === present && present >= ROWS_TO_REPEAT) return `has a different text in each of ${present} rows: it looks like an identifier`;
  return null;
}

function noteFeature(profile: ColumnProfile, kind: ColumnKind, forced: boolean, notes: string[]): void {
  const { name, distinct } = profile;
  const present = profile.rows - profile.missing;
  const texts = present - profile.numbers - profile.bools;
  if (kind === 'continuous') {
    if (texts > 0 && profile.numbers + profile.bools === 0) throw new InvalidInput(`column ${quoted(name)} is said to be continuous and holds no number in ${profile.rows} rows (it begins ${quoted(profile.text?.value ?? '')}): make it categorical`);
    if (texts > 0) notes.push(`${quoted(name)} holds numbers and ${texts} text${texts === 1 ? '' : 's'} (row ${profile.text?.row ?? 0}: ${quoted(profile.text?.value ?? '')}): taken as continuous, rows with a text there are quarantined`);
    else if (distinct.size === 1) notes.push(`${quoted(name)} is always ${[...distinct][0]!}: drift in it shows only when it changes`);
    else if (!forced && profile.wholeNumbers === present && distinct.size <= FEW_VALUES) notes.push(`${quoted(name)} has only ${distinct.size} different whole numbers: taken as continuous, as NannyML does; if they are codes, say so (kinds: categorical)`);
  } else if (distinct.size === 1) {
    notes.push(`${quoted(name)} is always ${quoted([...distinct][0]!)}: drift in it shows only when it changes`);
  }
}
