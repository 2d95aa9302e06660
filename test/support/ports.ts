/** Ports for servers that are started again on the same one. */
import { freePortFrom } from '../../embedded/ports.js';

/** Below the range from which the system gives ports to outgoing connections: one of those may sit on a port while its server is away, and keep it from coming back. */
const FIRST = 12_000;
const LAST = 31_000;

export async function lastingPort(): Promise<number> {
  return freePortFrom(FIRST + Math.floor(Math.random() * (LAST - FIRST)));
}
