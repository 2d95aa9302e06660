/**
 * A line to Postgres that can be bad. As a program: `node proxy.mjs PORT TARGET_PORT`; takes over IPC `{ weather, ms }`: `slow` delays every piece by 200 ms in both
 * directions, `cut` breaks what is open and refuses what comes, `stall` lets nothing through and breaks nothing. After `ms` it is clear again. Says `ready`, and `clear`.
 */
import { connect, createServer } from 'node:net';

const DELAY_MS = 200;
const [port, targetPort] = process.argv.slice(2).map(Number);
const open = new Set();
let weather = 'clear';
/** What waits for the end of a stall. */
let waiting = [];

const passed = () => (weather === 'stall' ? new Promise((done) => waiting.push(done)) : Promise.resolve());

/** Pieces arrive in their order, each as late as the weather of its moment says. */
function carry(from, to) {
  let before = Promise.resolve();
  const after = (work) => {
    const due = weather === 'slow' ? new Promise((done) => setTimeout(done, DELAY_MS)) : Promise.resolve();
    before = Promise.all([before, due]).then(passed).then(work);
  };
  from.on('data', (piece) => after(() => void to.write(piece)));
  from.on('end', () => after(() => void to.end()));
  from.on('error', () => to.destroy());
  from.on('close', () => {
    open.delete(from);
    if (from.errored || weather === 'cut') to.destroy();
  });
}

createServer({ allowHalfOpen: true }, (client) => {
  if (weather === 'cut') return client.resetAndDestroy();
  const server = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true });
  for (const socket of [client, server]) {
    socket.setNoDelay(true);
    open.add(socket);
  }
  carry(client, server);
  carry(server, client);
}).listen(port, '127.0.0.1', () => process.send('ready'));

let clearing;
process.on('message', ({ weather: next, ms }) => {
  clearTimeout(clearing);
  weather = next;
  if (weather === 'cut') for (const socket of open) socket.resetAndDestroy();
  clearing = setTimeout(() => {
    weather = 'clear';
    for (const go of waiting.splice(0)) go();
    process.send('clear');
  }, ms);
});
process.on('disconnect', () => process.exit(0));
