/** Tags: words by which people find models, versions and their results, e.g. `team:risk`. */
import { InvalidInput } from './errors.js';
import { quoted } from './schema.js';

const MAX_TAGS = 50;
const MAX_LENGTH = 100;

/** @returns the tags without repeats, in the order of their text. @throws InvalidInput when there are too many, or one is empty, too long or cannot be printed */
export function checkTags(tags: readonly string[]): string[] {
  const unique = [...new Set(tags)].sort();
  if (unique.length > MAX_TAGS) throw new InvalidInput(`${unique.length} tags are given, ${MAX_TAGS} at most are possible`);
  for (const tag of unique) {
    if (tag.trim() === '' || tag.trim() !== tag) throw new InvalidInput(`tag ${quoted(tag)} is empty, or begins or ends with a blank`);
    if ([...tag].length > MAX_LENGTH) throw new InvalidInput(`tag ${quoted(tag)} has ${[...tag].length} characters, ${MAX_LENGTH} at most are possible`);
    if (/[\p{Cc}\p{Cs}\u2028\u2029,]/u.test(tag)) throw new InvalidInput(`tag ${JSON.stringify(tag)} holds a comma or a character that cannot be printed`);
  }
  return unique;
}

/** What results carry: the tags of their model and those of their version. */
export function inheritedTags(model: readonly string[], version: readonly string[]): string[] {
  return [...new Set([...model, ...version])].sort();
}
