/** `aftercare demo`: a real model, monitored from its first inference to a decision that waits for a person. */
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import pc from 'picocolors';
import { Aftercare } from '../../client/index.js';
import { ANSWERS, type Answer } from '../../domain/decision.js';
import { Conflict, InvalidInput } from '../../domain/errors.js';
import { answerCommand, shellQuoted } from '../../domain/shell.js';
import { demoDataFolder, readRunningStack, startStack, type Stack } from '../../embedded/index.js';
import { DATASET_NAMES, loadDataset, type DatasetName } from '../demo/datasets/index.js';
import type { DemoDataset } from '../demo/deliveries.js';
import { answerWaiting, tellStory, type Listener } from '../demo/story.js';
import { firstLook, renderSummary, summarize, type DemoSummary } from '../demo/summary.js';
import { Mailbox } from '../demo/loop/mailbox.js';
import { playLoop } from '../demo/loop/play.js';
import { print, progressBar, say, type ProgressBar } from '../support/output.js';

interface DemoOptions {
  dataset: DatasetName;
  data?: string;
  exit?: boolean;
  answer?: Answer | true;
  story?: boolean;
  summary?: string;
  fresh?: boolean;
  report?: string;
  mail?: string;
  notify?: string[];
  postgresPort?: string;
  temporalPort?: string;
  uiPort?: string;
}

export function registerDemo(program: Command): void {
  program.command('demo')
    .description('monitor a real model with 100,000 rows: embedded PostgreSQL and Temporal, runs, alerts, a decision, a report')
    .addOption(new Option('--dataset <name>', 'car-loan: two classes; car-price: regression; multiclass: three classes; diamonds: a regression trained here, with drift injected').choices(DATASET_NAMES).default('car-loan'))
    .option('--story', 'the loop after the alert, on the car-loan data: incident, e-mail, approval, training, challenger in shadow, verdict, promotion, probation')
    .option('--exit', 'end after the summary instead of staying up')
    .addOption(new Option('--answer [answer]', 'answer the decision that waits (default: acknowledge); with --story every question, as maria@example.org (default: approve)').choices([...ANSWERS]))
    .option('--summary <file>', 'write the summary as JSON')
    .option('--report <file>', 'where to write the report (default: in the data folder)')
    .option('--fresh', 'forget an earlier demo and start over')
    .option('--data <folder>', 'where the demo keeps its data (default: one folder per checkout)')
    .option('--mail <url>', 'smtp://host:port; tells people of the decision that waits')
    .option('--notify <address...>', 'who is told, with --mail (default: operator@localhost)')
    .option('--postgres-port <port>', 'default: a free one')
    .option('--temporal-port <port>', 'default: a free one')
    .option('--ui-port <port>', 'default: a free one')
    .addHelpText('after', `
Examples:
  aftercare demo
  aftercare demo --dataset diamonds
  aftercare demo --exit --answer acknowledge --summary summary.json
  aftercare demo --story
  aftercare demo --story --answer --exit
A second start shows what is there. The summary's keys: model, metric, chunks[] (key, period, startDate, endDate, rows, complete, rocAuc (regressions: rmse).{estimated, bandLower, bandUpper,
lowerThreshold, upperThreshold, alert, realized, realizedAlert, error}), runs[] (number, trigger, state, chunks, chunksComputed, rowsRead, alerts, elapsedMs), alerts[], ranking[], decision, rows, elapsedMs;
with --story: model, end, steps[] (at, step, who, what), rocAuc (champion, challenger, difference, probability, pairs, basis), verdicts[], mails[] (to, subject, at, eml, html), serving, audit[], report, elapsedMs.
A story that was interrupted goes on where it was. Its mails stay in the data folder, as files; none leaves this machine.`)
    .action(runDemo);
}

