/** `aftercare telemetry …`: how versions serve. */
import type { Command } from 'commander';
import { parseDuration } from '../../domain/duration.js';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { print, printJson, say } from '../support/output.js';
import { table } from '../terminal/table.js';

export function registerTelemetry(program: Command): void {
  const telemetry = program.command('telemetry').description('how versions serve: calls, errors, response times');

  withStackOptions(telemetry.command('log <model> <file>'))
    .description('log calls from a file (-: standard input): one by one with durationMs, at, error, version; or counted with at, calls, errors, durationSumMs, durationMaxMs')
    .option('--key <key>', 'the same key counts once (default: a hash of the file\'s rows)')
    .option('--format <format>', 'csv, csv.gz, parquet, ndjson')
    .addHelpText('after', `
Examples:
  aftercare telemetry log loans calls-today.csv
  printf 'durationMs,error\\n12,false\\n900,true\\n' | aftercare telemetry log loans - --format csv --key gateway-7/1042`)
    .action((model: string, file: string, options: StackOptions & { key?: string; format?: string }) => withClient(options, async (client) => {
      const logged = await client.telemetry.file(model, file, { key: options.key, format: options.format });
      if (options.json) return printJson(logged);
      if (logged.ignored.length > 0) say(`columns that mean nothing here: ${logged.ignored.join(', ')}`);
      print(logged.counted ? `${logged.calls.toLocaleString('en')} calls of ${model} logged from ${logged.rows.toLocaleString('en')} rows` : `this was logged before: nothing is counted twice (another --key counts it again)`);
    }));

  withStackOptions(telemetry.command('show <model>'))
    .description('calls, errors and response times per version')
    .option('--since <duration>', 'looking back so far, e.g. 90m, 7d', '1d')
    .addHelpText('after', '\nExample:\n  aftercare telemetry show loans --since 7d')
    .action((model: string, options: StackOptions & { since: string }) => withClient(options, async (client) => {
      const versions = await client.telemetry.read(model, { sinceMs: Date.now() - parseDuration(options.since) });
      if (options.json) return printJson(versions);
      print(versions.length === 0 ? `no calls of ${model} were logged in the last ${options.since}: aftercare telemetry log --help` : table(versions.map((one) => ({
        version: one.version, role: one.role, calls: one.calls, errors: one.errors, 'error rate': percent(one.errorRate), 'mean ms': rounded(one.meanMs), '95 % within ms': rounded(one.tailMs), 'last call': one.lastCallAt ?? '',
      }))));
    }));
}

const percent = (share: number | null): string => (share === null ? '' : `${(100 * share).toFixed(2)} %`);
const rounded = (ms: number | null): string => (ms === null ? '' : String(Number(ms.toPrecision(3))));
