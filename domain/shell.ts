/** Commands that people are shown, ready to be copied into a shell. */
import { ANSWERS_ON, type Answer } from './decision.js';

/** One word for a POSIX shell. Decisions are named after columns, whose names may hold anything. */
export function shellQuoted(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** e.g. `aftercare decide '1/drift/it'\''s/000003/1' acknowledge` */
export function answerCommand(decisionId: string, answer: Answer = ANSWERS_ON.incident[0]!): string {
  return `aftercare decide ${shellQuoted(decisionId)} ${answer}`;
}

/** e.g. `aftercare incidents acknowledge 12` */
export function incidentCommand(incidentId: number, act: 'acknowledge' | 'act'): string {
  return `aftercare incidents ${act} ${incidentId}`;
}