async function runDemo(options: DemoOptions): Promise<void> {
  const startedAt = Date.now();
  if (options.story) checkStory(options);
  const mailbox = options.story ? await Mailbox.open((mail) => say(`  ✉ to ${mail.to}: ${mail.subject}`)) : null;
  const data = mailbox ? null : await loadDataset(options.dataset);
  title('Starting PostgreSQL, Temporal and the workers');
  const stack = await startInFreeFolder(mailbox ? { ...options, mail: mailbox.url } : options).catch(async (error: unknown) => {
    await mailbox?.close();
    throw error;
  });
  const folder = stack.dataFolder;
  const interrupted = untilInterrupted();
  const ending = new AbortController();
  let told = false;
  try {
    const telling = mailbox ? tellStoryOfLoop(stack, mailbox, options, startedAt, ending.signal) : tell(stack, data!, options, startedAt);
    const outcome = await Promise.race([telling, interrupted.promise]);
    if (outcome === 'interrupted') return;
    told = true;
    if (!options.exit) {
      print(`\nEverything stays up: press Ctrl-C to end it. Its data stays in ${folder}; 'aftercare demo' shows it again, --fresh starts over.`);
      await interrupted.promise;
    }
  } finally {
    interrupted.stop();
    ending.abort();
    say(pc.dim('stopping …'));
    await stack.stop();
    await mailbox?.close();
    // What was being waited for when it was interrupted does not come any more.
    if (!told && process.exitCode === undefined) setTimeout(() => process.exit(), ENDING_MS).unref();
  }
}

const ENDING_MS = 2_000;

function checkStory({ dataset, mail, notify, answer }: DemoOptions): void {
  if (dataset !== 'car-loan') throw new InvalidInput(`--story is told with the car-loan data, not with --dataset ${dataset}`);
  if (mail !== undefined || notify !== undefined) throw new InvalidInput('--story has a mailbox of its own: leave out --mail and --notify');
  if (answer !== undefined && answer !== true && answer !== 'approve' && answer !== 'reject') throw new InvalidInput(`the story's questions are answered by approve or reject, not by ${answer}`);
}

async function tellStoryOfLoop(stack: Stack, mailbox: Mailbox, options: DemoOptions, startedAtMs: number, signal: AbortSignal): Promise<'told'> {
  const answer = options.answer === true ? 'approve' : options.answer ?? null;
  const { summary, text, repeated } = await playLoop({ stack, mailbox, listener: terminalListener(), answer, report: options.report, startedAtMs, signal });
  title(repeated ? 'The story has been told: what it came to' : 'What it came to');
  print(text);
  await writeSummary(options.summary, summary);
  return 'told';
}

async function writeSummary(path: string | undefined, summary: object): Promise<void> {
  if (path === undefined) return;
  const file = resolve(path);
  await writeFile(file, `${JSON.stringify(summary, null, 2)}\n`).catch((error: Error) => { throw new InvalidInput(`the summary cannot be written to ${file}: ${error.message}`); });
}

const SIDE_BY_SIDE = 9;

/** The demo's own folder; where a demo runs there already and no folder was named, the next one: two demos at the same time do not meet. */
async function startInFreeFolder(options: DemoOptions): Promise<Stack> {
  const first = demoDataFolder({ data: options.data });
  const named = options.data !== undefined || Boolean(process.env.AFTERCARE_DATA);
  for (let n = 1; ; n++) {
    const dataFolder = n === 1 ? first : `${first}-${n}`;
    const running = readRunningStack(dataFolder);
    try {
      if (options.fresh && running) throw new Conflict(`a stack is running on ${dataFolder}: end it before --fresh forgets its data`);
      if (options.fresh) await rm(dataFolder, { recursive: true, force: true });
      return await startStack({
        dataFolder, mail: options.mail,
        postgresPort: port(options.postgresPort, '--postgres-port'), temporalPort: port(options.temporalPort, '--temporal-port'), uiPort: port(options.uiPort, '--ui-port'),
        onEvent: (line) => say(pc.dim(`  ${line}`)),
      });
    } catch (error) {
      if (!(error instanceof Conflict) || named || n >= SIDE_BY_SIDE) throw error;
      say(pc.dim(`  a demo runs in ${dataFolder} already: this one takes the next folder`));
    }
  }
}

