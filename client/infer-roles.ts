/** Which column plays which part in a model, by its name and its values. */
import { InvalidInput } from '../domain/errors.js';
import { quoted, type ColumnRole, type ProblemType } from '../domain/schema.js';
import type { SchemaOverrides } from './infer.js';
import type { ColumnProfile } from './sources/profile.js';

export interface Roles {
  problemType: ProblemType;
  /** Columns without an entry are features, or ignored for their values. */
  columns: Map<string, { role: ColumnRole; class?: string }>;
}

/** Names by which parts are recognised, in small letters; earlier ones win. */
const IDENTIFIERS = [/^(id|identifier|uuid|guid)$/, /^(row|record|inference|prediction|request|transaction|event)_?id$/, /_(id|uuid|guid)$/, /^id_/];
const TIMESTAMPS = [/^(timestamp|ts|datetime|date_?time)$/, /timestamp/, /^(time|date|at)$/, /(^|_)(prediction|inference|event|created|request)_?(time|date|at)$/, /_(at|time|date|ts)$/];
const TARGETS = [/^y_?true$/, /^(target|label|actual|ground_?truth)$/, /_(actual|target|label|true)$/];
const PREDICTIONS = [/^y_?(pred|hat)$/, /^(prediction|predicted|pred|y_predicted|predicted_(label|class|value))$/, /_(pred|prediction|predicted)$/];
const PROBABILITIES = [/^y_?pred_?proba$/, /^(predicted_)?(proba|probability)$/, /^(y_|predicted_|prediction_)?score$/, /_(proba|probability)$/];
/** y_pred_proba_CLASS and its like: a column per class. */
const CLASS_PROBABILITY = /^(?:y_?pred_?proba|proba|probability|predicted_probability)_(.+)$/i;
/** So many scores may lie outside [0, 1] for a column to be a probability still. */
const OUTSIDE_SHARE = 0.01;

/** True for a name like `id` or `customer_id`: then it matters whether every value differs. */
export function mayBeIdentifier(name: string): boolean {
  return rankOf(name, IDENTIFIERS) >= 0;
}

/**
 * Overrides first, then names and values.
 * @throws InvalidInput when the values of a part contradict the problem type, or nothing tells the problem type
 */
export function findRoles(profiles: readonly ColumnProfile[], overrides: SchemaOverrides, notes: string[]): Roles {
  const columns: Roles['columns'] = new Map();
  const byName = new Map(profiles.map((profile) => [profile.name, profile]));
  const kept = new Set([...overrides.segments ?? [], ...overrides.ignore ?? [], ...overrides.features ?? []]);
  for (const name of overrides.segments ?? []) columns.set(name, { role: 'segment' });
  const free = (): ColumnProfile[] => profiles.filter(({ name }) => !columns.has(name) && !kept.has(name) && name !== overrides.target && name !== overrides.prediction);

  giveIdentifier(free(), overrides, byName, columns, notes);
  giveTimestamp(free(), overrides, byName, columns, notes);
  const found = overrides.problemType === 'regression' && overrides.predictedProbability === undefined ? [] : giveProbabilities(free(), overrides, byName, columns, notes);
  const prediction = overrides.prediction ?? best(free(), PREDICTIONS)?.name ?? null;
  if (prediction !== null) columns.set(prediction, { role: 'prediction' });
  const target = overrides.target ?? best(free(), TARGETS)?.name ?? null;
  if (target !== null) columns.set(target, { role: 'target' });

  const outcomes = { target: target === null ? null : byName.get(target)!, prediction: prediction === null ? null : byName.get(prediction)! };
  const perLabel = found.length > 0 || overrides.predictedProbability !== undefined ? found : giveProbabilitiesOfLabels(free(), outcomes, overrides, columns, notes);
  const probabilities = twoClassesAsOne(perLabel, outcomes, overrides, columns, notes);
  const problemType = overrides.problemType ?? problemTypeOf(outcomes.target, outcomes.prediction, probabilities, notes);
  checkOutcomes(problemType, outcomes, probabilities, notes);
  if (problemType === 'classification_multiclass') nameClasses(outcomes, probabilities, columns, notes);
  return { problemType, columns };
}

