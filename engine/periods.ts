/**
 * Calendar periods by pandas' period aliases: D, W, W-MON, M, Q, Q-NOV, Y, A-JUN, B, h, min, s, ms, us, ns and multiples such as 6h.
 * As in pandas a multiple does not make groups larger, it makes a group's end later.
 */
import { InvalidInput } from '../domain/errors.js';

/** Microseconds. */
const MICRO = { us: 1, ms: 1e3, s: 1e6, min: 60e6, h: 3600e6, D: 86_400e6 } as const;
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

/** A way to cut time into numbered periods. */
export interface CalendarPeriods {
  /** Number of the period that holds a moment (microseconds since 1970). */
  ordinalOf(micros: number): number;
  /** First microsecond of a period. */
  startOf(ordinal: number): number;
  /** First microsecond after a period (after a multiple of it, where the alias has one). */
  endOf(ordinal: number): number;
  /** The period as pandas writes it. */
  keyOf(ordinal: number): string;
}

type Unit = Omit<CalendarPeriods, 'endOf'>;

/** @throws InvalidInput when the alias is none of pandas' period aliases */
export function periodsOf(alias: string): CalendarPeriods {
  const match = /^\s*(\d+)?\s*([A-Za-z]+)(?:-([A-Za-z]{3}))?\s*$/.exec(alias);
  const unit = match && unitOf(match[2]!, match[3]?.toUpperCase() ?? null);
  const multiple = match?.[1] === undefined ? 1 : Number(match[1]);
  if (!unit || multiple < 1) throw new InvalidInput(`'${alias}' is no calendar period; possible are h, D, B, W, M, Q, Y and finer ones (min, s, ms, us), W with a last day (W-MON), Q and Y with a last month (Q-NOV), and multiples (6h)`);
  return { ...unit, endOf: (ordinal) => unit.startOf(ordinal + multiple) };
}

function unitOf(name: string, anchor: string | null): Unit | null {
  const month = anchor === null ? 11 : MONTHS.indexOf(anchor);
  const day = anchor === null ? 0 : DAYS.indexOf(anchor);
  switch (name) {
    case 'Y': case 'A': case 'y': case 'a': return month < 0 ? null : fiscal(12, month);
    case 'Q': case 'q': return month < 0 ? null : fiscal(3, month);
    case 'W': case 'w': return day < 0 ? null : weeks(day);
    default: return anchor === null ? plainUnit(name) : null;
  }
}

function plainUnit(name: string): Unit | null {
  switch (name) {
    case 'M': return months();
    case 'B': case 'b': return businessDays();
    case 'D': case 'd': return fixed(MICRO.D, 10, '');
    case 'h': case 'H': return fixed(MICRO.h, 13, ':00');
    case 'min': case 'T': case 't': return fixed(MICRO.min, 16, '');
    case 's': case 'S': return fixed(MICRO.s, 19, '');
    case 'ms': case 'L': case 'l': return fixed(MICRO.ms, 23, '');
    case 'us': case 'U': case 'u': return fixed(MICRO.us, 26, '');
    case 'ns': case 'N': case 'n': return fixed(MICRO.us, 26, '000');
    default: return null;
  }
}

function fixed(width: number, textLength: number, suffix: string): Unit {
  const startOf = (ordinal: number) => ordinal * width;
  return { ordinalOf: (micros) => Math.floor(micros / width), startOf, keyOf: (ordinal) => textOf(startOf(ordinal)).slice(0, textLength) + suffix };
}

function months(): Unit {
  const startOf = (ordinal: number) => monthStart(Math.floor(ordinal / 12), mod(ordinal, 12));
  return { ordinalOf: monthNumber, startOf, keyOf: (ordinal) => textOf(startOf(ordinal)).slice(0, 7) };
}

/** Quarters (3 months) or years (12) of a fiscal year that ends with month `last` (0 … 11) and is named by the calendar year it ends in. */
function fiscal(length: 3 | 12, last: number): Unit {
  const shift = 11 - last;
  const startOf = (ordinal: number) => {
    const month = ordinal * length - shift;
    return monthStart(Math.floor(month / 12), mod(month, 12));
  };
  const keyOf = (ordinal: number) => (length === 12 ? String(ordinal) : `${Math.floor(ordinal / 4)}Q${mod(ordinal, 4) + 1}`);
  return { ordinalOf: (micros) => Math.floor((monthNumber(micros) + shift) / length), startOf, keyOf };
}

/** Weeks that end with day `last` (0 = Sunday). */
function weeks(last: number): Unit {
  // 1970-01-01 was a Thursday; day number + 3 counts from a Monday, with which the week that ends on Sunday begins.
  const shift = 3 - last;
  const startOf = (ordinal: number) => (ordinal * 7 - shift) * MICRO.D;
  return {
    ordinalOf: (micros) => Math.floor((Math.floor(micros / MICRO.D) + shift) / 7),
    startOf,
    keyOf: (ordinal) => `${textOf(startOf(ordinal)).slice(0, 10)}/${textOf(startOf(ordinal) + 6 * MICRO.D).slice(0, 10)}`,
  };
}

/** Monday to Friday; a weekend belongs to the Monday after it. */
function businessDays(): Unit {
  const startOf = (ordinal: number) => (Math.floor(ordinal / 5) * 7 + mod(ordinal, 5) - 3) * MICRO.D;
  return {
    ordinalOf(micros) {
      const day = Math.floor(micros / MICRO.D) + 3;
      const weekday = mod(day, 7);
      return Math.floor(day / 7) * 5 + Math.min(weekday, 5);
    },
    startOf,
    keyOf: (ordinal) => textOf(startOf(ordinal)).slice(0, 10),
  };
}

const mod = (a: number, b: number) => ((a % b) + b) % b;

function monthNumber(micros: number): number {
  const date = new Date(Math.floor(micros / 1000));
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

function monthStart(year: number, month: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, 1);
  return date.getTime() * 1000;
}

/** `2018-01-31 23:59:59.999999` */
export function textOf(micros: number): string {
  const milliseconds = Math.floor(micros / 1000);
  const iso = new Date(milliseconds).toISOString().replace('T', ' ').slice(0, -1);
  return iso + String(micros - milliseconds * 1000).padStart(3, '0');
}
