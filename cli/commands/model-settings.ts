/** `aftercare model settings`: show, preview, change, history. */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { Aftercare, Bounds, ChangedModelSettings, SettingsPatch, SettingsPreview } from '../../client/index.js';
import { ConsentNeeded } from '../../client/settings-consent.js';
import { parseChunking } from '../../domain/chunking.js';
import { InvalidInput } from '../../domain/errors.js';
import { formatValue } from '../../plots/format.js';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { print, printJson, say } from '../support/output.js';
import { table } from '../terminal/table.js';

interface SettingsOptions extends StackOptions {
  set?: string[];
  file?: string;
  preview?: boolean;
  history?: boolean;
  yes?: boolean;
}

export function registerModelSettings(model: Command): void {
  withStackOptions(model.command('settings <name>')).description('show settings, or change some: only what is given changes, nothing else is computed again than what became stale')
    .option('--set <path=value...>', 'e.g. runs.everyRows=10000 chunking=period:D calculators.numerical_range=null')
    .option('--file <file>', 'a JSON document that is merged into the settings')
    .option('--preview', 'only show which alerts there would be: nothing changes')
    .option('--yes', 'also if results become stale; without it that is asked on a terminal, and refused elsewhere')
    .option('--history', 'the settings that there were, and which of them have results (aftercare results --settings-revision N)')
    .addHelpText('after', `
Examples:
  aftercare model settings loans --set runs.everyRows=10000
  aftercare model settings loans --set 'calculators.univariate_drift.thresholds.jensen_shannon={"type":"constant","lower":null,"upper":0.1}' --preview
  aftercare model settings loans --set chunking=period:W --yes
  aftercare model settings loans --set 'thresholds=[{"calculator":"realized_performance","segment":"region=north","alertOn":"worse"}]'`)
    .action((name: string, options: SettingsOptions) => withClient(options, async (client) => {
      if (options.history) return showHistory(client, name, options);
      if (!options.set && !options.file) return printJson((await client.models.get(name)).settings);
      const patch: SettingsPatch = { ...(options.file ? await readJson(options.file) : {}) };
      for (const assignment of options.set ?? []) assign(patch, assignment);
      if (options.preview) {
        const preview = await client.models.preview(name, patch);
        return options.json ? printJson(preview) : print(describePreview(preview));
      }
      const changed = await change(client, name, patch, options);
      if (changed === null) return print('nothing was changed');
      if (options.json) return printJson(changed);
      print(`settings of ${name} are now revision ${changed.settingsRevision}; ${consequence(changed)}`);
    }));
}

/** @returns null: the person did not agree. @throws ConsentNeeded where nobody can be asked */
async function change(client: Aftercare, name: string, patch: SettingsPatch, { yes, json }: SettingsOptions): Promise<ChangedModelSettings | null> {
  try {
    return await client.models.settings(name, patch, { consent: yes ? 'given' : 'required' });
  } catch (error) {
    if (!(error instanceof ConsentNeeded)) throw error;
    if (json || !process.stdin.isTTY || !process.stderr.isTTY) throw new InvalidInput(`${error.message}. If that is meant, add --yes`);
    say(`${error.stale.values.toLocaleString('en')} results become stale, the next run computes them anew: ${error.stale.what.join(', ')}.`);
    say('What there is stays readable under the settings that it was computed with (aftercare results --settings-revision).');
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return /^y(es)?$/i.test((await terminal.question('Change the settings? [y/N] ')).trim()) ? await client.models.settings(name, patch) : null;
    } finally {
      terminal.close();
    }
  }
}

async function showHistory(client: Aftercare, name: string, { json }: SettingsOptions): Promise<void> {
  const history = await client.models.settingsHistory(name);
  if (json) return printJson(history);
  print(table(history.map(({ revision, at, by, runs, settings }, i) => ({
    revision, changed: at === null ? 'created' : at.slice(0, 16).replace('T', ' '), by, runs: runs === null ? 'none' : runs.first === runs.last ? String(runs.first) : `${runs.first} to ${runs.last}`,
    what: i === 0 ? '' : changedParts(history[i - 1]!.settings as unknown as Record<string, unknown>, settings as unknown as Record<string, unknown>).join(', '),
  }))));
}

/** Paths of two steps at most, e.g. `runs.everyRows`. */
function changedParts(before: Record<string, unknown>, after: Record<string, unknown>, path = ''): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    const [a, b] = [before[name], after[name]];
    if (JSON.stringify(a) === JSON.stringify(b)) return [];
    return path === '' && isObject(a) && isObject(b) ? changedParts(a, b, `${name}.`) : [`${path}${name}`];
  });
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the next run makes of a change. */
function consequence({ stale, judgesAnew }: ChangedModelSettings): string {
  if (stale.length > 0) return `the next run computes anew: ${stale.join(', ')}${judgesAnew ? ', and judges the rest by the new thresholds' : ''}`;
  return judgesAnew ? 'the next run judges anew what is there and computes nothing again' : 'nothing became stale';
}

const SERIES_SHOWN = 30;

function describePreview({ stale, alerts, changed }: SettingsPreview): string {
  const lines = [
    changed.length === 0 ? 'no threshold and no alert would change' : `${alerts.before} alerts in complete chunks would become ${alerts.after}; ${changed.length} series change`,
    ...(stale.length > 0 ? [`not known before the next run, which computes anew: ${stale.join(', ')}`] : []),
  ];
  const side = ({ lower, upper }: Bounds): string => `${lower === null ? '–' : formatValue(lower)} … ${upper === null ? '–' : formatValue(upper)}`;
  const segmented = changed.some(({ segment }) => segment !== '');
  if (changed.length > 0) {
    lines.push('', table(changed.slice(0, SERIES_SHOWN).map(({ calculator, metric, column, segment, before, after }) => ({
      calculator, metric, column, ...(segmented ? { segment: segment || '(all rows)' } : {}), 'thresholds now': side(before), 'then': side(after), 'alerts now': before.alerts, 'alerts then': after.alerts,
    }))));
  }
  if (changed.length > SERIES_SHOWN) lines.push(`and ${changed.length - SERIES_SHOWN} more: --json has them all`);
  return lines.join('\n');
}

export async function readJson(file: string): Promise<SettingsPatch> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new InvalidInput(`settings file ${file} cannot be read: ${(error as Error).message}`);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as SettingsPatch;
  } catch (error) {
    throw new InvalidInput(`settings file ${file} is not JSON: ${(error as Error).message}`);
  }
  throw new InvalidInput(`settings file ${file} is not a JSON object`);
}

/** `runs.everyRows=10000` into the patch; what is not JSON is text, `chunking=…` has its own grammar. */
function assign(patch: SettingsPatch, assignment: string): void {
  const at = assignment.indexOf('=');
  if (at <= 0) throw new InvalidInput(`--set '${assignment}' is not path=value`);
  const path = assignment.slice(0, at).split('.');
  const text = assignment.slice(at + 1);
  let place = patch as Record<string, unknown>;
  for (const step of path.slice(0, -1)) {
    if (step === '__proto__' || step === 'constructor') throw new InvalidInput(`--set '${assignment}': no such setting`);
    const next = place[step];
    place = (typeof next === 'object' && next !== null ? next : (place[step] = {})) as Record<string, unknown>;
  }
  place[path.at(-1)!] = assignment.startsWith('chunking=') && !text.startsWith('{') ? parseChunking(text) : valueOf(text);
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
