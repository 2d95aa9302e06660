/** `aftercare model …`: create, list, show, settings, archive, delete. */
import { Option, type Command } from 'commander';
import type { CreateModelInput, SettingsPatch } from '../../client/index.js';
import { parseChunking } from '../../domain/chunking.js';
import { parseDuration } from '../../domain/duration.js';
import { InvalidInput } from '../../domain/errors.js';
import type { ProblemType } from '../../domain/schema.js';
import type { TargetSettings } from '../../domain/settings.js';
import { table } from '../terminal/table.js';
import { readJson, registerModelSettings } from './model-settings.js';
import { versionOf } from './rank.js';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { provenanceOf, withProvenanceOptions, type ProvenanceOptions } from '../support/provenance.js';
import { describeReceipt } from '../support/receipt.js';
import { describeCoverage } from '../support/target-coverage.js';
import { print, printJson, progressBar, say } from '../support/output.js';

interface CreateOptions extends StackOptions, ProvenanceOptions {
  reference: string;
  analysis?: string;
  targets?: string;
  target?: string;
  prediction?: string;
  probability?: string[];
  timestamp?: string;
  identifier?: string;
  segments?: string[];
  ignore?: string[];
  categorical?: string[];
  continuous?: string[];
  problemType?: ProblemType;
  chunking?: string;
  zone?: string;
  keyMetric?: string;
  everyRows?: string;
  arrival?: TargetSettings['arrival'];
  expectedDelay?: string;
  notify?: string[];
  settings?: string;
  tag?: string[];
}

