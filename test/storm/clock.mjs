/**
 * Loaded before a program (`node --import`): its clock is wrong by what stands for it in the JSON file AFTERCARE_STORM_CLOCKS, ms by name. Only `Date`: what measures durations goes
 * right, as on a machine whose clock is set wrong.
 */
import { readFileSync } from 'node:fs';

const said = process.argv.slice(2).join(' ');
const name = said.startsWith('worker --queues') ? `worker-${process.argv.at(-1)}` : said.startsWith('serve') ? 'http' : process.env.AFTERCARE_STORM_NAME;
const wrongMs = readOffset();
// Threads have other arguments, and the same clock.
if (name !== undefined) process.env.AFTERCARE_STORM_NAME = name;

function readOffset() {
  try {
    return JSON.parse(readFileSync(process.env.AFTERCARE_STORM_CLOCKS, 'utf8'))[name] ?? 0;
  } catch {
    return 0;
  }
}

if (wrongMs !== 0) {
  const Right = Date;
  const now = () => Right.now() + wrongMs;
  globalThis.Date = new Proxy(Right, {
    construct: (target, args, itself) => Reflect.construct(target, args.length === 0 ? [now()] : args, itself),
    apply: () => new Right(now()).toString(),
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
  });
}
