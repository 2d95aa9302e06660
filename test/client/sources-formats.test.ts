import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, describe, expect, it } from 'vitest';
import { readFrame } from '../../client/sources/frame.js';
import { MISSING_TEXTS, openSource, type SourceFormat, type SourceInput } from '../../client/sources/index.js';
import { InvalidInput } from '../../domain/errors.js';
import { collect, columnsOf } from './collect-blocks.js';

const folder = mkdtempSync(join(tmpdir(), 'aftercare-formats-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

let files = 0;
function fileOf(content: string | Buffer, ending: string): string {
  const path = join(folder, `${++files}.${ending}`);
  writeFileSync(path, content);
  return path;
}

describe('the same table gives the same blocks, whatever it is kept in', () => {
  interface Row { id: string; at: string; x: number | null; flag: boolean; city: string | null }

  const columns = columnsOf('id:text', 'at:timestamp', 'x:continuous', 'flag', 'city');
  const rows = fc.array(fc.record<Row>({
    id: fc.stringMatching(/^[A-Za-zé\u{1F600}-]{1,12}$/u),
    at: fc.date({ min: new Date('1950-01-01'), max: new Date('2040-01-01'), noInvalidDate: true }).map((date) => date.toISOString().replace('T', ' ').slice(0, 23)),
    x: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(null)),
    flag: fc.boolean(),
    city: fc.oneof(fc.constantFrom('Köln', 'a,b', 'say "hi"', 'x\ny', ' '), fc.constant(null)),
  }), { minLength: 1, maxLength: 40 });

  const asCsv = (table: readonly Row[]): string => {
    const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    return `id,at,x,flag,city\n${table.map((row) => [quote(row.id), row.at, row.x ?? '', row.flag ? 'True' : 'False', row.city === null ? '' : quote(row.city)].join(',')).join('\n')}\n`;
  };

  const asParquet = (table: readonly Row[], rowGroupSize: number): Buffer => Buffer.from(parquetWriteBuffer({
    columnData: [
      { name: 'id', data: table.map((row) => row.id), type: 'STRING' },
      { name: 'at', data: table.map((row) => row.at), type: 'STRING' },
      { name: 'x', data: table.map((row) => row.x), type: 'DOUBLE' },
      { name: 'flag', data: table.map((row) => row.flag), type: 'BOOLEAN' },
      { name: 'city', data: table.map((row) => row.city), type: 'STRING' },
    ],
    rowGroupSize,
  }));

  it('CSV, CSV in gzip, NDJSON, Parquet and rows in code, in any zone', async () => {
    await fc.assert(fc.asyncProperty(rows, fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York'), fc.integer({ min: 1, max: 50 }), async (table, zone, rowGroupSize) => {
      fc.pre(!table.some((row) => Object.is(row.x, -0)));                // its text is 0
      const csv = asCsv(table);
      const ndjson = table.map((row) => JSON.stringify(row)).join('\n');
      const inputs: [SourceInput, SourceFormat?][] = [
        [Readable.from([Buffer.from(csv)])],
        [Readable.from([gzipSync(csv)])],
        [Readable.from([Buffer.from(ndjson)])],
        [Readable.from([gzipSync(ndjson)]), 'ndjson.gz'],
        [Readable.from([asParquet(table, rowGroupSize)])],
        [table.map((row) => ({ ...row }))],
        [Readable.from(table)],
      ];
      const wanted = await collect(inputs[0]![0], columns, { zone });
      for (const [input, format] of inputs.slice(1)) expect(await collect(input, columns, { zone, ...(format ? { format } : {}) })).toEqual(wanted);
    }), { numRuns: 60 });
  });

  it('a file that pandas wrote, as Parquet and as CSV', async () => {
    for (const zone of ['UTC', 'Europe/Berlin']) {
      const asked = columnsOf('id:text', 'number:text', 'at:timestamp', 'x:continuous', 'flag', 'city', 'whole:continuous', 'absent:continuous');
      const parquet = await collect(fixture('pandas.parquet'), asked, { zone });
      expect(parquet).toEqual(await collect(fixture('pandas.csv'), asked, { zone }));
      expect(parquet.rowCount).toBe(300);
      expect(parquet.cells.city!.slice(0, 5)).toEqual(['Köln', 'Zürich', 'a,b', 'say "hi"', null]);
    }
    // 12:00 plus 84 steps of 601 s is 02:01:24 on the night that loses an hour in Berlin
    const berlin = await collect(fixture('pandas.parquet'), columnsOf('at:timestamp'), { zone: 'Europe/Berlin' });
    expect(berlin.faults[0]).toBe('85 at: time skipped by daylight saving (2024-03-31 02:01:24.123456)');
  });

  it('a frame of a Parquet file has the types of the file', async () => {
    const frame = await readFrame(fixture('pandas.parquet'));
    const dtypes = Object.fromEntries([...frame.columns].map(([name, column]) => [name, column.kind === 'timestamp' ? 'timestamp' : column.dtype]));
    expect(dtypes).toEqual({ id: 'text', number: 'int64', at: 'timestamp', x: 'float64', flag: 'bool', whole: 'float64', city: 'text' });
  });
});

