/** A thread of the engine's pool: keeps the contexts that were opened and answers tasks one after another. */
import { parentPort } from 'node:worker_threads';
import { faultOf, type ThreadFault } from '../../domain/errors.js';
import { runTask, type Context, type Task } from './tasks.js';

/** What the main thread sends. */
export type ToThread = { open: number; context: Context } | { task: number; of: number; what: Task } | { close: number };

/** What a thread answers. */
export type FromThread = { task: number; result: unknown } | { task: number; fault: ThreadFault };

const contexts = new Map<number, Context>();

parentPort!.on('message', (message: ToThread) => {
  if ('open' in message) contexts.set(message.open, message.context);
  else if ('close' in message) contexts.delete(message.close);
  else parentPort!.postMessage(answer(message.task, message.of, message.what));
});

function answer(task: number, of: number, what: Task): FromThread {
  try {
    return { task, result: runTask(contexts.get(of)!, what) };
  } catch (error) {
    return { task, fault: faultOf(error) };
  }
}
