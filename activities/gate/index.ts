/** The light half of a gate, under its registered name. Milliseconds. */
import { closeGate } from '../../store/gates.js';
import type { Pool } from '../../store/pool.js';
import type { GateActivities } from '../contracts/gate.js';
import { withFailures } from '../failure.js';

export function createGateActivities({ pool }: { pool: Pool }): { aftercareCloseGate: GateActivities['closeGate'] } {
  return { aftercareCloseGate: withFailures((request) => closeGate(pool, request)) };
}