describe('typed cells', () => {
  const rows = [
    { v: 50_000 }, { v: 50_000n }, { v: 2.5 }, { v: true }, { v: -0 }, { v: null }, { v: undefined }, {}, { v: NaN }, { v: '' }, { v: 'NA' }, { v: ' 7 ' }, { v: new Date('2024-03-31T01:30:00.250Z') },
  ];

  it('whole numbers become their digits in a text column, truth values True and False', async () => {
    for (const kind of ['text', 'categorical']) {
      const { cells, faults } = await collect(rows, columnsOf(`v:${kind}`));
      expect(cells.v).toEqual(['50000', '50000', '2.5', 'True', '0', null, null, null, null, null, 'NA', ' 7 ', '2024-03-31 01:30:00.250']);
      expect(faults).toEqual([]);
    }
  });

  it('a number column takes numbers, truth values and texts of numbers', async () => {
    const { cells, faults } = await collect(rows, columnsOf('v:continuous'));
    expect(cells.v).toEqual([50_000, 50_000, 2.5, 1, -0, null, null, null, null, null, null, 7, null]);
    expect(faults).toEqual(['13 v: timestamp in a number (2024-03-31 01:30:00.250)']);
  });

  it('a timestamp column takes dates and ISO texts, not numbers', async () => {
    const { cells, faults } = await collect([{ v: new Date(5) }, { v: '2024-03-31T12:00:00+02:00' }, { v: 1711843200 }, { v: new Date(NaN) }, { v: new Date(8.64e15) }, { v: 'now' }], columnsOf('v:timestamp'));
    expect(cells.v).toEqual([5000, Date.UTC(2024, 2, 31, 10) * 1000, null, null, null, null]);
    expect(faults).toEqual([
      '3 v: a number is no timestamp: ISO 8601 text is needed (1711843200)', '4 v: timestamp does not parse (Invalid Date)',
      '5 v: timestamp outside the years 0001 to 9999 (8640000000000000000 µs since 1970)', '6 v: timestamp does not parse (now)',
    ]);
  });

  it('refuses what cannot be kept, cell by cell', async () => {
    const { cells, faults } = await collect([{ v: 'a\0b' }, { v: '\uD800' }, { v: 2 ** 60 }, { v: Infinity }, { v: { a: 1 } }, { v: [1] }, { v: 'ok' }, { v: `${'é'.repeat(40)}\0` }], columnsOf('v'));
    expect(cells.v).toEqual([null, null, null, null, null, null, 'ok', null]);
    expect(faults.map((fault) => fault.replace(/ \(.*/s, ''))).toEqual([
      '1 v: text with a NUL character', '2 v: text is not valid Unicode', '3 v: whole number beyond 2^53 has lost digits: write it as text', '4 v: infinite', '5 v: nested value', '6 v: nested value', '8 v: text with a NUL character',
    ]);
  });

  it('a column may be called like something that every object inherits', async () => {
    expect((await collect([{ a: 1 }, { toString: 'x', constructor: 2 }], columnsOf('toString', 'constructor:continuous', 'a:continuous'))).cells).toEqual({ toString: [null, 'x'], constructor: [null, 2], a: [1, null] });
  });
});

describe('NDJSON', () => {
  it('takes blank lines, a byte order mark, CRLF and columns that come later', async () => {
    const path = fileOf('\uFEFF{"a":1}\r\n\r\n{"b":"x","a":null}\r\n', 'jsonl');
    const source = await openSource(path);
    expect(source.columnNames).toEqual(['a', 'b']);
    await source.close();
    expect((await collect(path, columnsOf('a:continuous', 'b'))).cells).toEqual({ a: [1, null], b: [null, 'x'] });
  });

  it.each<[string, string | Buffer, RegExp]>([
    ['an empty file', '', /is empty/],
    ['a line that is no JSON', '{"a":1}\n{"a":\n', /line 2: no JSON .*one whole JSON object/],
    ['a file that is cut off', '{"a":1}\n{"a":2,"b', /line 2: no JSON/],
    ['a line that is an array', '[{"a":1}]\n', /line 1 is an array.*jq -c/],
    ['a line that is a number', '{"a":1}\n5\n', /line 2 is a number/],
    ['Latin-1', Buffer.from('{"a":"x"}\n{"a":"\u00e9"}\n', 'latin1'), /line 2: byte 0xe9/],
    ['a NUL byte', '{"a":1}\n\0\n', /line 2: no JSON/],
  ])('refuses %s', async (_, content, message) => {
    const path = fileOf(content, 'ndjson');
    const error: unknown = await collect(path, columnsOf('a')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidInput);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain(path);
  });
});

describe('Parquet', () => {
  it('reads rare types, encodings, small pages and several row groups', async () => {
    const asked = columnsOf('unsigned:continuous', 'unsigned_long:text', 'small:continuous', 'single:continuous', 'half:continuous', 'money:continuous', 'day:timestamp', 'instant:timestamp', 'wall:timestamp', 'delta:text', 'prefix:text', 'split:continuous', 'flag', 'all_missing:continuous');
    const { cells, faults, rowCount } = await collect(fixture('rare.parquet'), asked, { zone: 'Europe/Berlin' });
    expect([rowCount, faults]).toEqual([300, []]);
    const each = <T>(cell: (i: number) => T): T[] => Array.from({ length: 300 }, (_, i) => cell(i));
    const winter = 3_600_000;
    expect(cells).toEqual({
      unsigned: each((i) => 4_000_000_000 + i),
      unsigned_long: each((i) => String(2n ** 63n + BigInt(i) * 2048n)),
      small: each((i) => (i % 10 === 9 ? null : (i % 100) - 50)),
      single: each((i) => i / 8),
      half: each((i) => i),
      money: each((i) => i / 4),
      day: each((i) => { const midnight = Date.UTC(2024, 0, 1 + i); return (midnight - (midnight > Date.UTC(2024, 2, 31) && midnight <= Date.UTC(2024, 9, 27) ? 2 * winter : winter)) * 1000; }),
      instant: each((i) => (Date.UTC(2024, 0, 1) + i * 1000) * 1000 + 1),
      wall: each((i) => (Date.UTC(2024, 0, 1) + i * 1000 - winter) * 1000),
      delta: each((i) => String(i * i)),
      prefix: each((i) => `prefix-${Math.floor(i / 10)}-${i}`),
      split: each((i) => i / 3),
      flag: each((i) => (i % 4 === 3 ? null : i % 2 === 0 ? 'True' : 'False')),
      all_missing: each(() => null),
    });
  });

  it('a nested column is named beforehand and refused when it is asked for; binary cells are faults', async () => {
    const source = await openSource(fixture('rare.parquet'));
    expect([...source.unreadable ?? []]).toEqual([['list', 'nested (a list, map or structure)']]);
    await source.close();
    await expect(collect(fixture('rare.parquet'), columnsOf('list'))).rejects.toThrow(/column 'list' is nested/);
    expect((await collect(fixture('rare.parquet'), columnsOf('blob'))).faults[1]).toBe('2 blob: binary value (3 bytes)');
  });

  it.each(['GZIP', 'BROTLI', 'UNCOMPRESSED', 'SNAPPY'] as const)('reads pages packed by %s that are smaller than a block', async (codec) => {
    const rows = 40_000;
    const x = Array.from({ length: rows }, (_, i) => (i % 1000 === 5 ? null : i / 3));
    const name = Array.from({ length: rows }, (_, i) => (i % 777 === 3 ? null : `name ${i % 5000}`));
    const bytes = parquetWriteBuffer({
      columnData: [{ name: 'x', data: x, type: 'DOUBLE' }, { name: 'name', data: name, type: 'STRING' }], codec, compressors: { GZIP: (page) => gzipSync(page), BROTLI: (page) => brotliCompressSync(page) }, rowGroupSize: 30_000, pageSize: 20_000,
    });
    const { cells, faults } = await collect(fileOf(Buffer.from(bytes), 'parquet'), columnsOf('name', 'x:continuous'));
    expect(faults).toEqual([]);
    expect(cells.x).toEqual(x);
    expect(cells.name).toEqual(name);
  });

  it('reads a dictionary that the writer gave up in the middle of a column', async () => {
    const { cells, faults } = await collect(fixture('pages.parquet'), columnsOf('number:continuous', 'name', 'flag'));
    const each = <T>(cell: (i: number) => T): T[] => Array.from({ length: 3000 }, (_, i) => cell(i));
    expect(faults).toEqual([]);
    expect(cells.number).toEqual(each((i) => (i % 50 === 7 ? null : i * i - 1000)));
    expect(cells.name).toEqual(each((i) => (i % 3 === 0 ? null : `n${i % 900}`)));
    expect(cells.flag).toEqual(each((i) => (i % 7 < 3 ? 'True' : 'False')));
  });

  it('texts that Postgres cannot keep are faults of their cells', async () => {
    const bytes = Buffer.from(parquetWriteBuffer({ columnData: [{ name: 'a', data: ['x', 'y\0z', 'ok', '\uFFFDq'], type: 'STRING' }], codec: 'UNCOMPRESSED' }));
    const at = bytes.indexOf(Buffer.from('\uFFFDq'));
    bytes.write('\xff\xfe\xfd', at, 'latin1');
    const { cells, faults } = await collect(fileOf(bytes, 'parquet'), columnsOf('a'));
    expect(cells.a).toEqual(['x', null, 'ok', null]);
    expect(faults.map((fault) => fault.replace(/ \(.*/s, ''))).toEqual(['2 a: text with a NUL character', '4 a: text is not valid Unicode']);
  });

  it('infinite numbers are faults, missing ones are not', async () => {
    const bytes = Buffer.from(parquetWriteBuffer({ columnData: [{ name: 'a', data: Float64Array.of(1, Infinity, NaN, -Infinity), type: 'DOUBLE' }] }));
    const { cells, faults } = await collect(fileOf(bytes, 'parquet'), columnsOf('a:continuous'));
    expect(cells.a).toEqual([1, null, null, null]);
    expect(faults).toEqual(['2 a: infinite (Infinity)', '4 a: infinite (-Infinity)']);
  });

  const whole = readFileSync(fixture('pandas.parquet'));
  it.each<[string, () => Buffer, RegExp]>([
    ['a file that is cut off', () => whole.subarray(0, 6000), /is a Parquet file that is cut off \(6000 bytes/],
    ['a file of another kind', () => Buffer.from('a,b\n1,2\n'), /no Parquet file: it does not begin with PAR1/],
    ['an empty file', () => Buffer.alloc(0), /is empty/],
    ['a damaged footer', () => { const bytes = Buffer.from(whole); bytes.fill(0xff, bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8), bytes.length - 300); return bytes; }, /Parquet data is damaged/],
    ['a footer that is longer than the file', () => { const bytes = Buffer.from(whole); bytes.writeUInt32LE(4_000_000, bytes.length - 8); return bytes; }, /Parquet data is damaged/],
    ['damaged pages', () => { const bytes = Buffer.from(whole); bytes.fill(0xa5, 40, 2000); return bytes; }, /Parquet data is damaged/],
  ])('refuses %s', async (_, make, message) => {
    const path = fileOf(make(), 'parquet');
    const error: unknown = await collect(path, columnsOf('id:text', 'x:continuous', 'at:timestamp', 'city')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidInput);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain(path);
  });

  it('any single damaged byte gives a table, or a clear refusal, and never hangs', async () => {
    await fc.assert(fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= change;
      const path = join(folder, 'damaged.parquet');
      writeFileSync(path, bytes);
      const error: unknown = await collect(path, columnsOf('id:text', 'number:continuous', 'x:continuous', 'at:timestamp', 'city')).then(() => null, (thrown: unknown) => thrown);
      if (error !== null) expect(error).toBeInstanceOf(InvalidInput);
    }), { numRuns: 300 });
  });

  it('a stream is kept in a temporary file that is gone when the source is closed', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('aftercare-stream-')).length;
    const source = await openSource(Readable.from([whole]));
    expect(source.columnNames).toContain('city');
    await source.close();
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('aftercare-stream-')).length).toBe(before);
    expect(existsSync(folder)).toBe(true);
  });
});

