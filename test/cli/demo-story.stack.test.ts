/** The story of the loop as a stranger has it told: stopped in the middle, answered by the printed command, gone on with, and told again. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoopSummary } from '../../cli/demo/loop/summary.js';
import { bareEnvironment, PROGRAM } from '../support/up.js';

const run = promisify(execFile);
let folder: string;
let data: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aftercare-story-'));
  data = join(folder, 'data');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const command = (...args: string[]): Promise<{ stdout: string; stderr: string }> => run(process.execPath, [PROGRAM, ...args], { env: bareEnvironment(), maxBuffer: 1 << 24, timeout: 150_000 });

async function story(): Promise<{ summary: LoopSummary; stdout: string; stderr: string }> {
  const file = join(folder, 'summary.json');
  const { stdout, stderr } = await command('demo', '--story', '--answer', '--exit', '--data', data, '--summary', file);
  return { summary: JSON.parse(await readFile(file, 'utf8')) as LoopSummary, stdout, stderr };
}

describe('aftercare demo --story', () => {
  it('without --answer it waits, and the command that it prints is the answer; Ctrl-C ends it in the middle', async () => {
    const demo = spawn(process.execPath, [PROGRAM, 'demo', '--story', '--data', data], { env: bareEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = once(demo, 'exit');
    let said = '';
    demo.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const until = async (pattern: RegExp): Promise<string> => {
      for (const end = Date.now() + 120_000; Date.now() < end && demo.exitCode === null; await new Promise((done) => setTimeout(done, 100))) {
        const found = pattern.exec(said);
        if (found) return found[1] ?? found[0];
      }
      throw new Error(`the demo did not say ${pattern}: ${said}`);
    };
    try {
      const [decision, answer, ...rest] = (await until(/npx aftercare decide (.*)\n/)).split(' ');
      expect([decision, answer, ...rest]).toEqual(['1/retraining/1/1', 'approve', '--as', 'maria@example.org', '--data', data]);
      const link = await until(/(http:\/\/127\.0\.0\.1:\d+\/decisions\/\S+)/);
      expect(await (await fetch(link)).text()).toContain('Shall car-loan-story be trained anew?');
      await expect(command('decide', decision!, answer!, '--as', 'eve@example.org', '--data', data)).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('eve@example.org is not among those who may answer') as string });
      expect((await command('decide', decision!, answer!, ...rest)).stdout).toBe('1/retraining/1/1: approve, by maria@example.org\n');
      await until(/maria@example\.org answered: approve/);
      demo.kill('SIGINT');
      expect(await ended).toEqual([0, null]);
    } finally {
      demo.kill('SIGKILL');
    }
  });

  it('goes on where it was, with --answer to its end: training, shadow, verdict, promotion, probation', async () => {
    const { summary, stdout } = await story();
    expect(summary).toMatchObject({ model: 'car-loan-story', end: 'kept', serving: { version: 2, retraining: 1, action: 'promote' } });
    expect(summary.steps.map(({ step }) => step)).toEqual([
      'model created', 'first run', 'incident', 'incident', 'retraining wanted', 'retraining asked for', 'retraining approved', 'training begun', ...inAnyOrder(summary, 'challenge begun', 'training completed'),
      'verdict: better', 'promotion asked for', 'promotion approved', 'promoted', 'kept',
    ]);
    for (const step of ['retraining approved', 'promotion approved', 'promoted']) expect(summary.steps.find((one) => one.step === step)).toMatchObject({ who: 'maria@example.org' });
    // Really trained, and really better on rows that neither had seen.
    const { rocAuc, verdicts } = summary;
    expect(rocAuc).toMatchObject({ pairs: 7_500, basis: 'realized' });
    expect(rocAuc!.champion).toBeCloseTo(0.963, 3);
    expect(rocAuc!.challenger).toBeGreaterThan(rocAuc!.champion! + 0.004);
    expect(rocAuc!.difference!.lower).toBeGreaterThan(0);
    // Targets were to come: estimates alone judge nothing.
    expect(verdicts.map(({ judgement }) => judgement)).toEqual(['not yet', 'better']);
    expect(stdout).toContain('The loop is closed');
  });

  it('every step is in the audit trail, and people were told by e-mail', async () => {
    const { summary, stderr } = await story();
    expect(stderr).toContain('The story has been told');
    const acts = summary.audit.map(({ by, action }) => `${by}: ${action}`);
    for (const act of [
      'demo: model created', 'aftercare: incident opened', 'policy: retraining requested', 'eve@example.org: answer refused', 'maria@example.org: decision answered', 'maria@example.org: training begun', 'training: challenger added',
      'aftercare: verdict not yet', 'aftercare: verdict better', 'aftercare: challenge deciding', 'maria@example.org: version promoted', 'aftercare: incident ended',
    ]) expect(acts).toContain(act);
    expect(acts.filter((act) => act === 'maria@example.org: version promoted')).toHaveLength(1);
    expect(summary.audit.filter(({ action }) => action === 'decision answered').map(({ detail }) => detail.decision)).toEqual(['1/retraining/1/1', '1/promotion/1/1']);

    const files = await readdir(join(data, 'story/mailbox'));
    expect(files).toHaveLength(2 * summary.mails.length);
    const subjects = summary.mails.filter(({ to }) => to === 'maria@example.org').map(({ subject }) => subject.replace('[aftercare] car-loan-story: ', ''));
    for (const subject of ['incident (estimated performance, roc_auc)', 'incident (realized performance, roc_auc)', 'a decision waits (retraining 1)', 'Training 1 of car-loan-story has begun', 'Version 2 of car-loan-story is better', 'a decision waits (promotion 1)', 'version 2 kept its probation of 10.0 s']) expect(subjects).toContain(subject);
    const incident = summary.mails.find(({ subject }) => subject.includes('incident (estimated'))!;
    expect(await readFile(incident.html, 'utf8')).toContain('data:image/png;base64,');
    expect(await readFile(summary.report, 'utf8')).toContain('</html>');
  });

  it('refuses what it cannot tell', async () => {
    await expect(command('demo', '--story', '--dataset', 'diamonds')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('--story is told with the car-loan data') as string });
    await expect(command('demo', '--story', '--answer', 'retrain')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('answered by approve or reject') as string });
    await expect(command('demo', '--story', '--mail', 'smtp://127.0.0.1:1')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('mailbox of its own') as string });
  });
});

/** Both come from the same message, a moment apart. */
function inAnyOrder({ steps }: LoopSummary, ...names: string[]): string[] {
  return steps.map(({ step }) => step).filter((step) => names.includes(step));
}
