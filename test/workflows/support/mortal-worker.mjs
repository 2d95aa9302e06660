/** A worker that a test can kill. As a program: `node mortal-worker.mjs ADDRESS NAMESPACE QUEUE BUNDLE`; says `ready` over IPC. */
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';

const [address, namespace, taskQueue, codePath] = process.argv.slice(2);
Runtime.install({ logger: { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} }, telemetryOptions: { logging: { filter: 'OFF' } } });
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({ connection, namespace, taskQueue, workflowBundle: { codePath }, stickyQueueScheduleToStartTimeout: '3 s' });
process.on('disconnect', () => process.exit(0));
process.send('ready');
await worker.run();
