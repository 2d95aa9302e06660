/** Sections of a configuration, field by field. */
import { InvalidInput } from '../../domain/errors.js';

export type Section = Record<string, unknown>;

/** @throws InvalidInput when it is no mapping */
export function sectionOf(value: unknown, what: string): Section {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new InvalidInput(`${what} must be a mapping of names to values, it is ${shown(value)}`);
  return value as Section;
}

/** Absent and null: an empty one. */
export function optionalSection(value: unknown, what: string): Section {
  return value === undefined || value === null ? {} : sectionOf(value, what);
}

export function textOf(section: Section, name: string): string {
  const value = section[name];
  if (typeof value !== 'string' || value === '') throw new InvalidInput(`'${name}' must be a text, it is ${shown(value)}`);
  return value;
}

export function optionalText(section: Section, name: string): string | null {
  return isAbsent(section[name]) ? null : textOf(section, name);
}

export function flagOf(section: Section, name: string, absent: boolean): boolean {
  const value = section[name];
  if (isAbsent(value)) return absent;
  if (typeof value !== 'boolean') throw new InvalidInput(`'${name}' must be true or false, it is ${shown(value)}`);
  return value;
}

export function listOf(section: Section, name: string): unknown[] {
  const value = section[name];
  if (isAbsent(value)) return [];
  if (!Array.isArray(value)) throw new InvalidInput(`'${name}' must be a list, it is ${shown(value)}`);
  return value;
}

/** @throws InvalidInput when the list holds anything but texts */
export function textsOf(section: Section, name: string): string[] {
  const list = listOf(section, name);
  const odd = list.find((one) => typeof one !== 'string');
  if (odd !== undefined) throw new InvalidInput(`'${name}' must be a list of texts, it holds ${shown(odd)}`);
  return list as string[];
}

export const isAbsent = (value: unknown): boolean => value === undefined || value === null;

/** Names of fields that nobody reads: NannyML passes over them in silence. */
export function strangers(section: Section, known: readonly string[]): string[] {
  return Object.keys(section).filter((name) => !known.includes(name));
}

/** @throws InvalidInput naming the fields that have a value and cannot be honoured */
export function refuseOthers(section: Section, known: readonly string[], why: string): void {
  const others = strangers(section, known).filter((name) => !isAbsent(section[name]));
  if (others.length > 0) throw new InvalidInput(`${others.map((name) => `'${name}'`).join(', ')} cannot be honoured: ${why}`);
}

export function shown(value: unknown): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
