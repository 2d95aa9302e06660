import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { registerCalculate } from '../../cli/commands/calculate.js';

interface Line {
  request: string;
  results?: Record<string, unknown>[];
  error?: { stage: string; message: string };
}

let folder: string;
let printed: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aftercare-calculate-'));
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk: string | Uint8Array, ...rest: unknown[]) => {
    printed += chunk.toString();
    const done = rest.at(-1);
    if (typeof done === 'function') (done as () => void)();
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = 0;
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function calculate(...requests: string[]): Promise<Line[]> {
  const program = new Command('aftercare').exitOverride();
  registerCalculate(program);
  await program.parseAsync(['calculate', ...requests], { from: 'user' });
  return printed.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
}

/** Ten rows of which `missing` have no amount. */
function rowsFile(name: string, missing: number, extra = ''): string {
  return file(name, `id,amount,kind,at\n${Array.from({ length: 10 }, (_, i) => `${i},${i < missing ? '' : i * 1.5},${i % 2 === 0 ? 'a' : 'b'}${extra},2024-01-0${1 + (i % 3)}`).join('\n')}\n`);
}

function missingValues(parameters: object = {}, more: object = {}): string {
  return JSON.stringify({
    calculator: 'MissingValuesCalculator',
    parameters: { column_names: ['amount'], chunk_size: 5, ...parameters },
    reference: { file: rowsFile('reference.csv', 1) },
    analysis: { file: rowsFile('analysis.csv', 3) },
    ...more,
  });
}

describe('aftercare calculate', () => {
  it('answers each request with one line, in order, reference chunks first', async () => {
    const lines = await calculate(file('one.json', missingValues()), file('two.json', missingValues({ normalize: false })));
    expect(lines.map((line) => line.request.split('/').at(-1))).toEqual(['one.json', 'two.json']);
    expect(lines[0]!.results!.map(({ period, key, value }) => [period, key, value])).toEqual([['reference', '[0:4]', 0.2], ['reference', '[5:9]', 0], ['analysis', '[0:4]', 0.6], ['analysis', '[5:9]', 0]]);
    expect(lines[1]!.results![2]).toMatchObject({ name: 'amount', value: 3, start_date: null });
    expect(process.exitCode).toBe(0);
  });

  it('reads a request from standard input', async () => {
    vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from([missingValues()]) as unknown as typeof process.stdin);
    expect((await calculate('-'))[0]).toMatchObject({ request: '-', results: expect.any(Array) as unknown });
  });

  it('refuses one request and answers the others, exit status 1', async () => {
    const lines = await calculate(file('bad.json', missingValues({ chunk_size: 1.5 })), file('broken.json', '{'), file('good.json', missingValues()));
    expect(lines[0]!.error).toEqual({ stage: 'construct', message: "MissingValuesCalculator: 'chunk_size' must be a whole number above 0, it is 1.5" });
    expect(lines[1]!.error!.message).toContain('not JSON');
    expect(lines[2]!.results).toHaveLength(4);
    expect(process.exitCode).toBe(1);
  });

  it('names an unknown request file, and what a data file lacks', async () => {
    await expect(calculate(join(folder, 'nowhere.json'))).rejects.toThrow(`there is no request file '${join(folder, 'nowhere.json')}'`);
    const [reference, analysis] = await calculate(
      file('no-reference.json', missingValues({}, { reference: { file: join(folder, 'gone.csv') } })),
      file('no-column.json', missingValues({}, { analysis: { file: rowsFile('analysis.csv', 0), without: ['amount'] } })),
    );
    expect(reference!.error).toMatchObject({ stage: 'fit', message: expect.stringContaining('gone.csv') as unknown });
    expect(analysis!.error).toEqual({ stage: 'calculate', message: "the analysis data lacks column 'amount'; it has 'id', 'kind', 'at': correct the name, or add the column" });
  });

  it('names the calculators that there are', async () => {
    const [line] = await calculate(file('other.json', missingValues({}, { calculator: 'PSI' })));
    expect(line!.error).toMatchObject({ stage: 'construct', message: expect.stringContaining("there is no calculator 'PSI'; there are UnivariateDriftCalculator, ") as unknown });
  });

  it('takes rows by position, joins targets, and sorts by the raw timestamp', async () => {
    const request = JSON.stringify({
      calculator: 'MissingValuesCalculator',
      parameters: { column_names: ['outcome'], chunk_period: 'D', timestamp_column_name: 'at', normalize: false },
      reference: { file: rowsFile('reference.csv', 0) },
      analysis: { file: rowsFile('analysis.csv', 0), rows: [2, 8] },
      targets: { file: file('targets.csv', 'id,outcome\n2,1\n5,0\n5000,1\n'), on: 'id' },
    });
    const [refused] = await calculate(file('join.json', request));
    expect(refused!.error).toEqual({ stage: 'fit', message: "the reference data lacks column 'outcome'; it has 'id', 'amount', 'kind', 'at': correct the name, or add the column" });
    printed = '';
    file('reference.csv', 'outcome,at\n1,2023-12-31\n');
    const [line] = await calculate(file('join.json', request));
    expect(line!.results!.slice(1).map(({ key, start_index, end_index, value }) => [key, start_index, end_index, value])).toEqual([['2024-01-01', 0, 1, 2], ['2024-01-02', 2, 3, 2], ['2024-01-03', 4, 5, 0]]);
  });

  it('refuses targets of which one row is two', async () => {
    const [line] = await calculate(file('twice.json', missingValues({}, { targets: { file: file('targets.csv', 'id,outcome\n2,1\n2,0\n'), on: 'id' } })));
    expect(line!.error!.message).toContain("'id' 2 stands in two rows");
  });

  it('writes NaN and infinities as texts', async () => {
    const [line] = await calculate(file('drift.json', JSON.stringify({
      calculator: 'UnivariateDriftCalculator',
      parameters: { column_names: ['amount'], chunk_size: 5 },
      reference: { file: rowsFile('reference.csv', 0) },
      analysis: { file: rowsFile('analysis.csv', 5) },
    })));
    expect(line!.results![2]).toMatchObject({ method: 'jensen_shannon', value: 'NaN', alert: false, lower_threshold: null });
  });
});
