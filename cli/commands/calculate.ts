/** `aftercare calculate`: NannyML's calculators on files, without a database. One JSON line per request. */
import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import type { Command } from 'commander';
import { InvalidInput } from '../../domain/errors.js';
import { answer } from '../calculate/answer.js';
import { DataShelf } from '../calculate/data.js';
import { EngineThreads, threadCount } from '../support/engine-threads.js';
import { ANSWER_IS_NO, DONE } from '../support/exit.js';

export function registerCalculate(program: Command): void {
  program.command('calculate <request...>')
    .description("compute a calculator's results on files, with NannyML's parameters: one JSON line per request file (- reads a request from standard input)")
    .option('--threads <number>', 'to count with (default: one per core); figures are the same with any number')
    .addHelpText('after', `
A request is a JSON file:
  {
    "calculator": "UnivariateDriftCalculator",
    "parameters": { "column_names": ["car_value", "salary_range"], "timestamp_column_name": "timestamp", "chunk_size": 5000 },
    "reference": { "file": "reference.csv" },
    "analysis":  { "file": "analysis.csv.gz", "rows": [0, 20000] },
    "targets":   { "file": "targets.csv", "on": "id" }
  }
Calculators: UnivariateDriftCalculator, DataReconstructionDriftCalculator, DomainClassifierCalculator, MissingValuesCalculator, UnseenValuesCalculator,
NumericalRangeCalculator, SummaryStatsAvgCalculator (Sum, Std, Median, RowCount), PerformanceCalculator (two or several classes, regressions), CBPE (two or
several classes), DLE (regressions), ContinuousDistributionCalculator, CategoricalDistributionCalculator. Parameters are those of NannyML's constructors;
thresholds {"type": "constant", "lower", "upper"} or {"type": "standard_deviation", "std_lower_multiplier", "std_upper_multiplier"}; several classes are
"y_pred_proba": {"class": "column"}. Optional: "rows" [from, to), "without" (columns of the analysis to leave out), "targets", "columnTypes"
({"zip": "text"}) where the files do not tell. NaN and infinities are written as the texts "NaN", "Infinity", "-Infinity".

Examples:
  aftercare calculate drift.json
  aftercare calculate drift.json cbpe.json | jq -c '.results[] | select(.alert)'
  cat drift.json | aftercare calculate -

Exit status: 0 all answered with results, 1 some were refused (their line has an "error" with its stage), 2 a request file cannot be read.`)
    .action(calculate);
}

async function calculate(files: string[], options: { threads?: string }): Promise<void> {
  const threads = new EngineThreads(threadCount(options.threads));
  const requests = await Promise.all(files.map(async (file) => ({ file, text: await readRequest(file) })));
  const shelf = new DataShelf();
  let refused = 0;
  for (const { file, text } of requests) {
    const parsed = parse(text);
    const result = 'value' in parsed ? await answer(parsed.value, shelf, threads) : { error: { stage: 'construct' as const, message: parsed.problem } };
    if ('error' in result) refused += 1;
    await print(`${JSON.stringify({ request: file, ...result })}\n`);
  }
  await threads.close();
  process.exitCode = refused > 0 ? ANSWER_IS_NO : DONE;
}

async function readRequest(file: string): Promise<string> {
  if (file === '-') return readAll(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new InvalidInput(code === 'ENOENT' ? `there is no request file '${file}'` : `request file '${file}' cannot be read (${code})`);
  }
}

function parse(text: string): { value: unknown } | { problem: string } {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { problem: `the request is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Waits where the reader is slower than we are. */
function print(line: string): Promise<void> {
  return new Promise((resolve, reject) => process.stdout.write(line, (error) => (error ? reject(error) : resolve())));
}
