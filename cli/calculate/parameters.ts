/** Reads a calculator's parameters, as NannyML's constructors take them. Everything wrong is refused with the parameter's name. */
import { InvalidInput } from '../../domain/errors.js';
import type { ThresholdRule } from '../../domain/threshold.js';
import { checkRule, periodsOf, type ChunkRule, type Incomplete } from '../../engine/index.js';

/** A JSON object, of which each field must be asked for by name. */
export class Parameters {
  constructor(private readonly fields: Record<string, unknown>, private readonly where: string, known: readonly string[]) {
    for (const [name, value] of Object.entries(fields)) {
      if (!known.includes(name) && value !== null) throw new InvalidInput(`${where} has no parameter '${name}'; it has ${known.join(', ')}`);
    }
  }

  has(name: string): boolean {
    return this.fields[name] !== null && this.fields[name] !== undefined;
  }

  raw(name: string): unknown {
    return this.fields[name] ?? null;
  }

  text(name: string): string {
    const value = this.fields[name];
    if (typeof value !== 'string') throw this.wrong(name, 'a text');
    return value;
  }

  textOrNull(name: string): string | null {
    return this.has(name) ? this.text(name) : null;
  }

  /** One text, or a list of texts. */
  texts(name: string): string[] {
    const value = this.fields[name];
    const list = Array.isArray(value) ? (value as unknown[]) : [value];
    if (!list.every((one) => typeof one === 'string')) throw this.wrong(name, 'a text or a list of texts');
    return list;
  }

  /** Absent or empty: the default. */
  textsOr(name: string, absent: string[]): string[] {
    const list = this.has(name) && this.fields[name] !== '' ? this.texts(name) : [];
    return list.length > 0 ? list : absent;
  }

  flag(name: string, absent: boolean): boolean {
    if (!this.has(name)) return absent;
    const value = this.fields[name];
    if (typeof value !== 'boolean') throw this.wrong(name, 'true or false');
    return value;
  }

  oneOf<const T extends string>(name: string, values: readonly T[]): T {
    const found = values.find((one) => one === this.fields[name]);
    if (found === undefined) throw this.wrong(name, `one of ${values.join(', ')}`);
    return found;
  }

  oneOfOrNull<const T extends string>(name: string, values: readonly T[]): T | null {
    return this.has(name) ? this.oneOf(name, values) : null;
  }

  wholeNumber(name: string): number {
    const value = this.fields[name];
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value <= 0) throw this.wrong(name, 'a whole number above 0');
    return value;
  }

  wrong(name: string, expected: string): InvalidInput {
    return new InvalidInput(`${this.where}: '${name}' must be ${expected}, it is ${short(this.fields[name])}`);
  }
}

function short(value: unknown): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** @throws InvalidInput when the value is no JSON object */
export function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new InvalidInput(`${what} must be an object, it is ${short(value)}`);
  return value as Record<string, unknown>;
}

/** Parameters that every calculator has. */
export const CHUNK_PARAMETERS = ['timestamp_column_name', 'chunk_size', 'chunk_number', 'chunk_period', 'chunker'];

/** How rows are ordered and split. */
export interface Chunking {
  rule: ChunkRule;
  /** Rows are sorted by this column; null: they stay as they are, and chunks have no dates. */
  timestamp: string | null;
}

/** The first of chunker, size, number, period that is given counts; 0 and '' are not given. */
export function chunkingOf(parameters: Parameters): Chunking {
  const timestamp = parameters.textOrNull('timestamp_column_name');
  const given = (name: string) => parameters.has(name) && parameters.raw(name) !== 0 && parameters.raw(name) !== '';
  if (parameters.has('chunker')) return chunkerOf(objectOf(parameters.raw('chunker'), "'chunker'"));
  if (given('chunk_size')) return { rule: { kind: 'size', size: parameters.wholeNumber('chunk_size') }, timestamp };
  if (given('chunk_number')) return { rule: { kind: 'count', count: parameters.wholeNumber('chunk_number') }, timestamp };
  if (given('chunk_period')) return periodChunking(parameters.text('chunk_period'), timestamp);
  return { rule: { kind: 'default' }, timestamp };
}

