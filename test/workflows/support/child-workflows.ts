/** Children that are cancelled while they start. Bundled by a test. */
import { CancellationScope, condition, defineSignal, setHandler } from '@temporalio/workflow';
import { startHeeding } from '../../../workflows/children.js';
import { guardTime } from '../../../workflows/steady-time.js';

export async function waitForever(): Promise<void> {
  await condition(() => false);
}

export const enough = defineSignal('enough');

/** Cancels all of them once it is told to. @returns when every one has ended */
export async function cancelWhenTold(children: number): Promise<void> {
  guardTime();
  let told = false;
  setHandler(enough, () => { told = true; });
  const scope = new CancellationScope();
  const ends = scope.run(() => Promise.allSettled(Array.from({ length: children }, async () => {
    const child = await startHeeding<typeof waitForever>('waitForever', { args: [], cancellationType: 'WAIT_CANCELLATION_REQUESTED' });
    await child.result();
  })));
  await condition(() => told);
  scope.cancel();
  await ends;
}
