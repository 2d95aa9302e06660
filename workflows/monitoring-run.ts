/** One monitoring run: plan → fit what is missing → compute the touched chunks, fanned out → finish. Reports to its lifecycle however it ends. */
import { CancellationScope, isCancellation, setCurrentDetails, setHandler } from '@temporalio/workflow';
import { numericOn, quick, thorough } from './proxies.js';
import { kindOf, reasonOf, reportTo } from './reporting.js';
import { runFinished, runPing, runProgress, type RunInput, type RunProgress, type RunReport } from './messages.js';
import { guardTime } from './steady-time.js';

/** Parts that wait for a numeric worker at the same time; a server allows 2,000 pending activities. */
const PARTS_AT_ONCE = 100;

export async function aftercareMonitoringRun(input: RunInput): Promise<RunReport> {
  guardTime();
  let progress: RunProgress = { step: 'plan', done: 0, of: 0 };
  setHandler(runProgress, () => progress);
  setHandler(runPing, () => undefined);
  const show = (next: RunProgress, text: string) => {
    progress = next;
    setCurrentDetails(text);
  };

  const { modelId, runNumber, horizon, previousHorizon, trigger, by, full } = input;
  const numeric = numericOn(input.numericQueue);
  try {
    show(progress, `Planning: batches after ${previousHorizon} up to ${horizon}.`);
    const plan = await thorough.aftercarePlanRun({ modelId, runNumber, previousHorizon, horizon, trigger, by, full });
    if (plan.needsFit) {
      show({ step: 'fit', done: 0, of: 1 }, 'Fitting the reference.');
      await numeric.aftercareFitReference({ runId: plan.runId });
    }
    const computing = (done: number) => show({ step: 'compute', done, of: plan.parts }, `Computing ${plan.chunks} chunks, ${plan.rows} rows: ${done} of ${plan.parts} parts done.`);
    computing(0);
    await eachAtMost(PARTS_AT_ONCE, plan.parts, async (part) => {
      await numeric.aftercareComputeChunks({ runId: plan.runId, part });
      computing(progress.done + 1);
    });
    show({ step: 'finish', done: 0, of: 1 }, 'Judging, opening and closing incidents.');
    const outcome = await thorough.aftercareFinishRun({ runId: plan.runId, nowMs: Date.now() });
    show({ step: 'done', done: 1, of: 1 }, `Completed: ${plan.chunks} chunks computed, ${outcome.alerts} alerts, ${outcome.questions.length} questions.`);
    const report: RunReport = { runNumber, state: outcome.state, horizon, questions: outcome.questions, withdrawn: outcome.withdrawn, ...(outcome.attended ? { attended: outcome.attended } : {}), ...(outcome.ended ? { ended: outcome.ended } : {}) };
    await reportTo(modelId, runFinished, report);
    return report;
  } catch (error) {
    const state = isCancellation(error) ? 'cancelled' : 'failed';
    const reason = state === 'cancelled' ? 'cancelled by request' : reasonOf(error);
    show(progress, `**${state}** at step ${progress.step}: ${reason}`);
    await CancellationScope.nonCancellable(() => abandon(input, state, reason));
    await reportTo(modelId, runFinished, { runNumber, state, horizon, questions: [], withdrawn: [] });
    throw error;
  }
}

/** Records how the run ended; there is nothing to record it on when the model is gone. */
async function abandon({ modelId, runNumber }: RunInput, state: 'failed' | 'cancelled', reason: string): Promise<void> {
  try {
    await quick.aftercareAbandonRun({ modelId, runNumber, state, reason });
  } catch (error) {
    if (kindOf(error) === null) throw error;
  }
}

/** Calls `work` for 0 … count − 1, at most `limit` at a time. The first failure cancels the others. */
async function eachAtMost(limit: number, count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await CancellationScope.cancellable(async () => {
    try {
      await Promise.all(Array.from({ length: Math.min(limit, count) }, lane));
    } catch (error) {
      CancellationScope.current().cancel();
      throw error;
    }
  });
}
