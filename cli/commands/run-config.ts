/** `aftercare run-config`: does what NannyML's own configuration file says, once. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { InvalidInput } from '../../domain/errors.js';
import { readConfig, type RunConfig } from '../run-config/config.js';
import { ResultDatabase } from '../run-config/database.js';
import { execute, storedCalculators, type CalculatorOutcome } from '../run-config/execute.js';
import { readInput } from '../run-config/input.js';
import { locateConfig } from '../run-config/locate.js';
import { EngineThreads, threadCount } from '../support/engine-threads.js';
import { ANSWER_IS_NO, DONE } from '../support/exit.js';
import { print, printJson, say } from '../support/output.js';
import { table } from '../terminal/table.js';

interface RunConfigOptions {
  configurationPath?: string;
  once?: boolean;
  ignoreErrors?: boolean;
  check?: boolean;
  json?: boolean;
  threads?: string;
}

export function registerRunConfig(program: Command): void {
  program.command('run-config [file]')
    .description("run a NannyML configuration (nannyml.yaml) as 'nml run' would, without Python, database or Temporal")
    .option('-c, --configuration-path <file>', 'the file, as nml takes it')
    .option('--once', "run once and end, where the configuration has a 'scheduling'")
    .option('--ignore-errors', 'exit status 0 also where a calculator failed; wrong parameters of one do not keep the others from running')
    .option('--check', 'only say what would be done, or what cannot be honoured')
    .option('--threads <number>', 'to count with (default: one per core); figures are the same with any number')
    .option('--json', 'answer as JSON')
    .addHelpText('after', `
Without a file: $NML_CONFIG_PATH, /config/nannyml.yaml, /config/nann.yml, nannyml.yaml or nann.yml, as NannyML looks.
Read: input (CSV, Parquet; targets by join_column or row by row), calculators of every type with thresholds and chunking, outputs raw_files (parquet, csv)
and database (PostgreSQL), store, path templates such as /data/{{year}}/{{month}}/analysis.csv.
What cannot be honoured (s3:// and other remote paths, credentials, pickle, arguments of pandas that we lack) is named, all of it, before anything runs.
docs/how-it-works/nannyml-yaml.md says more.

Examples:
  aftercare run-config nannyml.yaml
  aftercare run-config nannyml.yaml --check
  NML_CONFIG_PATH=/etc/nannyml.yaml aftercare run-config --once --json

Exit status: 0 all calculators ran and were written, 1 some failed (the others ran), 2 nothing was run: the configuration or its data cannot be had.`)
    .action(runConfig);
}

async function runConfig(given: string | undefined, options: RunConfigOptions): Promise<void> {
  if (given !== undefined && options.configurationPath !== undefined) throw new InvalidInput(`two configurations are named, ${given} and ${options.configurationPath}: one of them`);
  const file = locateConfig(given ?? options.configurationPath);
  const now = new Date();
  const config = readConfig(await readText(file), file, { now, ignoreErrors: options.ignoreErrors ?? null, once: options.once ?? false });
  for (const field of config.unknown) say(`${file}: '${field}' means nothing to NannyML either: it is passed over`);
  if (config.schedule !== null) say(`${file}: the schedule (${config.schedule}) is passed over: running once`);
  const stored = await storedCalculators(config.calculators);
  if (options.check) return announce(file, config, options);
  const threads = new EngineThreads(threadCount(options.threads));
  const databases = new Map<string, ResultDatabase>();
  try {
    for (const { outputs } of config.calculators) {
      for (const output of outputs) if (output.kind === 'database' && !databases.has(output.url)) databases.set(output.url, await ResultDatabase.open(output.url));
    }
    say(`reading ${[config.reference, config.analysis, ...(config.targets ? [config.targets] : [])].map(({ path }) => path).join(', ')}`);
    const rows = await readInput(config);
    const outcomes = await execute(config, stored, { rows, databases, executedAt: now, threads, say });
    report(outcomes, options);
    process.exitCode = config.ignoreErrors || outcomes.every(({ status }) => status === 'done') ? DONE : ANSWER_IS_NO;
  } finally {
    await threads.close();
    for (const database of databases.values()) await database.close();
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new InvalidInput(code === 'ENOENT' ? `there is no configuration '${file}'` : `configuration '${file}' cannot be read (${code})`);
  }
}

function report(outcomes: readonly CalculatorOutcome[], options: RunConfigOptions): void {
  if (options.json) return printJson(outcomes);
  print(table(outcomes.map(({ name, status, chunks, alerts, written, problem }) => ({ calculator: name, status, chunks, alerts, 'written to': written.join(', '), problem: problem ?? '' }))));
}

function announce(file: string, config: RunConfig, options: RunConfigOptions): void {
  const plan = config.calculators.map(({ name, type, outputs, store, refused }) => ({
    name, type, refused, outputs: outputs.map((output) => (output.kind === 'database' ? 'database' : output.path)), store: store?.path ?? null,
  }));
  if (options.json) return printJson({ file, reference: config.reference.path, analysis: config.analysis.path, targets: config.targets?.path ?? null, calculators: plan });
  print(table(plan.map(({ name, type, outputs, refused }) => ({ calculator: name, type, 'would write': outputs.join(', '), refused: refused ?? '' }))));
}
