import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readFrame, type FrameColumn } from '../../client/sources/frame.js';

const folder = mkdtempSync(join(tmpdir(), 'aftercare-frame-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function fileOf(text: string): string {
  const path = join(folder, `${++files}.csv`);
  writeFileSync(path, text);
  return path;
}

/** What pandas would print: the dtype, then the cells. */
function shown(column: FrameColumn): unknown[] {
  if (column.kind === 'continuous') return [column.dtype, ...column.values];
  if (column.kind === 'categorical') return [column.dtype, ...Array.from(column.codes, (code) => (code < 0 ? null : column.categories[code]))];
  return ['timestamp', ...column.micros];
}

async function typed(...cells: string[]): Promise<unknown[]> {
  const frame = await readFrame(fileOf(`a,b\n${cells.map((cell) => `${cell},z\n`).join('')}`));
  return shown(frame.columns.get('a')!);
}

describe('readFrame types columns as pandas read_csv 2.2 does', () => {
  // left: the cells, right: what pandas 2.2.3 answered (object = text)
  it.each<[string[], unknown[]]>([
    [['1', '2', ' 3'], ['int64', 1, 2, 3]],
    [['1', '3 '], ['int64', 1, 3]],
    [['+5', '-6'], ['int64', 5, -6]],
    [['-0', '0'], ['int64', 0, 0]],
    [['007', '8'], ['int64', 7, 8]],
    [['"5"', '1'], ['int64', 5, 1]],
    [['18446744073709551615', '1'], ['int64', 18446744073709552000, 1]],
    [['1', ''], ['float64', 1, NaN]],
    [['1', 'NA'], ['float64', 1, NaN]],
    [['"NA"', '1'], ['float64', NaN, 1]],
    [['', 'NA'], ['float64', NaN, NaN]],
    [['1.0', '2'], ['float64', 1, 2]],
    [['-0.0', '1'], ['float64', -0, 1]],
    [['1.5', '  2.5  '], ['float64', 1.5, 2.5]],
    [['.5', '5.'], ['float64', 0.5, 5]],
    [['1E5', '1e+5'], ['float64', 100000, 100000]],
    [['1e-400', '2'], ['float64', 0, 2]],
    [['iNf', '-Infinity'], ['float64', Infinity, -Infinity]],
    [['9223372036854775808', '1.5'], ['float64', 9223372036854775808, 1.5]],
    [['True', 'False'], ['bool', 'True', 'False']],
    [['TRUE', 'false'], ['bool', 'True', 'False']],
    [['tRue', 'true'], ['bool', 'True', 'True']],
    [['true', 'NA'], ['text', 'True', null]],
    [['True', '1'], ['text', 'True', '1']],
    [[' True', 'False'], ['text', ' True', 'False']],
    [['True', 'true', 'nan', 'x'], ['text', 'True', 'true', null, 'x']],
    [['1', ' '], ['text', '1', ' ']],
    [['1.5', ' NA'], ['text', '1.5', ' NA']],
    [['99999999999999999999', '1'], ['text', '99999999999999999999', '1']],
    [['9223372036854775808', '-1'], ['text', '9223372036854775808', '-1']],
    [['1e999', '1'], ['text', '1e999', '1']],
    [['1e', '1'], ['text', '1e', '1']],
    [['e5', '2'], ['text', 'e5', '2']],
    [['.', '1'], ['text', '.', '1']],
    [['-', '1'], ['text', '-', '1']],
    [['- 5', '1'], ['text', '- 5', '1']],
    [['0x10', '1'], ['text', '0x10', '1']],
    [['1_000', '2'], ['text', '1_000', '2']],
    [['1\u00a0', '2'], ['text', '1\u00a0', '2']],
    [['x', '"NA"'], ['text', 'x', null]],
    [['a"b', 'c'], ['text', 'a"b', 'c']],
    [['2024-01-01 00:00:00', '2024-01-02'], ['text', '2024-01-01 00:00:00', '2024-01-02']],
  ])('%j → %j', async (cells, expected) => {
    expect(await typed(...cells)).toEqual(expected);
  });

  it('sorts categories by code point, not by UTF-16 unit', async () => {
    const frame = await readFrame(fileOf('a\n\u{1F600}\n\uFFFD\nb\nB\n'));
    expect(frame.columns.get('a')).toMatchObject({ categories: ['B', 'b', '\uFFFD', '\u{1F600}'] });
  });
});

describe('readFrame', () => {
  const table = fileOf('id,x,flag\n1,1.5,True\n\n2,,False\n3,4,True\n');

  it('takes rows [from, to), counted behind the header and without blank lines', async () => {
    const frame = await readFrame(table, { rows: [1, 3] });
    expect(frame.rowCount).toBe(2);
    expect(shown(frame.columns.get('id')!)).toEqual(['int64', 2, 3]);
  });

  it('takes only the columns that are asked for, in their order', async () => {
    expect([...(await readFrame(table, { columns: ['x', 'id'] })).columns.keys()]).toEqual(['x', 'id']);
  });

  it('obeys columnTypes', async () => {
    const frame = await readFrame(table, { columnTypes: { id: 'category', flag: 'continuous', x: 'float64' } });
    expect(shown(frame.columns.get('id')!)).toEqual(['text', '1', '2', '3']);
    expect(shown(frame.columns.get('flag')!)).toEqual(['float64', 1, 0, 1]);
  });

  it('crosses the borders of blocks and of the window', async () => {
    const rows = Array.from({ length: 50_000 }, (_, i) => `${i},${i / 8},"t,${i % 7}"`);
    const frame = await readFrame(fileOf(`a,b,c\n${rows.join('\r\n')}`));
    const a = frame.columns.get('a')!;
    const b = frame.columns.get('b')!;
    const c = frame.columns.get('c')!;
    expect(frame.rowCount).toBe(50_000);
    if (a.kind !== 'continuous' || b.kind !== 'continuous' || c.kind !== 'categorical') throw new Error('wrong kinds');
    expect(a.values.every((value, i) => value === i)).toBe(true);
    expect(b.values.every((value, i) => value === i / 8)).toBe(true);
    expect(c.codes.every((code, i) => c.categories[code] === `t,${i % 7}`)).toBe(true);
  });

  it('reads a column again that turns from numbers to text far down, and keeps how its numbers were written', async () => {
    const rows = Array.from({ length: 40_000 }, (_, i) => (i === 39_999 ? 'x,True' : `${i % 10}.50,${i < 20_000 ? '' : i === 30_000 ? 'no' : 'True'}`));
    const frame = await readFrame(fileOf(`a,b\n${rows.join('\n')}\n`));
    expect(frame.columns.get('a')).toMatchObject({ kind: 'categorical', categories: [...Array.from({ length: 10 }, (_, i) => `${i}.50`), 'x'] });
    const b = frame.columns.get('b')!;
    if (b.kind !== 'categorical') throw new Error('wrong kind');
    expect([b.categories, b.codes[19_999], b.codes[20_000], b.codes[30_000]]).toEqual([['True', 'no'], -1, 0, 1]);
    await expect(readFrame(fileOf(`a\n${rows.map((row) => row.split(',')[0]).join('\n')}\n`), { columnTypes: { a: 'float' } })).rejects.toThrow(/column 'a' does not hold numbers only \(it begins '0.50', '1.50', '2.50'\)/);
  });

  it('gives columns over memory that threads can share', async () => {
    const frame = await readFrame(table);
    for (const column of frame.columns.values()) expect((column.kind === 'categorical' ? column.codes : (column as { values: Float64Array }).values).buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it('refuses a column that is not there, and says what is', async () => {
    await expect(readFrame(table, { columns: ['id', 'y'] })).rejects.toThrow(/no column 'y'.*'id', 'x', 'flag'/);
  });

  it('refuses a row with another number of cells, with its place', async () => {
    await expect(readFrame(fileOf('a,b\n1,2\n3\n'))).rejects.toThrow(/row 2: row has 1 cell, the header 2/);
  });

  it('refuses text where columnTypes demand numbers', async () => {
    await expect(readFrame(fileOf('a\n1\nx\n'), { columnTypes: { a: 'continuous' } })).rejects.toThrow(/column 'a' does not hold numbers only.*'1', 'x'/);
  });
});
