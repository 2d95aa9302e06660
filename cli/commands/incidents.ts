/** `aftercare incidents`: what stands out, and what people do about it. */
import type { Command } from 'commander';
import type { IncidentRef, IncidentStory } from '../../client/index.js';
import { parseDuration } from '../../domain/duration.js';
import { InvalidInput } from '../../domain/errors.js';
import { RESOLUTION_MEANINGS, RESOLUTIONS, type Incident, type IncidentActRecord, type Resolution } from '../../domain/incident.js';
import { formatValue } from '../../plots/format.js';
import { withClient, withStackOptions, type StackOptions } from '../support/connect.js';
import { print, printJson } from '../support/output.js';
import { table } from '../terminal/table.js';

interface ActOptions extends StackOptions {
  model?: string;
  note?: string;
}

const OVER = new Set<Incident['state']>(['resolved', 'withdrawn']);

export function registerIncidents(program: Command): void {
  const incidents = program.command('incidents').description('what stands out, and what is done about it');

  withStackOptions(incidents.command('list [model]', { isDefault: true }))
    .description('open incidents, and those that somebody cares for')
    .option('--all', 'resolved and withdrawn ones as well')
    .addHelpText('after', '\nExamples:\n  aftercare incidents list\n  aftercare incidents list loans --all --json')
    .action((model: string | undefined, options: StackOptions & { all?: boolean }) => withClient(options, async (client) => {
      const models = model === undefined ? (await client.models.list()).map(({ name }) => name) : [model];
      const found = (await Promise.all(models.map((name) => client.incidents(name)))).flat().filter(({ state }) => options.all === true || !OVER.has(state));
      if (options.json) return printJson(found);
      if (found.length === 0) return print(`${model ?? 'all models'}: nothing stands out`);
      print(table(found.map((i) => ({
        incident: i.id, ...(model === undefined ? { model: i.model } : {}), state: i.state, severity: i.severity, what: i.text || i.identity, chunks: i.chunkCount, ongoing: i.ongoing ? 'yes' : 'no',
        by: i.resolvedBy ?? i.acknowledgedBy ?? '', attended: i.attended ? 'yes' : 'no',
      }))));
    }));

  withIncident(incidents.command('show <incident>'))
    .description('its story: values, who did what, questions, what people were told')
    .addHelpText('after', examples('show'))
    .action((incident: string, options: ActOptions) => withClient(options, async (client) => {
      const story = await client.runbook.show(refOf(incident, options));
      if (options.json) printJson(story);
      else print(tell(story));
    }));

  withIncident(incidents.command('acknowledge <incident>'))
    .description('somebody has seen it and cares: it is not escalated, and its question is answered')
    .option('--note <text>', 'why')
    .addHelpText('after', examples('acknowledge', "--note 'known campaign' --as maria"))
    .action((incident: string, options: ActOptions) => withClient(options, async (client) => said(await client.runbook.acknowledge(refOf(incident, options), { note: options.note }), options)));

  withIncident(incidents.command('snooze <incident>'))
    .description('not now: it is open again, and told again, when the time is over')
    .option('--for <duration>', 'from now, e.g. 4h, 2d, 1w')
    .option('--until <time>', 'ISO 8601, e.g. 2026-01-05T08:00Z')
    .option('--note <text>', 'why')
    .addHelpText('after', examples('snooze', '--for 2d --as maria'))
    .action((incident: string, options: ActOptions & { for?: string; until?: string }) => withClient(options, async (client) => {
      said(await client.runbook.snooze(refOf(incident, options), { until: momentOf(options, new Date()), note: options.note }), options);
    }));

  withIncident(incidents.command('resolve <incident>'))
    .description('it is over: it stays so while its data go on, and its question is withdrawn')
    .option('--note <text>', 'why')
    .addHelpText('after', examples('resolve', "--note 'the product was discontinued' --as maria"))
    .action((incident: string, options: ActOptions) => withClient(options, async (client) => said(await client.runbook.resolve(refOf(incident, options), { note: options.note }), options)));

  withIncident(incidents.command('act <incident> <resolution>'))
    .description('take an action of the runbook, or record its outcome; retrain also asks for the retraining')
    .option('--state <state>', 'begun, done or failed', 'begun')
    .option('--note <text>', 'what exactly')
    .addHelpText('after', `
Resolutions:
${RESOLUTIONS.map((resolution) => `  ${resolution.padEnd(18)} ${RESOLUTION_MEANINGS[resolution]}`).join('\n')}
${examples('act', 'engineer_features --note "income per household" --as maria')}
  aftercare incidents act 12 engineer_features --state done
  aftercare incidents act 12 retrain`)
    .action((incident: string, resolution: string, options: ActOptions & { state?: string }) => withClient(options, async (client) => {
      const done = await client.runbook.act(refOf(incident, options), resolutionOf(resolution), { state: stateOf(options.state), note: options.note });
      if (options.json) return printJson(done);
      print(`incident ${done.incident.id} of ${done.incident.model}: ${resolution} ${options.state ?? 'begun'}`);
      if (done.retraining) print(`retraining ${done.retraining.number} was asked for${done.retraining.decision ? `; it waits for an answer to ${done.retraining.decision}` : ''}`);
    }));
}

