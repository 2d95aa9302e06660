/** Calendar periods of a zone, by luxon's zone data. */
import { DateTime, type DateTimeUnit } from 'luxon';
import type { Period } from '../domain/chunking.js';
import { InvalidInput } from '../domain/errors.js';
import type { Calendar, PeriodBounds } from '../domain/periods.js';

const UNITS: Record<Period, DateTimeUnit> = { h: 'hour', D: 'day', W: 'week', M: 'month', Q: 'quarter', Y: 'year' };

/**
 * @param zone IANA name; periods begin at local midnight there (weeks on Monday)
 * @throws InvalidInput when the zone is unknown, or a moment lies outside time (a model without timestamps)
 */
export function calendarOf(period: Period, zone: string): Calendar {
  if (!DateTime.local({ zone }).isValid) throw new InvalidInput(`zone '${zone}' is not known: give an IANA name such as UTC or Europe/Berlin`);
  const unit = UNITS[period];
  let last: PeriodBounds | null = null;
  return (atMicros) => {
    if (last && atMicros >= last.startMicros && atMicros < last.endMicros) return last;
    if (!Number.isFinite(atMicros)) throw new InvalidInput('chunks by period need a timestamp column, and this model has none: choose chunks by size or by count');
    const start = DateTime.fromMillis(Math.floor(atMicros / 1000), { zone }).startOf(unit);
    const end = start.plus({ [unit]: 1 }).startOf(unit);
    last = { startMicros: start.toMillis() * 1000, endMicros: end.toMillis() * 1000, key: period === 'h' ? start.toUTC().toFormat("yyyy-MM-dd'T'HH:mm'Z'") : start.toFormat('yyyy-MM-dd') };
    return last;
  };
}
