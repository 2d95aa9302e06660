import { describe, expect, it } from 'vitest';
import { InvalidInput } from '../../domain/errors.js';
import { isTurn, scheduleSpan, scheduleTimes } from '../../domain/schedule.js';
import type { ScheduleSettings } from '../../domain/settings.js';
import { resolveTarget } from '../../domain/temporal-target.js';

describe('scheduleTimes(schedule, zone)', () => {
  it('names wall-clock moments in the model\'s zone', () => {
    expect(scheduleTimes({ every: 6, unit: 'hour' }, 'UTC')).toEqual({ intervals: [{ every: 21_600_000 }], timezone: 'UTC' });
    expect(scheduleTimes({ every: 1, unit: 'day', at: { hour: 2, minute: 30 } }, 'Europe/Berlin')).toEqual({ calendars: [{ hour: 2, minute: 30 }], timezone: 'Europe/Berlin' });
    expect(scheduleTimes({ every: 1, unit: 'week' }, 'UTC')).toEqual({ calendars: [{ hour: 0, minute: 0, dayOfWeek: 'MONDAY' }], timezone: 'UTC' });
    expect(scheduleTimes({ every: 2, unit: 'month', day: 15 }, 'UTC')).toEqual({ calendars: [{ hour: 0, minute: 0, dayOfMonth: 15 }], timezone: 'UTC' });
  });

  it('refuses what no calendar has', () => {
    const wrong: ScheduleSettings[] = [
      { every: 0, unit: 'day' }, { every: 1.5, unit: 'hour' }, { every: 1, unit: 'day', at: { hour: 24, minute: 0 } }, { every: 1, unit: 'week', day: 7 }, { every: 1, unit: 'month', day: 31 },
    ];
    for (const schedule of wrong) expect(() => scheduleTimes(schedule, 'UTC'), JSON.stringify(schedule)).toThrow(InvalidInput);
  });
});

describe('scheduleSpan(span)', () => {
  it('is when a schedule begins and ends, where it does', () => {
    expect(scheduleSpan({})).toEqual({});
    expect(scheduleSpan({ from: '2030-01-01T00:00:00+01:00', until: '2031-01-01T00:00:00Z' })).toEqual({ startAt: new Date('2029-12-31T23:00:00Z'), endAt: new Date('2031-01-01T00:00:00Z') });
  });

  it('refuses a span without time in it, and what is no moment', () => {
    expect(() => scheduleSpan({ from: '2030-01-02T00:00:00Z', until: '2030-01-01T00:00:00Z' })).toThrow(InvalidInput);
    expect(() => scheduleSpan({ from: 'tomorrow' })).toThrow(/'tomorrow' is no moment/);
  });
});

describe('isTurn(schedule, zone, moment)', () => {
  const days = (from: string, count: number) => Array.from({ length: count }, (_, i) => Date.parse(from) + i * 86_400_000);

  it('is every n-th day by the local date, through the change of the clocks', () => {
    const turns = days('2030-03-28T23:30:00Z', 9).filter((moment) => isTurn({ every: 3, unit: 'day' }, 'Europe/Berlin', moment));
    expect(turns.map((moment, i) => (i === 0 ? 3 : (moment - turns[i - 1]!) / 86_400_000))).toEqual([3, 3, 3]);
  });

  it('is every n-th week, Monday to Sunday, and every n-th month', () => {
    const week = days('2030-01-07T12:00:00Z', 14).map((moment) => isTurn({ every: 2, unit: 'week' }, 'UTC', moment));
    expect(new Set(week.slice(0, 7)).size).toBe(1);
    expect(week.slice(7)).toEqual(week.slice(0, 7).map((turn) => !turn));
    const months = Array.from({ length: 12 }, (_, month) => isTurn({ every: 3, unit: 'month' }, 'UTC', Date.UTC(2030, month, 1)));
    expect(months.filter(Boolean).length).toBe(4);
  });

  it('is each moment of a schedule that leaves none out', () => {
    expect(isTurn({ every: 1, unit: 'month' }, 'UTC', 0)).toBe(true);
    expect(isTurn({ every: 5, unit: 'hour' }, 'UTC', 0)).toBe(true);   // the interval itself counts
  });
});

describe('resolveTarget(given, profile)', () => {
  const profile = { connectionOptions: { address: 'cluster:7233', apiKey: 'secret' }, namespace: 'prod' };

  it('takes what was given, completed by Temporal\'s configuration', () => {
    expect(resolveTarget({}, profile)).toEqual({ connectionOptions: profile.connectionOptions, namespace: 'prod' });
    expect(resolveTarget({ address: 'cluster:7233', namespace: 'test' }, profile)).toEqual({ connectionOptions: profile.connectionOptions, namespace: 'test' });
    expect(resolveTarget({ address: 'cluster:7233' }, { connectionOptions: { apiKey: 'secret' } as { address?: string; apiKey: string } })).toEqual({ connectionOptions: { address: 'cluster:7233', apiKey: 'secret' }, namespace: 'default' });
  });

  it('sends no credentials to another server than the one they are for', () => {
    expect(resolveTarget({ address: '127.0.0.1:7233' }, profile)).toEqual({ connectionOptions: { address: '127.0.0.1:7233' }, namespace: 'default' });
  });
});
