/** `aftercare setup` on servers that exist already. */
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Check } from '../../cli/doctor/check.js';
import { createDatabase, uniqueName, type TestDatabase } from '../support/stack.js';
import { bareEnvironment, PROGRAM } from '../support/up.js';
import { createNamespace, type TestNamespace } from '../workflows/support/namespace.js';

let bare: TestDatabase;
let place: TestNamespace;
let guest: string;
beforeAll(async () => {
  [bare, place] = await Promise.all([createDatabase({ migrated: false }), createNamespace('setup')]);
  guest = uniqueName('guest').replaceAll('-', '_');
  await bare.pool.query(`create role ${guest} login password 'hunter2'`);
});
afterAll(async () => {
  await bare?.pool.query(`drop role if exists ${guest}`).catch(() => undefined);
  await bare?.drop();
});

function setup(databaseUrl: string, namespace = place.namespace): { status: number | null; said: string; steps: (name: string) => Check } {
  const run = spawnSync(process.execPath, [PROGRAM, 'setup', '--json', '--temporal-address', place.address, '--namespace', namespace], { env: { ...bareEnvironment(), DATABASE_URL: databaseUrl }, encoding: 'utf8' });
  const { steps } = JSON.parse(run.stdout) as { steps: Check[] };
  return { status: run.status, said: run.stdout + run.stderr, steps: (name) => steps.find((step) => step.name === name)! };
}

describe('setup', () => {
  it('is refused, with the remedy and without the password, to an account that may not create', () => {
    const url = new URL(bare.url);
    url.username = guest;
    url.password = 'hunter2';
    const { status, steps, said } = setup(url.href);
    expect(status).toBe(1);
    expect(steps('postgres').state === 'fail' ? steps('postgres') : steps('schema')).toMatchObject({ state: 'fail', remedy: expect.any(String) as string });
    expect(said).not.toContain('hunter2');
  });

  it('brings the schema and the search attributes, warns of a short retention, and changes nothing the second time', async () => {
    const first = setup(bare.url);
    expect(first.status).toBe(0);
    expect(first.steps('schema').found).toMatch(/^mended: applied 0001/);
    expect(first.steps('search attributes')).toMatchObject({ state: 'ok', found: expect.stringContaining('registered') as string });
    expect(first.steps('namespace')).toMatchObject({ state: 'warn', remedy: expect.stringContaining('--retention') as string });
    const connection = await Connection.connect({ address: place.address });
    await connection.workflowService.updateNamespace({ namespace: place.namespace, config: { workflowExecutionRetentionTtl: msToTs('7 days') } });
    await connection.close();
    const second = setup(bare.url);
    expect(second.status).toBe(0);
    expect(second.steps('schema').found).toBe("the database has this version's schema");
    expect(second.steps('search attributes').found).toBe('aftercareModel and aftercareKind are registered');
    expect(second.steps('namespace').state).toBe('ok');
  });

  it('names the namespace that is not there', () => {
    const { status, steps } = setup(bare.url, 'nowhere');
    expect([status, steps('namespace')]).toMatchObject([1, { state: 'fail', found: "there is no namespace 'nowhere'", remedy: expect.stringContaining('temporal operator namespace create nowhere') as string }]);
  });
});
