// A service that logs single predictions: several loops in one process. Started with the built package; told what to log by its parent, and when to begin.
import { once } from 'node:events';
import { Aftercare } from '../../../dist/client/index.js';

const [{ databaseUrl, temporal, model, loops }] = await once(process, 'message');
const client = await Aftercare.connect({ databaseUrl, temporal, by: `process ${process.pid}` });
process.send('ready');
await once(process, 'message');
await Promise.all(loops.map(async (rows) => { for (const row of rows) await client.log(model, row); }));
await client.close();
process.disconnect();
