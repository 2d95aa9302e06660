import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { inferSchema, nearNames, type SchemaOverrides } from '../../client/infer.js';
import { InvalidInput } from '../../domain/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'aftercare-infer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const dataset = (name: string): string => fileURLToPath(new URL(`../../datasets/${name}`, import.meta.url));

type Cell = string | number | boolean | null;
type Rows = Record<string, Cell>[];

/** `count` rows, each column a function of the row's number. */
function rowsOf(count: number, columns: Record<string, (i: number) => Cell>): Rows {
  return Array.from({ length: count }, (_, i) => Object.fromEntries(Object.entries(columns).map(([name, cell]) => [name, cell(i)])));
}

const usual = {
  id: (i: number) => i, at: (i: number) => `2024-01-01 00:${String(Math.floor(i / 60) % 60).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}`,
  x: (i: number) => i * 0.5 + 0.25, city: (i: number) => ['Rome', 'Oslo'][i % 2]!, y_pred_proba: (i: number) => (i % 10) / 10, y_pred: (i: number) => i % 2, y_true: (i: number) => i % 2,
};

async function inferred(rows: Rows, overrides: SchemaOverrides = {}): Promise<{ type: string; roles: Record<string, string>; notes: string }> {
  const { schema, notes } = await inferSchema(rows, overrides);
  return {
    type: schema.problemType,
    roles: Object.fromEntries(schema.columns.map((column) => [column.name, `${column.role} ${column.kind}${column.class === undefined ? '' : ` of ${column.class}`}`])),
    notes: notes.join('\n'),
  };
}

async function refusal(rows: Rows, overrides: SchemaOverrides = {}): Promise<string> {
  const error: unknown = await inferSchema(rows, overrides).then(() => null, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InvalidInput);
  return (error as Error).message;
}

describe('inferSchema', () => {
  it('knows the car-loan reference when it is told the target', async () => {
    const { schema, rowCount } = await inferSchema(dataset('synthetic_car_loan_reference.csv.gz'), { target: 'repaid' });
    expect(rowCount).toBe(50_000);
    expect(schema.problemType).toBe('classification_binary');
    expect(schema.columns.map((column) => `${column.name}: ${column.role} ${column.kind}`)).toEqual([
      'id: identifier text', 'car_value: feature continuous', 'salary_range: feature categorical', 'debt_to_income_ratio: feature continuous', 'loan_length: feature continuous',
      'repaid_loan_on_prev_car: feature categorical', 'size_of_downpayment: feature categorical', 'driver_tenure: feature continuous', 'repaid: target continuous',
      'timestamp: timestamp timestamp', 'y_pred_proba: predicted_probability continuous', 'y_pred: prediction continuous',
    ]);
  });

  it('tells the parts by names and values', async () => {
    const { type, roles } = await inferred(rowsOf(200, usual));
    expect(type).toBe('classification_binary');
    expect(roles).toEqual({
      id: 'identifier text', at: 'timestamp timestamp', x: 'feature continuous', city: 'feature categorical', y_pred_proba: 'predicted_probability continuous', y_pred: 'prediction continuous', y_true: 'target continuous',
    });
  });

  it('puts the columns of several inputs together', async () => {
    const { y_true, ...early } = usual;
    const { schema, rowCount } = await inferSchema([rowsOf(150, early), rowsOf(150, { id: usual.id, y_true })]);
    expect(rowCount).toBe(300);
    expect(schema.columns.find(({ role }) => role === 'target')?.name).toBe('y_true');
    expect(schema.columns.find(({ role }) => role === 'identifier')?.name).toBe('id');
  });

  it('digits are numbers in a file without types, and what the file says in one with types', async () => {
    const path = join(folder, 'a.csv');
    writeFileSync(path, `id,code,y_pred\n${Array.from({ length: 120 }, (_, i) => `${i},0${i % 7},${i}.5`).join('\n')}\n`);
    const { schema } = await inferSchema(path);
    expect(schema.columns.find(({ name }) => name === 'code')).toEqual({ name: 'code', role: 'feature', kind: 'continuous' });
    const { schema: typed } = await inferSchema(fileURLToPath(new URL('fixtures/pandas.parquet', import.meta.url)), { target: 'flag' });
    expect(typed.columns.map((column) => `${column.name}: ${column.role} ${column.kind}`)).toEqual([
      'id: identifier text', 'number: feature continuous', 'at: timestamp timestamp', 'x: feature continuous', 'flag: target continuous', 'whole: feature continuous', 'city: feature categorical',
    ]);
  });

  it('a nested column is ignored, and said', async () => {
    const { notes } = await inferSchema(fileURLToPath(new URL('fixtures/rare.parquet', import.meta.url)), { target: 'delta', prediction: 'split' });
    expect(notes).toContain('\'list\' is nested (a list, map or structure): ignored');
  });
});

