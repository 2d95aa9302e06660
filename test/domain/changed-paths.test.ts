/** What differs between two settings, as the audit trail tells it. */
import { describe, expect, it } from 'vitest';
import { changedPaths } from '../../domain/changed-paths.js';

describe('changedPaths', () => {
  it('names what changed, came and went, and nothing else', () => {
    const before = { runs: { everyRows: 1_000, onTargets: true }, segments: { by: ['a'] }, watch: { silenceAfterMs: 3_000 }, zone: 'UTC' };
    const after = { runs: { onTargets: true, everyRows: null }, segments: { by: ['a', 'b'] }, targets: { arrival: 'instant' }, zone: 'UTC' };
    expect(changedPaths(before, after)).toEqual([
      { path: 'runs.everyRows', before: 1_000, after: null },
      { path: 'segments.by', before: ['a'], after: ['a', 'b'] },
      { path: 'targets', before: undefined, after: { arrival: 'instant' } },
      { path: 'watch', before: { silenceAfterMs: 3_000 }, after: undefined },
    ]);
  });

  it('does not go by the order of keys, also within lists', () => {
    expect(changedPaths({ thresholds: [{ a: 1, b: { c: 2, d: 3 } }] }, { thresholds: [{ b: { d: 3, c: 2 }, a: 1 }] })).toEqual([]);
    expect(changedPaths({ list: [1, 2] }, { list: [2, 1] })).toHaveLength(1);
  });
});
