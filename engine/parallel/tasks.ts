/** What threads are asked: contexts that are sent once, and small tasks within them. */
import type { EngineKind } from '../calculator.js';
import type { CalculatorRequestOf, FittedCalculatorOf, StateByKind } from '../catalogue.js';
import type { Frame, RowRange } from '../frame.js';
import { calculateChunks, calculateReference, learnPiece } from './pieces.js';

/** What several tasks work on. Plain data; the frame's columns are shared memory. */
export type Context =
  | { kind: 'learn'; request: CalculatorRequestOf<EngineKind>; frame: Frame }
  | { kind: 'reference'; calculator: EngineKind; state: StateByKind[EngineKind]; frame: Frame }
  | { kind: 'calculate'; fitted: FittedCalculatorOf<EngineKind>[]; frame: Frame };

/** A piece of a fit by its name, or some of the frame's chunks. */
export interface Task {
  piece: string;
  chunks: RowRange[];
}

/** Pure. @throws what the calculator throws */
export function runTask(context: Context, { piece, chunks }: Task): unknown {
  switch (context.kind) {
    case 'learn': return learnPiece(context.request, context.frame, piece);
    case 'reference': return calculateReference(context.calculator, context.state, context.frame, chunks);
    case 'calculate': return calculateChunks(context.fitted, context.frame, chunks);
  }
}
