import { describe, expect, it } from 'vitest';
import { answer } from '../../cli/calculate/answer.js';
import { DataShelf } from '../../cli/calculate/data.js';
import { disagreements, fixtureNames, KNOWN_DIFFERENCES, readFixture, readRefused, requestOf, type FixtureRecord } from '../support/nannyml-fixtures.js';

const shelf = new DataShelf();
const STAGES = ['construct', 'fit', 'calculate'];

/** Refused by NannyML for a reason that we do not share. */
const ANSWERED_ALL_THE_SAME = ['cbpe_missing_scores_in_analysis_while_calibrating'];

async function resultsOf(request: unknown): Promise<FixtureRecord[]> {
  const answered = await answer(request, shelf);
  if ('error' in answered) throw new Error(`refused at ${answered.error.stage}: ${answered.error.message}`);
  return answered.results;
}

describe('calculate gives what NannyML 0.13.1 gives', () => {
  it.each(fixtureNames())('%s', async (name) => {
    const fixture = readFixture(name);
    expect(disagreements(fixture, await resultsOf(requestOf(fixture)), KNOWN_DIFFERENCES)).toEqual([]);
  });

  it('the comparison finds a single figure that is off by a millionth', async () => {
    const fixture = readFixture('missingvalues__edge_binary__size100');
    const results = await resultsOf(requestOf(fixture));
    const at = results.findIndex((record) => typeof record['value'] === 'number' && record['value'] > 0);
    const changed = results.map((record, i) => (i === at ? { ...record, value: Number(record['value']) * (1 + 1e-6) } : record));
    expect(disagreements(fixture, changed, KNOWN_DIFFERENCES)).toHaveLength(1);
  });
});

describe('calculate refuses what NannyML refuses, at the same stage or earlier', () => {
  it.each(readRefused().map((refused) => [refused.id, refused] as const))('%s', async (id, refused) => {
    const answered = await answer(requestOf(refused), shelf);
    if (refused.raises === null || ANSWERED_ALL_THE_SAME.includes(id)) {
      expect(answered).toHaveProperty('results');
      return;
    }
    if (!('error' in answered)) throw new Error(`answered, but NannyML refuses it at ${refused.stage}`);
    expect(answered.error.message).not.toBe('');
    expect(STAGES.indexOf(answered.error.stage)).toBeLessThanOrEqual(STAGES.indexOf(refused.stage));
  });
});
