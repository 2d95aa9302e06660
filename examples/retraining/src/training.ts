/** The training itself: the newest rows whose truth is known, the older part of them to learn from, the newer part to be judged on. Knows neither Temporal nor files. */
import { InvalidInput, type Aftercare, type ModelSchema } from 'aftercare';
import { predict, rocAuc, trainClassifier, type Classifier, type FeatureColumn, type TableRow } from './classifier.js';

export interface TrainingChoices {
  /** The newest rows with their target, so many. */
  newest: number;
  /** Share of them, the newer part, that is not trained on: it becomes the new version's reference. */
  heldOut: number;
  /** Fewer rows than these teach nothing. */
  least: number;
}

export interface Columns {
  features: FeatureColumn[];
  target: string;
  score: string;
  prediction: string | null;
}

export interface Trained {
  classifier: Classifier;
  columns: Columns;
  /** The rows that were held out, with the new predictions. */
  reference: TableRow[];
  trainedOn: number;
  /** On the rows that were held out: the new version's, and that of the one in charge. */
  auc: number;
  championAuc: number;
}

/** Too little to learn from: a result, not an error. */
export class TooLittle extends Error {}

/** Reads the rows of the version in charge, newest first to be chosen, in their order to be learnt from. @param onRows called after each block */
export async function readRows(aftercare: Aftercare, model: string, { newest, least }: TrainingChoices, onRows: (count: number) => void): Promise<TableRow[]> {
  const rows: TableRow[] = [];
  for await (const block of aftercare.rows(model, { withTarget: true, last: newest })) {
    for (const row of block) rows.push(row);
    onRows(rows.length);
  }
  if (rows.length < least) throw new TooLittle(`${rows.length} rows have their target, ${least} are needed`);
  return rows;
}

/** @throws InvalidInput when the model is none of two classes with a score */
export function columnsOf({ problemType, columns }: ModelSchema): Columns {
  const one = (role: string): string | undefined => columns.find((column) => column.role === role)?.name;
  const [target, score] = [one('target'), one('predicted_probability')];
  if (problemType !== 'classification_binary' || target === undefined || score === undefined) throw new InvalidInput(`this training is for two classes with a score and a target, the model is ${problemType}`);
  const features = columns.filter(({ role }) => role === 'feature').map(({ name, kind }) => ({ name, kind: kind === 'continuous' ? 'continuous' as const : 'categorical' as const }));
  return { features, target, score, prediction: one('prediction') ?? null };
}

/** @throws TooLittle when a part has rows of one class only */
export function train(rows: readonly TableRow[], columns: Columns, { heldOut }: TrainingChoices): Trained {
  const cut = Math.round(rows.length * (1 - heldOut));
  const [older, newer] = [rows.slice(0, cut), rows.slice(cut)];
  const truth = (part: readonly TableRow[]): Float64Array => Float64Array.from(part, (row) => Number(row[columns.target]));
  for (const part of [older, newer]) if (new Set(truth(part)).size !== 2) throw new TooLittle(`the ${part === older ? 'older' : 'newer'} ${part.length} rows have targets of one class only`);
  const classifier = trainClassifier(older, truth(older), columns.features);
  const scores = predict(classifier, newer);
  return {
    classifier, columns, reference: withPredictions(newer, scores, columns), trainedOn: older.length,
    auc: rocAuc(scores, truth(newer)), championAuc: rocAuc(Float64Array.from(newer, (row) => Number(row[columns.score])), truth(newer)),
  };
}

/** Rows as they came, with this classifier's predictions in the place of others: what is appended for a version in the shadow. */
export function scoreShadow(classifier: Classifier, columns: Columns, rows: readonly TableRow[]): TableRow[] {
  return withPredictions(rows, predict(classifier, rows), columns);
}

function withPredictions(rows: readonly TableRow[], scores: Float64Array, { score, prediction }: Columns): TableRow[] {
  return rows.map((row, i) => ({ ...row, [score]: scores[i]!, ...(prediction === null ? {} : { [prediction]: scores[i]! >= 0.5 ? 1 : 0 }) }));
}
