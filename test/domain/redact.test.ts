import { describe, expect, it } from 'vitest';
import { openLog } from '../../cli/support/log.js';
import { recordWithoutSecrets, withoutSecrets } from '../../domain/redact.js';

const TOKEN = `eyJ1c2UiOiJhbnN3ZXIifQ_-abc.${'0a'.repeat(32)}`;

describe('withoutSecrets(text)', () => {
  it('hides passwords and paths of addresses, and leaves what an operator needs', () => {
    expect(withoutSecrets('waiting for postgres://me:hunter2@db.example:5432/loans?sslmode=require now')).toBe('waiting for postgres://me:***@db.example:5432/loans now');
    expect(withoutSecrets('smtp://me:p%40ss@mail:25 refused')).toBe('smtp://me:***@mail:25 refused');
    expect(withoutSecrets('POST https://hooks.example.org/services/T0/B0/x?y=1 answered 404')).toBe('POST https://hooks.example.org/… answered 404');
    expect(withoutSecrets('its pages are on http://127.0.0.1:8233')).toBe('its pages are on http://127.0.0.1:8233');
    expect(withoutSecrets('postgres://me@db/loans')).toBe('postgres://me@db/loans');
  });

  it('hides tokens of links wherever they stand, bearer tokens, and what is named as a secret', () => {
    expect(withoutSecrets(`/decisions/${TOKEN} failed`)).toBe('/decisions/*** failed');
    expect(withoutSecrets('Authorization: Bearer abcdefgh.ijkl')).not.toContain('abcdefgh');
    expect(withoutSecrets('{"password":"hunter2","user":"me"}')).toBe('{"password":"***","user":"me"}');
    expect(withoutSecrets('api_key=12345678 region=north')).toBe('api_key=*** region=north');
  });

  it('leaves ordinary lines as they are', () => {
    for (const line of ['worker polls main and numeric', 'run 7 failed: token count is 3 of 4', "sweeper: started the lifecycle of model 'loans:2030/q1'", 'temporal warn: lost (a) connection']) expect(withoutSecrets(line)).toBe(line);
  });
});

describe('recordWithoutSecrets(value)', () => {
  it('goes through lists and objects, hides by name, and keeps an error\'s kind', () => {
    expect(recordWithoutSecrets({ headers: { a: 1 }, inner: [{ token: 'x', url: 'https://h/p' }], error: new TypeError('at smtp://u:p@h'), n: 3, none: null })).toEqual({
      headers: '***', inner: [{ token: '***', url: 'https://h/…' }], error: { type: 'TypeError', message: 'at smtp://u:***@h' }, n: 3, none: null,
    });
  });
});

describe('a log', () => {
  const written = (format: 'json' | 'text'): string[] => {
    const lines: string[] = [];
    const log = openLog({ format, component: 'worker', write: (line) => lines.push(line) });
    log.notice('waiting for PostgreSQL: connect postgres://me:hunter2@db/x');
    log.info({ path: `/decisions/${TOKEN}`, password: 'hunter2', status: 200 }, 'request');
    log.error({ error: new Error('https://hooks.example.org/secret') }, 'failed');
    return lines;
  };

  it('is one line of JSON for each thing, with level, time and component', () => {
    const lines = written('json').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ level, component, message }) => [level, component, message])).toEqual([['warn', 'worker', 'waiting for PostgreSQL: connect postgres://me:***@db/x'], ['info', 'worker', 'request'], ['error', 'worker', 'failed']]);
  });

  it('holds no secret in either form', () => {
    for (const line of [...written('json'), ...written('text')]) for (const secret of ['hunter2', TOKEN, 'hooks.example.org/secret']) expect(line).not.toContain(secret);
  });
});