describe('openSource', () => {
  it('tells the format by the name, then by the first bytes', async () => {
    const json = '{"a":1}\n';
    for (const [content, ending] of [['a\n1\n', 'dat'], ['a\n1\n', 'txt'], [json, 'dat'], [json, 'json'], [gzipSync(json), 'x'], [gzipSync('a\n1\n'), 'csv']] as const) {
      const source = await openSource(fileOf(typeof content === 'string' ? content : Buffer.from(content), ending));
      expect(source.columnNames).toEqual(['a']);
      await source.close();
    }
  });

  it('the format that is given wins', async () => {
    await expect(openSource(fileOf('a\n1\n', 'csv'), { format: 'parquet' })).rejects.toThrow(/no Parquet file/);
    await expect(openSource('x.csv', { format: 'excel' as SourceFormat })).rejects.toThrow(/'excel' is no format.*csv, csv\.gz, ndjson/);
  });

  it('docs/data-formats.md names every text that counts as missing', () => {
    const page = readFileSync(new URL('../../docs/data-formats.md', import.meta.url), 'utf8');
    for (const text of MISSING_TEXTS) expect(page).toContain(`\`${text}\``);
  });

  it('a column cannot be asked for twice', async () => {
    await expect(collect([{ a: 1 }], columnsOf('a', 'a:continuous'))).rejects.toThrow(/column 'a' is asked for twice/);
  });

  it('counts the bytes it has read', async () => {
    const path = fileOf(gzipSync(`a\n${'1\n'.repeat(100_000)}`), 'csv.gz');
    const source = await openSource(path);
    for await (const block of source.blocks(columnsOf('a:continuous'), 'UTC')) expect(block.rowCount).toBeGreaterThan(0);
    expect(source.progress.bytesRead).toBe(source.progress.bytesTotal);
    expect(source.progress.bytesTotal).toBe(readFileSync(path).length);
    await source.close();
  });

  it('rows in code: none at all is an empty table, what is no object is refused', async () => {
    expect((await collect([], columnsOf('a'))).rowCount).toBe(0);
    await expect(openSource([{ a: 1 }, 5] as unknown as Iterable<Record<string, unknown>>)).rejects.toThrow(/rows given in code: row 2 is a number/);
    await expect(openSource(7 as unknown as string)).rejects.toThrow(/neither a file's path nor a stream/);
  });

  it('stops the iterator of rows when it is closed early', async () => {
    let stopped = false;
    const endless = (function* (): Generator<Record<string, unknown>> {
      try {
        for (let a = 0; ; a++) yield { a };
      } finally {
        stopped = true;
      }
    })();
    const source = await openSource(endless);
    for await (const block of source.blocks(columnsOf('a:continuous'), 'UTC')) {
      expect(block.rowCount).toBe(16_384);
      break;
    }
    await source.close();
    expect(stopped).toBe(true);
  });
});
