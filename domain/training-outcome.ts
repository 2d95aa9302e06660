/** What a training may answer. It comes from other people's code, as a workflow's result or over HTTP, so it is looked at before it is believed. */
import type { TrainingOutcome } from './retraining.js';

const MOST_TEXT = 2_000;
const MOST_VERSION = 2_147_483_647;

/** @returns what is wrong with it, the end of a sentence; null: it is an outcome */
export function outcomeFault(given: unknown): string | null {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return `it is ${given === null ? 'null' : Array.isArray(given) ? 'a list' : typeof given === 'undefined' ? 'nothing' : `a ${typeof given}`}, and should be {"state": "completed", "version": …} or {"state": "failed", "reason": …}`;
  const { state, version, reason, note } = given as Record<string, unknown>;
  if (note !== undefined && note !== null && typeof note !== 'string') return 'its note is no text';
  if (state === 'completed') {
    return typeof version === 'number' && Number.isInteger(version) && version >= 1 && version <= MOST_VERSION ? null : `it names no version: ${shown(version)} is no number of one`;
  }
  if (state === 'failed') return typeof reason === 'string' && reason.trim() !== '' ? null : 'it says that it failed and not why (reason)';
  return `its state is ${shown(state)}, and should be completed or failed`;
}

/** Only what an outcome has, its texts cut to what can be kept. @param given without fault */
export function tidyOutcome(given: TrainingOutcome): TrainingOutcome {
  if (given.state === 'failed') return { state: 'failed', reason: given.reason.slice(0, MOST_TEXT) };
  return { state: 'completed', version: given.version, ...(given.note ? { note: given.note.slice(0, MOST_TEXT) } : {}) };
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value) ?? typeof value).slice(0, 80);
}