function giveIdentifier(free: readonly ColumnProfile[], overrides: SchemaOverrides, byName: ReadonlyMap<string, ColumnProfile>, columns: Roles['columns'], notes: string[]): void {
  if (overrides.identifier !== undefined) {
    columns.set(overrides.identifier, { role: 'identifier' });
    const { repeated, missing } = byName.get(overrides.identifier)!;
    if (repeated !== null) notes.push(`identifier ${quoted(overrides.identifier)} repeats (${quoted(repeated)} stands there more than once): rows that differ under one identifier are quarantined`);
    if (missing > 0) notes.push(`identifier ${quoted(overrides.identifier)} is missing in ${missing} rows: they are kept, but no target can find them`);
  }
  const candidates = free.filter(({ name }) => mayBeIdentifier(name) && name !== overrides.identifier).sort((a, b) => rankOf(a.name, IDENTIFIERS) - rankOf(b.name, IDENTIFIERS));
  const differs = (profile: ColumnProfile): boolean => profile.repeated === null && profile.missing === 0;
  const chosen = overrides.identifier === undefined ? candidates.find(differs) : byName.get(overrides.identifier);
  if (chosen && overrides.identifier === undefined) {
    columns.set(chosen.name, { role: 'identifier' });
    notes.push(`${quoted(chosen.name)} is the identifier: its name says so, and it differs in all of ${chosen.rows} rows`);
  } else if (!chosen) {
    notes.push('no identifier: no column is named like one and differs in every row; targets that come later cannot be matched');
  }
  for (const other of candidates) {
    if (other === chosen) continue;
    const plain = /^(id|identifier|uuid|guid)$/.test(other.name.toLowerCase());
    if (!plain && !differs(other) && other.distinct.size <= other.rows / 2) continue;      // such as branch_id: a feature like others
    columns.set(other.name, { role: 'ignored' });
    const why = other.missing > 0 ? `is missing in ${other.missing} rows` : other.repeated !== null ? `repeats (${quoted(other.repeated)})` : 'is a second identifier';
    notes.push(`${quoted(other.name)} is named like an identifier and ${why}: ignored; name it as a feature to keep it`);
  }
}

function giveTimestamp(free: readonly ColumnProfile[], overrides: SchemaOverrides, byName: ReadonlyMap<string, ColumnProfile>, columns: Roles['columns'], notes: string[]): void {
  if (overrides.timestamp !== undefined) {
    const profile = byName.get(overrides.timestamp)!;
    const present = profile.rows - profile.missing;
    if (present > 0 && profile.timestamps === 0) throw new InvalidInput(`column ${quoted(profile.name)} is given as timestamp and does not hold one (it begins ${quoted([...profile.distinct][0] ?? '')}): ISO 8601 is needed, such as 2024-03-31 18:00:00`);
    columns.set(overrides.timestamp, { role: 'timestamp' });
    return;
  }
  const times = free.filter((profile) => profile.timestamps > 0 && profile.timestamps === profile.rows - profile.missing);
  const chosen = best(times, TIMESTAMPS) ?? times[0];
  if (chosen) {
    columns.set(chosen.name, { role: 'timestamp' });
    notes.push(`${quoted(chosen.name)} is the timestamp: all its values are times${times.length > 1 ? `, and so are those of ${times.filter((other) => other !== chosen).map(({ name }) => quoted(name)).join(', ')}` : ''}`);
    if (chosen.missing > 0) notes.push(`timestamp ${quoted(chosen.name)} is missing in ${chosen.missing} rows: those are quarantined`);
    return;
  }
  notes.push('no timestamp: no column holds times (ISO 8601); rows keep the order of the file, and periods cannot be chunks');
  const named = best(free, TIMESTAMPS.slice(0, 3));
  if (named && named.numbers > 0) {
    columns.set(named.name, { role: 'ignored' });
    notes.push(`${quoted(named.name)} is named like a timestamp and holds numbers: ignored; write times as ISO 8601, such as 2024-03-31 18:00:00`);
  }
}

