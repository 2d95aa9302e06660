/** How long a short sleep took, by the workflow's own clock; it goes on for a while, as our workflows do. Bundled by a test. */
import { condition, defineQuery, defineSignal, setHandler, sleep } from '@temporalio/workflow';
import { guardTime } from '../../../workflows/steady-time.js';

export const begin = defineSignal('begin');
export const isBegun = defineQuery<boolean>('isBegun');

export async function timedSleep(sleepMs: number): Promise<number> {
  let begun = false;
  guardTime();
  setHandler(begin, () => { begun = true; });
  setHandler(isBegun, () => begun);
  await condition(() => begun);
  const beganMs = Date.now();
  await sleep(sleepMs);
  const sleptMs = Date.now() - beganMs;
  await sleep(3_000);
  return sleptMs;
}
