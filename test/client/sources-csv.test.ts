import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { InvalidInput } from '../../domain/errors.js';
import { openSource } from '../../client/sources/index.js';
import { collect, columnsOf, type Collected } from './collect-blocks.js';

const folder = mkdtempSync(join(tmpdir(), 'aftercare-csv-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function fileOf(content: string | Buffer, ending = 'csv'): string {
  const path = join(folder, `${++files}.${ending}`);
  writeFileSync(path, content);
  return path;
}

const csv = (text: string, ...columns: string[]): Promise<Collected> => collect(fileOf(text), columnsOf(...columns));

async function refused(path: string): Promise<string> {
  const error: unknown = await collect(path, columnsOf('a', 'b')).then(() => null, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InvalidInput);
  return (error as Error).message;
}

describe('CSV: how a file is cut into cells', () => {
  it('reads plain rows, in the order of the columns that are asked for', async () => {
    const { cells } = await csv('a,b,c\n1,x,2.5\n2,y,-1e3\n', 'c:continuous', 'a:text', 'b');
    expect(cells).toEqual({ c: [2.5, -1000], a: ['1', '2'], b: ['x', 'y'] });
  });

  it.each([
    ['LF, none at the end', 'a,b\n1,x\n2,y'],
    ['CRLF', 'a,b\r\n1,x\r\n2,y\r\n'],
    ['CR', 'a,b\r1,x\r2,y\r'],
    ['a byte order mark', '\uFEFFa,b\n1,x\n2,y\n'],
    ['quotes around everything', '"a","b"\n"1","x"\n"2","y"\n'],
    ['blank lines, also of blanks', '\n  \na,b\n\n1,x\n   \n\t\r\n2,y\n\n'],
  ])('takes %s', async (_, text) => {
    const { cells, faults } = await csv(text, 'a:continuous', 'b');
    expect(cells).toEqual({ a: [1, 2], b: ['x', 'y'] });
    expect(faults).toEqual([]);
  });

  it('takes commas, quotes and line ends within quotes', async () => {
    const { cells } = await csv('a,b\n"x, ""y""","1\r\n2\n3"\n"","z"\n', 'a', 'b');
    expect(cells).toEqual({ a: ['x, "y"', null], b: ['1\r\n2\n3', 'z'] });
  });

  it('a class that is a whole number is written one way; categories of a feature stay as they stand', async () => {
    const path = fileOf('y,f\n1.0,1.0\n1,1\n-2.00,x\n10,10.50\n1.5,.0\n.0,-.0\n');
    const { cells } = await collect(path, [{ name: 'y', role: 'target', kind: 'categorical' }, { name: 'f', role: 'feature', kind: 'categorical' }]);
    expect(cells).toEqual({ y: ['1', '1', '-2', '10', '1.5', '.0'], f: ['1.0', '1', 'x', '10.50', '.0', '-.0'] });
  });

  it('a quote within a cell that does not begin with one is text', async () => {
    expect((await csv('a,b\n5" pipe,x\n', 'a')).cells).toEqual({ a: ['5" pipe'] });
  });

  it('a column that the file lacks is missing everywhere', async () => {
    const { cells } = await csv('a\n1\n2\n', 'a:continuous', 'z:continuous', 't', 'at:timestamp');
    expect(cells).toEqual({ a: [1, 2], z: [null, null], t: [null, null], at: [null, null] });
  });

  it('a row with another number of cells is one fault, and its cells are missing', async () => {
    const { cells, faults } = await csv('a,b\n1,x\n2\n3,y,9\n4,z\n', 'a:continuous', 'b');
    expect(cells).toEqual({ a: [1, null, null, 4], b: ['x', null, null, 'z'] });
    expect(faults).toEqual(['2 : row has 1 cell, the header 2 (2)', '3 : row has 3 cells, the header 2 (3,y,9)']);
  });

  it('faults of cells give way to the fault of their row', async () => {
    expect((await csv('a,b\ntext,x,9\n', 'a:continuous')).faults).toEqual(['1 : row has 3 cells, the header 2 (text,x,9)']);
  });

  it('text after a closing quote is a fault of the row', async () => {
    const { cells, faults } = await csv('a,b\n"x"y,1\nz,2\n', 'a', 'b');
    expect(cells).toEqual({ a: [null, 'z'], b: [null, '2'] });
    expect(faults).toEqual(['1 : text after a closing quote ("x"y,1)']);
  });

  it('a header alone is a table without rows', async () => {
    const source = await openSource(fileOf('a,b\n'));
    expect(source.columnNames).toEqual(['a', 'b']);
    expect((await csv('a,b', 'a')).rowCount).toBe(0);
    await source.close();
  });

  it('names a column without a name as pandas does', async () => {
    const source = await openSource(fileOf(',a\n0,1\n'));
    expect(source.columnNames).toEqual(['Unnamed: 0', 'a']);
    await source.close();
  });

  it('numbers may be names when they count', async () => {
    expect((await csv('0,1,2\n5,6,7\n', '1:continuous')).cells).toEqual({ 1: [6] });
  });
});

describe('CSV: how a cell is read', () => {
  it('knows the texts that stand for a missing value, everywhere but in identifiers', async () => {
    const words = ['', 'NA', 'N/A', 'NaN', 'nan', 'null', 'NULL', 'None', '<NA>', '#N/A', 'n/a'];
    const text = `a,b,c,d\n${words.map((word) => `${word},${word},${word},${word}`).join('\n')}\n`;
    const { cells, faults } = await csv(text, 'a:continuous', 'b', 'c:timestamp', 'd:text');
    expect(faults).toEqual([]);
    for (const name of ['a', 'b', 'c']) expect(cells[name]).toEqual(words.map(() => null));
    expect(cells.d).toEqual([null, ...words.slice(1)]);
  });

  it('texts are kept as they stand, with their blanks', async () => {
    expect((await csv('a,b\n x ,007\nna,1.0\n', 'a', 'b')).cells).toEqual({ a: [' x ', 'na'], b: ['007', '1.0'] });
  });

  it('numbers may stand between blanks; True and False are 1 and 0', async () => {
    expect((await csv('a,b\n 1.5 ,0\n"\t2",0\nTrue,0\nFALSE,0\n', 'a:continuous')).cells).toEqual({ a: [1.5, 2, 1, 0] });
  });

  it('says why a cell is no number, and leaves it missing', async () => {
    const { cells, faults } = await csv('a,b\n12 kg,0\ninf,0\n-Infinity,0\n1e999,0\n ,0\n0x10,0\n"1,5",0\n3,0\n', 'a:continuous');
    expect(cells.a).toEqual([null, null, null, null, null, null, null, 3]);
    expect(faults).toEqual([
      '1 a: text in a number (12 kg)', '2 a: infinite (inf)', '3 a: infinite (-Infinity)', '4 a: infinite (1e999)', '5 a: text in a number ( )', '6 a: text in a number (0x10)', '7 a: text in a number (1,5)',
    ]);
  });

  it('says why a cell is no time', async () => {
    const { cells, faults } = await collect(fileOf('at,b\n2024-03-31 02:30:00,0\n31.03.2024,0\n2024-03-31T03:30:00,0\n'), columnsOf('at:timestamp'), { zone: 'Europe/Berlin' });
    expect(cells.at).toEqual([null, null, Date.UTC(2024, 2, 31, 1, 30) * 1000]);
    expect(faults).toEqual(['1 at: time skipped by daylight saving (2024-03-31 02:30:00)', '2 at: timestamp does not parse (31.03.2024)']);
  });

  it('cuts long texts in faults', async () => {
    const { faults } = await csv(`a,b\n${'x'.repeat(5000)},0\n`, 'a:continuous');
    expect(faults[0]!.length).toBeLessThan(250);
  });
});

describe('CSV: what is refused as a whole, with place and remedy', () => {
  it.each<[string, () => string, RegExp]>([
    ['a missing file', () => join(folder, 'nothing.csv'), /nothing\.csv does not exist/],
    ['a folder', () => { const path = join(folder, 'folder.csv'); mkdirSync(path); return path; }, /is a folder: name one file/],
    ['an empty file', () => fileOf(''), /is empty \(0 bytes\)/],
    ['an empty gzip file', () => fileOf(gzipSync(''), 'csv.gz'), /is empty \(0 bytes\)/],
    ['a file of blank lines', () => fileOf('\n\n \n'), /only blank lines/],
    ['a first line of numbers', () => fileOf('0.5,1.25,3\n1,2,3\n'), /only numbers \(0\.5, 1\.25, 3\): a header line/],
    ['a name twice', () => fileOf('a,b,a\n1,2,3\n'), /names column 'a' twice \(columns 1 and 3\)/],
    ['semicolons', () => fileOf('a;b;c\n1;2;3\n'), /separated by ';', save it with commas/],
    ['tabs', () => fileOf('a\tb\n1\t2\n'), /separated by tabs/],
    ['Latin-1', () => fileOf(Buffer.from('a,b\nx,y\nz,Z\u00fcrich\n', 'latin1')), /line 3: byte 0xfc after 'Z' is no UTF-8.*Latin-1/],
    ['Latin-1 in the header', () => fileOf(Buffer.from('a,Gr\u00f6sse\n1,2\n', 'latin1')), /line 1: byte 0xf6 after 'Gr'/],
    ['Latin-1 far down', () => fileOf(Buffer.concat([Buffer.from(`a,b\n${'1,2\n'.repeat(400_000)}`), Buffer.from('3,\u00e9\n', 'latin1')])), /line 400002: byte 0xe9/],
    ['UTF-16', () => fileOf(Buffer.from('\uFEFFa,b\n1,2\n', 'utf16le')), /is UTF-16/],
    ['a NUL byte', () => fileOf('a,b\n1,2\n3,x\0y\n'), /line 3: a NUL byte/],
    ['a NUL byte within quotes', () => fileOf('a,b\n1,2\n3,"x\n\0y"\n'), /line 4: a NUL byte/],
    ['a NUL byte in a column that is passed over', () => fileOf('a,b,c\n1,2,\0\n'), /line 2: a NUL byte/],
    ['an unterminated quote', () => fileOf('a,b\n1,2\n"3\n",4\n5,"6\n7,8\n'), /line 5: a quote opens a cell and is never closed/],
    ['a gzip file that is cut off', () => fileOf(gzipSync(`a,b\n${Array.from({ length: 50_000 }, (_, i) => `${i},${Math.imul(i, 48271)}`).join('\n')}`).subarray(0, 100_000), 'csv.gz'), /gzip data ends too early, the file is cut off/],
    ['a damaged gzip file', () => { const bytes = gzipSync(`a,b\n${'1,2\n'.repeat(1000)}`); bytes.fill(0x55, 12, 24); return fileOf(bytes, 'csv.gz'); }, /gzip data is damaged/],
    ['Parquet by another name', () => fileOf('PAR1....', 'csv'), /is a Parquet file by its first bytes/],
    ['a spreadsheet by another name', () => fileOf('PK\x03\x04....', 'csv'), /ZIP archive or spreadsheet/],
    ['a spreadsheet', () => fileOf('PK\x03\x04....', 'xlsx'), /kind \.xlsx cannot be read: save it as CSV/],
  ])('%s', async (_, make, message) => {
    const path = make();
    const said = await refused(path);
    expect(said).toMatch(message);
    expect(said).toContain(path);
    expect(said).not.toContain('\n');
  });

  it('a record longer than 16 MiB names the line where it begins', async () => {
    expect(await refused(fileOf(`a,b\n1,2\n3,"${'x,y\n'.repeat(5_000_000)}`))).toMatch(/row that begins at line 3 is longer than 16 MiB: most likely a quote is never closed/);
  });
});

describe('CSV: large and piecewise inputs', () => {
  it('a cell of several megabytes is read whole', async () => {
    const long = 'é'.repeat(2_000_000);
    expect((await csv(`a,b\n"${long}",1\nx,2\n`, 'a', 'b')).cells).toEqual({ a: [long, 'x'], b: ['1', '2'] });
  });

  it('blocks end at 16,384 rows and go on where they stopped', async () => {
    const rows = Array.from({ length: 40_000 }, (_, i) => `${i},${i % 3 === 0 ? '' : `t${i}`}`);
    const { cells, rowCount, blockCount } = await csv(`a,b\n${rows.join('\n')}\n`, 'a:continuous', 'b');
    expect([rowCount, blockCount]).toEqual([40_000, 3]);
    expect(cells.a!.every((value, i) => value === i)).toBe(true);
    expect(cells.b!.every((value, i) => value === (i % 3 === 0 ? null : `t${i}`))).toBe(true);
  });

  const table = fc.array(fc.record({
    text: fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.constantFrom('', 'NA', ' ', '"', 'a,b', '\r\n', '\r', '\n', 'é\u{1F600}')).map((text) => text.replaceAll('\0', '')),
    number: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(null)),
    always: fc.boolean(),
  }), { minLength: 1, maxLength: 30 });

  it('whatever is written by RFC 4180 is read again, however the bytes arrive', async () => {
    await fc.assert(fc.asyncProperty(table, fc.constantFrom('\n', '\r\n'), fc.integer({ min: 1, max: 17 }), fc.boolean(), async (rows, end, piece, zipped) => {
      const quote = (text: string, always: boolean): string => (always || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
      const text = `text,number,end${end}${rows.map((row) => `${quote(row.text, row.always)},${row.number ?? ''},.${end}`).join('')}`;
      const plain = Buffer.from(text);
      const bytes = zipped ? gzipSync(plain) : plain;
      const pieces = Array.from({ length: Math.ceil(bytes.length / piece) }, (_, i) => bytes.subarray(i * piece, (i + 1) * piece));
      const { cells, faults } = await collect(Readable.from(pieces), columnsOf('text:text', 'number:continuous', 'end'));
      expect(faults).toEqual([]);
      expect(cells.text).toEqual(rows.map((row) => (row.text === '' ? null : row.text)));
      expect(cells.number).toEqual(rows.map((row) => (row.number === null ? null : Number(String(row.number)))));
      expect(cells.end).toEqual(rows.map(() => '.'));
    }), { numRuns: 150 });
  });
});