describe('problem types', () => {
  it('a probability per class makes a multiclass model, whose target and prediction are categories', async () => {
    const { type, roles } = await inferred(rowsOf(120, {
      y_pred_proba_low: (i) => (i % 3) / 3, y_pred_proba_high: (i) => 1 - (i % 3) / 3, y_pred: (i) => ['low', 'high'][i % 2]!, y_true: (i) => ['low', 'high'][i % 2]!,
    }));
    expect(type).toBe('classification_multiclass');
    expect(roles).toMatchObject({ y_pred_proba_low: 'predicted_probability continuous of low', y_pred: 'prediction categorical', y_true: 'target categorical' });
  });

  it('classes are named by an override', async () => {
    const { roles } = await inferred(rowsOf(120, { a: () => 0.5, b: () => 0.5, label: (i) => 'pq'[i % 2]! }), { predictedProbability: { p: 'a', q: 'b' } });
    expect(roles).toMatchObject({ a: 'predicted_probability continuous of p', b: 'predicted_probability continuous of q' });
  });

  it('knows the multiclass reference, its classes in order', async () => {
    const { schema, notes } = await inferSchema(dataset('mc_reference.csv.gz'));
    expect(schema.problemType).toBe('classification_multiclass');
    expect(schema.columns.filter(({ role }) => role === 'predicted_probability').map((column) => column.class)).toEqual(['prepaid_card', 'highstreet_card', 'upmarket_card']);
    expect(schema.columns.filter(({ role }) => role === 'target' || role === 'prediction').map(({ name, kind }) => `${name} ${kind}`)).toEqual(['y_pred categorical', 'y_true categorical']);
    expect(notes).toContain("3 classes: 'highstreet_card', 'prepaid_card', 'upmarket_card'");
  });

  it('knows the car-price reference as a regression', async () => {
    const { schema } = await inferSchema(dataset('regression_synthetic_reference.csv.gz'));
    expect(schema.problemType).toBe('regression');
    expect(schema.columns.filter(({ role }) => role === 'target' || role === 'prediction').map(({ name, kind }) => `${name} ${kind}`)).toEqual(['y_true continuous', 'y_pred continuous']);
    expect(schema.columns.filter(({ role }) => role === 'feature').map(({ name }) => name)).toEqual(['car_age', 'km_driven', 'price_new', 'accident_count', 'door_count', 'fuel', 'transmission']);
  });

  it('columns that end in the labels are their probabilities, whatever they begin with', async () => {
    const { type, roles, notes } = await inferred(rowsOf(120, { x: (i) => i, p_a: () => 0.2, p_b: () => 0.3, p_c: () => 0.5, y_pred: (i) => 'abc'[i % 3]!, y_true: (i) => 'abc'[i % 3]! }));
    expect(type).toBe('classification_multiclass');
    expect(roles).toMatchObject({ x: 'feature continuous', p_a: 'predicted_probability continuous of a', p_c: 'predicted_probability continuous of c' });
    expect(notes).toMatch(/'p_a', 'p_b', 'p_c' are the predicted probabilities/);
  });

  it('two columns of probabilities of 0 and 1 make a binary model', async () => {
    const { type, roles } = await inferred(rowsOf(120, { y_pred_proba_0: (i) => (i % 2) * 0.4, y_pred_proba_1: (i) => 1 - (i % 2) * 0.4, y_pred: (i) => i % 2, y_true: (i) => i % 2 }));
    expect(type).toBe('classification_binary');
    expect(roles).toMatchObject({ y_pred_proba_0: 'ignored continuous', y_pred_proba_1: 'predicted_probability continuous' });
  });

  it('whole numbers are classes when the problem type says so; 1.0 is 1', async () => {
    const { roles, notes } = await inferred(rowsOf(120, { y_pred_proba_1: () => 0.2, y_pred_proba_2: () => 0.3, y_pred_proba_3: () => 0.5, y_pred: (i) => (i % 3) + 1, y_true: (i) => `${(i % 3) + 1}.0` }));
    expect(roles).toMatchObject({ y_pred: 'prediction categorical', y_true: 'target categorical', y_pred_proba_3: 'predicted_probability continuous of 3' });
    expect(notes).toContain("3 classes: '1', '2', '3'");
  });

  it('classes without probability are refused, probabilities without class too; a class that never came is said', async () => {
    const rows = rowsOf(120, { a: () => 0.5, b: () => 0.5, y_pred: (i) => 'pq'[i % 2]!, y_true: (i) => 'pqr'[i % 3]! });
    expect(await refusal(rows, { predictedProbability: { p: 'a', q: 'b' } })).toMatch(/the target 'y_true' holds 'r', of which there is no predicted probability \(there are those of 'p', 'q'\): name a column for each class/);
    expect(await refusal(rows, { problemType: 'classification_multiclass', predictedProbability: 'a' })).toMatch(/column 'a' is a predicted probability, and it is not said of which class: give class and column for each of 'p', 'q', 'r'/);
    const seldom = rowsOf(120, { a: () => 0.5, b: () => 0.3, c: () => 0.2, y_pred: (i) => 'pqs'[i % 3]!, y_true: (i) => 'pq'[i % 2]! });
    const { notes } = await inferred(seldom, { predictedProbability: { p: 'a', q: 'b', r: 'c' } });
    expect(notes).toContain("the reference has no row whose target is 'r'");
    expect(notes).toContain("the prediction 'y_pred' also holds 's', which is no class of a probability");
  });

  it('a regression takes no probability, and a column that is named like one stays a feature', async () => {
    const rows = rowsOf(120, { score: (i) => (i % 10) / 10, prediction: (i) => i * 1.5, target: (i) => i * 2 });
    expect((await inferred(rows, { problemType: 'regression' })).roles.score).toBe('feature continuous');
    expect(await refusal(rows, { problemType: 'regression', predictedProbability: 'score' })).toMatch(/a regression has no predicted probability, and 'score' is given as one/);
  });

  it('numbers to predict make a regression, and it says how to correct that', async () => {
    const { type, notes } = await inferred(rowsOf(120, { x: (i) => i, prediction: (i) => i * 1.5, target: (i) => i * 2 }));
    expect(type).toBe('regression');
    expect(notes).toMatch(/regression: 'target' holds numbers; if they are classes/);
  });

  it('False and True serve as well as 0 and 1', async () => {
    expect((await inferred(rowsOf(120, { ...usual, y_true: (i) => i % 2 === 0, y_pred: (i) => (i % 2 === 0 ? 'True' : 'False') }))).type).toBe('classification_binary');
  });

  it('two texts as a binary target are refused, with the remedy', async () => {
    expect(await refusal(rowsOf(120, { ...usual, y_true: (i) => ['no', 'yes'][i % 2]! }))).toMatch(/'y_true' holds 'no', 'yes': the target of a binary model must be 0 or 1 \(or False and True\): write 1 for the class/);
    expect(await refusal(rowsOf(120, { ...usual, y_pred: (i) => i % 2 + 1 }))).toMatch(/'y_pred' holds '1', '2': the prediction of a binary model/);
  });

  it('nothing to tell it by is refused, unless it is given', async () => {
    const rows = rowsOf(120, { x: (i) => i, y: (i) => i });
    expect(await refusal(rows)).toMatch(/problem type cannot be told/);
    expect((await inferred(rows, { problemType: 'regression' })).notes).toMatch(/no target:.*\nno prediction:/);
  });
});

