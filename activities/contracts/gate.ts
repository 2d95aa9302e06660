/** The gate before a batch. */
import type { Gate, GateRule } from '../../domain/gate.js';

export interface GateActivities {
  closeGate(request: { modelId: number; batch: string; state: 'released' | 'rejected'; by: string | null; note: string | null; atMs: number }): Promise<Gate>;
}

/** On the numeric queue. */
export interface GateEstimates {
  /** Estimates a committed batch's quality and records the answer, once. */
  askGate(request: { modelId: number; batch: string; rule: GateRule; by: string; atMs: number }): Promise<Gate>;
}
