/**
 * Looks after what time alone ends: waits for targets, and a model that fails to predict.
 *
 * Idempotent by the moment: everything is written in one transaction with the answer, and the same moment again gets that answer, so a worker that dies between
 * writing and answering loses nothing. Usual duration: 10 ms, however many rows there are.
 */
import { attendedKinds, lifecycleSettings } from '../../domain/lifecycle-settings.js';
import { announceIncidents } from '../../store/incident-attention.js';
import { isInCharge, readModelState, requireThere } from '../../store/model-state.js';
import { inTransaction } from '../../store/pool.js';
import { lockTending, saveTending } from '../../store/tending.js';
import type { TendOutcome, TendRequest } from '../contracts/tending.js';
import type { LightDeps } from '../deps.js';
import { tendTargets } from './tend-targets.js';
import { tendWatch } from './tend-watch.js';

const NOTHING: TendOutcome = { opened: [], closed: [], notices: [], settled: false, nextAtMs: null };

/** @throws NotFound a deleted model */
export async function tend({ pool }: LightDeps, { modelId, nowMs }: TendRequest): Promise<TendOutcome> {
  return inTransaction(pool, async (tx) => {
    const seen = await lockTending(tx, modelId, nowMs);
    if (seen.answeredAtMs === nowMs) return seen.answer as TendOutcome;
    const model = requireThere(await readModelState(tx, modelId));
    // Another version was put in charge between the two: what holds of it is found at the next look.
    if (model.state !== 'active' || !(await isInCharge(tx, model))) return { ...NOTHING, nextAtMs: model.state === 'active' ? nowMs : null };
    const chosen = lifecycleSettings(model.settings);
    const { watch } = chosen;
    const targets = await tendTargets(tx, model, nowMs);
    const watched = await tendWatch(tx, model, watch, seen, nowMs);
    const { attended, ended } = await announceIncidents(tx, modelId, attendedKinds(chosen, model.version));
    const dues = [targets.nextAtMs, watched.nextAtMs].filter((due) => due !== null);
    const answer: TendOutcome = {
      opened: attended, closed: ended.filter(({ state }) => state === 'resolved').map(({ incident }) => incident), notices: targets.notices, settled: targets.settled,
      nextAtMs: dues.length === 0 ? null : Math.min(...dues),
    };
    await saveTending(tx, modelId, { settingsRevision: model.settingsRevision, nextAtMs: answer.nextAtMs, nowMs, answer, judged: watched.judged });
    return answer;
  });
}
