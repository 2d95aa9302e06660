/** What the settings of the loop after the alert look like: names, types, ranges. */
import { z } from 'zod';
import { SEVERITIES, TOPICS } from '../domain/notice.js';
import { FAILURE_KINDS, JUDGED_KINDS } from '../domain/settings.js';
import { ADDRESS, DAY_OF_UNIT, duration, hasDayOfUnit, MAX_MS, schedule, whole } from './settings-parts.js';

const kinds = z.array(z.enum([...JUDGED_KINDS, ...FAILURE_KINDS]));
const share = z.number().min(0).max(1);
const address = z.string().regex(ADDRESS, 'is no e-mail address');
const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is no time of day (HH:MM)');
const people = z.array(z.string().trim().min(1).max(200));

/** Headers that a request has anyway are not to be set; none may hold a line break. */
const headers = z.record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'is no header name'), z.string().max(2_000).regex(/^[\x20-\x7e]*$/, 'holds characters that a header cannot'));
const secretName = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'is no name of a secret');
const endpoint = {
  url: z.url({ protocol: /^https?$/, error: 'is no http or https address' }).optional(), urlSecret: secretName.optional(), secret: secretName.optional(), headers: headers.optional(),
};
const oneAddress = (value: { url?: string | undefined; urlSecret?: string | undefined }): boolean => (value.url === undefined) !== (value.urlSecret === undefined);
const ONE_ADDRESS = 'has either url or urlSecret';

const name = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'is no name (letters, digits, _ . -)');
const channel = z.discriminatedUnion('kind', [
  z.strictObject({ name, kind: z.literal('email'), to: z.array(address).min(1) }),
  z.strictObject({ name, kind: z.literal('webhook'), ...endpoint }),
  z.strictObject({ name, kind: z.literal('slack'), ...endpoint }),
]).refine((value) => value.kind === 'email' || oneAddress(value), ONE_ADDRESS);
const route = z.strictObject({ channels: z.array(name).min(1), topics: z.array(z.enum(TOPICS)).optional(), severities: z.array(z.enum(SEVERITIES)).optional(), digest: z.boolean().optional() });

const notifications = z.strictObject({
  channels: z.array(channel).refine((all) => new Set(all.map((one) => one.name)).size === all.length, 'two channels have one name').optional(),
  routes: z.array(route).optional(),
  quietHours: z.strictObject({ from: clock, to: clock, except: z.enum(SEVERITIES).nullable() }).nullable().optional(),
  digestAt: clock.optional(),
  giveUpAfterMs: duration.min(1_000).optional(),
}).refine(({ channels = [], routes = [] }) => routes.every((one) => one.channels.every((wanted) => channels.some((known) => known.name === wanted))), 'a route names a channel that there is not');

const call = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('workflow'), taskQueue: z.string().min(1).max(200), workflowType: z.string().min(1).max(200) }),
  z.strictObject({ kind: z.literal('webhook'), ...endpoint }),
]).refine((value) => value.kind === 'workflow' || oneAddress(value), ONE_ADDRESS);

const approval = z.strictObject({
  approvers: people.optional(), remindAfterMs: duration.optional(), escalateAfterMs: duration.optional(), deadlineMs: duration.min(1).optional(), fallback: z.enum(['approve', 'reject']).optional(), notify: z.array(address).optional(),
});

const moment = z.iso.datetime({ offset: true });

/** Every section may be absent, and every field of it. */
export const lifecycleShape = {
  watch: z.strictObject({
    silenceAfterMs: duration.min(1).nullable().optional(), staleAfterMs: duration.min(1).nullable().optional(),
    errorRate: z.strictObject({ above: share, windowMs: duration.min(60_000), minCalls: whole.min(1) }).nullable().optional(),
  }).optional(),
  violations: z.strictObject({ policy: z.enum(['strict', 'best_effort']).optional(), quarantineAbove: share.nullable().optional() }).optional(),
  incidents: z.strictObject({ attend: kinds.optional(), escalateAfterMs: duration.optional() }).optional(),
  notifications: notifications.optional(),
  retraining: z.strictObject({
    mode: z.enum(['off', 'ask', 'automatic']).optional(), on: kinds.optional(), training: call.nullable().optional(), approval: approval.optional(), timeoutMs: duration.min(1).optional(), restMs: duration.optional(),
    schedule: schedule.extend({ from: moment.optional(), until: moment.optional() }).refine(hasDayOfUnit, DAY_OF_UNIT)
      .refine(({ from, until }) => from === undefined || until === undefined || Date.parse(from) < Date.parse(until), 'ends before it begins').nullable().optional(),
  }).optional(),
  challenge: z.strictObject({
    metric: z.string().min(1).optional(), rope: z.number().min(0), certainty: z.number().gt(0.5).lt(1), minPairs: whole.min(1), maxWidth: z.number().positive().nullable(), everyRows: whole.min(1),
    errorRateSurplus: share.nullable(), responseTimeRatio: z.number().positive().nullable(), segmentLoss: z.number().min(0).nullable(), deadlineMs: duration.min(1),
  }).partial().optional(),
  promotion: z.strictObject({
    mode: z.enum(['ask', 'automatic', 'manual']).optional(), approval: approval.optional(), switch: call.nullable().optional(), switchTimeoutMs: duration.min(1).optional(), probationMs: duration.max(MAX_MS).optional(), rollbackOn: kinds.optional(),
  }).optional(),
};