function giveProbabilities(free: readonly ColumnProfile[], overrides: SchemaOverrides, byName: ReadonlyMap<string, ColumnProfile>, columns: Roles['columns'], notes: string[]): ColumnProfile[] {
  const given = overrides.predictedProbability;
  if (given !== undefined) {
    const pairs: [string | undefined, string][] = typeof given === 'string' ? [[undefined, given]] : Object.entries(given);
    return pairs.map(([name, column]) => {
      const profile = byName.get(column)!;
      if (profile.numbers === 0 && profile.missing < profile.rows) throw new InvalidInput(`column ${quoted(column)} is given as predicted probability and holds no number (it begins ${quoted(profile.text?.value ?? '')})`);
      if (profile.outsideUnit > 0) notes.push(`${quoted(column)} lies outside [0, 1] in ${profile.outsideUnit} of ${profile.rows} rows: those are quarantined`);
      columns.set(column, { role: 'predicted_probability', ...(name === undefined ? {} : { class: name }) });
      return profile;
    });
  }
  const perClass = free.filter((profile) => CLASS_PROBABILITY.test(profile.name) && isProbability(profile));
  if (perClass.length >= 2) {
    for (const { name } of perClass) columns.set(name, { role: 'predicted_probability', class: CLASS_PROBABILITY.exec(name)![1]! });
    return perClass;
  }
  const named = best(free, PROBABILITIES);
  if (!named) return [];
  if (!isProbability(named)) {
    notes.push(`${quoted(named.name)} is named like a predicted probability and does not hold numbers in [0, 1] (${named.outsideUnit} lie outside): taken as a feature`);
    return [];
  }
  if (named.outsideUnit > 0) notes.push(`${quoted(named.name)} lies outside [0, 1] in ${named.outsideUnit} of ${named.rows} rows: those are quarantined`);
  columns.set(named.name, { role: 'predicted_probability' });
  return [named];
}

function isProbability(profile: ColumnProfile): boolean {
  return profile.numbers > 0 && profile.numbers === profile.rows - profile.missing && profile.outsideUnit <= profile.numbers * OUTSIDE_SHARE;
}

/**
 * Columns such as p_a, p_b, p_c beside labels a, b, c: one beginning, and every label of target and prediction as its end.
 * A probability that is already known is not looked for again.
 */
function giveProbabilitiesOfLabels(free: readonly ColumnProfile[], outcomes: Outcomes, overrides: SchemaOverrides, columns: Roles['columns'], notes: string[]): ColumnProfile[] {
  if (overrides.problemType !== undefined && overrides.problemType !== 'classification_multiclass') return [];
  const labels = labelsOf(outcomes);
  if (labels.length < 2 || labels.length > MOST_CLASSES) return [];
  const beginnings = free.filter(({ name }) => name.endsWith(labels[0]!)).map(({ name }) => name.slice(0, name.length - labels[0]!.length)).filter((beginning) => /[_.\-\s]$/.test(beginning));
  for (const beginning of beginnings) {
    const perLabel = labels.map((label) => free.find((profile) => profile.name === beginning + label && isProbability(profile)));
    if (perLabel.some((profile) => profile === undefined)) continue;
    const found = perLabel.filter((profile) => profile !== undefined);
    found.forEach(({ name }, i) => columns.set(name, { role: 'predicted_probability', class: labels[i]! }));
    notes.push(`${found.map(({ name }) => quoted(name)).join(', ')} are the predicted probabilities: they are named after the classes and lie in [0, 1]`);
    return found;
  }
  return [];
}

