import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runConfigCommand } from './run.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aftercare-run-config-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const text = (name: string): string => readFileSync(join(folder, name), 'utf8');

/** Rows with ids from `first` on; every so many-th amount is missing. */
function rows(first: number, missingEvery: number): string {
  return `id,amount,kind\n${Array.from({ length: 20 }, (_, i) => `${first + i},${i % missingEvery === 0 ? '' : i * 1.5},${i % 2 === 0 ? 'a' : 'b'}`).join('\n')}\n`;
}

/** A configuration of the calculators, on two files of twenty rows. */
function config(calculators: string, more = ''): string {
  const reference = file('reference.csv', rows(0, 10));
  const analysis = file('analysis.csv', rows(100, 5));
  return file('nannyml.yaml', `input:\n  reference_data: {path: ${reference}}\n  analysis_data: {path: ${analysis}}\n${more}calculators:\n${calculators}`);
}

const gaps = (more: string): string => `  - type: missing_values\n    name: gaps\n    params: {column_names: [amount], chunk_size: 10}\n${more}`;
const csv = (name: string): string => `    outputs: [{type: raw_files, params: {path: ${folder}/out}, write_args: {filename: ${name}, format: csv}}]\n`;

describe('aftercare run-config', () => {
  it('runs every calculator, writes its files into folders that it makes, and says what it did', async () => {
    const heard = await runConfigCommand(config(gaps(csv('gaps.csv'))));
    expect(heard.exitCode).toBe(0);
    expect(heard.out).toContain('gaps');
    expect(heard.err).toContain('[1/1] gaps: calculating');
    const lines = text('out/gaps.csv').trimEnd().split('\n').map((line) => line.split(','));
    expect(lines.map((line) => [line[1], line[7], line[8]])).toEqual([['chunk_key', 'chunk_period', 'amount_value'], ['[0:9]', 'reference', '0.1'], ['[10:19]', 'reference', '0.1'], ['[0:9]', 'analysis', '0.2'], ['[10:19]', 'analysis', '0.2']]);
  });

  it('lets the others run where one fails, status 1; status 0 where errors are to be ignored', async () => {
    const unseen = `  - type: unseen_values\n    params: {column_names: [amount], chunk_size: 10}\n`;
    const path = config(unseen + gaps(csv('gaps.csv')));
    const heard = await runConfigCommand(path, '--json');
    expect(heard.exitCode).toBe(1);
    expect(JSON.parse(heard.out)).toMatchObject([{ status: 'failed', problem: expect.stringContaining("column 'amount' of the reference is continuous") as unknown }, { status: 'done', chunks: 2, alerts: 2 }]);
    expect(existsSync(join(folder, 'out/gaps.csv'))).toBe(true);
    expect((await runConfigCommand(path, '--ignore-errors')).exitCode).toBe(0);
  });

  it('only says what it would do, when asked to check', async () => {
    const heard = await runConfigCommand(config(gaps(csv('gaps.csv'))), '--check', '--json');
    expect(JSON.parse(heard.out)).toMatchObject({ calculators: [{ name: 'gaps', outputs: [join(folder, 'out/gaps.csv')], refused: null }] });
    expect(existsSync(join(folder, 'out'))).toBe(false);
  });

  it('refuses before anything runs: nothing is written', async () => {
    await expect(runConfigCommand(config(gaps(csv('gaps.csv')) + `  - type: missing_values\n    params: {column_names: [kind]}\n    outputs: [{type: pickle, params: {path: x}, write_args: {filename: y}}]\n`))).rejects.toThrow("output 'pickle' cannot be honoured");
    expect(existsSync(join(folder, 'out'))).toBe(false);
    await expect(runConfigCommand(join(folder, 'gone.yaml'))).rejects.toThrow(`there is no configuration '${join(folder, 'gone.yaml')}'`);
  });
});

