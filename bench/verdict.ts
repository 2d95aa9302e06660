/**
 * How honest verdicts are, and how soon they find what is there: sequences of looks after every 1,000 rows up to 10,000, with default settings, by simulation.
 * Prints a table, and with --write puts it into docs/how-it-works/verdict.md between its markers.
 *
 *   node scripts/bench.mjs verdict [--seeds 500] [--only rmse] [--write]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { comparePairs } from '../engine/verdict/compare-pairs.js';
import { Draws } from '../engine/verdict/draws.js';
import { LIFECYCLE_DEFAULTS } from '../domain/lifecycle-settings.js';
import { LOOKS, ROWS_BETWEEN, tally, verdictsOf, WORLDS, type Tally } from './verdict-simulation.js';

const { values: args } = parseArgs({ options: { seeds: { type: 'string', default: '500' }, only: { type: 'string' }, write: { type: 'boolean', default: false } } });
const seeds = Number(args.seeds);

const percent = (count: number, of: number): string => `${((100 * count) / of).toFixed(1)} %`;
const lines = [
  '| versions | better, at any look | worse, at any look | first judgement: better | worse | equivalent | rows until then (median) |',
  '|---|---|---|---|---|---|---|',
];
for (const world of WORLDS.filter(({ name }) => !args.only || name.includes(args.only))) {
  const startedAt = Date.now();
  const all: Tally = tally(Array.from({ length: seeds }, (_, i) => verdictsOf(world, 10_000 + i)));
  lines.push(`| ${world.name} | ${[all.everBetter, all.everWorse, all.firstBetter, all.firstWorse, all.firstEquivalent].map((count) => percent(count, seeds)).join(' | ')} | ${all.medianRows?.toLocaleString('en') ?? ''} |`);
  console.log(lines.at(-1));
  console.error(`${((Date.now() - startedAt) / 1000).toFixed(0)} s`);
}
const duration = speed();
console.error(duration);

/** Of one comparison, the middle one of five. */
function speed(): string {
  const rows = 10_000;
  const draws = new Draws(1);
  const truth = Int32Array.from({ length: rows }, () => Number(draws.uniform() < 0.3));
  const scores = (): Float64Array => Float64Array.from(truth, (label) => label + draws.normal());
  const [a, b] = [scores(), scores()];
  const times = Array.from({ length: 5 }, (_, i) => {
    const startedAt = performance.now();
    comparePairs({ kind: 'classes', metric: 'roc_auc', rows, truth, chances: null, predicted: null, options: { classes: 2, averaged: [1], valueMatrix: null, valuePerPrediction: false }, scores: { champion: [a, a], challenger: [b, b] } },
      { metric: 'roc_auc', basis: 'realized', rules: LIFECYCLE_DEFAULTS.challenge, seed: i });
    return performance.now() - startedAt;
  }).sort((x, y) => x - y);
  return `A comparison of ROC AUC on 10,000 pairs (1,000 draws): ${Math.round(times[2]!)} ms.`;
}

if (args.write) {
  const file = 'docs/how-it-works/verdict.md';
  const [begin, end] = ['<!-- simulation: by `npm run bench -- verdict --write` -->', '<!-- end of simulation -->'];
  const text = [begin, `${seeds} pairs of versions each, a look after every ${ROWS_BETWEEN.toLocaleString('en')} rows up to ${(LOOKS * ROWS_BETWEEN).toLocaleString('en')}, default settings:`, '', lines.join('\n'), '', duration, end].join('\n');
  const old = readFileSync(file, 'utf8');
  const at = old.indexOf(begin);
  writeFileSync(file, at < 0 ? `${old.trimEnd()}\n\n${text}\n` : old.slice(0, at) + text + old.slice(old.indexOf(end) + end.length));
}