/** predict_proba of two classes 0 and 1 has two columns that say the same: the second one makes a binary model. */
function twoClassesAsOne(probabilities: ColumnProfile[], outcomes: Outcomes, overrides: SchemaOverrides, columns: Roles['columns'], notes: string[]): ColumnProfile[] {
  if (probabilities.length !== 2 || overrides.predictedProbability !== undefined || overrides.problemType === 'classification_multiclass') return probabilities;
  const known = [outcomes.target, outcomes.prediction].filter((profile) => profile !== null);
  if (known.length === 0 || !known.every((profile) => profile.zeroOrOne === profile.rows - profile.missing)) return probabilities;
  const one = probabilities.find(({ name }) => ['1', 'true', 'True'].includes(columns.get(name)?.class ?? ''));
  const zero = probabilities.find(({ name }) => ['0', 'false', 'False'].includes(columns.get(name)?.class ?? ''));
  if (!one || !zero) return probabilities;
  columns.set(one.name, { role: 'predicted_probability' });
  columns.set(zero.name, { role: 'ignored' });
  notes.push(`${quoted(one.name)} is the predicted probability; ${quoted(zero.name)} is what it leaves of 1: ignored (give the problem type classification_multiclass to keep both)`);
  return [one];
}

interface Outcomes {
  target: ColumnProfile | null;
  prediction: ColumnProfile | null;
}

/** More classes than this are no classes that somebody reads. */
const MOST_CLASSES = 1_000;
const CLASSES_SHOWN = 12;

/** Labels of target and prediction as they will be stored, in order. */
function labelsOf({ target, prediction }: Outcomes): string[] {
  const texts = [target, prediction].flatMap((profile) => (profile ? [...profile.distinct].slice(0, MOST_CLASSES + 1) : []));
  return [...new Set(texts.map(labelOf))].sort(compareText);
}

