/** Where no logarithm is involved, a regression's figures are NannyML's to the last bit: the losses, the boosting that learns them, and their sums. */
import { describe, expect, it } from 'vitest';
import { answer } from '../../cli/calculate/answer.js';
import { DataShelf } from '../../cli/calculate/data.js';
import { readFixture, requestOf, type FixtureRecord } from '../support/nannyml-fixtures.js';

const shelf = new DataShelf();
const EXACT = new Set(['mae', 'mape', 'mse', 'rmse']);
const FIELDS = ['value', 'realized', 'lower_threshold', 'upper_threshold'];
const keyOf = (record: FixtureRecord) => `${String(record['name'])} ${String(record['period'])} ${String(record['chunk_index'])}`;

describe("a regression's figures on the car price data are NannyML's to the last bit", () => {
  it.each([
    'dle__synthetic_car_price__size6000', 'dle__synthetic_car_price__hyper_weekly', 'more__DLE__price_weekly', 'more__DLE__price_monthly_hyper', 'more__DLE__price_few_features',
    'more__DLE__rough_size', 'more__DLE__rough_hyper', 'more__DLE__gain_signed',
    'performance__synthetic_car_price__size6000', 'performance__synthetic_car_price__weekly', 'more__PerformanceCalculator__price_monthly',
  ])('%s', async (name) => {
    const fixture = readFixture(name);
    const answered = await answer(requestOf(fixture), shelf);
    if ('error' in answered) throw new Error(answered.error.message);
    const mine = new Map(answered.results.map((record) => [keyOf(record), record]));
    const wanted = fixture.expected.filter((record) => EXACT.has(String(record['name'])));
    expect(wanted.length).toBeGreaterThan(0);
    for (const want of wanted) for (const field of FIELDS) if (field in want) expect(mine.get(keyOf(want))![field], `${keyOf(want)} ${field}`).toBe(want[field]);
  });
});
