/** Telling people: first what is to be sent to whom and when is written down, then each is sent. */
import type { Notice } from '../../domain/notice.js';

export interface PlannedDelivery {
  /** One intent: event and recipient. */
  id: string;
  /** When it may go out: quiet hours and digests are waited for. */
  dueAtMs: number;
  giveUpAtMs: number;
  /** Collected with others of the same key and sent as one; null: by itself. */
  digest: string | null;
}

/** dead: nobody tries any more, until somebody has it sent again by hand. withdrawn: what it would have said is no longer so (a reminder of a question that was answered). */
export type DeliveryState = 'sent' | 'dead' | 'withdrawn';

export interface NotificationActivities {
  /**
   * Routes a notice: one intent for each recipient, written once. What is settled already is not given out again.
   *
   * @property again only this delivery, which was given up before: it is tried anew, at once
   */
  planNotification(request: { notice: Notice; again?: string; atMs?: number }): Promise<{ deliveries: PlannedDelivery[] }>;
  /** Sends one, or a whole digest. Throws what is worth another attempt; records what is not. */
  deliverNotification(request: { modelId: number; id: string; digest: string | null; atMs: number }): Promise<{ state: DeliveryState }>;
  /** Attempts are at an end: a dead letter, which can be sent again by hand. */
  buryNotification(request: { modelId: number; id: string; digest: string | null; reason: string }): Promise<void>;
}