function withIncident(command: Command): Command {
  return withStackOptions(command).option('--model <name>', 'the incident is given by its text within this model, and not by its number');
}

function examples(verb: string, more = ''): string {
  const tail = more === '' ? '' : ` ${more}`;
  return verb === 'act' ? `\nExamples:\n  aftercare incidents act 12${tail}` : `\nExamples:\n  aftercare incidents ${verb} 12${tail}\n  aftercare incidents ${verb} estimated_performance/roc_auc/000005 --model loans${tail}`;
}

function refOf(text: string, { model }: { model?: string }): IncidentRef {
  if (model !== undefined) return { model, incident: text };
  if (!/^\d{1,15}$/.test(text)) throw new InvalidInput(`'${text}' is no number of an incident: give its number, or its text and --model NAME`);
  return Number(text);
}

function momentOf(options: { for?: string; until?: string }, now: Date): Date {
  if ((options.for === undefined) === (options.until === undefined)) throw new InvalidInput('say --for a duration or --until a time, one of them');
  if (options.for !== undefined) return new Date(now.getTime() + parseDuration(options.for));
  const until = new Date(options.until!);
  if (Number.isNaN(until.getTime())) throw new InvalidInput(`--until '${options.until}' is no time (ISO 8601, e.g. 2026-01-05T08:00Z)`);
  return until;
}

function resolutionOf(text: string): Resolution {
  const found = RESOLUTIONS.find((resolution) => resolution === text);
  if (!found) throw new InvalidInput(`'${text}' is no resolution: ${RESOLUTIONS.join(', ')}`);
  return found;
}

function stateOf(text = 'begun'): 'begun' | 'done' | 'failed' {
  if (text !== 'begun' && text !== 'done' && text !== 'failed') throw new InvalidInput(`--state '${text}' is none of begun, done, failed`);
  return text;
}

function said(incident: Incident, { json }: StackOptions): void {
  if (json) printJson(incident);
  else print(`incident ${incident.id} of ${incident.model}: ${incident.state}${{ acknowledged: ` by ${incident.acknowledgedBy}`, resolved: ` by ${incident.resolvedBy}`, snoozed: ` until ${minute(incident.snoozedUntil)}`, open: '', withdrawn: '' }[incident.state]}`);
}

function tell({ incident, acts, decisions, notices, values }: IncidentStory): string {
  const { id, model, version, state, severity, loudness, text, identity, openingChunk, lastChunk, chunkCount, ongoing } = incident;
  const lines = [
    `incident ${id} of ${model}, version ${version}: ${state}, ${severity}, ${loudness === 'loud' ? 'it fails to predict' : 'it predicts, perhaps badly'}`,
    text || identity, `${identity}: ${chunkCount} chunk${chunkCount === 1 ? '' : 's'}, ${openingChunk} to ${lastChunk}, ${ongoing ? 'ongoing' : 'over'}`,
  ];
  const part = (title: string, rows: Parameters<typeof table>[0]) => { if (rows.length > 0) lines.push('', title, table(rows)); };
  part('values outside their thresholds', values.map((v) => ({ chunk: v.chunk, metric: v.metric, value: formatValue(v.value), lower: v.lower, upper: v.upper })));
  part('what was done', acts.map((a) => ({ at: minute(a.at), what: actText(a), by: a.by, note: a.note ?? '' })));
  part('questions', decisions.map((d) => ({ decision: d.id, state: d.state, answer: d.answer ?? '', by: d.answeredBy ?? '' })));
  part('told', notices.map((n) => ({ at: minute(n.sentAt ?? n.createdAt), what: n.kind, to: n.recipient, channel: n.channel, state: n.state })));
  return lines.join('\n');
}

function actText({ act, resolution, resolutionState, until }: IncidentActRecord): string {
  if (act === 'resolution') return `${resolution} ${resolutionState}`;
  return until === null ? act : `${act} until ${minute(until)}`;
}

function minute(iso: string | null): string {
  return iso === null ? '' : iso.slice(0, 16).replace('T', ' ');
}
