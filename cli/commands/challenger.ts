/** `aftercare challenger …`: versions beside the one in charge. */
import type { Command } from 'commander';
import { InvalidInput } from '../../domain/errors.js';
import { describeProvenance } from '../../domain/version.js';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { print, printJson, progressBar, say } from '../support/output.js';
import { provenanceOf, withProvenanceOptions, type ProvenanceOptions } from '../support/provenance.js';
import { table } from '../terminal/table.js';
import { versionOf } from './rank.js';

interface AddOptions extends StackOptions, ProvenanceOptions {
  retraining?: string;
  key?: string;
  tag?: string[];
  ignore?: string[];
  format?: string;
}

export function registerChallenger(program: Command): void {
  const challenger = program.command('challenger').description('versions that answer beside the one in charge, unseen, until they are compared: add, list, remove');

  withProvenanceOptions(withStackOptions(challenger.command('add <model> <reference>')))
    .description('register a new version with its own reference: the same columns as the champion\'s, with the new version\'s predictions')
    .option('--retraining <n>', 'number of the retraining that made it')
    .option('--key <key>', 'the same key registers one version (default: one for each retraining, else a new one)')
    .option('--tag <tag...>', 'words by which its results are found')
    .option('--ignore <column...>', 'columns of the file that the champion does not have and that are left out')
    .option('--format <format>', 'csv, csv.gz, parquet, ndjson')
    .addHelpText('after', `
Examples:
  aftercare challenger add loans reference-v2.csv --commit 3f2a91c --library lightgbm=4.5.0
  aftercare append loans shadow-today.csv --model-version 2      its predictions on today's rows`)
    .action((model: string, reference: string, options: AddOptions) => withClient(options, async (client) => {
      const bar = progressBar('reading the reference', 'rows', options.json);
      try {
        const added = await client.challengers.add(model, {
          reference, format: options.format, provenance: provenanceOf(options), retraining: retrainingOf(options.retraining), key: options.key, tags: options.tag, ignore: options.ignore,
          onProgress: (rows) => bar.update(rows, null),
        });
        bar.stop();
        if (options.json) return printJson(added);
        for (const note of added.notes) say(`  ${note}`);
        print(`version ${added.version} of ${model} is a challenger, with ${added.referenceRows.toLocaleString('en')} reference rows; its predictions: aftercare append ${model} FILE --model-version ${added.version}`);
      } finally {
        bar.stop();
      }
    }));

  withStackOptions(challenger.command('list <model>')).description('all versions of a model: the champion, challengers, and those that were')
    .addHelpText('after', '\nExample:\n  aftercare challenger list loans')
    .action((model: string, options: StackOptions) => withClient(options, async (client) => {
      const versions = await client.challengers.list(model);
      if (options.json) return printJson(versions);
      print(table(versions.map(({ number, role, referenceRows, provenance, tags, createdAt, createdBy }) => ({
        version: number, role, 'reference rows': referenceRows, 'made of': describeProvenance(provenance), tags: tags.join(', '), added: createdAt.slice(0, 16).replace('T', ' '), by: createdBy,
      }))));
    }));

  withStackOptions(challenger.command('remove <model> <version>')).description('a challenger takes no more rows and is not compared any more; what there is stays readable')
    .addHelpText('after', '\nExample:\n  aftercare challenger remove loans 2')
    .action((model: string, version: string, options: StackOptions) => withClient(options, async (client) => {
      const number = versionOf(version)!;
      await client.challengers.remove(model, number);
      if (options.json) return printJson({ model, version: number, role: 'archived' });
      print(`version ${number} of ${model} is archived`);
    }));
}

function retrainingOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidInput(`--retraining '${text}' is not a number from 1`);
  return Number(text);
}