describe('targets', () => {
  const targetRate = (params = ''): string => `  - type: missing_values\n    params: {column_names: [amount, outcome], normalize: false, chunk_size: 100${params}}\n${csv('t.csv')}`;
  const counts = (): string[] => text('out/t.csv').trimEnd().split('\n').at(-1)!.split(',');

  it('are matched on the join column; rows without one vanish, as in NannyML', async () => {
    const targets = file('targets.csv', 'id,outcome\n103,1\n105,\n7,1\n');
    const path = config(targetRate(), `  target_data: {path: ${targets}, join_column: id}\n`);
    file('reference.csv', rows(0, 10).replace('kind', 'kind,outcome').replaceAll(/,([ab])\n/g, ',$1,1\n'));
    expect((await runConfigCommand(path)).exitCode).toBe(0);
    expect(counts()[1]).toBe('[0:1]');
    expect(counts()[15]).toBe('1');
  });

  it('are matched row by row without one', async () => {
    const targets = file('targets.csv', `outcome\n${'1\n'.repeat(15)}`);
    const path = config(targetRate(), `  target_data: {path: ${targets}}\n`);
    file('reference.csv', rows(0, 10).replace('kind', 'kind,outcome').replaceAll(/,([ab])\n/g, ',$1,1\n'));
    expect((await runConfigCommand(path)).exitCode).toBe(0);
    expect([counts()[1], counts()[15]]).toEqual(['[0:19]', '5']);
  });

  it('that meet no row, or bring a column twice, are refused', async () => {
    const none = file('targets.csv', 'id,outcome\n1000,1\n');
    await expect(runConfigCommand(config(targetRate(), `  target_data: {path: ${none}, join_column: id}\n`))).rejects.toThrow("none of its 1 values of 'id' is among the 20 of the analysis data");
    const twice = file('twice.csv', 'amount\n1\n');
    await expect(runConfigCommand(config(targetRate(), `  target_data: {path: ${twice}}\n`))).rejects.toThrow("'amount' is in the analysis data too; name a join_column");
  });
});

describe('store', () => {
  const stored = (more = ''): string => gaps(`${csv('gaps.csv')}    store: {path: ${folder}/fitted, filename: gaps.json${more}}\n`);

  it('keeps what was learnt, and uses it again: the results are the same, the reference is not looked at', async () => {
    const path = config(stored());
    expect((await runConfigCommand(path)).exitCode).toBe(0);
    const before = text('out/gaps.csv');
    file('reference.csv', rows(0, 2));
    const heard = await runConfigCommand(path, '--json');
    expect(heard.err).toContain('what it learnt is in the store');
    expect(JSON.parse(heard.out)).toMatchObject([{ fromStore: true }]);
    expect(text('out/gaps.csv')).toBe(before);
  });

  it('learns anew when told that what is there is invalid, or when the parameters are others', async () => {
    await runConfigCommand(config(stored()));
    const before = text('out/gaps.csv');
    const invalid = config(stored(', invalidate: true'));
    file('reference.csv', rows(0, 2));
    expect((await runConfigCommand(invalid)).err).not.toContain('in the store');
    expect(text('out/gaps.csv')).not.toBe(before);
    const heard = await runConfigCommand(config(stored().replace('chunk_size: 10', 'chunk_size: 5')));
    expect(heard.err).toContain("what the store has cannot be used (its 'params' were others): learning anew");
  });

  it('refuses a pickled calculator of NannyML, and one of another kind', async () => {
    const path = config(stored().replace('gaps.json', 'gaps.pkl'));
    mkdirSync(join(folder, 'fitted'));
    writeFileSync(join(folder, 'fitted/gaps.pkl'), Buffer.from([0x80, 4, 0x95]));
    await expect(runConfigCommand(path)).rejects.toThrow('holds no calculator of ours (NannyML\'s own are pickled Python objects');
    await runConfigCommand(config(stored()));
    await expect(runConfigCommand(config(stored().replace('missing_values', 'unseen_values')))).rejects.toThrow('holds a MissingValuesCalculator, a UnseenValuesCalculator is asked for');
  });
});