function periodChunking(period: string, timestamp: string | null): Chunking {
  if (timestamp === null) throw new InvalidInput(`'chunk_period' '${period}' needs 'timestamp_column_name', the name of the column of timestamps: give it, or chunk by 'chunk_size' or 'chunk_number'`);
  periodsOf(period);
  return { rule: { kind: 'period', period }, timestamp };
}

const INCOMPLETE: readonly Incomplete[] = ['keep', 'append', 'drop'];

function chunkerOf(fields: Record<string, unknown>): Chunking {
  const parameters = new Parameters(fields, 'chunker', ['type', 'chunk_size', 'chunk_number', 'incomplete', 'offset', 'timestamp_column_name']);
  const timestamp = parameters.textOrNull('timestamp_column_name');
  const incomplete = parameters.oneOfOrNull('incomplete', INCOMPLETE) ?? 'keep';
  switch (parameters.oneOf('type', ['size', 'count', 'period', 'default'])) {
    case 'size': return { rule: { kind: 'size', size: parameters.wholeNumber('chunk_size'), incomplete }, timestamp };
    case 'count': return { rule: { kind: 'count', count: parameters.wholeNumber('chunk_number'), incomplete }, timestamp };
    case 'period': return periodChunking(parameters.textOrNull('offset') ?? 'W', timestamp);
    case 'default': return { rule: { kind: 'default' }, timestamp };
  }
}

/** `{"type": "constant", lower, upper}` or `{"type": "standard_deviation", std_lower_multiplier, std_upper_multiplier, offset_from}`. */
export function thresholdOf(value: unknown, where: string): ThresholdRule {
  const fields = objectOf(value, where);
  const parameters = new Parameters(fields, where, fields['type'] === 'constant' ? ['type', 'lower', 'upper'] : ['type', 'std_lower_multiplier', 'std_upper_multiplier', 'offset_from']);
  const number = (name: string, absent: number | null) => {
    if (!(name in fields)) return absent;
    const given = fields[name];
    if (given !== null && typeof given !== 'number') throw parameters.wrong(name, 'a number or null');
    return given;
  };
  switch (parameters.oneOf('type', ['constant', 'standard_deviation'])) {
    case 'constant': return checked({ type: 'constant', lower: number('lower', null), upper: number('upper', null) }, where);
    case 'standard_deviation': return checked({
      type: 'standard_deviation',
      lowerMultiplier: number('std_lower_multiplier', 3),
      upperMultiplier: number('std_upper_multiplier', 3),
      offsetFrom: parameters.oneOfOrNull('offset_from', ['mean', 'median', 'min', 'max']) ?? 'mean',
    }, where);
  }
}

function checked(rule: ThresholdRule, where: string): ThresholdRule {
  try {
    return checkRule(rule);
  } catch (error) {
    if (error instanceof InvalidInput) throw new InvalidInput(`${where}: ${error.message}; correct it, or give null for no bound on that side`);
    throw error;
  }
}

/** The parameter `threshold`; undefined: the calculator's default. */
export function thresholdOfParameters(parameters: Parameters): ThresholdRule | undefined {
  return parameters.has('threshold') ? thresholdOf(parameters.raw('threshold'), "'threshold'") : undefined;
}

/** `thresholds` by metric or method. */
export function thresholdsOfParameters(parameters: Parameters): Record<string, ThresholdRule> | undefined {
  if (!parameters.has('thresholds')) return undefined;
  const given = objectOf(parameters.raw('thresholds'), "'thresholds'");
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, thresholdOf(value, `threshold of '${name}'`)]));
}

/**
 * Parameters of the boosting, under LightGBM's names; undefined: its defaults.
 * @throws InvalidInput where NannyML would search for them: how far it comes depends on the clock, so that its figures cannot be had again
 */
export function hyperparametersOf(parameters: Parameters): Record<string, unknown> | undefined {
  if (parameters.flag('tune_hyperparameters', false)) {
    throw parameters.wrong('tune_hyperparameters', "false or absent: a search that ends by the clock gives other figures each time; search once yourself and give what was found as 'hyperparameters'");
  }
  return parameters.has('hyperparameters') ? objectOf(parameters.raw('hyperparameters'), "'hyperparameters'") : undefined;
}