describe('identifiers and times', () => {
  it('an id that repeats is no identifier, and is said', async () => {
    const { roles, notes } = await inferred(rowsOf(120, { ...usual, id: (i) => i % 100 }));
    expect(roles.id).toBe('ignored continuous');
    expect(notes).toMatch(/no identifier: no column.*\n'id' is named like an identifier and repeats \('0'\): ignored/);
  });

  it('takes the first name that fits and differs; a second one is ignored, a code of groups is a feature', async () => {
    const { roles } = await inferred(rowsOf(300, { ...usual, id: () => null, requestId: (i) => `r${i}`, customer_id: (i) => i * 3, branch_id: (i) => i % 5 }));
    expect(roles).toMatchObject({ requestId: 'identifier text', customer_id: 'ignored continuous', branch_id: 'feature continuous', id: 'ignored categorical' });
  });

  it('of several columns of times the one with the name wins, the others are ignored', async () => {
    const { roles, notes } = await inferred(rowsOf(120, { ...usual, born: () => '1980-05-05' }));
    expect(roles).toMatchObject({ at: 'timestamp timestamp', born: 'ignored categorical' });
    expect(notes).toContain('\'at\' is the timestamp: all its values are times, and so are those of \'born\'');
  });

  it('numbers under a timestamp\'s name are no times, and it says what is needed', async () => {
    const { roles, notes } = await inferred(rowsOf(120, { ...usual, at: () => 'x', timestamp: (i) => 1_711_843_200 + i }));
    expect(roles.timestamp).toBe('ignored continuous');
    expect(notes).toMatch(/'timestamp' is named like a timestamp and holds numbers: ignored; write times as ISO 8601/);
  });

  it('a timestamp that is given and holds none is refused', async () => {
    expect(await refusal(rowsOf(120, usual), { timestamp: 'city' })).toMatch(/'city' is given as timestamp and does not hold one \(it begins 'Rome'\)/);
  });
});

