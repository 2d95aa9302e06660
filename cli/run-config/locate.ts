/** Which configuration file is meant, in the order in which NannyML looks. */
import { existsSync } from 'node:fs';
import { InvalidInput } from '../../domain/errors.js';

const PLACES = ['/config/nannyml.yaml', '/config/nann.yml', 'nannyml.yaml', 'nann.yml'];

/** @throws InvalidInput when none is given and none is found */
export function locateConfig(given: string | undefined, environment: NodeJS.ProcessEnv = process.env, exists: (path: string) => boolean = existsSync): string {
  if (given) return given;
  const named = environment['NML_CONFIG_PATH'];
  if (named !== undefined) return named;
  const found = PLACES.find((place) => exists(place));
  if (found) return found;
  throw new InvalidInput(`there is no configuration: name a file, set NML_CONFIG_PATH, or put one at ${PLACES.join(', ')}`);
}
