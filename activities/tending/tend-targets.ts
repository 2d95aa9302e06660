/** Chunks whose targets do not come: a reminder, an escalation, the end of the wait, each once and together for all chunks that are due. */
import type { Notice } from '../../domain/notice.js';
import { stageDueAtMs, targetRule, targetsNotice, WAIT_STAGES } from '../../domain/target-wait.js';
import type { ModelState } from '../../store/model-state.js';
import type { Transaction } from '../../store/pool.js';
import { readStages, takeStage } from '../../store/target-waits.js';

export interface TargetsTended {
  notices: Notice[];
  /** Waits have ended: the next run makes the values of their chunks final. */
  settled: boolean;
  nextAtMs: number | null;
}

export async function tendTargets(tx: Transaction, model: ModelState, nowMs: number): Promise<TargetsTended> {
  const rule = targetRule(model.settings.targets);
  if (!rule.waits) return { notices: [], settled: false, nextAtMs: null };
  const named = { modelId: model.id, name: model.name, version: model.version };
  const notices: Notice[] = [];
  let settled = false;
  let stages = await readStages(tx, model.versionId);
  for (const stage of WAIT_STAGES) {
    const dueAtMs = stageDueAtMs(stage, stages[stage], rule);
    if (dueAtMs === null || dueAtMs > nowMs) continue;
    const { taken, late } = await takeStage(tx, model.versionId, stage, rule, nowMs);
    if (late) notices.push(targetsNotice(stage, late, named, rule, nowMs));
    settled ||= stage === 'absent' && taken > 0;
    stages = await readStages(tx, model.versionId);
  }
  const dues = WAIT_STAGES.map((stage) => stageDueAtMs(stage, stages[stage], rule)).filter((due) => due !== null);
  return { notices, settled, nextAtMs: dues.length === 0 ? null : Math.min(...dues) };
}
