/** The workflow types, for a worker's bundle. A user's own workflow file adds them with `export * from 'aftercare/workflows'`. */
export { aftercareChallenge } from './challenge.js';
export { aftercareDecision } from './decision.js';
export { aftercareIncident } from './incident.js';
export { aftercareGate } from './gate.js';
export { aftercareModelLifecycle } from './model-lifecycle.js';
export { aftercareMonitoringRun } from './monitoring-run.js';
export { aftercareNotification } from './notification.js';
export { aftercareRetraining } from './retraining.js';
export { aftercareScheduledRun } from './scheduled-run.js';
export { aftercareVerdict } from './verdict.js';
