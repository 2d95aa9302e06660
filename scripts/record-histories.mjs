// Records a history of every workflow type into test/histories/<type>/: run by `npm run history:record` when a type is new or its story has changed.
// Old histories stay: a workflow that was begun like them must go on under this version. Those that are there are not written over, except with --force. The recording itself is a test, because it needs the servers of the tests.
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// All stories, or those named: npm run history:record -- retraining [--force]
const names = process.argv.slice(2).filter((word) => word !== '--force');
const files = names.length > 0 ? names.map((name) => `test/workflows/record-${name}`) : ['test/workflows/record-'];
const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'stack', ...files], { cwd: root, stdio: 'inherit', env: { ...process.env, AFTERCARE_RECORD_HISTORIES: process.argv.includes('--force') ? 'force' : '1' } });
process.exit(status ?? 1);
