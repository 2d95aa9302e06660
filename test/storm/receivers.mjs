/**
 * The people's side: a mail server and a web server that write down what they get, line by line, before they say yes. Ports are given, so that one that was killed comes back
 * where it was.
 *
 * As a program: `node receivers.mjs FILE SMTP_PORT HTTP_PORT`. Says `ready` over IPC.
 */
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';

const [file, smtpPort, httpPort] = process.argv.slice(2);
/** Between what is written down and the yes: who is killed in here leaves a sender that does not know, and sends again. */
const YES_AFTER_MS = 100;
async function keep(received) {
  appendFileSync(file, `${JSON.stringify(received)}\n`);
  await delay(YES_AFTER_MS);
}

async function wholeOf(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function keepMail(stream, session) {
  const { messageId, subject, text } = await PostalMime.parse(await wholeOf(stream));
  await keep({ kind: 'mail', id: messageId, to: session.envelope.rcptTo.map(({ address }) => address), subject, text });
}

const smtp = new SMTPServer({
  authOptional: true, disabledCommands: ['STARTTLS'], logger: false,
  onData: (stream, session, done) => void keepMail(stream, session).then(() => done(), done),
});
smtp.on('error', () => undefined);   // a sender that was killed in the middle

const http = createServer((request, response) => {
  void wholeOf(request).then(async (body) => {
    await keep({ kind: 'webhook', id: request.headers['aftercare-id'], body: JSON.parse(body.toString()) });
    response.writeHead(204).end();
  }).catch(() => response.destroy());
});

await Promise.all([
  new Promise((done) => smtp.listen(Number(smtpPort), '127.0.0.1', done)),
  new Promise((done) => http.listen(Number(httpPort), '127.0.0.1', done)),
]);
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
