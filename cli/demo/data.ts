/**
 * The demo's input: the car-loan data, cut into the deliveries of a plausible half year. Real rows in real order; what is arranged is only how they arrive:
 * most in time, some late, some twice, the targets long after, a few of them for loans that nobody asked about.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { InvalidInput } from '../../domain/errors.js';

/** CSV text of one delivery under a stable key: delivering again after a crash counts once. */
export interface Delivery {
  key: string;
  csv: string;
  rows: number;
  /** For the person who watches. */
  remark: string;
}

export interface DemoData {
  referenceFile: string;
  /** The first half, in one piece. */
  firstHalf: Delivery;
  /** The second half, in ten. */
  later: Delivery[];
  targets: Delivery;
  analysisRows: number;
}

const FIRST_HALF = 25_000;
const DELIVERY_ROWS = 2_500;
/** Of the third delivery, these many rows come two deliveries late. */
const LATE_ROWS = 15;
/** Of the sixth delivery, these many rows come again with the seventh. */
const REPEATED_ROWS = 40;
const UNKNOWN_TARGETS = 25;

export function loadDemoData(): DemoData {
  const analysis = csvLines('synthetic_car_loan_analysis.csv.gz');
  const targets = csvLines('synthetic_car_loan_analysis_target.csv.gz');
  const delivery = (key: string, lines: string[], remark: string): Delivery => ({ key, rows: lines.length, remark, csv: [analysis.header, ...lines, ''].join('\n') });

  const parts: string[][] = [];
  for (let from = FIRST_HALF; from < analysis.rows.length; from += DELIVERY_ROWS) parts.push(analysis.rows.slice(from, from + DELIVERY_ROWS));
  const remarks = parts.map(() => '');
  const late = parts[2]!.splice(100, LATE_ROWS);
  parts[4] = [...parts[4]!, ...late];
  remarks[4] = `${LATE_ROWS} rows of the third delivery come late`;
  parts[6] = [...parts[5]!.slice(0, REPEATED_ROWS), ...parts[6]!];
  remarks[6] = `${REPEATED_ROWS} rows come a second time`;

  const unknown = Array.from({ length: UNKNOWN_TARGETS }, (_, i) => `${9_000_000 + i},1`);
  return {
    referenceFile: dataFile('synthetic_car_loan_reference.csv.gz'),
    firstHalf: delivery('demo-first-half', analysis.rows.slice(0, FIRST_HALF), ''),
    later: parts.map((lines, i) => delivery(`demo-delivery-${String(i + 1).padStart(2, '0')}`, lines, remarks[i]!)),
    targets: { key: 'demo-targets', rows: targets.rows.length + UNKNOWN_TARGETS, remark: `${UNKNOWN_TARGETS} for identifiers that nobody knows`, csv: [targets.header, ...targets.rows, ...unknown, ''].join('\n') },
    analysisRows: analysis.rows.length,
  };
}

/** From dist/cli/demo or from cli/demo: the package's datasets folder. */
function dataFile(name: string): string {
  for (const up of ['../../../datasets/', '../../datasets/']) {
    const file = fileURLToPath(new URL(up + name, import.meta.url));
    if (existsSync(file)) return file;
  }
  throw new InvalidInput(`the demo's data set ${name} is not in the package: install aftercare again`);
}

/** The shipped files hold no quotes and no line breaks in cells, so lines are rows. */
function csvLines(name: string): { header: string; rows: string[] } {
  const [header, ...rows] = gunzipSync(readFileSync(dataFile(name))).toString('utf8').trimEnd().split('\n');
  return { header: header!, rows };
}
