/** One entry of the catalogue made of several calculators, of which each is for one problem type. */
import { InvalidInput } from '../domain/errors.js';
import type { ProblemType } from '../domain/schema.js';
import type { Calculator } from './calculator.js';

/** What a calculator for one problem type learns says for which. */
export interface OfProblem {
  problem: ProblemType;
}

const NAMES: Record<ProblemType, string> = {
  classification_binary: 'binary classification',
  classification_multiclass: 'classification into several classes',
  regression: 'regression',
};

/** @throws InvalidInput from its functions, when there is no calculator for the problem type */
export function byProblem<Settings, State extends OfProblem>(
  kind: Calculator<Settings, State>['kind'],
  variants: { [P in State['problem']]: Calculator<Settings, Extract<State, { problem: P }>> },
): Calculator<Settings, State> {
  // A variant is only ever given states of its own problem type.
  const table = variants as unknown as Partial<Record<ProblemType, Calculator<Settings, State>>>;
  const of = (problem: ProblemType): Calculator<Settings, State> => {
    const variant = table[problem];
    if (!variant) throw new InvalidInput(`there is no ${kind.replaceAll('_', ' ')} for a ${NAMES[problem]}`);
    return variant;
  };
  return {
    kind,
    requiredColumns: (settings, columns) => of(columns.problemType).requiredColumns(settings, columns),
    fit: (settings, columns, reference) => of(columns.problemType).fit(settings, columns, reference),
    pieces: (settings, columns) => of(columns.problemType).pieces?.(settings, columns) ?? null,
    calculate: (state, chunk) => of(state.problem).calculate(state, chunk),
    thresholdValues: (state, reference, chunks) => of(state.problem).thresholdValues?.(state, reference, chunks) ?? null,
    ruleOf: (settings, metric) => Object.values(table)[0]!.ruleOf(settings, metric),
    limitsOf: (state, metric) => of(state.problem).limitsOf(state, metric),
    alertsOnBound: false,
  };
}
