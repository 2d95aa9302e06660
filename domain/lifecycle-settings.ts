/** What people may choose about the loop after the alert: whom to tell, when to train anew, how a challenger is judged and promoted. Every section may be absent. */
import type { NoticeTopic, Severity } from './notice.js';
import type { IncidentKind, ScheduleSettings } from './settings.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** When a model fails to predict. Each null: not watched. Time is the lifecycle's, never the database's. */
export interface WatchSettings {
  /** No inferences for this long. */
  silenceAfterMs: number | null;
  /** Batches come, but their newest timestamp is this old. */
  staleAfterMs: number | null;
  /** Share of failed calls in the window, from serving telemetry, when there were at least so many calls. */
  errorRate: { above: number; windowMs: number; minCalls: number } | null;
}

/** A batch whose columns are not those of the schema: refuse it, or take what can be taken and record the rest. */
export interface ViolationSettings {
  policy: 'strict' | 'best_effort';
  /** Share of a batch's rows in quarantine from which on it is an incident; null: never. */
  quarantineAbove: number | null;
}

/** Which incidents are attended: people are told, reminded, and the incident waits to be acknowledged. The others are shown, and attended when somebody acts on them. */
export interface IncidentSettings {
  attend: IncidentKind[];
  /** Not acknowledged for this long: escalated. 0: never. */
  escalateAfterMs: number;
}

/** `urlSecret` names a secret that holds the address, for addresses that are secrets themselves. `secret` names the key that requests are signed with. */
export interface HttpEndpoint {
  url?: string;
  urlSecret?: string;
  secret?: string;
  headers?: Record<string, string>;
}

export type NotificationChannel =
  | { name: string; kind: 'email'; to: string[] }
  | ({ name: string; kind: 'webhook' } & HttpEndpoint)
  | ({ name: string; kind: 'slack' } & HttpEndpoint);

/** A notice goes to the channels of every route that it fits; a list that is absent fits all. */
export interface NotificationRoute {
  channels: string[];
  topics?: NoticeTopic[];
  severities?: Severity[];
  /** Collected, and sent once a day. */
  digest?: boolean;
}

export interface NotificationSettings {
  channels: NotificationChannel[];
  routes: NotificationRoute[];
  /** Local times of the model's zone, `HH:MM`; notices below `except` wait until the end. */
  quietHours: { from: string; to: string; except: Severity | null } | null;
  /** `HH:MM` in the model's zone. */
  digestAt: string;
  /** Attempts go on for this long; then the notification is a dead letter. */
  giveUpAfterMs: number;
}

/** The user's own code: a workflow on a task queue of theirs, or a signed request over HTTP. */
export type UserCall =
  | { kind: 'workflow'; taskQueue: string; workflowType: string }
  | ({ kind: 'webhook' } & HttpEndpoint);

/** How long a question waits. Times count from the asking; 0 of a reminder or escalation: none. */
export interface ApprovalSettings {
  /** Empty: anybody who is named. */
  approvers: string[];
  remindAfterMs: number;
  escalateAfterMs: number;
  deadlineMs: number;
  /** What counts when nobody answered by the deadline. */
  fallback: 'approve' | 'reject';
  /** E-mail addresses that get the question, with a signed link each. */
  notify: string[];
}

export interface RetrainingSettings {
  /** off: only by hand; ask: a person approves; automatic: at once. */
  mode: 'off' | 'ask' | 'automatic';
  /** Incidents from which the policy wants a retraining, of all rows together. */
  on: IncidentKind[];
  /** null: nothing can be trained, a request is refused. */
  training: UserCall | null;
  approval: ApprovalSettings;
  /** The training may take this long. */
  timeoutMs: number;
  /** The policy asks again at the earliest so long after the last retraining began. */
  restMs: number;
  schedule: (ScheduleSettings & { /** ISO 8601 */ from?: string; until?: string }) | null;
}

export interface ChallengeSettings {
  /** Absent: the model's key metric. */
  metric?: string;
  /** Half the width of the region of practical equivalence, in the metric's unit; absent: `usualRope`. */
  rope?: number;
  /** Posterior probability from which on a judgement is given. */
  certainty: number;
  /** Pairs that are needed at least. */
  minPairs: number;
  /** Width of the difference's 95 % interval from which on nothing is judged. */
  maxWidth: number | null;
  /** A verdict after every so many new shadow rows and targets. */
  everyRows: number;
  /** Allowed surplus of the challenger's error rate, and allowed ratio of its tail response time; null: not looked at. */
  errorRateSurplus: number | null;
  responseTimeRatio: number | null;
  /** In no segment may the challenger be worse by more than this, in the metric's unit; absent: `usualSegmentLoss`; null: not looked at. */
  segmentLoss?: number | null;
  /** No verdict by then: closed. */
  deadlineMs: number;
}

