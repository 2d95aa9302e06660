/** `aftercare/worker`: the plugin for a worker of one's own, and workers that are ready to run. */
export { checkMailSettings, mailSettings, openMailer, type MailSettings } from '../activities/mail.js';
export { MAIN_QUEUE, NUMERIC_QUEUE } from '../domain/names.js';
export { createWorkers, type TemporalConnectionSettings, type WorkerQueue, type Workers, type WorkersOptions } from './create-workers.js';
export { whileAnswering } from './answering.js';
export { AftercarePlugin, type AftercarePluginOptions } from './plugin.js';
export { runWorkerProcess, type WorkerProcessOptions } from './process.js';
