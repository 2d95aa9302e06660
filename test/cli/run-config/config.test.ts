import { describe, expect, it } from 'vitest';
import { readConfig, type RunConfig } from '../../../cli/run-config/config.js';
import { locateConfig } from '../../../cli/run-config/locate.js';
import { renderPath } from '../../../cli/run-config/templates.js';

const NOW = new Date(2024, 11, 30, 7, 5);   // a Monday of week 1 of 2025

const INPUT = 'input:\n  reference_data: {path: reference.csv}\n  analysis_data: {path: analysis.csv}\n';
const ROW_COUNT = '  - type: summary_stats_row_count\n    params: {chunk_size: 100}\n';

function read(text: string, conditions: Partial<Parameters<typeof readConfig>[2]> = {}): RunConfig {
  return readConfig(text, 'nannyml.yaml', { now: NOW, ignoreErrors: null, once: false, ...conditions });
}

function refusal(text: string, conditions: Partial<Parameters<typeof readConfig>[2]> = {}): string {
  try {
    read(text, conditions);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

/** A calculator with one output. */
function withOutput(output: string, type = 'missing_values'): string {
  return `${INPUT}calculators:\n  - type: ${type}\n    params: {column_names: [a]}\n    outputs: [${output}]\n`;
}

describe('readConfig', () => {
  it('reads inputs, calculators and outputs, with what NannyML takes where nothing is said', () => {
    const config = read(`${INPUT}  target_data: {path: "targets/{{ year }}.pq", join_column: id}
calculators:
  - type: missing_values
    name: gaps
    params: {column_names: [a, b], chunk_size: 1_000}
    outputs:
      - type: raw_files
        params: {path: "out/{{year}}-{{month}}-{{day}}"}
        write_args: {filename: gaps.pq}
    store: {path: fitted, filename: gaps.json}
  - type: cbpe
    enabled: no
    params: {anything: goes}
`);
    expect(config.targets).toEqual({ path: 'targets/2024.pq', joinColumn: 'id', read: { columns: null, rowLimit: null, columnTypes: {} } });
    expect(config.calculators).toHaveLength(1);
    expect(config.calculators[0]).toMatchObject({
      name: 'gaps', calculator: 'MissingValuesCalculator', parameters: { chunk_size: 1000 },
      outputs: [{ kind: 'parquet', path: 'out/2024-12-30/gaps.pq', compressed: true }],
      store: { path: 'fitted/gaps.json', invalidate: false },
    });
    expect(config).toMatchObject({ ignoreErrors: false, schedule: null, unknown: [] });
  });

  it('names all that cannot be honoured at once', () => {
    const message = refusal(`input:
  reference_data: {path: "s3://bucket/reference.pq", credentials: {key: secret}}
  analysis_data: {path: analysis.xlsx}
calculators:
  - type: missing_value
    params: {column_names: [a]}
  - type: missing_values
    params: {column_names: [a], chunk_size: 0.5}
    outputs: [{type: pickle, params: {path: out}}]
scheduling: {interval: {days: 1}}
`);
    expect(message.split('\n')).toHaveLength(7);
    for (const part of ["'credentials' cannot be honoured", "files of the kind '.xlsx'", "no calculator of the type 'missing_value'; there are univariate_drift,", "'chunk_size' must be a whole number above 0, it is 0.5", "output 'pickle' cannot be honoured", "'scheduling' (every 1 days) cannot be honoured"]) expect(message).toContain(part);
    expect(message).not.toContain('secret');
  });

  it.each([
    ['s3://bucket/a.csv', 's3:// cannot be read or written here; copy the file to this machine, or mount the storage as a folder'],
    ['gs://bucket/a.csv', 'gs:// cannot be read'],
    ['https://host/a.csv', 'https:// cannot be read'],
    ['{% if x %}a.csv', 'statements and comments'],
    ['{{ week }}.csv', '{{ week }} cannot be honoured; there are minute, hour, day, weeknumber, month, year'],
  ])('refuses the path %s', (path, expected) => {
    expect(refusal(`input:\n  reference_data: {path: "${path}"}\n  analysis_data: {path: b.csv}\ncalculators:\n${ROW_COUNT}`)).toContain(expected);
  });

  it.each([
    ['{sep: ;}', 'sep: ";" cannot be honoured, only ","; save the file that way'],
    ['{skiprows: 3}', 'skiprows: 3 cannot be honoured'],
    ['{converters: {a: int}}', "'converters' cannot be honoured: of 'read_args' there are usecols, nrows, dtype, parse_dates"],
    ['{nrows: -1}', 'nrows must be a whole number, it is -1'],
    ['{dtype: float64}', 'cannot be honoured for all columns at once'],
  ])('refuses read_args %s', (args, expected) => {
    expect(refusal(`input:\n  reference_data: {path: a.csv, read_args: ${args}}\n  analysis_data: {path: b.csv}\ncalculators:\n${ROW_COUNT}`)).toContain(expected);
  });

  it('honours columns, rows, types and dates, and passes over what changes nothing', () => {
    const { reference } = read(`input:\n  reference_data: {path: a.csv, read_args: {usecols: [a, b], nrows: 10, dtype: {a: str}, parse_dates: [b], engine: pyarrow, sep: ","}}\n  analysis_data: {path: b.csv}\ncalculators:\n${ROW_COUNT}`);
    expect(reference.read).toEqual({ columns: ['a', 'b'], rowLimit: 10, columnTypes: { a: 'str', b: 'timestamp' } });
  });

  it.each([
    ['{type: raw_files, params: {path: "abfs://c/x"}, write_args: {filename: a.pq}}', 'abfs:// cannot be read or written here'],
    ['{type: raw_files, params: {path: out, fs_args: {a: 1}}, write_args: {filename: a.pq}}', "'fs_args' cannot be honoured"],
    ['{type: raw_files, params: {path: out}}', "'filename' must be a text, it is absent"],
    ['{type: raw_files, params: {path: out}, write_args: {filename: a, format: feather}}', "format must be parquet or csv, it is \"feather\""],
    ['{type: raw_files, params: {path: out}, write_args: {filename: a, compression: gzip}}', 'compression: "gzip" cannot be honoured, only snappy and none'],
    ['{type: raw_files, params: {path: out}, write_args: {filename: a, format: csv, float_format: "%.2f"}}', "'float_format' cannot be honoured"],
    ['{type: database, params: {connection_string: "sqlite:///x.db"}}', "databases of the kind 'sqlite' cannot be written, only PostgreSQL"],
    ['{type: database, params: {connection_string: "postgresql://u:hunter2@h/d", connection_options: {connect_args: {}}}}', "'connect_args' cannot be honoured"],
    ['{type: mail}', "output 'mail' is not known; there are raw_files and database"],
  ])('refuses the output %s', (output, expected) => {
    const message = refusal(withOutput(output));
    expect(message).toContain(expected);
    expect(message).not.toContain('hunter2');
  });

  it('has tables only for what NannyML has tables for', () => {
    expect(refusal(withOutput('{type: database, params: {connection_string: "postgresql+psycopg2://h/d"}}', 'summary_stats_avg'))).toContain("output 'database' has no table for results of summary_stats_avg; there are tables for univariate_drift,");
    expect(read(withOutput('{type: database, params: {connection_string: "postgresql+psycopg2://h/d", model_name: m}}')).calculators[0]!.outputs).toEqual([{ kind: 'database', url: 'postgresql://h/d', modelName: 'm' }]);
  });

  it('runs once in spite of a schedule when told so', () => {
    const text = `${INPUT}calculators:\n${ROW_COUNT}scheduling: {cron: {crontab: "0 6 * * *"}}\n`;
    expect(refusal(text)).toContain("'scheduling' (cron '0 6 * * *') cannot be honoured: this command runs once and ends; add --once");
    expect(read(text, { once: true }).schedule).toBe("cron '0 6 * * *'");
    expect(refusal(`${INPUT}calculators:\n${ROW_COUNT}scheduling: {interval: {days: 1, hours: 2}}\n`, { once: true })).toContain("exactly one of weeks, days, hours, minutes, it has 2");
  });

  it('keeps a calculator with wrong parameters for the run where errors are to be ignored', () => {
    const text = `${INPUT}calculators:\n  - type: cbpe\n    params: {y_true: t}\n${ROW_COUNT}ignore_errors: true\n`;
    expect(read(text).calculators.map(({ construction, refused }) => [construction === null, refused])).toEqual([[true, expect.stringContaining("CBPE: 'problem_type' must be one of")], [false, null]]);
    expect(refusal(text, { ignoreErrors: false })).toContain("calculator 1 (cbpe): CBPE: 'problem_type' must be one of");
  });

  it('says which fields mean nothing to NannyML either', () => {
    expect(read(`${INPUT}column_mapping: {}\ncalculators:\n  - {type: summary_stats_row_count, params: {}, colour: red}\n`).unknown).toEqual(['column_mapping', 'calculator 1 (summary_stats_row_count): colour']);
  });

  it.each([
    ['a: [1', 'is no YAML that can be read'],
    ['- 1', 'must be a mapping of names to values, it is [1]'],
    ['input: {}\n', "'path'"],
    ['x: !!python/object:os.system {}\n', 'values of Python'],
  ])('refuses %j', (text, expected) => {
    if (expected === "'path'") expect(refusal(text)).toContain("'reference_data' must be a mapping");
    else expect(refusal(text)).toContain(expected);
  });
});

describe('renderPath', () => {
  it('fills in the moment as NannyML does: two digits, but for the week of ISO 8601', () => {
    expect(renderPath('{{year}}/{{month}}/{{ day }}/{{hour}}{{minute}}-w{{weeknumber}}', NOW)).toBe('2024/12/30/0705-w1');
    expect(renderPath('w{{weeknumber}}', new Date(2027, 0, 3))).toBe('w53');
  });
});

describe('locateConfig', () => {
  it('takes the named file, the environment, then the places where NannyML looks', () => {
    expect(locateConfig('mine.yaml', { NML_CONFIG_PATH: 'other.yaml' })).toBe('mine.yaml');
    expect(locateConfig(undefined, { NML_CONFIG_PATH: 'other.yaml' })).toBe('other.yaml');
    expect(locateConfig(undefined, {}, (path) => path === 'nannyml.yaml' || path === 'nann.yml')).toBe('nannyml.yaml');
    expect(() => locateConfig(undefined, {}, () => false)).toThrow('there is no configuration: name a file, set NML_CONFIG_PATH');
  });
});
