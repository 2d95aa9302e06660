/** The Python trainer of the example: it takes a signed order once, sends the reference and the outcome signed as the server asks for, and refuses what is not signed. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSigned, SIGNATURE_HEADERS, signatureOf } from '../../domain/signature.js';

const KEY = Buffer.from('both know it');
const python = ['python3', 'python'].find((name) => spawnSync(name, ['--version']).status === 0);
const PROGRAM = fileURLToPath(new URL('../../examples/retraining/python/trainer.py', import.meta.url));
const COMMAND = `${python} -c "import json,sys; order=json.load(sys.stdin); sys.exit('no rows') if order['reason']=='fail' else print('id,score'); print(order['retraining'], 0.5, sep=',')"`;

interface Call { path: string; body: string; signed: boolean; digest: string | undefined }

let trainer: ChildProcess;
let address: string;
let aftercare: Server;
let callbacks: string;
const calls: Call[] = [];

async function order(reason: string, retraining: number, key = KEY): Promise<number> {
  const body = JSON.stringify({ model: 'loans', modelId: 1, retraining, reason, trigger: 'manual', champion: 1, approvedBy: 'ada', callback: `${callbacks}/${retraining}` });
  const [id, timestamp] = [`retraining%2F1%2F${retraining}`, Math.floor(Date.now() / 1000)];
  const headers = { [SIGNATURE_HEADERS.id]: id, [SIGNATURE_HEADERS.timestamp]: String(timestamp), [SIGNATURE_HEADERS.signature]: await signatureOf(key, { id, timestamp, body }) };
  return (await fetch(address, { method: 'POST', body, headers })).status;
}

async function outcome(retraining: number): Promise<Call> {
  for (let tries = 0; tries < 200; tries++) {
    const found = calls.find(({ path }) => path === `/${retraining}`);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no outcome of ${retraining}: ${JSON.stringify(calls)}`);
}

describe.skipIf(python === undefined)('the Python trainer', () => {
  beforeAll(async () => {
    aftercare = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => { body += text; }).on('end', () => {
        const [digest, id, timestamp, signature] = ['content-digest', SIGNATURE_HEADERS.id, SIGNATURE_HEADERS.timestamp, SIGNATURE_HEADERS.signature].map((name) => request.headers[name] as string | undefined);
        void isSigned(KEY, { id: id ?? '', timestamp: Number(timestamp), body: digest ?? body }, signature ?? '', Date.now()).then((signed) => {
          calls.push({ path: request.url!, body, signed, digest });
          response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ version: 5 }));
        });
      });
    });
    await new Promise<void>((done) => aftercare.listen(0, '127.0.0.1', done));
    callbacks = `http://127.0.0.1:${(aftercare.address() as AddressInfo).port}`;
    trainer = spawn(python!, [PROGRAM], { env: { ...process.env, PORT: '0', TRAINING_KEY: KEY.toString(), TRAINING_COMMAND: COMMAND }, stdio: ['ignore', 'pipe', 'inherit'] });
    const line = await new Promise<string>((resolve, reject) => {
      trainer.stdout!.setEncoding('utf8').once('data', resolve);
      trainer.once('exit', (status) => reject(new Error(`the trainer ended with ${status}`)));
    });
    address = `http://127.0.0.1:${line.trim().split(' ').at(-1)}`;
  });
  afterAll(() => {
    trainer?.kill();
    aftercare?.close();
  });

  it('trains once for an order that comes twice, and sends reference and outcome, signed', async () => {
    expect(await Promise.all([order('season', 1), order('season', 1)])).toEqual([202, 202]);
    expect(JSON.parse((await outcome(1)).body)).toEqual({ state: 'completed', version: 5 });
    const [reference, end, ...more] = calls;
    expect(more).toEqual([]);
    expect(reference).toEqual({ path: '/1/reference?format=csv', body: 'id,score\n1,0.5\n', signed: true, digest: `sha-256=:${createHash('sha256').update('id,score\n1,0.5\n').digest('base64')}:` });
    expect(end).toMatchObject({ path: '/1', signed: true });
  });

  it('says why a training failed', async () => {
    expect(await order('fail', 2)).toBe(202);
    const sent = await outcome(2);
    expect(sent.signed).toBe(true);
    expect(JSON.parse(sent.body)).toEqual({ state: 'failed', reason: 'no rows' });
  });

  it('refuses an order that is not signed with its key', async () => {
    expect(await order('season', 3, Buffer.from('another key'))).toBe(401);
  });
});
