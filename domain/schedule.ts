/** A model's schedule as calendar arithmetic: which wall-clock moments, and which of them are a turn when not every one is. Pure; the zone is always named. */
import { InvalidInput } from './errors.js';
import type { ScheduleSettings } from './settings.js';

const WEEKDAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const;
type Weekday = (typeof WEEKDAYS)[number];

/** What Temporal's schedules take (a part of its ScheduleSpec). */
export interface ScheduleTimes {
  intervals?: { every: number }[];
  calendars?: { hour: number; minute: number; dayOfWeek?: Weekday; dayOfMonth?: number }[];
  timezone: string;
  /** Nothing before, nothing after. */
  startAt?: Date;
  endAt?: Date;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Hours are counted from 1970 UTC; days, weeks and months begin at a time of day in the model's zone (midnight unless given), weeks on Monday and months on
 * the 1st unless given. "Every third day" fires daily, and two of three turns are passed over: see `isTurn`.
 *
 * @throws InvalidInput when it is no schedule
 */
export function scheduleTimes(schedule: ScheduleSettings, zone: string): ScheduleTimes {
  const { every, unit, at = { hour: 0, minute: 0 }, day } = schedule;
  const whole = (value: number, least: number, most: number) => Number.isInteger(value) && value >= least && value <= most;
  if (!whole(every, 1, 1_000)) throw new InvalidInput(`a schedule runs every 1 to 1,000 ${unit}s, not every ${every}`);
  if (!whole(at.hour, 0, 23) || !whole(at.minute, 0, 59)) throw new InvalidInput(`${at.hour}:${at.minute} is no time of day`);
  switch (unit) {
    case 'hour': return { intervals: [{ every: every * HOUR_MS }], timezone: zone };
    case 'day': return { calendars: [{ ...at }], timezone: zone };
    case 'week':
      if (day !== undefined && !whole(day, 0, 6)) throw new InvalidInput(`day ${day} of a week is none of 0 (Sunday) to 6 (Saturday)`);
      return { calendars: [{ ...at, dayOfWeek: WEEKDAYS[day ?? 1]! }], timezone: zone };
    case 'month':
      if (day !== undefined && !whole(day, 1, 28)) throw new InvalidInput(`day ${day} of a month is none of 1 to 28`);
      return { calendars: [{ ...at, dayOfMonth: day ?? 1 }], timezone: zone };
  }
}

/** When a schedule begins and ends, where it does. @param span ISO 8601 with offset @throws InvalidInput when there is no time between them */
export function scheduleSpan({ from, until }: { from?: string | undefined; until?: string | undefined }): Pick<ScheduleTimes, 'startAt' | 'endAt'> {
  const [startAt, endAt] = [from, until].map((text) => {
    if (text === undefined) return undefined;
    const moment = new Date(text);
    if (Number.isNaN(moment.getTime())) throw new InvalidInput(`'${text.slice(0, 60)}' is no moment (2030-01-01T00:00:00Z)`);
    return moment;
  });
  if (startAt && endAt && startAt >= endAt) throw new InvalidInput(`a schedule from ${from} until ${until} has no time in it`);
  return { ...(startAt ? { startAt } : {}), ...(endAt ? { endAt } : {}) };
}

/** Which of the moments that the calendar names is a turn: every `every`-th day, week or month, counted from 1970 by local dates. */
export function isTurn({ every, unit }: Pick<ScheduleSettings, 'every' | 'unit'>, zone: string, momentMs: number): boolean {
  if (every === 1 || unit === 'hour') return true;
  const [year, month, day] = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(momentMs).split('-').map(Number) as [number, number, number];
  const days = Date.UTC(year, month - 1, day) / DAY_MS;
  const count = unit === 'day' ? days : unit === 'week' ? Math.floor((days + 3) / 7) : year * 12 + month - 1;   // 1 January 1970 was a Thursday: weeks begin on Monday
  return count % every === 0;
}