/** 1 and 1.0 are one class. */
function labelOf(text: string): string {
  return /^-?\d+\.0+$/.test(text) ? text.slice(0, text.indexOf('.')) : text;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Classes of the probabilities beside those of the target.
 * @throws InvalidInput when a probability has no class, or the target holds classes of which there is no probability
 */
function nameClasses({ target, prediction }: Outcomes, probabilities: readonly ColumnProfile[], columns: Roles['columns'], notes: string[]): void {
  const ofTarget = labelsOf({ target, prediction: null });
  if (ofTarget.length > MOST_CLASSES) throw new InvalidInput(`column ${quoted(target!.name)} holds more than ${MOST_CLASSES.toLocaleString('en')} different values: as the target of a classification it would have as many classes; give the problem type, or another column`);
  if (probabilities.length === 0) {
    notes.push(`no predicted probabilities: performance cannot be estimated before targets come; name a column per class${ofTarget.length > 0 ? ` (${listed(ofTarget)})` : ''}`);
    return;
  }
  for (const { name } of probabilities) {
    const given = columns.get(name)!;
    if (given.class === undefined) throw new InvalidInput(`column ${quoted(name)} is a predicted probability, and it is not said of which class: give class and column for each of ${ofTarget.length > 0 ? listed(ofTarget) : 'the classes'}`);
    columns.set(name, { ...given, class: labelOf(given.class) });
  }
  const classes = probabilities.map(({ name }) => columns.get(name)!.class!).sort(compareText);
  const without = ofTarget.filter((label) => !classes.includes(label));
  if (without.length > 0) {
    throw new InvalidInput(`the target ${quoted(target!.name)} holds ${listed(without)}, of which there is no predicted probability (there are those of ${listed(classes)}): name a column for each class, as class and column`);
  }
  notes.push(`${classes.length} classes: ${listed(classes)}`);
  if (target) {
    const never = classes.filter((label) => !ofTarget.includes(label));
    if (never.length > 0) notes.push(`the reference has no row whose target is ${listed(never)}: of ${never.length === 1 ? 'this class' : 'these classes'} nothing can be learnt`);
  }
  const ofPrediction = labelsOf({ target: null, prediction });
  const unknown = ofPrediction.filter((label) => !classes.includes(label));
  if (unknown.length > 0) notes.push(`the prediction ${quoted(prediction!.name)} also holds ${listed(unknown)}, which is no class of a probability: such a row counts as wrong`);
}

function listed(labels: readonly string[]): string {
  const shown = labels.slice(0, CLASSES_SHOWN).map(quoted).join(', ');
  return labels.length > CLASSES_SHOWN ? `${shown} and ${labels.length - CLASSES_SHOWN} more` : shown;
}

function problemTypeOf(target: ColumnProfile | null, prediction: ColumnProfile | null, probabilities: readonly ColumnProfile[], notes: string[]): ProblemType {
  if (probabilities.length > 1) return 'classification_multiclass';
  if (probabilities.length === 1) return 'classification_binary';
  const outcome = target ?? prediction;
  if (!outcome) throw new InvalidInput('the problem type cannot be told: no column is a target, a prediction or a predicted probability; name one of them, or the problem type');
  const present = outcome.rows - outcome.missing;
  if (outcome.zeroOrOne === present) {
    notes.push(`binary classification: ${quoted(outcome.name)} holds only 0 and 1`);
    return 'classification_binary';
  }
  if (outcome.numbers === present) {
    notes.push(`regression: ${quoted(outcome.name)} holds numbers; if they are classes, give the problem type classification_multiclass`);
    return 'regression';
  }
  return outcome.distinct.size <= 2 ? 'classification_binary' : 'classification_multiclass';
}

function checkOutcomes(problemType: ProblemType, outcomes: Outcomes, probabilities: readonly ColumnProfile[], notes: string[]): void {
  for (const [part, profile] of Object.entries(outcomes)) {
    if (profile === null) {
      notes.push(part === 'target' ? 'no target: realized performance comes once targets are appended; name the column if there is one' : 'no prediction: metrics of predicted classes or values cannot be computed');
      continue;
    }
    const present = profile.rows - profile.missing;
    if (problemType === 'classification_binary' && profile.zeroOrOne !== present) throw new InvalidInput(notBinary(part, profile));
    if (problemType === 'regression' && probabilities.length > 0) throw new InvalidInput(`a regression has no predicted probability, and ${probabilities.map(({ name }) => quoted(name)).join(', ')} ${probabilities.length === 1 ? 'is given as one' : 'are given as such'}: leave it out, or give another problem type`);
    if (problemType === 'regression' && profile.numbers !== present) {
      throw new InvalidInput(`column ${quoted(profile.name)} is the ${part} of a regression and holds text (row ${profile.text?.row ?? 0}: ${quoted(profile.text?.value ?? '')}): give the problem type, or numbers`);
    }
  }
  if (problemType === 'classification_binary') {
    if (probabilities.length > 1) throw new InvalidInput(`a binary model has one predicted probability, that of class 1; there are ${probabilities.length} (${probabilities.map(({ name }) => quoted(name)).join(', ')})`);
    if (probabilities.length === 0) notes.push('no predicted probability: performance cannot be estimated before targets come');
  }
}

function notBinary(part: string, profile: ColumnProfile): string {
  const values = [...profile.distinct].slice(0, 3).map(quoted);
  const listed = `${values.join(', ')}${profile.distinct.size > 3 ? ` and ${profile.distinct.size > 10_000 ? 'many' : profile.distinct.size - 3} more` : ''}`;
  const remedy = profile.distinct.size <= 2
    ? `write 1 for the class that the probability speaks of and 0 for the other`
    : 'give the problem type (classification_multiclass with a probability per class, or regression), or another column';
  return `column ${quoted(profile.name)} holds ${listed}: the ${part} of a binary model must be 0 or 1 (or False and True): ${remedy}`;
}

/** The column whose name fits the earliest pattern. */
function best(profiles: readonly ColumnProfile[], patterns: readonly RegExp[]): ColumnProfile | null {
  const ranked = profiles.map((profile) => ({ profile, rank: rankOf(profile.name, patterns) })).filter(({ rank }) => rank >= 0);
  ranked.sort((a, b) => a.rank - b.rank);
  return ranked[0]?.profile ?? null;
}

/** Position of the first pattern that fits, −1 when none does. CamelCase counts as snake_case. */
function rankOf(name: string, patterns: readonly RegExp[]): number {
  const plain = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase().replace(/[\s-]+/g, '_');
  return patterns.findIndex((pattern) => pattern.test(plain));
}
