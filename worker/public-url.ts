/** Where people and trainers reach `aftercare serve`: mails carry links to it, trainings over HTTP call back there. */
import { InvalidInput } from '../domain/errors.js';

/** Given, else AFTERCARE_PUBLIC_URL, else nowhere. @returns without a slash at the end @throws InvalidInput */
export function publicUrlOf(given?: string, environment: Record<string, string | undefined> = process.env): string | undefined {
  const text = given ?? environment.AFTERCARE_PUBLIC_URL;
  if (!text) return undefined;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '' || url.username !== '') throw new InvalidInput(`'${text.slice(0, 200)}' is no public address: https://host[:port][/path], without query`);
  return text.replace(/\/+$/, '');
}