describe('features', () => {
  it('notes and ignores what cannot be a feature', async () => {
    const { roles, notes } = await inferred(rowsOf(12_000, {
      ...usual, period: () => 'reference', empty: () => null, note: (i) => `text ${i}`, often: (i) => `code ${i % 11_000}`, level: (i) => i % 4, always: () => 7, flag: () => true,
    }));
    expect(roles).toMatchObject({ period: 'ignored categorical', empty: 'ignored categorical', note: 'ignored categorical', often: 'ignored categorical', level: 'feature continuous', always: 'feature continuous', flag: 'feature categorical' });
    expect(notes).toContain('\'period\' is always \'reference\': ignored');
    expect(notes).toContain('\'empty\' is missing in all of 12000 rows: ignored');
    expect(notes).toMatch(/'note' has more than 10,000 different texts: it looks like an identifier: ignored/);
    expect(notes).toMatch(/'level' has only 4 different whole numbers: taken as continuous, as NannyML does/);
    expect(notes).toMatch(/'always' is always 7: drift in it shows only when it changes/);
  });

  it('numbers with a few texts among them stay numbers, with many they are categories', async () => {
    const { roles, notes } = await inferred(rowsOf(300, { ...usual, few: (i) => (i === 41 ? 'ERR' : i), many: (i) => (i % 3 === 0 ? 'low' : i % 40) }));
    expect(roles).toMatchObject({ few: 'feature continuous', many: 'feature categorical' });
    expect(notes).toMatch(/'few' holds numbers and 1 text \(row 42: 'ERR'\): taken as continuous, rows with a text there are quarantined/);
  });

  it('a score outside [0, 1] is no probability', async () => {
    const { roles, notes } = await inferred(rowsOf(120, { x: (i) => i, score: (i) => i * 10, target: (i) => i % 2 }));
    expect(roles.score).toBe('feature continuous');
    expect(notes).toMatch(/'score' is named like a predicted probability and does not hold numbers in \[0, 1\]/);
  });

  it('a few scores outside [0, 1] are counted', async () => {
    expect((await inferred(rowsOf(500, { ...usual, y_pred_proba: (i) => (i === 3 ? 1.5 : 0.5) }))).notes).toContain('\'y_pred_proba\' lies outside [0, 1] in 1 of 500 rows: those are quarantined');
  });
});

