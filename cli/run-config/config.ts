/** NannyML's configuration file: what it asks for, as far as it can be honoured. Everything else is named before anything runs. */
import { isMap, isScalar, parseDocument, visit } from 'yaml';
import { InvalidInput } from '../../domain/errors.js';
import { construct } from '../calculate/constructors.js';
import type { Construction } from '../calculate/construction.js';
import { flagOf, isAbsent, listOf, optionalText, sectionOf, strangers, textOf, type Section } from './fields.js';
import { outputOf, type Output } from './outputs.js';
import { localPath, refuseRemoteArguments } from './paths.js';
import { Problems } from './problems.js';
import { readOptions, type ReadOptions } from './read-args.js';
import { scheduleOf } from './schedule.js';

export interface InputFile {
  path: string;
  read: ReadOptions;
}

export interface CalculatorRun {
  /** NannyML's key, e.g. univariate_drift. */
  type: string;
  /** For people; the type where the configuration has none. */
  name: string;
  calculator: string;
  parameters: Section;
  /** null: the parameters were refused; only where errors are to be ignored. */
  construction: Construction | null;
  /** Why there is no construction. */
  refused: string | null;
  outputs: Output[];
  store: { path: string; invalidate: boolean } | null;
}

export interface RunConfig {
  reference: InputFile;
  analysis: InputFile;
  /** Matched on the column, or row by row where it is null. */
  targets: (InputFile & { joinColumn: string | null }) | null;
  calculators: CalculatorRun[];
  ignoreErrors: boolean;
  /** In words; null: once, now. */
  schedule: string | null;
  /** Fields that NannyML does not know either. */
  unknown: string[];
}

/** NannyML's registry. */
export const CALCULATOR_TYPES: Record<string, string> = {
  univariate_drift: 'UnivariateDriftCalculator',
  reconstruction_error: 'DataReconstructionDriftCalculator',
  domain_classifier: 'DomainClassifierCalculator',
  performance: 'PerformanceCalculator',
  cbpe: 'CBPE',
  dle: 'DLE',
  missing_values: 'MissingValuesCalculator',
  unseen_values: 'UnseenValuesCalculator',
  continuous_distribution: 'ContinuousDistributionCalculator',
  categorical_distribution: 'CategoricalDistributionCalculator',
  summary_stats_avg: 'SummaryStatsAvgCalculator',
  summary_stats_row_count: 'SummaryStatsRowCountCalculator',
  summary_stats_median: 'SummaryStatsMedianCalculator',
  summary_stats_std: 'SummaryStatsStdCalculator',
  summary_stats_sum: 'SummaryStatsSumCalculator',
};

export interface ReadingConditions {
  /** For path templates. */
  now: Date;
  /** From the command line; null: what the file says. */
  ignoreErrors: boolean | null;
  /** Run once, whatever the file's schedule says. */
  once: boolean;
}

/** @throws InvalidInput naming all that cannot be honoured, or where the text is no YAML */
export function readConfig(text: string, file: string, conditions: ReadingConditions): RunConfig {
  const root = sectionOf(parseYaml(text, file), file);
  const problems = new Problems();
  const ignoreErrors = conditions.ignoreErrors ?? problems.try('ignore_errors', () => flagOf(root, 'ignore_errors', false)) ?? false;
  const unknown = strangers(root, ['input', 'calculators', 'scheduling', 'ignore_errors']);
  const input = problems.try('input', () => sectionOf(root['input'], "'input'"));
  const inputFile = (name: string): InputFile | null => problems.try(`input ${name}`, () => inputOf(input?.[name], name, conditions.now));
  const reference = input && inputFile('reference_data');
  const analysis = input && inputFile('analysis_data');
  const targets = input === null || isAbsent(input['target_data']) ? null : problems.try('input target_data', () => {
    const joinColumn = optionalText(sectionOf(input['target_data'], "'target_data'"), 'join_column');
    return { ...inputOf(input['target_data'], 'target_data', conditions.now), joinColumn };
  });
  const calculators = problems.try('calculators', () => {
    const list = listOf(root, 'calculators');
    if (list.length === 0) throw new InvalidInput("'calculators' must be a list of at least one calculator");
    return list;
  }) ?? [];
  const runs = calculators.flatMap((given, i) => calculatorRun(given, `calculator ${i + 1}`, { problems, unknown, ignoreErrors, now: conditions.now }));
  const schedule = problems.try('scheduling', () => scheduleOf(root['scheduling'], conditions.once));
  problems.refuse(file);
  return { reference: reference!, analysis: analysis!, targets, calculators: runs, ignoreErrors, schedule, unknown };
}

