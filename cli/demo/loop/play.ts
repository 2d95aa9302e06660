/** `aftercare demo --story`: the mailbox, the team's worker, the story, its summary. */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Aftercare } from '../../../client/index.js';
import type { Answer } from '../../../domain/decision.js';
import { shellQuoted } from '../../../domain/shell.js';
import { startProgram, type Stack } from '../../../embedded/index.js';
import type { Listener } from '../story.js';
import type { Mailbox } from './mailbox.js';
import { settle } from './questions.js';
import { loopRows } from './rows.js';
import { mailboxFolder, servingFile } from './serving.js';
import { tellLoop } from './story.js';
import { renderLoop, summarizeLoop, type LoopSummary } from './summary.js';
import { STORY_MODEL } from './settings.js';

export interface PlayOptions {
  stack: Stack;
  mailbox: Mailbox;
  listener: Omit<Listener, 'firstResults'> & { done(): void };
  /** null: somebody else answers. */
  answer: Answer | null;
  report: string | undefined;
  startedAtMs: number;
  signal: AbortSignal;
}

export interface Played {
  summary: LoopSummary;
  /** For a person at a terminal. */
  text: string;
  repeated: boolean;
}

export async function playLoop({ stack, mailbox, listener, answer, report, startedAtMs, signal }: PlayOptions): Promise<Played> {
  const { databaseUrl, temporalAddress, namespace, dataFolder } = stack;
  await mailbox.keepIn(mailboxFolder(dataFolder));
  const team = await startProgram({
    dataFolder, name: 'team', command: [process.execPath, fileURLToPath(new URL('./team/worker.js', import.meta.url))], args: [], databaseUrl, temporalAddress, namespace, env: { STORY_FOLDER: dataFolder },
  });
  const client = await Aftercare.connect({ databaseUrl, temporal: { address: temporalAddress, namespace }, by: 'demo' });
  try {
    listener.detail(`a worker of the team's own waits for trainings; mails come to ${mailboxFolder(dataFolder)}`);
    const doors = { client, mailbox, dataFolder, temporalAddress, answer, say: (line: string) => listener.detail(line), signal };
    const telling = tellLoop({ client, listener, dataFolder, signal, settle: (asked, door) => settle(doors, asked, door) }, loopRows());
    const { repeated, end } = await Promise.race([telling, team.exited.then(() => { throw new Error(`the team's worker has ended: its log is ${join(dataFolder, 'logs/team.log')}; start the demo again, the story goes on`); })]);
    listener.done();
    const file = resolve(report ?? join(dataFolder, 'story', 'report.html'));
    await writeFile(file, await client.report(STORY_MODEL));
    const summary = await summarizeLoop({ client, mails: mailbox.mails, dataFolder, report: file, end, elapsedMs: Date.now() - startedAtMs });
    return { summary, text: [renderLoop(summary, ` --data ${shellQuoted(dataFolder)}`), whereToLook(summary, stack)].join('\n'), repeated };
  } finally {
    await team.stop();
    await client.close();
  }
}

function whereToLook({ report, elapsedMs }: LoopSummary, { dataFolder, uiUrl, databaseUrl }: Stack): string {
  return [
    '', 'Where to look', `  mails        ${mailboxFolder(dataFolder)}   (.html for a browser, .eml as they came)`, `  report       ${report}`, `  serving      ${servingFile(dataFolder)}`,
    `  Temporal UI  ${uiUrl ?? '(none)'}`, `  database     psql '${databaseUrl}'`, '', `${(elapsedMs / 1000).toFixed(1)} s from start to summary`,
  ].join('\n');
}
