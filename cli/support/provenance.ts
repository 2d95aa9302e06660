/** What a version is made of, as options of a command. */
import type { Command } from 'commander';
import { InvalidInput } from '../../domain/errors.js';
import type { Provenance } from '../../domain/version.js';

export interface ProvenanceOptions {
  commit?: string;
  runtime?: string;
  library?: string[];
  note?: string;
}

export function withProvenanceOptions(command: Command): Command {
  return command
    .option('--commit <id>', 'of the code that trained it')
    .option('--runtime <name>', 'what it runs on, e.g. python 3.12')
    .option('--library <name=version...>', 'what it was trained with, e.g. lightgbm=4.5.0')
    .option('--note <text>', 'anything else about how it was made');
}

/** @throws InvalidInput when a library has no version */
export function provenanceOf({ commit, runtime, library, note }: ProvenanceOptions): Omit<Provenance, 'retraining'> {
  const libraries = library?.map((text) => {
    const at = text.indexOf('=');
    if (at <= 0 || at === text.length - 1) throw new InvalidInput(`--library '${text}' is not name=version`);
    return [text.slice(0, at), text.slice(at + 1)];
  });
  return { ...(commit === undefined ? {} : { commit }), ...(runtime === undefined ? {} : { runtime }), ...(libraries ? { libraries: Object.fromEntries(libraries) as Record<string, string> } : {}), ...(note === undefined ? {} : { note }) };
}