/** Values of YAML 1.1, as Python reads it. */
function parseYaml(text: string, file: string): unknown {
  const document = parseDocument(text, { version: '1.1', prettyErrors: true });
  const [fault] = document.errors;
  if (fault) throw new InvalidInput(`${file} is no YAML that can be read: ${fault.message.split('\n')[0]}`);
  visit(document, (_, node) => {
    if ((isMap(node) || isScalar(node)) && node.tag?.startsWith('tag:yaml.org,2002:python')) throw new InvalidInput(`${file}: values of Python (${node.tag.replace('tag:yaml.org,2002:', '!!')}) cannot be read`);
  });
  return document.toJS() as unknown;
}

function inputOf(given: unknown, name: string, now: Date): InputFile {
  const section = sectionOf(given, `'${name}'`);
  refuseRemoteArguments(section);
  const path = localPath(textOf(section, 'path'), now);
  return { path, read: readOptions(path, section['read_args']) };
}

interface CalculatorContext {
  problems: Problems;
  unknown: string[];
  ignoreErrors: boolean;
  now: Date;
}

/** None where it is switched off: then nothing about it matters. */
function calculatorRun(given: unknown, where: string, { problems, unknown, ignoreErrors, now }: CalculatorContext): CalculatorRun[] {
  const section = problems.try(where, () => sectionOf(given, 'a calculator'));
  if (section === null || problems.try(where, () => flagOf(section, 'enabled', true)) === false) return [];
  const type = problems.try(where, () => textOf(section, 'type'));
  if (type === null) return [];
  const name = problems.try(where, () => optionalText(section, 'name')) ?? type;
  const called = `${where} (${name})`;
  const calculator = problems.try(called, () => {
    if (Object.hasOwn(CALCULATOR_TYPES, type)) return CALCULATOR_TYPES[type]!;
    throw new InvalidInput(`there is no calculator of the type '${type}'; there are ${Object.keys(CALCULATOR_TYPES).join(', ')}`);
  });
  if (calculator === null) return [];
  unknown.push(...strangers(section, ['type', 'name', 'enabled', 'outputs', 'store', 'params']).map((field) => `${called}: ${field}`));
  const constructed = new Problems();
  const parameters = problems.try(called, () => sectionOf(section['params'] ?? {}, "'params'")) ?? {};
  const construction = constructed.try(called, () => construct(calculator, parameters));
  if (!ignoreErrors) problems.found.push(...constructed.found);
  const outputs = problems.try(called, () => listOf(section, 'outputs')) ?? [];
  return [{
    type, name, calculator, parameters, construction,
    refused: constructed.found[0] ?? null,
    outputs: outputs.map((output, i) => problems.try(`${called}, output ${i + 1}`, () => outputOf(output, type, now))).filter((output) => output !== null),
    store: problems.try(`${called}, store`, () => storeOf(section['store'], now)),
  }];
}

function storeOf(given: unknown, now: Date): CalculatorRun['store'] {
  if (isAbsent(given)) return null;
  const section = sectionOf(given, "'store'");
  refuseRemoteArguments(section);
  return { path: `${localPath(textOf(section, 'path'), now).replace(/\/+$/, '')}/${textOf(section, 'filename')}`, invalidate: flagOf(section, 'invalidate', false) };
}
