/** Notifications under the names by which workflows ask for them. */
import type { NotificationActivities } from '../contracts/notifications.js';
import { withFailures } from '../failure.js';
import { buryNotification } from './bury.js';
import { deliverNotification } from './deliver.js';
import { planNotification } from './plan.js';
import type { SendDeps } from './send.js';

export type { SendDeps } from './send.js';

type Registered<T> = { [K in keyof T & string as `aftercare${Capitalize<K>}`]: T[K] };

export function createNotificationActivities(deps: SendDeps): Registered<NotificationActivities> {
  return {
    aftercarePlanNotification: withFailures((request) => planNotification(deps, request)),
    aftercareDeliverNotification: withFailures((request) => deliverNotification(deps, request)),
    aftercareBuryNotification: withFailures((request) => buryNotification(deps, request)),
  };
}
