import { describe, expect, it } from 'vitest';
import { InvalidInput } from '../../domain/errors.js';
import { splitRows } from '../../engine/chunker.js';
import { periodsOf } from '../../engine/periods.js';

const at = (...texts: string[]) => Float64Array.from(texts, (text) => (text === '' ? NaN : Date.parse(`${text}Z`) * 1000));

describe('splitRows by size', () => {
  it('keeps, appends or drops the rows that do not fill a chunk', () => {
    const keys = (incomplete: 'keep' | 'append' | 'drop') => splitRows(10, null, { kind: 'size', size: 4, incomplete }).chunks.map((chunk) => chunk.key);
    expect(keys('keep')).toEqual(['[0:3]', '[4:7]', '[8:9]']);
    expect(keys('append')).toEqual(['[0:3]', '[4:9]']);
    expect(keys('drop')).toEqual(['[0:3]', '[4:7]']);
  });

  it('takes the dates of the first and last row that have one', () => {
    const { chunks } = splitRows(3, at('2024-01-01T00:00:00', '2024-01-02T03:04:05.678', ''), { kind: 'size', size: 3 });
    expect(chunks[0]).toMatchObject({ startDate: '2024-01-01T00:00:00', endDate: '2024-01-02T03:04:05.678000', startIndex: 0, endIndex: 2 });
  });

  it('refuses to append to a chunk that is not there', () => {
    expect(() => splitRows(3, null, { kind: 'size', size: 4, incomplete: 'append' })).toThrow(InvalidInput);
  });
});

describe('splitRows by number', () => {
  it('makes one or more chunks too many when the rows do not divide, as NannyML does', () => {
    expect(splitRows(1003, null, { kind: 'count', count: 7 }).chunks.map(({ start, end }) => end - start)).toEqual([143, 143, 143, 143, 143, 143, 143, 2]);
    expect(splitRows(19, null, { kind: 'default' }).chunks).toHaveLength(19);
  });

  it('refuses fewer rows than chunks, and makes no chunk of no rows', () => {
    expect(() => splitRows(9, null, { kind: 'default' })).toThrow('9 rows cannot be split into 10 chunks');
    expect(splitRows(0, null, { kind: 'default' }).chunks).toEqual([]);
  });
});

describe('splitRows by period', () => {
  it('makes a chunk per period that has rows, with the bounds of the period', () => {
    const { chunks, order } = splitRows(3, at('2024-01-31T23:59:59', '2024-03-01T00:00:00', ''), { kind: 'period', period: 'M' });
    expect(order).toBeNull();
    expect(chunks.map(({ key, start, end, startDate, endDate }) => ({ key, start, end, startDate, endDate }))).toEqual([
      { key: '2024-01', start: 0, end: 1, startDate: '2024-01-01T00:00:00', endDate: '2024-01-31T23:59:59.999999999' },
      { key: '2024-03', start: 1, end: 2, startDate: '2024-03-01T00:00:00', endDate: '2024-03-31T23:59:59.999999999' },
    ]);
  });

  it('says in which order rows must be taken when they are not in order of time', () => {
    const { chunks, order } = splitRows(3, at('2024-02-01T00:00:00', '2024-01-01T00:00:00', '2024-02-02T00:00:00'), { kind: 'period', period: 'M' });
    expect([...order!]).toEqual([1, 0, 2]);
    expect(chunks.map(({ startIndex, endIndex }) => [startIndex, endIndex])).toEqual([[1, 1], [0, 2]]);
  });

  it('needs timestamps', () => {
    expect(() => splitRows(3, null, { kind: 'period', period: 'M' })).toThrow('timestamp');
  });
});

describe('periodsOf writes periods as pandas does', () => {
  const moment = Date.parse('2018-03-04T10:11:12.345Z') * 1000 + 678;
  const first = (alias: string) => {
    const periods = periodsOf(alias);
    const ordinal = periods.ordinalOf(moment);
    return [periods.keyOf(ordinal), new Date(periods.startOf(ordinal) / 1000).toISOString().slice(0, 19), new Date(periods.endOf(ordinal) / 1000).toISOString().slice(0, 19)];
  };

  // Expected values: pandas 2.2.3, Series.dt.to_period.
  it.each([
    ['h', '2018-03-04 10:00', '2018-03-04T10:00:00', '2018-03-04T11:00:00'],
    ['6h', '2018-03-04 10:00', '2018-03-04T10:00:00', '2018-03-04T16:00:00'],
    ['15min', '2018-03-04 10:11', '2018-03-04T10:11:00', '2018-03-04T10:26:00'],
    ['s', '2018-03-04 10:11:12', '2018-03-04T10:11:12', '2018-03-04T10:11:13'],
    ['ms', '2018-03-04 10:11:12.345', '2018-03-04T10:11:12', '2018-03-04T10:11:12'],
    ['us', '2018-03-04 10:11:12.345678', '2018-03-04T10:11:12', '2018-03-04T10:11:12'],
    ['D', '2018-03-04', '2018-03-04T00:00:00', '2018-03-05T00:00:00'],
    ['B', '2018-03-05', '2018-03-05T00:00:00', '2018-03-06T00:00:00'],
    ['W', '2018-02-26/2018-03-04', '2018-02-26T00:00:00', '2018-03-05T00:00:00'],
    ['W-MON', '2018-02-27/2018-03-05', '2018-02-27T00:00:00', '2018-03-06T00:00:00'],
    ['2W', '2018-02-26/2018-03-04', '2018-02-26T00:00:00', '2018-03-12T00:00:00'],
    ['M', '2018-03', '2018-03-01T00:00:00', '2018-04-01T00:00:00'],
    ['Q', '2018Q1', '2018-01-01T00:00:00', '2018-04-01T00:00:00'],
    ['Q-NOV', '2018Q2', '2018-03-01T00:00:00', '2018-06-01T00:00:00'],
    ['Y', '2018', '2018-01-01T00:00:00', '2019-01-01T00:00:00'],
    ['A-JUN', '2018', '2017-07-01T00:00:00', '2018-07-01T00:00:00'],
  ])('%s', (alias, key, start, end) => {
    expect(first(alias)).toEqual([key, start, end]);
  });

  it('refuses aliases that are no periods', () => {
    for (const alias of ['MS', 'fortnight', '', '0D', 'W-XYZ', 'M-JAN']) expect(() => periodsOf(alias), alias).toThrow(InvalidInput);
  });
});
