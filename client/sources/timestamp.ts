import type { ZoneClock } from './zone-clock.js';

const DAY_US = 86_400_000_000;
const MINUTE_US = 60_000_000;
const DAYS_PER_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

export const NO_TIMESTAMP = 'timestamp does not parse';
export const SKIPPED_TIME = 'time skipped by daylight saving';
export const YEAR_OUT_OF_RANGE = 'timestamp outside the years 0001 to 9999';

/** First and last microsecond that may be kept, as instants. */
export const MIN_MICROS = daysSince1970(1, 1, 1) * DAY_US;
export const MAX_MICROS = daysSince1970(9999, 12, 31) * DAY_US + DAY_US - 1;

/** Days from 1970-01-01 to a date of the Gregorian calendar (also before 1582). Source: Hinnant, days_from_civil. */
export function daysSince1970(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/**
 * ISO 8601 date and time from bytes: `2024-03-31`, `2024-03-31T02:30`, `2024-03-31 02:30:00.123456789+02:00` (T or a blank; up to nine decimals, cut to µs;
 * Z, ±hh, ±hhmm or ±hh:mm, or no zone: wall time of the clock's zone). Blanks around it are no part of it.
 */
export class TimestampParser {
  /** Why the last call returned NaN. */
  reason = '';

  constructor(private readonly clock: ZoneClock) {}

  /** @returns µs since 1970 UTC, NaN (and `reason`) when there is no such time */
  parse(bytes: Uint8Array, from: number, to: number): number {
    while (from < to && bytes[from]! <= 32) from++;
    while (to > from && bytes[to - 1]! <= 32) to--;
    this.reason = NO_TIMESTAMP;
    const length = to - from;
    if (length < 10 || bytes[from + 4] !== 45 || bytes[from + 7] !== 45) return NaN;
    const year = two(bytes, from) * 100 + two(bytes, from + 2);
    const month = two(bytes, from + 5);
    const day = two(bytes, from + 8);
    if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) return NaN;
    if (year === 0) {
      this.reason = YEAR_OUT_OF_RANGE;
      return NaN;
    }
    let wall = daysSince1970(year, month, day) * DAY_US;
    if (length === 10) return this.instantOf(wall);
    const separator = bytes[from + 10];
    if ((separator !== 32 && separator !== 84 && separator !== 116) || length < 16 || bytes[from + 13] !== 58) return NaN;
    const hour = two(bytes, from + 11);
    const minute = two(bytes, from + 14);
    if (!(hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59)) return NaN;
    wall += (hour * 60 + minute) * MINUTE_US;
    let p = from + 16;
    if (p < to && bytes[p] === 58) {
      const second = p + 3 <= to ? two(bytes, p + 1) : NaN;
      if (!(second >= 0 && second <= 59)) return NaN;
      wall += second * 1_000_000;
      p += 3;
      if (p < to && bytes[p] === 46) {
        const digitsFrom = ++p;
        let unit = 100_000;
        while (p < to && bytes[p]! >= 48 && bytes[p]! <= 57) {
          if (unit >= 1) wall += (bytes[p]! - 48) * unit;
          unit = unit > 1 ? unit / 10 : 0;
          p++;
        }
        if (p === digitsFrom || p - digitsFrom > 9) return NaN;
      }
    }
    if (p === to) return this.instantOf(wall);
    return this.withZone(wall, bytes, p, to);
  }

  /** @param wall wall time of the clock's zone in µs, counted as if it were UTC */
  instantOf(wall: number): number {
    const instant = this.clock.toInstant(wall);
    if (instant !== instant) this.reason = SKIPPED_TIME;
    return instant;
  }

  private withZone(wall: number, bytes: Uint8Array, from: number, to: number): number {
    let p = from;
    if (bytes[p] === 32 && to - p > 1) p++;
    const sign = bytes[p];
    const rest = to - p - 1;
    if (sign === 90 || sign === 122) return rest === 0 ? wall : NaN;
    if (sign !== 43 && sign !== 45) return NaN;
    const colon = rest === 5 && bytes[p + 3] === 58;
    if (rest !== 2 && rest !== 4 && !colon) return NaN;
    const hours = two(bytes, p + 1);
    const minutes = rest === 2 ? 0 : two(bytes, colon ? p + 4 : p + 3);
    if (!(hours >= 0 && hours <= 23 && minutes >= 0 && minutes <= 59)) return NaN;
    const east = (hours * 60 + minutes) * MINUTE_US;
    return sign === 43 ? wall - east : wall + east;
  }
}

/** Two decimal digits as a number, NaN where they are none. */
function two(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - 48;
  const ones = bytes[at + 1]! - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
}

function daysIn(year: number, month: number): number {
  if (month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)) return 29;
  return DAYS_PER_MONTH[month - 1]!;
}
