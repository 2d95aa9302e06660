/** A model that fails to predict: silence, old timestamps, failing calls. Each is an incident from the moment at which it began, and is over by itself. */
import type { WatchSettings } from '../../domain/lifecycle-settings.js';
import type { FailureKind } from '../../domain/settings.js';
import { judgeErrors, silenceOf, silentSinceMs, stalenessOf, type Fault } from '../../domain/watch.js';
import { openFailureIncident, resolveFailureIncidents } from '../../store/failure-incidents.js';
import type { ModelState } from '../../store/model-state.js';
import type { Transaction } from '../../store/pool.js';
import { readErrorMinutes } from '../../store/telemetry.js';
import type { Tending } from '../../store/tending.js';
import { readNewestInferenceMs, readOngoingFaults, type OngoingFault } from '../../store/watch.js';

type Watched = Extract<FailureKind, 'silence' | 'staleness' | 'error_rate'>;

const WATCHED: readonly Watched[] = ['silence', 'staleness', 'error_rate'];
const CAUSES: Record<Watched, string> = { silence: 'inferences', staleness: 'timestamps', error_rate: 'calls' };
const OVER: Record<Watched, string> = { silence: 'inferences came again', staleness: 'the newest timestamp is recent again', error_rate: 'calls succeed again' };

export interface WatchTended {
  /** How far the telemetry of the version in charge is judged; null: no telemetry, or not watched. */
  judged: { versionId: number; minuteMs: number } | null;
  nextAtMs: number | null;
}

export async function tendWatch(tx: Transaction, model: ModelState, watch: WatchSettings, seen: Tending, nowMs: number): Promise<WatchTended> {
  const ongoing = await readOngoingFaults(tx, model.versionId, WATCHED);
  const { silenceAfterMs, staleAfterMs } = watch;
  const silence = silenceAfterMs === null ? null : silenceOf(seen, silenceAfterMs, model.name, nowMs);
  await settle(tx, model, 'silence', silence, silenceAfterMs !== null, ongoing, nowMs);
  const stale = staleAfterMs === null ? null : stalenessOf(seen, await readNewestInferenceMs(tx, model.id, model.versionId), staleAfterMs, model.name);
  await settle(tx, model, 'staleness', stale, staleAfterMs !== null, ongoing, nowMs);
  const { fault, judged } = await judgeCalls(tx, model, watch.errorRate, seen, ongoing);
  await settle(tx, model, 'error_rate', fault, watch.errorRate !== null, ongoing, nowMs);
  return { judged, nextAtMs: silenceAfterMs === null || silence !== null ? null : silentSinceMs(seen) + silenceAfterMs };
}

async function judgeCalls(tx: Transaction, model: ModelState, rule: WatchSettings['errorRate'], seen: Tending, ongoing: readonly OngoingFault[]): Promise<{ fault: Fault | null; judged: WatchTended['judged'] }> {
  if (rule === null) return { fault: null, judged: null };
  const toMs = seen.errorVersionId === model.versionId ? seen.errorMinuteMs : null;
  const open = ongoing.find(({ kind }) => kind === 'error_rate');
  const minutes = await readErrorMinutes(tx, model.versionId, toMs === null ? 0 : toMs - rule.windowMs);
  const { fault, judgedToMs } = judgeErrors(minutes, rule, { toMs, sinceMs: open ? Date.parse(open.openingChunk) : null }, model.name);
  return { fault, judged: judgedToMs === null ? null : { versionId: model.versionId, minuteMs: judgedToMs } };
}

/** The store agrees with what is found: one fault at most of a kind goes on. */
async function settle(tx: Transaction, model: ModelState, kind: Watched, fault: Fault | null, watched: boolean, ongoing: readonly OngoingFault[], nowMs: number): Promise<void> {
  const openingChunk = fault && new Date(fault.sinceMs).toISOString();
  const version = { modelId: model.id, versionId: model.versionId, kind };
  const before = ongoing.filter((one) => one.kind === kind);
  if (before.some((one) => one.openingChunk !== openingChunk)) await resolveFailureIncidents(tx, version, watched ? OVER[kind] : 'it is not watched any more', nowMs);
  else if (before.length > 0) return;
  if (fault && openingChunk) await openFailureIncident(tx, { ...version, cause: CAUSES[kind], openingChunk, text: fault.text, severity: 'critical', atMs: nowMs });
}
