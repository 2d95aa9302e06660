import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { to as copyTo } from 'pg-copy-streams';
import { CopyDecoder, TextDictionary, type CellKind } from '../../store/copy-decode.js';
import { inTransaction } from '../../store/pool.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';

let database: TestDatabase;
beforeAll(async () => { database = await createDatabase({ migrated: false }); });
afterAll(async () => { await database.drop(); });

async function bytesOf(sql: string): Promise<Buffer> {
  return inTransaction(database.pool, async (tx) => {
    const blocks: Buffer[] = [];
    for await (const block of tx.query(copyTo(`copy (${sql}) to stdout (format binary)`)) as AsyncIterable<Buffer>) blocks.push(block);
    return Buffer.concat(blocks);
  });
}

/** Decodes in blocks of `step` bytes: [numbers…] or texts per column. */
function decode(bytes: Buffer, kinds: CellKind[], step: number): unknown[][] {
  const decoder = new CopyDecoder(kinds, 2, (row) => row + 1);
  decoder.begin();
  for (let at = 0; at < bytes.length; at += step) decoder.push(bytes.subarray(at, at + step));
  decoder.end();
  return decoder.columns.map((column) => (column.kind === 'categorical'
    ? [...column.codes.subarray(0, decoder.rowsHeld)].map((code) => (code < 0 ? null : column.dictionary.texts[code]!))
    : [...column.values.subarray(0, decoder.rowsHeld)]));
}

describe('CopyDecoder', () => {
  const SQL = `select * from (values
    (1.5::float8, 'wein'::text, '2024-02-29 12:34:56.789012+00'::timestamptz, 42::bigint),
    (null, null, '-infinity', -9007199254740991),
    ('-0', 'größe €', 'infinity', 9007199254740991),
    ('infinity', '', '0001-01-01 00:00:00+00', 4294967296),
    (5e-324, 'wein', '1969-12-31 23:59:59.999999+00', -4294967297),
    ('nan', repeat('lang ', 500), '9999-12-31 23:59:59.999999+00', 0)) as t`;
  const KINDS: CellKind[] = ['continuous', 'categorical', 'micros', 'whole'];
  const WANT = [
    [1.5, NaN, -0, Infinity, 5e-324, NaN],
    ['wein', null, 'größe €', '', 'wein', 'lang '.repeat(500)],
    [1_709_210_096_789_012, -Infinity, Infinity, -62_135_596_800_000_000, -1, 253_402_300_799_999_999],
    [42, -9_007_199_254_740_991, 9_007_199_254_740_991, 4_294_967_296, -4_294_967_297, 0],
  ];

  it.each([1, 7, 64, 1 << 20])('reads every value exactly, whatever way the bytes are cut (blocks of %i)', async (step) => {
    const decoded = decode(await bytesOf(SQL), KINDS, step);
    // 9999-12-31 in microseconds is beyond 2^53: the nearest number counts.
    expect(decoded).toEqual(WANT);
  });

  it('reads no rows from an empty table', async () => {
    expect(decode(await bytesOf('select 1::float8 where false'), ['continuous'], 1 << 20)).toEqual([[]]);
  });

  it('refuses a COPY that broke off, and another number of fields than was asked for', async () => {
    const bytes = await bytesOf(SQL);
    expect(() => decode(bytes.subarray(0, bytes.length - 30), KINDS, 50)).toThrow(/broke off after 5 rows/);
    expect(() => decode(bytes, ['continuous'], 1 << 20)).toThrow(/has 4 fields, 1 were asked for/);
  });

  it('can be cut into chunks while it reads: onRow says where the next row goes', async () => {
    const chunks: number[][] = [];
    const decoder: CopyDecoder = new CopyDecoder(['continuous'], 16, (row) => {
      const column = decoder.columns[0]!;
      if (row + 1 < 4 || column.kind === 'categorical') return row + 1;
      chunks.push([...column.values.subarray(0, 4)]);
      return 0;
    });
    decoder.begin();
    decoder.push(await bytesOf('select n::float8 from generate_series(1, 10) n'));
    decoder.end();
    expect(chunks).toEqual([[1, 2, 3, 4], [5, 6, 7, 8]]);
    expect(decoder.rowsHeld).toBe(2);
  });
});

describe('TextDictionary', () => {
  it('gives equal texts equal numbers, in the order of their first coming, for thousands of texts', () => {
    const dictionary = new TextDictionary();
    const texts = Array.from({ length: 5_000 }, (_, i) => `value ${i % 2_500}`);
    const codes = texts.map((text) => { const bytes = Buffer.from(`<${text}>`); return dictionary.codeOf(bytes, 1, bytes.length - 1); });
    expect(codes).toEqual(texts.map((_, i) => i % 2_500));
    expect(dictionary.texts).toHaveLength(2_500);
  });
});