export function registerModel(program: Command): void {
  const model = program.command('model').description('models: create, list, show, change, archive, delete');

  withProvenanceOptions(withStackOptions(model.command('create <name>')))
    .description('create a model from its reference data; the schema is inferred, options override it')
    .requiredOption('--reference <file>', 'rows the model is known to do well on, with targets (CSV, CSV.gz, Parquet, NDJSON)')
    .option('--target <column>', 'the true outcome')
    .option('--prediction <column>', 'the predicted class, or the predicted value of a regression')
    .option('--probability <column...>', 'the predicted probability; of several classes a column for each: class=column')
    .option('--timestamp <column>', 'when the inference was made')
    .option('--identifier <column>', 'what targets are matched by')
    .option('--segments <column...>', 'columns that split the population')
    .option('--ignore <column...>', 'columns that are not kept')
    .option('--categorical <column...>', 'columns to treat as categorical')
    .option('--continuous <column...>', 'columns to treat as continuous')
    .addOption(new Option('--problem-type <type>', 'default: told by target, prediction and probabilities').choices(['classification_binary', 'classification_multiclass', 'regression']))
    .option('--chunking <rule>', 'size:5000, count:10 or period:D (h, D, W, M, Q, Y); default: a tenth of the reference')
    .option('--zone <name>', 'time zone of timestamps without one, and of periods', 'UTC')
    .option('--key-metric <name>', 'the metric people judge this model on')
    .option('--every-rows <n>', 'a run after every so many rows (0: never by count)')
    .option('--arrival <how>', 'how targets come: instant, delayed or absent')
    .option('--expected-delay <duration>', 'how late targets usually are, e.g. 30d')
    .option('--notify <address...>', 'who is told by e-mail of a decision that waits')
    .option('--tag <tag...>', 'words by which the model and its results are found, e.g. team:risk')
    .option('--settings <file>', 'further settings as JSON (see model settings)')
    .option('--analysis <file>', 'first inferences to append')
    .option('--targets <file>', 'first targets to append')
    .addHelpText('after', `
Examples:
  aftercare model create loans --reference reference.csv.gz --target repaid
  aftercare model create loans --reference ref.parquet --target repaid --chunking period:W --zone Europe/Brussels --expected-delay 30d
  aftercare model create cards --reference ref.csv --target card --probability basic=p_basic gold=p_gold none=p_none --segments channel
  aftercare model create prices --reference ref.csv --target sold_for --prediction asked --problem-type regression`)
    .action((name: string, options: CreateOptions) => withClient(options, async (client) => {
      const bar = progressBar('reading the reference', 'rows', options.json);
      const created = await client.models.create({ ...(await createInput(name, options)), onProgress: (rows) => bar.update(rows, null) });
      bar.stop();
      const receipts = [];
      if (options.analysis) receipts.push(await client.append(name, options.analysis));
      if (options.targets) receipts.push(await client.targets(name, options.targets));
      if (options.json) return printJson({ ...created, receipts });
      print(`model ${name} is there: ${created.schema.columns.length} columns, ${created.referenceRows.toLocaleString('en')} reference rows, chunks of ${created.chunking}`);
      for (const note of created.notes) say(`  ${note}`);
      for (const receipt of receipts) print(describeReceipt(receipt));
    }));

  withStackOptions(model.command('list')).description('all models').option('--all', 'archived ones as well').option('--tag <tag...>', 'only models that have all of these tags')
    .addHelpText('after', '\nExamples:\n  aftercare model list --json\n  aftercare model list --tag team:risk')
    .action((options: StackOptions & { all?: boolean; tag?: string[] }) => withClient(options, async (client) => {
      const models = await client.models.list({ all: options.all ?? false, tags: options.tag ?? [] });
      if (options.json) return printJson(models);
      if (models.length === 0) return print(options.tag ? `no model has ${options.tag.map((tag) => `'${tag}'`).join(' and ')}` : 'no model yet: aftercare model create --help');
      print(table(models.map((m) => ({ model: m.name, state: m.state, reference: m.rows.reference, analysis: m.rows.analysis, targets: m.rows.targets, runs: m.lastRun, 'open incidents': m.openIncidents, 'waiting decisions': m.waitingDecisions, ...(models.some(({ tags }) => tags.length > 0) ? { tags: m.tags.join(', ') } : {}) }))));
    }));

  withStackOptions(model.command('show <name>')).description('schema, settings, rows, coverage of targets, segments')
    .addHelpText('after', '\nExample:\n  aftercare model show loans')
    .action((name: string, options: StackOptions) => withClient(options, async (client) => {
      const found = await client.models.get(name);
      const segments = await client.segments(name);
      const coverage = await client.targetCoverage(name);
      if (options.json) return printJson({ ...found, segments, targetCoverage: coverage });
      print(`${found.name} · ${found.state} · ${found.problemType} · version ${found.version}${found.tags.length > 0 ? ` · ${found.tags.join(', ')}` : ''}`);
      print(`rows: reference ${found.rows.reference}, analysis ${found.rows.analysis}, targets ${found.rows.targets} (${found.rows.targetsUnmatched} wait for their inference)`);
      if (coverage) print(describeCoverage(coverage));
      const withClass = found.schema.columns.some((column) => column.class !== undefined);
      print(table(found.schema.columns.map((column) => ({ column: column.name, role: column.role, kind: column.kind, ...(withClass ? { class: column.class ?? '' } : {}) }))));
      if (segments.length > 0) print(`\nsegments\n${table(segments.map((one) => ({ segment: one.segment, 'reference rows': one.referenceRows, 'analysis rows': one.analysisRows, chunks: one.chunks, alerts: one.alerts })))}\n`);
      else if (found.settings.segments) print(`segments: by ${found.settings.segments.by.join(', ')}, computed by the next run`);
      print(JSON.stringify(found.settings, null, 2));
    }));

  registerModelSettings(model);

  withStackOptions(model.command('tag <name> [tags...]')).description('put these tags in the place of those that are there; none: show them')
    .option('--model-version <number>', 'of this version instead of the model')
    .option('--clear', 'no tags at all')
    .addHelpText('after', '\nExamples:\n  aftercare model tag loans team:risk eu\n  aftercare model tag loans shadow --model-version 2')
    .action((name: string, tags: string[], options: StackOptions & { modelVersion?: string; clear?: boolean }) => withClient(options, async (client) => {
      if (options.clear && tags.length > 0) throw new InvalidInput(`tags and --clear: one of them`);
      const version = versionOf(options.modelVersion);
      const found = await client.models.get(name);
      const there = version === undefined ? found.modelTags : found.versions.find((one) => one.number === version)?.tags ?? [];
      const changed = tags.length === 0 && !options.clear ? { modelId: found.modelId, tags: there } : await client.models.tag(name, tags, { version });
      if (options.json) return printJson({ model: name, ...(version === undefined ? {} : { version }), tags: changed.tags });
      print(changed.tags.length === 0 ? `${name} has no tags` : changed.tags.join('\n'));
    }));

  withStackOptions(model.command('archive <name>')).description('no more rows, no more runs; everything stays readable')
    .addHelpText('after', '\nExample:\n  aftercare model archive loans')
    .action((name: string, options: StackOptions) => withClient(options, async (client) => {
      await client.models.archive(name);
      if (options.json) return printJson({ model: name, state: 'archived' });
      print(`${name} is archived: its results stay readable`);
    }));

  withStackOptions(model.command('delete <name>')).description('delete a model with all its rows and results, for good').option('--yes', 'really')
    .addHelpText('after', '\nExample:\n  aftercare model delete loans --yes')
    .action((name: string, options: StackOptions & { yes?: boolean }) => withClient(options, async (client) => {
      const found = await client.models.get(name);
      if (!options.yes) throw new InvalidInput(`deleting ${name} removes ${found.rows.reference + found.rows.analysis} rows and all results for good: add --yes (or archive it: aftercare model archive ${name})`);
      await client.models.delete(name);
      if (options.json) return printJson({ model: name, state: 'deleted' });
      print(`${name} is deleted`);
    }));
}

