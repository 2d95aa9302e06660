/** The HTTP door. */
export { createServer, type ServerLog, type ServerOptions } from './create-server.js';
export { checkPublicUrl, startServer, type RunningServer, type StartServerOptions } from './start-server.js';
