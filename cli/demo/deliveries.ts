/**
 * How the demo's rows arrive: real rows in real order; what is arranged is only their delivery. Most come in time, some late, some twice,
 * the targets long after, a few of them for inferences that nobody knows.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { CreateModelInput } from '../../client/models.js';
import { InvalidInput } from '../../domain/errors.js';

/** CSV text of one delivery under a stable key: delivering again after a crash counts once. */
export interface Delivery {
  key: string;
  csv: string;
  rows: number;
  /** For the person who watches. */
  remark: string;
}

export interface Deliveries {
  /** The first half, in one piece. */
  firstHalf: Delivery;
  /** The second half, in ten. */
  later: Delivery[];
  targets: Delivery;
  analysisRows: number;
}

/** One of the demo's data sets, ready to be told. */
export interface DemoDataset extends Deliveries {
  /** The model's name. */
  model: string;
  /** What the reference is, for people. */
  headline: string;
  /** Sentences about what happened before: how the model was trained, what was done to the data. */
  before: string[];
  reference: string | Uint8Array;
  columns: NonNullable<CreateModelInput['columns']>;
  settings?: CreateModelInput['settings'];
  target: string;
  chunkSize: number;
  /** The metric that the tables show. */
  metric: string;
}

/** Lines of a CSV file whose cells hold no line breaks. */
export interface CsvLines {
  header: string;
  rows: string[];
}

const DELIVERIES = 10;
/** Of the third delivery, these many rows come two deliveries late. */
const LATE_ROWS = 15;
/** Of the sixth delivery, these many rows come again with the seventh. */
const REPEATED_ROWS = 40;
const UNKNOWN_TARGETS = 25;

/** @param unknownTarget a target that an unknown inference might have */
export function deliver(analysis: CsvLines, targets: CsvLines, unknownTarget: string): Deliveries {
  const delivery = (key: string, lines: string[], remark: string): Delivery => ({ key, rows: lines.length, remark, csv: [analysis.header, ...lines, ''].join('\n') });
  const half = Math.floor(analysis.rows.length / 2);
  const size = Math.ceil((analysis.rows.length - half) / DELIVERIES);
  const parts = Array.from({ length: DELIVERIES }, (_, i) => analysis.rows.slice(half + i * size, half + (i + 1) * size));
  const remarks = parts.map(() => '');
  const late = parts[2]!.splice(100, LATE_ROWS);
  parts[4] = [...parts[4]!, ...late];
  remarks[4] = `${LATE_ROWS} rows of the third delivery come late`;
  parts[6] = [...parts[5]!.slice(0, REPEATED_ROWS), ...parts[6]!];
  remarks[6] = `${REPEATED_ROWS} rows come a second time`;
  const unknown = Array.from({ length: UNKNOWN_TARGETS }, (_, i) => `${9_000_000 + i},${unknownTarget}`);
  return {
    firstHalf: delivery('demo-first-half', analysis.rows.slice(0, half), ''),
    later: parts.map((lines, i) => delivery(`demo-delivery-${String(i + 1).padStart(2, '0')}`, lines, remarks[i]!)),
    targets: { key: 'demo-targets', rows: targets.rows.length + UNKNOWN_TARGETS, remark: `${UNKNOWN_TARGETS} for identifiers that nobody knows`, csv: [targets.header, ...targets.rows, ...unknown, ''].join('\n') },
    analysisRows: analysis.rows.length,
  };
}

/** From dist/cli/demo or from cli/demo: the package's datasets folder. */
export function dataFile(name: string): string {
  for (const up of ['../../../datasets/', '../../datasets/']) {
    const file = fileURLToPath(new URL(up + name, import.meta.url));
    if (existsSync(file)) return file;
  }
  throw new InvalidInput(`the demo's data set ${name} is not in the package: install aftercare again`);
}

/** The shipped files hold no quotes and no line breaks in cells, so lines are rows. */
export function csvLines(name: string): CsvLines {
  const [header, ...rows] = gunzipSync(readFileSync(dataFile(name))).toString('utf8').trimEnd().split('\n');
  return { header: header!, rows };
}
