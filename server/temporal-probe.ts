/** Does Temporal answer for our namespace? */
import { openTemporal } from '../client/temporal-link.js';

export interface TemporalProbe {
  /** @throws when it does not */
  ask(): Promise<void>;
  close(): Promise<void>;
}

const PATIENCE_MS = 1_500;

/** Connects with the first question. */
export function temporalProbe(temporal: { address: string; namespace: string }): TemporalProbe {
  const link = openTemporal(temporal);
  return {
    async ask() {
      await link.connection.withDeadline(Date.now() + PATIENCE_MS, () => link.connection.workflowService.describeNamespace({ namespace: link.namespace }));
    },
    close: () => link.close(),
  };
}
