/** The story's rows: the car-loan analysis in four parts, in their real order. The world changes at row 25,000. */
import type { TableRow } from '../../../examples/retraining/src/classifier.js';
import { csvLines, dataFile, type CsvLines, type Delivery } from '../deliveries.js';

/** Rows that were delivered together, and what a service needs to answer them anew. */
export interface Part {
  delivery: Delivery;
  rows: TableRow[];
}

export interface LoopRows {
  /** Path of the reference. */
  reference: string;
  /** As the model knows it. */
  known: Delivery;
  /** The changed world, before anybody has trained on it: of these the targets come in time to be learnt from. */
  drifted: Delivery[];
  driftedTargets: Delivery;
  /** Answered by both versions. */
  shadow: Part[];
  shadowTargets: Delivery;
  /** Answered by whichever version serves then. */
  later: Part;
  laterTargets: Delivery;
}

const KNOWN = 25_000;
const DRIFTED = 37_500;
const SHADOW = 45_000;
/** Rows of a delivery, and of a chunk. */
export const STORY_CHUNK = 2_500;
/** Newest rows with their target that are trained on, and the share of them that becomes the new version's reference. */
export const TRAINING = { newest: DRIFTED - KNOWN, heldOut: 0.6, least: 1_000 };

export function loopRows(): LoopRows {
  const analysis = csvLines('synthetic_car_loan_analysis.csv.gz');
  const targets = csvLines('synthetic_car_loan_analysis_target.csv.gz');
  const inferences = (key: string, from: number, to: number): Delivery => delivery(key, analysis, from, to);
  const truths = (key: string, from: number, to: number): Delivery => delivery(key, targets, from, to);
  const part = (key: string, from: number, to: number): Part => ({ delivery: inferences(key, from, to), rows: tableRows(analysis, from, to) });
  const pieces = <T>(from: number, to: number, make: (from: number, to: number, i: number) => T): T[] => Array.from({ length: (to - from) / STORY_CHUNK }, (_, i) => make(from + i * STORY_CHUNK, from + (i + 1) * STORY_CHUNK, i + 1));
  return {
    reference: dataFile('synthetic_car_loan_reference.csv.gz'),
    known: inferences('story-known', 0, KNOWN),
    drifted: [inferences('story-drifted-1', KNOWN, KNOWN + STORY_CHUNK), inferences('story-drifted-2', KNOWN + STORY_CHUNK, DRIFTED)],
    driftedTargets: truths('story-drifted-targets', KNOWN, DRIFTED),
    shadow: pieces(DRIFTED, SHADOW, (from, to, i) => part(`story-shadow-${i}`, from, to)),
    shadowTargets: truths('story-shadow-targets', DRIFTED, SHADOW),
    later: part('story-later', SHADOW, analysis.rows.length),
    laterTargets: truths('story-later-targets', SHADOW, analysis.rows.length),
  };
}

function delivery(key: string, { header, rows }: CsvLines, from: number, to: number): Delivery {
  return { key, rows: to - from, remark: '', csv: [header, ...rows.slice(from, to), ''].join('\n') };
}

function tableRows({ header, rows }: CsvLines, from: number, to: number): TableRow[] {
  const names = header.split(',');
  return rows.slice(from, to).map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, i) => [name, numberOrText(cells[i]!)]));
  });
}

function numberOrText(text: string): number | string | null {
  if (text === '') return null;
  return Number.isNaN(Number(text)) ? text : Number(text);
}
