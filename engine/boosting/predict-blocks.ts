/** Prediction of many rows, block by block, on a model laid out once. */
import { predictionTableOf, type PredictionTable } from './predict-table.js';
import type { BoostedTrees } from './trees.js';
import { Layout, type Workspace } from './workspace.js';

/** Rows whose ids stay in the processor's cache while all trees look at them. */
const BLOCK_ROWS = 2048;

/** A model laid out in memory. */
export class BlockPredictor {
  private readonly workspace: Workspace;
  private readonly masks: number;
  private readonly leaves: number;
  private readonly bounds: number[];
  private readonly values: number;
  private readonly ids: number;
  private readonly scores: number;

  constructor(private readonly table: PredictionTable, workspaceFor: (layout: Layout) => Workspace) {
    const layout = new Layout();
    this.masks = layout.take(table.masks.byteLength);
    this.leaves = layout.take(table.leaves.byteLength);
    this.bounds = table.features.map(({ bounds }) => layout.take(bounds?.byteLength ?? 0));
    this.values = layout.take(8 * BLOCK_ROWS);
    this.ids = layout.take(2 * BLOCK_ROWS * table.features.length);
    this.scores = layout.take(8 * BLOCK_ROWS);
    this.workspace = workspaceFor(layout);
    const { buffer } = this.workspace;
    new Uint32Array(buffer, this.masks, table.masks.length).set(table.masks);
    new Float64Array(buffer, this.leaves, table.leaves.length).set(table.leaves);
    table.features.forEach(({ bounds }, index) => { if (bounds) new Float64Array(buffer, this.bounds[index], bounds.length).set(bounds); });
  }

  /** Adds every tree's output to the scores; row `start` of the columns belongs to the first. */
  addScores(columns: Float64Array[], start: number, scores: Float64Array): void {
    const { table, workspace: { buffer, kernels } } = this;
    const blockScores = new Float64Array(buffer, this.scores, BLOCK_ROWS);
    for (let from = 0; from < scores.length; from += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, scores.length - from);
      this.fillIds(columns, start + from, count);
      blockScores.set(scores.subarray(from, from + count));
      for (let tree = 0; tree + 1 < table.maskStart.length; tree++) {
        kernels.scoreTree(this.ids, table.features.length, count, this.masks + 4 * table.maskStart[tree]!, table.idCount, this.leaves + 8 * table.leafStart[tree]!, this.scores);
      }
      scores.set(blockScores.subarray(0, count), from);
    }
  }

  private fillIds(columns: Float64Array[], first: number, count: number): void {
    const { table: { features }, workspace: { buffer, kernels } } = this;
    const ids = new Uint16Array(buffer, this.ids, BLOCK_ROWS * features.length);
    const values = new Float64Array(buffer, this.values, count);
    features.forEach((feature, position) => {
      const column = columns[feature.feature]!;
      if (feature.codeOf) {
        for (let row = 0; row < count; row++) ids[row * features.length + position] = feature.first + feature.codeOf(column[first + row]!);
      } else {
        values.set(column.subarray(first, first + count));
        kernels.binValues(this.values, count, this.bounds[position]!, feature.bounds!.length, feature.missingId, feature.first, this.ids + 2 * position, 2, 2 * features.length);
      }
    });
  }
}

// A model is laid out once however often it predicts; forgotten with the model. Models are never written after training.
const laidOut = new WeakMap<BoostedTrees, BlockPredictor | null>();

/** The model laid out; undefined when it has too many thresholds for that. */
export function blockPredictorOf(model: BoostedTrees, workspaceFor: (layout: Layout) => Workspace): BlockPredictor | undefined {
  let predictor = laidOut.get(model);
  if (predictor === undefined) {
    const table = predictionTableOf(model);
    predictor = table ? new BlockPredictor(table, workspaceFor) : null;
    laidOut.set(model, predictor);
  }
  return predictor ?? undefined;
}
