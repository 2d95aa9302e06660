import fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { TimestampParser } from '../../client/sources/timestamp.js';
import { ZoneClock } from '../../client/sources/zone-clock.js';

function parse(text: string, zone = 'UTC'): { micros: number; reason: string } {
  const parser = new TimestampParser(new ZoneClock(zone));
  const bytes = Buffer.from(text);
  const micros = parser.parse(bytes, 0, bytes.length);
  return { micros, reason: Number.isNaN(micros) ? parser.reason : '' };
}

const at = (iso: string): number => Date.parse(iso) * 1000;

describe('TimestampParser', () => {
  it.each([
    ['2024-03-31', at('2024-03-31T00:00:00Z')],
    ['2024-03-31T02:30', at('2024-03-31T02:30:00Z')],
    ['2024-03-31 02:30:07', at('2024-03-31T02:30:07Z')],
    ['2024-03-31t02:30:07z', at('2024-03-31T02:30:07Z')],
    ['  2024-03-31 02:30:07 ', at('2024-03-31T02:30:07Z')],
    ['2024-03-31 02:30:07.5', at('2024-03-31T02:30:07.500Z')],
    ['2024-03-31 02:30:07.123456', at('2024-03-31T02:30:07.123Z') + 456],
    ['2024-03-31 02:30:07.123456789', at('2024-03-31T02:30:07.123Z') + 456],
    ['2024-03-31T02:30:07+02:00', at('2024-03-31T00:30:07Z')],
    ['2024-03-31T02:30:07-0530', at('2024-03-31T08:00:07Z')],
    ['2024-03-31T02:30:07+02', at('2024-03-31T00:30:07Z')],
    ['2024-03-31 02:30:07 +02:00', at('2024-03-31T00:30:07Z')],
    ['2024-02-29', at('2024-02-29T00:00:00Z')],
    ['0001-01-01', at('0001-01-01T00:00:00Z')],
    ['9999-12-31 23:59:59.999999', at('9999-12-31T23:59:59.999Z') + 999],
    ['1969-12-31 23:59:59.9999999', -1],
  ])('%s', (text, micros) => {
    expect(parse(text).micros).toBe(micros);
  });

  it.each([
    '', 'x', '2024', '2024-3-1', '2024-13-01', '2023-02-29', '2024-04-31', '2024-00-10', '2024-01-00', '2024-01-01 24:00:00', '2024-01-01 12:60', '2024-01-01 12:00:60',
    '2024-01-01 12', '2024-01-01 12:00:', '2024-01-01 12:00:00.', '2024-01-01 12:00:00.1234567890', '2024-01-01 12:00:00+2', '2024-01-01 12:00:00+24:00', '2024-01-01 12:00:00 CET',
    '2024-01-01X12:00:00', '2024/01/01', '31.03.2024', '1711843200', '2024-01-01 1a:00:00', '2024-01-01 12:00:00Zz',
  ])('%j does not parse', (text) => {
    expect(parse(text)).toEqual({ micros: NaN, reason: 'timestamp does not parse' });
  });

  it('year 0000 is outside the range', () => {
    expect(parse('0000-05-05').reason).toBe('timestamp outside the years 0001 to 9999');
  });
});

describe('wall time of a zone', () => {
  it('a time that daylight saving skips has no instant', () => {
    expect(parse('2024-03-31 02:00:00', 'Europe/Berlin')).toEqual({ micros: NaN, reason: 'time skipped by daylight saving' });
    expect(parse('2024-03-31 02:59:59.999999', 'Europe/Berlin').reason).toBe('time skipped by daylight saving');
    expect(parse('2024-03-31 01:59:59', 'Europe/Berlin').micros).toBe(at('2024-03-31T00:59:59Z'));
    expect(parse('2024-03-31 03:00:00', 'Europe/Berlin').micros).toBe(at('2024-03-31T01:00:00Z'));
  });

  it('a time that it repeats is the first', () => {
    expect(parse('2024-10-27 02:30:00', 'Europe/Berlin').micros).toBe(at('2024-10-27T00:30:00Z'));
    expect(parse('2024-10-27 03:00:00', 'Europe/Berlin').micros).toBe(at('2024-10-27T02:00:00Z'));
  });

  it('a zone in the text wins over the model\'s', () => {
    expect(parse('2024-03-31 02:30:00+01:00', 'Europe/Berlin').micros).toBe(at('2024-03-31T01:30:00Z'));
  });

  it('shifts of half an hour and changes at midnight are exact', () => {
    expect(parse('2024-04-07 01:45:00', 'Australia/Lord_Howe').micros).toBe(at('2024-04-06T14:45:00Z'));
    expect(parse('2024-10-06 02:15:00', 'Australia/Lord_Howe').reason).toBe('time skipped by daylight saving');
    expect(parse('2023-04-28 00:30:00', 'Africa/Cairo').reason).toBe('time skipped by daylight saving');
  });

  it('a day that a zone left out has no instant', () => {
    expect(parse('2011-12-30 12:00:00', 'Pacific/Apia').reason).toBe('time skipped by daylight saving');
    expect(parse('2011-12-31 12:00:00', 'Pacific/Apia').micros).toBe(at('2011-12-30T22:00:00Z'));
  });

  it('every instant is found again from its own wall time, unless that repeats', () => {
    const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/St_Johns', 'Asia/Kathmandu', 'Africa/Casablanca', 'Pacific/Apia', 'America/Sao_Paulo'];
    const clocks = zones.map((zone) => new ZoneClock(zone));
    fc.assert(fc.property(fc.nat(zones.length - 1), fc.integer({ min: Date.UTC(1950, 0, 1) / 1000, max: Date.UTC(2037, 0, 1) / 1000 }), (which, second) => {
      const time = DateTime.fromSeconds(second, { zone: zones[which]! });
      const wall = Date.UTC(time.year, time.month - 1, time.day, time.hour, time.minute, time.second) * 1000;
      const found = clocks[which]!.toInstant(wall);
      const earlier = DateTime.fromSeconds(found / 1e6, { zone: zones[which]! });
      expect(earlier.toFormat('yyyy-MM-dd HH:mm:ss')).toBe(time.toFormat('yyyy-MM-dd HH:mm:ss'));
      expect(found).toBeLessThanOrEqual(second * 1e6);
    }), { numRuns: 3000 });
  });

  it('an unknown zone is refused by name', () => {
    expect(() => new ZoneClock('Europe/Atlantis')).toThrow(/'Europe\/Atlantis' is not a time zone/);
  });
});
