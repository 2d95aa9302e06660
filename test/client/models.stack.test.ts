/** Creating models from files and rows, on real data. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { existsSync } from 'node:fs';
import { appendInferences, appendTruths } from '../../client/append.js';
import { changeModelSettings, createFromInput } from '../../client/models.js';
import { Conflict, InvalidInput } from '../../domain/errors.js';
import { showModel } from '../../store/models.js';
import { reference } from '../store/loans.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';

let database: TestDatabase;
const context = () => ({ pool: database.pool, by: 'test' });
const data = (name: string): string => new URL(`../../datasets/${name}`, import.meta.url).pathname;

beforeAll(async () => { database = await createDatabase(); });
afterAll(() => database.drop());

describe('createFromInput', () => {
  it('creates the car-loan model from its reference file, takes its inferences and targets', async () => {
    expect(existsSync(data('synthetic_car_loan_reference.csv.gz'))).toBe(true);
    const created = await createFromInput(context(), { name: 'car loan', reference: data('synthetic_car_loan_reference.csv.gz'), columns: { target: 'repaid' } });
    expect(created).toMatchObject({ name: 'car loan', referenceRows: 50_000, chunking: 'size:5000', existed: false });
    const receipt = await appendInferences(context(), 'car loan', data('synthetic_car_loan_analysis.csv.gz'));
    expect(receipt).toMatchObject({ rowsRead: 50_000, rowsAccepted: 50_000, rowsDuplicate: 0, rowsQuarantined: 0, columnsMissing: [], columnsUnknown: [] });
    const targets = await appendTruths(context(), 'car loan', data('synthetic_car_loan_analysis_target.csv.gz'));
    expect(targets).toMatchObject({ rowsAccepted: 50_000, targets: { matched: 50_000, unmatched: 0, changed: 0 } });
    expect((await showModel(database.pool, 'car loan')).rows).toEqual({ reference: 50_000, analysis: 50_000, shadow: 0, targets: 50_000, targetsUnmatched: 0, labelled: 50_000, quarantined: 0 });
  });

  it('creates from rows given in code, with inferences and targets in the same all-or-nothing', async () => {
    const created = await createFromInput(context(), { name: 'rows', reference: reference(200), columns: { target: 'repaid', prediction: 'y_pred', predictedProbability: 'score', timestamp: 'when', identifier: 'id' }, analysis: reference(20).map(({ repaid: _r, ...row }) => row), targets: [{ id: 'ref-1', repaid: 1 }] });
    expect(created.receipts.map(({ kind, rowsAccepted }) => [kind, rowsAccepted])).toEqual([['reference', 200], ['analysis', 20], ['target', 1]]);
  });

  it('refuses a taken name, and finds its own creation again by key', async () => {
    const input = { name: 'keyed', reference: reference(100), columns: { target: 'repaid', identifier: 'id' }, creationKey: 'abc' };
    const first = await createFromInput(context(), input);
    expect(await createFromInput(context(), input)).toMatchObject({ modelId: first.modelId, existed: true });
    await expect(createFromInput(context(), { ...input, creationKey: 'other' })).rejects.toThrow(Conflict);
  });
});

describe('changeModelSettings', () => {
  it('merges a patch, says what became stale, and refuses what is no setting', async () => {
    await createFromInput(context(), { name: 'changing', reference: reference(100), columns: { target: 'repaid', identifier: 'id' } });
    expect(await changeModelSettings(context(), 'changing', { runs: { everyRows: 500 } })).toMatchObject({ settingsRevision: 2, stale: [], settings: { runs: { everyRows: 500, onTargets: true } } });
    expect(await changeModelSettings(context(), 'changing', { chunking: { kind: 'period', period: 'D' } })).toMatchObject({ settingsRevision: 3, stale: ['chunks'] });
    expect(await changeModelSettings(context(), 'changing', { calculators: { numerical_range: null, missing_values: { normalize: false } } })).toMatchObject({ settingsRevision: 4, stale: ['missing_values'], settings: { calculators: { numerical_range: null } } });
    expect(await changeModelSettings(context(), 'changing', {})).toMatchObject({ settingsRevision: 4, stale: [] });
    await expect(changeModelSettings(context(), 'changing', { runs: { everyRows: 'many' as unknown as number } })).rejects.toThrow(/runs\.everyRows: expected number, received string/);
    await expect(changeModelSettings(context(), 'changing', { rnus: {} } as object)).rejects.toThrow(InvalidInput);
    await expect(changeModelSettings(context(), 'changing', { zone: 'Mars/Base' })).rejects.toThrow(/zone: is no time zone/);
    await expect(changeModelSettings(context(), 'changing', { calculators: { univariate_drift: { columns: ['incme'] } } })).rejects.toThrow(/'incme'.*did you mean 'income'/);
    expect((await showModel(database.pool, 'changing')).settingsRevision).toBe(4);
  });
});
