/** `aftercare report`: one self-contained HTML file. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { InvalidInput } from '../../domain/errors.js';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { print, printJson } from '../support/output.js';

export function registerReport(program: Command): void {
  withStackOptions(program.command('report <model>'))
    .description('write a report: one HTML file that needs nothing else, with plots, alerts and what waits for a person')
    .option('--out <file>', 'where to (default: aftercare-report-<model>.html; - for standard output)')
    .option('--segment <column=value>', 'of one segment (default: all rows, with the segments at a glance)')
    .addHelpText('after', '\nExamples:\n  aftercare report loans --out loans.html\n  aftercare report loans --segment region=north')
    .action((model: string, options: StackOptions & { out?: string; segment?: string }) => withClient(options, async (client) => {
      const html = await client.report(model, { segment: options.segment });
      if (options.out === '-') return void process.stdout.write(html);
      const file = resolve(options.out ?? `aftercare-report-${[model, ...(options.segment ? [options.segment] : [])].join('-').replace(/[^\w.-]+/g, '-')}.html`);
      try {
        await writeFile(file, html);
      } catch (error) {
        throw new InvalidInput(`the report cannot be written to ${file}: ${(error as Error).message}`);
      }
      if (options.json) return printJson({ model, file, bytes: Buffer.byteLength(html) });
      print(file);
    }));
}
