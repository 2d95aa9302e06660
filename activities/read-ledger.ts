/** What has come since the lifecycle last looked. Idempotent: it only notes how far somebody looked, and when the newest inferences were seen first. Usual duration: 2 ms. */
import { lifecycleSettings, type WatchSettings } from '../domain/lifecycle-settings.js';
import { readLedgerPage, type LedgerPage } from '../store/ledger.js';
import type { Pool } from '../store/pool.js';
import { noteBatch, readTendingView } from '../store/tending.js';
import { readChampionId, readNewestInferenceMs, readOngoingFaults } from '../store/watch.js';
import type { LedgerRequest, LedgerView } from './contract.js';
import type { LightDeps } from './deps.js';

const PAGE = 1_000;

export async function readLedger({ pool }: LightDeps, { modelId, after, nowMs }: LedgerRequest): Promise<LedgerView> {
  const whole = await readLedgerPage(pool, modelId, after, PAGE);
  const { settings, ...page } = whole;
  const { incidents, retraining, challenge, promotion } = lifecycleSettings(settings);
  const tendAtMs = nowMs === undefined ? undefined : await whenToTend(pool, modelId, whole, nowMs);
  return { ...page, runs: settings.runs, decisions: settings.decisions, lifecycle: { incidents, retraining, challenge, promotion }, ...(tendAtMs === undefined ? {} : { tendAtMs }) };
}

/** Notes the newest inferences of the page, and tells when time alone makes something due (activities/tending). */
async function whenToTend(pool: Pool, modelId: number, { state, settings, settingsRevision, entries }: LedgerPage, nowMs: number): Promise<number | null> {
  if (state !== 'active') return null;
  const { watch } = lifecycleSettings(settings);
  const view = await readTendingView(pool, modelId);
  const newest = entries.findLast(({ kind, rowsAccepted, shadowOf }) => kind === 'analysis' && rowsAccepted > 0 && shadowOf === undefined);
  const isNews = newest !== undefined && newest.number > (view?.lastBatch ?? 0);
  const changesWatch = isNews && (watch.silenceAfterMs !== null || watch.staleAfterMs !== null) && (await batchMatters(pool, modelId, watch, nowMs));
  if (isNews) await noteBatch(pool, modelId, newest.number, nowMs, changesWatch);
  if (changesWatch) return nowMs;
  // Nobody has reckoned yet: only silence is due without anything having come.
  if ((view?.settingsRevision ?? null) === null) return watch.silenceAfterMs === null ? view?.nextAtMs ?? null : nowMs;
  return view!.settingsRevision === settingsRevision ? view!.nextAtMs : nowMs;
}

/** Inferences that end a silence, or are old, or recent again. */
async function batchMatters(pool: Pool, modelId: number, { staleAfterMs }: WatchSettings, nowMs: number): Promise<boolean> {
  const versionId = await readChampionId(pool, modelId);
  if (versionId === null) return false;
  if ((await readOngoingFaults(pool, versionId, ['silence', 'staleness'])).length > 0) return true;
  const newestMs = staleAfterMs === null ? null : await readNewestInferenceMs(pool, modelId, versionId);
  return newestMs !== null && staleAfterMs !== null && nowMs - newestMs > staleAfterMs;
}
