/** Fits and calculates on several threads. Results have the same bits as those of fitCalculator and calculateChunk, whatever the number of threads. */
import { Worker } from 'node:worker_threads';
import { errorOfFault, InvalidInput } from '../../domain/errors.js';
import type { MetricPoint } from '../../domain/measurement.js';
import { quoted } from '../../domain/schema.js';
import type { EngineKind } from '../calculator.js';
import { requiredColumns, type CalculatorRequestOf, type FittedCalculatorOf } from '../catalogue.js';
import { customSettings } from '../custom-metrics/fitted.js';
import type { Frame, RowRange } from '../frame.js';
import { assembleFitted, joinPieces, runsOfChunks, splitFit, type ReferencePart } from './pieces.js';
import { shareFrame } from './shared-memory.js';
import { runTask, type Context, type Task } from './tasks.js';
import type { FromThread, ToThread } from './thread.js';

export interface EnginePoolOptions {
  /** 1: everything is done in the caller's own thread. */
  threads: number;
  /** The compiled thread; only programs that run from sources or in a bundle name another. */
  threadFile?: URL;
}

/** Threads that wait for work. They do not keep a process alive that has nothing else to do. */
export interface EnginePool {
  readonly threads: number;
  /**
   * Each request fitted on the reference, in order, as fitCalculator does it.
   *
   * @param reference its columns are best over shared memory (see shareFrame); others are copied there
   * @throws InvalidInput of the first request that cannot be fitted; one with metrics of the user's own is refused
   */
  fit<K extends EngineKind>(requests: readonly CalculatorRequestOf<K>[], reference: Frame, chunks: readonly RowRange[]): Promise<FittedCalculatorOf<K>[]>;
  /** Points of each fitted calculator on each chunk of the frame: result[fitted][chunk], as calculateChunk gives them. Throws as it does. */
  calculate<K extends EngineKind>(fitted: readonly FittedCalculatorOf<K>[], frame: Frame, chunks: readonly RowRange[]): Promise<MetricPoint[][][]>;
  /** Ends the threads; what they were doing fails. */
  close(): Promise<void>;
}

/** Runs tasks of a context, in any order and anywhere; gives their results in order. */
type RunTasks = (context: Context, tasks: readonly Task[]) => Promise<unknown[]>;

/** Several runs of chunks per thread, so that none waits long for the slowest. */
const RUNS_PER_THREAD = 4;
/** One task is worked on, one waits at the thread's door. */
const TASKS_AT_A_THREAD = 2;

/** @throws InvalidInput when the number of threads is none */
export function createEnginePool({ threads, threadFile = new URL('./thread.js', import.meta.url) }: EnginePoolOptions): EnginePool {
  if (!Number.isInteger(threads) || threads < 1) throw new InvalidInput(`threads is ${threads}, it must be a whole number from 1 on`);
  if (threads === 1) return poolOf(1, inline, (frame) => frame, () => Promise.resolve());
  const crew = new Crew(threads, threadFile);
  return poolOf(threads, (context, tasks) => crew.run(context, tasks), shareFrame, () => crew.close());
}

/** What throws becomes a rejection, in its place. */
function inline(context: Context, tasks: readonly Task[]): Promise<unknown[]> {
  return Promise.all(tasks.map(async (task) => runTask(context, task)));
}

function poolOf(threads: number, run: RunTasks, share: typeof shareFrame, close: () => Promise<void>): EnginePool {
  const runsOf = <R extends RowRange>(chunks: readonly R[]): R[][] => (chunks.length === 0 ? [[]] : runsOfChunks(chunks, threads === 1 ? 1 : threads * RUNS_PER_THREAD));
  const taskOf = (chunks: readonly RowRange[]): Task => ({ piece: '', chunks: chunks.map(({ start, end }) => ({ start, end })) });

  async function fitOne(request: CalculatorRequestOf<EngineKind>, reference: Frame, chunks: readonly RowRange[]): Promise<FittedCalculatorOf<EngineKind>> {
    refuseFunctions(customSettings(request.kind, request.settings)?.customMetrics ?? []);
    const frame = share(reference, requiredColumns(request));
    const pieces = splitFit(request).map((piece) => ({ piece, chunks: [] }));
    const state = joinPieces(request, (await run({ kind: 'learn', request, frame }, pieces)) as Parameters<typeof joinPieces>[1]);
    const parts = await run({ kind: 'reference', calculator: request.kind, state, frame }, runsOf(chunks).map(taskOf));
    return assembleFitted(request, state, parts as ReferencePart[]);
  }

  return {
    threads,
    fit: async <K extends EngineKind>(requests: readonly CalculatorRequestOf<K>[], reference: Frame, chunks: readonly RowRange[]) =>
      firstFault(await Promise.allSettled(requests.map((request) => fitOne(request, reference, chunks)))) as FittedCalculatorOf<K>[],
    calculate: async (fitted, frame, chunks) => {
      refuseFunctions(fitted.flatMap(({ custom }) => custom?.metrics.map(({ name }) => name) ?? []));
      const wanted = new Set(fitted.flatMap(({ chunkColumns }) => chunkColumns));
      const parts = await run({ kind: 'calculate', fitted: fitted.map(withoutReference), frame: share(frame, wanted) }, runsOf(chunks).map(taskOf));
      return fitted.map((_, i) => (parts as MetricPoint[][][][]).flatMap((part) => part[i]!));
    },
    close,
  };
}