async function createInput(name: string, options: CreateOptions): Promise<CreateModelInput> {
  const kinds = Object.fromEntries([...(options.categorical ?? []).map((c) => [c, 'categorical'] as const), ...(options.continuous ?? []).map((c) => [c, 'continuous'] as const)]);
  const settings: SettingsPatch = options.settings ? await readJson(options.settings) : {};
  if (options.zone && options.zone !== 'UTC') settings.zone = options.zone;
  if (options.keyMetric) settings.keyMetric = options.keyMetric;
  if (options.chunking) settings.chunking = parseChunking(options.chunking);
  if (options.everyRows !== undefined) settings.runs = { ...settings.runs, everyRows: wholeNumber(options.everyRows, '--every-rows') || null };
  if (options.arrival || options.expectedDelay) {
    settings.targets = { arrival: arrivalOf(options.arrival ?? 'delayed'), ...(options.expectedDelay ? { expectedDelayMs: parseDuration(options.expectedDelay) } : {}) };
  }
  if (options.segments) settings.segments = { ...settings.segments, by: options.segments };
  if (options.notify) settings.decisions = { ...settings.decisions, notify: options.notify };
  return {
    name,
    reference: options.reference,
    settings,
    tags: options.tag,
    provenance: provenanceOf(options),
    columns: {
      problemType: options.problemType, target: options.target, prediction: options.prediction, predictedProbability: probabilitiesOf(options.probability),
      timestamp: options.timestamp, identifier: options.identifier, ignore: options.ignore, kinds,
    },
  };
}

/** `y_pred_proba`, or `gold=p_gold basic=p_basic`. A class may hold an equals sign, a column then not. */
function probabilitiesOf(given: string[] | undefined): string | Record<string, string> | undefined {
  if (given === undefined) return undefined;
  if (given.length === 1 && !given[0]!.includes('=')) return given[0];
  return Object.fromEntries(given.map((text) => {
    const at = text.lastIndexOf('=');
    if (at <= 0 || at === text.length - 1) throw new InvalidInput(`--probability '${text}' is not class=column: of several probabilities each says its class`);
    return [text.slice(0, at), text.slice(at + 1)];
  }));
}

function arrivalOf(text: string): TargetSettings['arrival'] {
  if (text === 'instant' || text === 'delayed' || text === 'absent') return text;
  throw new InvalidInput(`--arrival '${text}' is none of instant, delayed, absent`);
}

function wholeNumber(text: string, option: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidInput(`${option} '${text}' is not a whole number`);
  return Number(text);
}
