/** A port given on the command line. */
import { InvalidInput } from '../../domain/errors.js';

export function parsePort(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_535) throw new InvalidInput(`${option} '${text}' is not a port (1 … 65535)`);
  return value;
}
