/** Which errors of the database pass by themselves: the server restarts, a connection is lost, two transactions met. */

const NETWORK_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']);
// Connection exceptions, serialization failure, deadlock, too many connections, shutdown, crash, starting up, idle session ended.
const SQL_STATES = /^(08...|40001|40P01|53300|57P0[1-5]|25P0[34])$/;
const MESSAGES = /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable|server closed the connection/i;

/** True: the same call may succeed later. Whether it took effect is not known; a batch key makes the repeat harmless. */
export function isPassingFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isPassingFault);
  const { code } = error as { code?: unknown };
  return (typeof code === 'string' && (NETWORK_CODES.has(code) || SQL_STATES.test(code))) || MESSAGES.test(error.message);
}