describe('overrides win', () => {
  const rows = rowsOf(300, { ...usual, level: (i) => i % 4, period: () => 'reference', city2: (i) => ['a', 'b'][i % 2]! });

  it('features, kinds, ignore and segments', async () => {
    const { roles } = await inferred(rows, { kinds: { level: 'categorical' }, ignore: ['x'], segments: ['city2'] });
    expect(roles).toMatchObject({ level: 'feature categorical', x: 'ignored continuous', city2: 'segment categorical', city: 'feature categorical' });
    expect((await inferred(rows, { features: ['x', 'period'] })).roles).toMatchObject({ x: 'feature continuous', period: 'feature categorical', level: 'ignored continuous', city: 'ignored categorical', y_true: 'target continuous' });
  });

  it('identifier, timestamp, prediction', async () => {
    const { roles, notes } = await inferred(rows, { identifier: 'level', target: 'y_pred', prediction: 'y_true' });
    expect(roles).toMatchObject({ level: 'identifier text', id: 'ignored continuous', y_pred: 'target continuous', y_true: 'prediction continuous' });
    expect(notes).toMatch(/identifier 'level' repeats \('0' stands there more than once\)/);
  });

  it('a name that is not there is refused, with names that are near', async () => {
    expect(await refusal(rows, { target: 'Y_True' })).toMatch(/rows given in code has no column 'Y_True' \(given as target\): did you mean 'y_true'/);
    expect(await refusal(rows, { ignore: ['zzzzzz'] })).toMatch(/no column 'zzzzzz' \(given as ignored\): it has 'id', 'at'/);
    expect(await refusal(rows, { kinds: { citty: 'categorical' } })).toMatch(/did you mean 'city'/);
  });

  it('one column in two parts is refused', async () => {
    expect(await refusal(rows, { target: 'y_pred', prediction: 'y_pred' })).toMatch(/'y_pred' is given as target and as prediction: one of them/);
  });

  it('text cannot be said to be numbers', async () => {
    expect(await refusal(rows, { kinds: { city: 'continuous' } })).toMatch(/'city' is said to be continuous and holds no number in 300 rows \(it begins 'Rome'\): make it categorical/);
  });

  it('data without a row are refused', async () => {
    expect(await refusal([])).toMatch(/rows given in code holds no rows/);
  });
});

describe('nearNames', () => {
  it('offers what differs by case, a few letters, or contains the other', () => {
    expect(nearNames('repayed', ['id', 'repaid', 'repaid_loan_on_prev_car'])).toEqual(['repaid']);
    expect(nearNames('salary', ['salary_range', 'car_value'])).toEqual(['salary_range']);
    expect(nearNames('Y PRED', ['y_pred', 'y_pred_proba', 'x'])[0]).toBe('y_pred');
    expect(nearNames('abc', ['x', 'y'])).toEqual([]);
  });
});
