/** Search attributes of children, where the namespace knows them. */
import { defineSearchAttributeKey, SearchAttributeType, type SearchAttributePair } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../domain/names.js';
import type { LifecycleInput } from './messages.js';

export const modelKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.model, SearchAttributeType.KEYWORD);
export const kindKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.kind, SearchAttributeType.KEYWORD);

export function tagsOf(input: Pick<LifecycleInput, 'name' | 'tagged'>, kind: 'lifecycle' | 'run' | 'decision' | 'incident' | 'retraining' | 'challenge' | 'gate'): { typedSearchAttributes?: SearchAttributePair[] } {
  return input.tagged ? { typedSearchAttributes: [{ key: modelKey, value: input.name }, { key: kindKey, value: kind }] } : {};
}