async function tell(stack: Stack, data: DemoDataset, options: DemoOptions, startedAt: number): Promise<'told'> {
  const client = await Aftercare.connect({ databaseUrl: stack.databaseUrl, temporal: { address: stack.temporalAddress, namespace: stack.namespace }, by: 'demo' });
  try {
    const listener = terminalListener(() => firstLook(client, data).then((text) => say(`\n${text}`)));
    const story = await tellStory(client, data, listener, options.mail ? options.notify ?? ['operator@localhost'] : []);
    listener.done();
    if (options.answer) await answerWaiting(client, data.model, options.answer === true ? 'acknowledge' : options.answer, 'demo --answer');
    const summary = await summarize(client, data, Date.now() - startedAt);
    const reportFile = resolve(options.report ?? join(stack.dataFolder, 'report.html'));
    await writeFile(reportFile, await client.report(data.model));
    title(story.repeated ? 'What is there (from an earlier start)' : 'What was found');
    print(renderSummary(summary, await client.results(data.model, { metrics: [data.metric] }), ` --data ${shellQuoted(stack.dataFolder)}`));
    print(whereToLook(summary, stack, reportFile));
    await writeSummary(options.summary, { ...summary, report: reportFile });
    return 'told';
  } finally {
    await client.close();
  }
}

function whereToLook(summary: DemoSummary, stack: Stack, reportFile: string): string {
  const lines: string[] = [''];
  const decision = summary.decision;
  if (decision?.state === 'waiting') {
    lines.push(pc.bold('A decision waits for a person'), `  ${decision.question}`, '  answer by command:', `    npx ${answerCommand(decision.id)} --data ${shellQuoted(stack.dataFolder)}`,
      '  or by a Temporal signal:',
      `    temporal workflow signal --address ${stack.temporalAddress} --workflow-id ${shellQuoted(decision.workflowId)} --name aftercareAnswerSignal --input '{"answer":"acknowledge","by":"me"}'`);
  } else if (decision) {
    lines.push(pc.bold('The decision'), `  ${decision.question}`, `  ${decision.state}: ${decision.answer ?? ''}${decision.answeredBy ? ` by ${decision.answeredBy}` : ''}`);
  }
  lines.push('', pc.bold('Where to look'), `  report       ${reportFile}`, `  Temporal UI  ${stack.uiUrl ?? '(none)'}`, `  database     psql '${stack.databaseUrl}'   (schema aftercare; any PostgreSQL client will do)`,
    `  by command   npx aftercare results ${summary.model} --alerts --data ${shellQuoted(stack.dataFolder)}`, '', `${(summary.elapsedMs / 1000).toFixed(1)} s from start to summary`);
  return lines.join('\n');
}

function title(text: string): void {
  say(`\n${pc.bold(text)}`);
}

function terminalListener(firstResults: () => Promise<void> = () => Promise.resolve()): Listener & { done(): void } {
  let bar: ProgressBar | null = null;
  let label = '';
  const done = (): void => { bar?.stop(); bar = null; label = ''; };
  return {
    step(text) { done(); title(text); },
    detail(text) { done(); say(`  ${text}`); },
    progress(next, finished, of) {
      if (next !== label) { done(); bar = progressBar(`  ${next}`, ''); label = next; }
      bar!.update(finished, of);
    },
    firstResults: () => { done(); return firstResults(); },
    done,
  };
}

function port(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_535) throw new InvalidInput(`${option} '${text}' is not a port (1 … 65535)`);
  return value;
}

/** Ctrl-C and a polite kill end the demo; a second one is left to the system. */
function untilInterrupted(): { promise: Promise<'interrupted'>; stop(): void } {
  let resolveOnce: (value: 'interrupted') => void = () => undefined;
  const promise = new Promise<'interrupted'>((settle) => { resolveOnce = settle; });
  const listener = (): void => resolveOnce('interrupted');
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.once(signal, listener);
  return { promise, stop: () => { for (const signal of signals) process.removeListener(signal, listener); } };
}
