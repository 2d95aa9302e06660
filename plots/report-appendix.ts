/** The end of the report: runs, settings, schema. */
import { schemeOf } from '../domain/chunking.js';
import { enabledCalculators } from '../domain/settings.js';
import { formatCount, formatDuration, formatMoment } from './format.js';
import { el, type Markup } from './markup.js';
import { calculatorName, metricName } from './names.js';
import type { ReportInput } from './report-input.js';
import { newestFirst, section, table } from './report-parts.js';

const RUNS_SHOWN = 10;
const NOTES_SHOWN = 20;

export function runs(input: ReportInput): Markup {
  const ordered = [...input.runs].sort((a, b) => a.number - b.number);
  const failures = ordered.flatMap((run) => run.failures.map((failure) => ({ run: run.number, ...failure })));
  const columns = [
    { name: 'Run', numeric: true }, { name: 'State', short: true }, { name: 'Why' }, { name: 'Rows read', numeric: true }, { name: 'Reference rows', numeric: true }, { name: 'Chunks computed', numeric: true }, { name: 'Chunks in all', numeric: true },
    { name: 'Alerts', numeric: true }, { name: 'Finished', short: true }, { name: 'Took', numeric: true },
  ];
  const rows = ordered.map((run) => ({
    alerting: run.state === 'failed',
    cells: [
      String(run.number), run.state, `${run.trigger}, by ${run.requestedBy}`, formatCount(run.rowsRead), formatCount(run.referenceRowsRead),
      formatCount(run.chunksComputed), formatCount(run.chunks), formatCount(run.alerts), run.finishedAt ? formatMoment(run.finishedAt) : '', run.elapsedMs === null ? '' : formatDuration(run.elapsedMs),
    ],
  }));
  const newest = ordered.at(-1);
  return section('runs', 'Runs', ordered.length === 0 ? 'No run yet.' : 'Each run computes only the chunks that new rows, targets or settings touched.',
    ordered.length > 0 ? el('div', { class: 'card' }, newestFirst(columns, rows, RUNS_SHOWN)) : null,
    newest && newest.notes.length > 0 ? el('div', { class: 'card' }, el('h3', {}, `What run ${newest.number} had to say`), el('ul', {}, newest.notes.slice(0, NOTES_SHOWN).map((note) => el('li', {}, note)))) : null,
    failures.length > 0 ? el('div', { class: 'card urgent' }, el('h3', {}, 'What could not be computed'), table([{ name: 'Run', numeric: true }, { name: 'Calculator' }, { name: 'Stage' }, { name: 'Chunks', numeric: true }, { name: 'Reason' }],
      failures.map((failure) => ({ cells: [String(failure.run), `${calculatorName(failure.calculator)}${failure.segment ? ` (${failure.segment})` : ''}`, failure.stage, failure.chunkKeys.length > 0 ? formatCount(failure.chunkKeys.length) : 'all', failure.message] })))) : null);
}

export function settings(input: ReportInput): Markup {
  const { settings: chosen, schema } = input;
  const facts: [string, string][] = [
    ['Key metric', metricName(chosen.keyMetric)],
    ['Chunking', schemeOf(chosen.chunking)],
    ['Zone', chosen.zone],
    ['Allowed lateness', formatDuration(chosen.allowedLatenessMs)],
    ['Targets', `${chosen.targets.arrival}${chosen.targets.expectedDelayMs === undefined ? '' : `, expected after ${formatDuration(chosen.targets.expectedDelayMs)}`}`],
    ['Calculators', enabledCalculators(chosen.calculators).map(calculatorName).join('; ')],
    ['Segments', chosen.segments ? `by ${chosen.segments.by.join(', ')}` : 'none'],
    ['Thresholds of single series', (chosen.thresholds ?? []).length === 0 ? 'none' : formatCount((chosen.thresholds ?? []).length)],
    ['Runs', [chosen.runs.everyRows === null ? null : `after ${formatCount(chosen.runs.everyRows)} rows`, chosen.runs.onTargets ? 'when targets come' : null, chosen.runs.everyMs === null ? null : `every ${formatDuration(chosen.runs.everyMs)}`, chosen.runs.schedule ? `by schedule (every ${chosen.runs.schedule.every} ${chosen.runs.schedule.unit})` : null, 'by hand'].filter((part) => part !== null).join(', ')],
    ['Decisions', `${chosen.decisions.on.map((kind) => kind.replaceAll('_', ' ')).join(', ') || 'none'}; ${chosen.decisions.fallback} after ${formatDuration(chosen.decisions.deadlineMs)} without an answer`],
    ['Created', `${input.model.createdAt ? formatMoment(input.model.createdAt) : 'unknown'}${input.model.createdBy ? `, by ${input.model.createdBy}` : ''}`],
  ];
  return section('settings', 'Settings and schema', null,
    el('div', { class: 'card' }, table([{ name: 'Setting', short: true }, { name: 'Value' }], facts.map((cells) => ({ cells }))),
      el('details', {}, el('summary', {}, 'All settings as data'), el('pre', { tabindex: '0' }, JSON.stringify(chosen, null, 2)))),
    el('div', { class: 'card' }, table([{ name: 'Column' }, { name: 'Role' }, { name: 'Kind' }], schema.columns.map((column) => ({ cells: [column.name, `${column.role.replaceAll('_', ' ')}${column.class === undefined ? '' : ` of ${column.class}`}`, column.kind] })))));
}