/** Whatever the number of threads: a program that works with one must work with two. */
function refuseFunctions(customMetrics: readonly string[]): void {
  if (customMetrics.length > 0) throw new InvalidInput(`${customMetrics.map(quoted).join(', ')}: metrics of your own are functions, which cannot be handed to threads; fit them with fitCalculator and calculate them with calculateChunk`);
}

/** A chunk does not need the reference's points. */
function withoutReference(fitted: FittedCalculatorOf<EngineKind>): FittedCalculatorOf<EngineKind> {
  return { ...fitted, referencePoints: [], thresholdValues: [] };
}

/** All values, or the error that stands first, whichever came first. */
function firstFault<T>(settled: readonly PromiseSettledResult<T>[]): T[] {
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}

interface Waiting {
  of: number;
  context: Context;
  what: Task;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

interface Thread {
  worker: Worker;
  /** Tasks that it was given, by number. */
  given: Map<number, Waiting>;
  /** Contexts that it has. */
  open: Set<number>;
}

/** The threads, and the tasks that wait for one. */
class Crew {
  private readonly threads: Thread[];
  private readonly waiting: Waiting[] = [];
  private numbers = 0;
  private closed: Error | null = null;

  constructor(count: number, file: URL) {
    this.threads = Array.from({ length: count }, () => this.start(file));
  }

  async run(context: Context, tasks: readonly Task[]): Promise<unknown[]> {
    if (this.closed) throw this.closed;
    const of = this.numbers++;
    const results = tasks.map((what) => new Promise((resolve, reject) => this.waiting.push({ of, context, what, resolve, reject })));
    this.hand();
    const settled = await Promise.allSettled(results);
    for (const { worker, open } of this.threads) if (open.delete(of)) worker.postMessage({ close: of } satisfies ToThread);
    return firstFault(settled);
  }

  async close(): Promise<void> {
    this.fail(new Error('the engine\'s threads were closed'));
    await Promise.all(this.threads.map(({ worker }) => worker.terminate()));
  }

  private start(file: URL): Thread {
    const thread: Thread = { worker: new Worker(file), given: new Map(), open: new Set() };
    thread.worker.unref();
    thread.worker.on('message', (message: FromThread) => this.take(thread, message));
    thread.worker.on('error', (error) => this.fail(error));
    thread.worker.on('exit', (code) => this.fail(new Error(`a thread of the engine ended with ${code}`)));
    return thread;
  }

  /** Gives waiting tasks to the threads that have least to do. */
  private hand(): void {
    while (this.waiting.length > 0) {
      const thread = this.threads.reduce((a, b) => (b.given.size < a.given.size ? b : a));
      if (thread.given.size >= TASKS_AT_A_THREAD) return;
      const next = this.waiting.shift()!;
      if (!thread.open.has(next.of)) {
        try {
          thread.worker.postMessage({ open: next.of, context: next.context } satisfies ToThread);
        } catch (error) {
          // Functions cannot be sent to a thread.
          next.reject(error instanceof Error ? error : new Error(String(error)));
          continue;
        }
        thread.open.add(next.of);
      }
      const task = this.numbers++;
      if (thread.given.size === 0) thread.worker.ref();
      thread.given.set(task, next);
      thread.worker.postMessage({ task, of: next.of, what: next.what } satisfies ToThread);
    }
  }

  private take(thread: Thread, message: FromThread): void {
    const done = thread.given.get(message.task);
    if (!done) return;
    thread.given.delete(message.task);
    if (thread.given.size === 0) thread.worker.unref();
    if ('fault' in message) done.reject(errorOfFault(message.fault));
    else done.resolve(message.result);
    this.hand();
  }

  /** Nothing that waits can be had any more. */
  private fail(error: Error): void {
    this.closed ??= error;
    for (const { given } of this.threads ?? []) {
      for (const { reject } of given.values()) reject(this.closed);
      given.clear();
    }
    for (const { reject } of this.waiting.splice(0)) reject(this.closed);
  }
}
