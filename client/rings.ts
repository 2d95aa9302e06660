/**
 * Tells lifecycles that their ledger has grown: at most one signal on its way per model and process, then one per 250 ms, up to one per second while batches
 * keep coming. 2,000 appends in 20 s cost some twenty signals. A ring may be lost (Temporal is away): the sweeper of the worker finds what it was about.
 */

export interface Rings {
  /** Fire and forget: neither throws nor waits. */
  ring(modelId: number, batchNumber: number): void;
  /** Sends what is waiting; resolves when it is delivered, or `patienceMs` have passed. */
  flush(patienceMs?: number): Promise<void>;
  stop(): void;
}

interface Bell {
  latest: number;
  sent: number;
  sentAtMs: number;
  gapMs: number;
  timer: NodeJS.Timeout | null;
  sending: Promise<void> | null;
}

const GAP_MIN_MS = 250;
const GAP_MAX_MS = 1_000;
/** Without a ring for this long, the next one goes out at once and the gaps begin small again. */
const CALM_MS = 3_000;

/** @param send delivers one ring; may fail @param gaps between two rings of a model: the first, which doubles while they keep coming, and the longest */
export function createRings(send: (modelId: number, batchNumber: number) => Promise<void>, gaps: { minMs: number; maxMs: number } = { minMs: GAP_MIN_MS, maxMs: GAP_MAX_MS }): Rings {
  const bells = new Map<number, Bell>();
  let stopped = false;

  function schedule(modelId: number, bell: Bell): void {
    if (stopped || bell.timer || bell.sending || bell.latest <= bell.sent) return;
    const waitMs = bell.sentAtMs + bell.gapMs - Date.now();
    if (waitMs <= 0) return deliver(modelId, bell);
    bell.timer = setTimeout(() => {
      bell.timer = null;
      deliver(modelId, bell);
    }, waitMs);
    bell.timer.unref();
  }

  function deliver(modelId: number, bell: Bell): void {
    const batchNumber = bell.latest;
    const calm = Date.now() - bell.sentAtMs > Math.max(CALM_MS, 2 * gaps.maxMs);
    bell.gapMs = calm ? gaps.minMs : Math.min(bell.gapMs * 2, gaps.maxMs);
    bell.sentAtMs = Date.now();
    bell.sending = send(modelId, batchNumber).then(
      () => { bell.sent = Math.max(bell.sent, batchNumber); },
      () => { bell.sent = Math.max(bell.sent, batchNumber); },   // lost: the next batch rings again, and the sweeper sees this one
    ).finally(() => {
      bell.sending = null;
      schedule(modelId, bell);
    });
  }

  return {
    ring(modelId, batchNumber) {
      let bell = bells.get(modelId);
      if (!bell) bells.set(modelId, bell = { latest: 0, sent: 0, sentAtMs: 0, gapMs: gaps.minMs, timer: null, sending: null });
      bell.latest = Math.max(bell.latest, batchNumber);
      schedule(modelId, bell);
    },
    async flush(patienceMs = 2_000) {
      const drained = Promise.all([...bells].map(async ([modelId, bell]) => {
        while (!stopped && (bell.sending || bell.latest > bell.sent)) {
          if (bell.timer) clearTimeout(bell.timer);
          bell.timer = null;
          if (!bell.sending) deliver(modelId, bell);
          await bell.sending;
        }
      }));
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([drained, new Promise<void>((resolve) => { timer = setTimeout(resolve, patienceMs); })]);
      clearTimeout(timer);
    },
    stop() {
      stopped = true;
      for (const bell of bells.values()) if (bell.timer) clearTimeout(bell.timer);
    },
  };
}