export interface PromotionSettings {
  /** After a verdict of better. manual: only by `aftercare promote`. */
  mode: 'ask' | 'automatic' | 'manual';
  approval: ApprovalSettings;
  /** null: nothing is called; whoever serves asks aftercare, or reads the audit. */
  switch: UserCall | null;
  switchTimeoutMs: number;
  probationMs: number;
  /** Incidents of these kinds of the new champion within its probation roll it back. */
  rollbackOn: IncidentKind[];
}

/** The sections as they stand in a model's settings. */
export interface LifecycleSections {
  watch?: Partial<WatchSettings>;
  violations?: Partial<ViolationSettings>;
  incidents?: Partial<IncidentSettings>;
  notifications?: Partial<NotificationSettings>;
  retraining?: Partial<Omit<RetrainingSettings, 'approval'>> & { approval?: Partial<ApprovalSettings> };
  challenge?: Partial<ChallengeSettings>;
  promotion?: Partial<Omit<PromotionSettings, 'approval'>> & { approval?: Partial<ApprovalSettings> };
}

export interface WholeLifecycleSettings {
  watch: WatchSettings;
  violations: ViolationSettings;
  incidents: IncidentSettings;
  notifications: NotificationSettings;
  retraining: RetrainingSettings;
  challenge: ChallengeSettings;
  promotion: PromotionSettings;
}

/** What the lifecycle itself goes by; what activities look up is left out. */
export type LoopSettings = Pick<WholeLifecycleSettings, 'incidents' | 'retraining' | 'challenge' | 'promotion'>;

/** Kinds that are attended: those that people chose, those from which a retraining is wanted, and, once a version was promoted, those that would roll it back. */
export function attendedKinds({ incidents, retraining, promotion }: LoopSettings, version: number): IncidentKind[] {
  return [...new Set([...incidents.attend, ...(retraining.mode === 'off' ? [] : retraining.on), ...(version > 1 ? promotion.rollbackOn : [])])];
}

const APPROVAL: ApprovalSettings = { approvers: [], remindAfterMs: DAY_MS, escalateAfterMs: 3 * DAY_MS, deadlineMs: 14 * DAY_MS, fallback: 'reject', notify: [] };

export const LIFECYCLE_DEFAULTS: WholeLifecycleSettings = {
  watch: { silenceAfterMs: null, staleAfterMs: null, errorRate: { above: 0.05, windowMs: HOUR_MS, minCalls: 100 } },
  violations: { policy: 'best_effort', quarantineAbove: 0.1 },
  incidents: { attend: ['estimated_performance', 'realized_performance', 'silence', 'staleness', 'error_rate', 'schema'], escalateAfterMs: 3 * DAY_MS },
  notifications: { channels: [], routes: [], quietHours: null, digestAt: '08:00', giveUpAfterMs: DAY_MS },
  retraining: { mode: 'off', on: [], training: null, approval: APPROVAL, timeoutMs: 7 * DAY_MS, restMs: DAY_MS, schedule: null },
  challenge: {
    certainty: 0.95, minPairs: 500, maxWidth: null, everyRows: 1_000, errorRateSurplus: 0.01, responseTimeRatio: 1.5, deadlineMs: 90 * DAY_MS,
  },
  promotion: {
    mode: 'ask', approval: APPROVAL, switch: null, switchTimeoutMs: HOUR_MS, probationMs: 7 * DAY_MS,
    rollbackOn: ['estimated_performance', 'realized_performance', 'silence', 'error_rate', 'schema'],
  },
};

/** What was chosen, and the defaults for the rest. */
export function lifecycleSettings(chosen: LifecycleSections): WholeLifecycleSettings {
  const d = LIFECYCLE_DEFAULTS;
  return {
    watch: { ...d.watch, ...chosen.watch },
    violations: { ...d.violations, ...chosen.violations },
    incidents: { ...d.incidents, ...chosen.incidents },
    notifications: { ...d.notifications, ...chosen.notifications },
    retraining: { ...d.retraining, ...chosen.retraining, approval: { ...d.retraining.approval, ...chosen.retraining?.approval } },
    challenge: { ...d.challenge, ...chosen.challenge },
    promotion: { ...d.promotion, ...chosen.promotion, approval: { ...d.promotion.approval, ...chosen.promotion?.approval } },
  };
}
