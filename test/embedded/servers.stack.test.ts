import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, namespace, temporalAddress, type TestDatabase } from '../support/stack.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

test('createDatabase: gives a migrated database that is nobody else\'s', async () => {
  const other = await createDatabase();
  await database.pool.query("insert into aftercare.model (name, problem_type, settings, created_by) values ('m', 'binary_classification', '{}', 'test')");
  const { rows } = await other.pool.query<{ count: number }>('select count(*) from aftercare.model');
  expect(rows[0]!.count).toBe(0);
  await other.drop();
});

test('the test Postgres listens on the loopback address only and asks for a password', async () => {
  const { rows } = await database.pool.query<{ listen_addresses: string; unix_socket_directories: string }>("select current_setting('listen_addresses') as listen_addresses, current_setting('unix_socket_directories') as unix_socket_directories");
  expect(rows[0]).toEqual({ listen_addresses: '127.0.0.1', unix_socket_directories: '' });
  const { rows: rules } = await database.pool.query<{ auth_method: string }>('select distinct auth_method from pg_hba_file_rules');
  expect(rules.map((rule) => rule.auth_method)).toEqual(['scram-sha-256']);
});

test('the test Temporal server knows our search attributes', async () => {
  const connection = await Connection.connect({ address: temporalAddress() });
  const client = new Client({ connection, namespace: namespace() });
  expect((await client.workflow.count("aftercareModel = 'nobody' and aftercareKind = 'none'")).count).toBe(0);
  await connection.close();
});
