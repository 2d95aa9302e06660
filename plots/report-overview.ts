/** The top of the report: how the model stands, in words and numbers, and what needs somebody. */
import type { CalculatorKind } from '../domain/measurement.js';
import { worseSideOf } from '../domain/metrics.js';
import type { IncidentKind } from '../domain/settings.js';
import { answerCommand } from '../domain/shell.js';
import { alertReason, chunkDates, describeBounds } from './describe.js';
import { formatCount, formatDate, formatMoment, formatShare, formatValue, shorten, wallTimeMs } from './format.js';
import { el, join, type Child, type Markup } from './markup.js';
import { metricName, sentence } from './names.js';
import type { ReportDecision, ReportedIncident, ReportInput } from './report-input.js';
import { flag, section, table } from './report-parts.js';
import type { ChunkPlace } from './series.js';
import type { Standing, Summary } from './summary.js';

const PROBLEMS = { classification_binary: 'binary classification', classification_multiclass: 'multiclass classification', regression: 'regression' } as const;
const KINDS: Record<IncidentKind, string> = {
  estimated_performance: 'estimated performance', realized_performance: 'realized performance', drift: 'drift', data_quality: 'data quality',
  silence: 'silence', staleness: 'old data', error_rate: 'failed calls', schema: 'schema',
};

export function header(input: ReportInput, summary: Summary): Markup {
  const { model, settings } = input;
  const chunking = settings.chunking.kind === 'size' ? `chunks of ${formatCount(settings.chunking.size)} rows` : settings.chunking.kind === 'count' ? `${formatCount(settings.chunking.count)} chunks` : `chunks by period (${settings.chunking.period})`;
  return el('header', {},
    el('p', { class: 'muted small' }, 'Model report'),
    el('h1', {}, model.name),
    el('p', { class: 'muted' }, `${input.segment === '' ? '' : `segment ${input.segment} · `}version ${model.version} · ${PROBLEMS[model.problemType]} · ${chunking}${model.state === 'archived' ? ' · archived' : ''}`),
    verdict(input, summary),
    tiles(input, summary));
}

/** One sentence that a person who reads nothing else should read. */
function verdict(input: ReportInput, summary: Summary): Markup {
  const name = metricName(summary.metric);
  const say = (tone: 'good' | 'bad' | '', sign: string, ...words: Child[]): Markup => el('div', { class: `verdict ${tone}`.trim() }, el('span', { class: 'sign', 'aria-hidden': 'true' }, sign), el('div', {}, words));
  const standing = [summary.realized, summary.estimated].find((one) => one?.newest && one.newest === newer(summary)) ?? summary.estimated ?? summary.realized;
  if (input.results.length === 0) return say('', '○', el('b', {}, 'Nothing is computed yet.'), ' A run computes the reference and every chunk of analysis data.');
  if (!standing?.newest) {
    return say('', '○', el('b', {}, summary.chunksAnalysis === 0 ? 'Only reference data so far.' : `${sentence(name)} is not known yet.`), summary.chunksAnalysis === 0 ? ' Append analysis rows and start a run to see how the model does on them.' : ` ${formatCount(summary.chunksAnalysis)} analysis chunks are judged by drift and data quality.`);
  }
  const role = standing === summary.estimated ? 'estimated' : 'realized';
  const value = `${sentence(name)} is ${role === 'estimated' ? 'estimated at' : 'realized at'} ${formatValue(standing.newest.value)}`;
  const where = ` in chunk ${standing.newest.chunk.index} (${chunkDates(standing.newest, input.settings.zone)})`;
  if (standing.newest.alert === true) {
    const better = isBetter(standing) ? ', which is the better side but not what the reference knew' : '';
    return say('bad', '◆', el('b', {}, `${value}, ${alertReason(standing.newest)}${better}`), `${where}; ${describeBounds(standing.newest) ?? 'no threshold'}. ${since(standing, input.settings.zone)}`);
  }
  return say('good', '✓', el('b', {}, `${value}, within its thresholds`), `${where}${standing.newest.alert === null ? '; it could not be judged' : ''}. ${otherAlerts(summary)}`);
}

/** An alert on the side on which the metric gets better. */
function isBetter({ series, newest }: Standing): boolean {
  const side = worseSideOf(series.calculator, series.metric);
  const { value, lowerThreshold: lower, upperThreshold: upper } = newest!;
  return value !== null && ((side === 'upper' && lower !== null && value < lower) || (side === 'lower' && upper !== null && value > upper));
}

/** Whichever of estimated and realized knows the newer chunk; the realized one where both do. */
function newer(summary: Summary): Standing['newest'] {
  const [estimated, realized] = [summary.estimated?.newest ?? null, summary.realized?.newest ?? null];
  if (!estimated || !realized) return realized ?? estimated;
  return realized.chunk.index >= estimated.chunk.index && realized.chunk.final ? realized : estimated;
}

function since({ alertingSince, newest }: Standing, zone: string): string {
  if (!alertingSince || !newest || alertingSince.chunk.key === newest.chunk.key) return 'It is the first chunk to alert in a row.';
  const start = wallTimeMs(alertingSince.chunk.startDate, zone);
  return `It has been so since chunk ${alertingSince.chunk.index}${start === null ? '' : ` (from ${formatDate(start)})`}.`;
}

function otherAlerts(summary: Summary): string {
  const total = summary.alerts.reduce((sum, entry) => sum + entry.alerts, 0);
  return total === 0 ? 'There are no alerts.' : `There are ${formatCount(total)} alerts in all, see below.`;
}

function tiles(input: ReportInput, summary: Summary): Markup {
  const name = metricName(summary.metric);
  const { counts } = input;
  const zone = input.settings.zone;
  const begin = wallTimeMs(summary.places.find((place) => place.period === 'analysis')?.chunk.startDate ?? null, zone);
  const end = wallTimeMs(counts.dataEndsAt, zone);
  const alerts = summary.alerts.reduce((sum, entry) => sum + entry.alerts, 0);
  return el('div', { class: 'tiles' },
    standingTile(`Estimated ${name}`, summary.estimated),
    standingTile(`Realized ${name}`, summary.realized),
    tile('Error of the estimate', summary.error ? formatValue(summary.error.meanAbsolute, 2) : 'unknown', summary.error ? `mean over ${formatCount(summary.error.chunks)} chunks; bias ${summary.error.bias > 0 ? '+' : ''}${formatValue(summary.error.bias, 2)}` : 'no realized values yet'),
    tile('Alerts', formatCount(alerts), alertNote(summary), alerts > 0),
    tile('Targets', summary.coverage === null ? 'none' : formatShare(summary.coverage), `${formatCount(counts.targetsMatched)} matched${counts.targetsWaiting > 0 ? `, ${formatCount(counts.targetsWaiting)} wait for their row` : ''}; arrival ${input.settings.targets.arrival}`),
    tile('Chunks', formatCount(summary.chunksAnalysis), `${summary.chunksOpen > 0 ? `${formatCount(summary.chunksOpen)} still open; ` : ''}${formatCount(summary.chunksReference)} in the reference`),
    tile('Rows', formatCount(counts.analysisRows), `${formatCount(counts.referenceRows)} in the reference; ${formatCount(counts.rowsDuplicate)} duplicates, ${formatCount(counts.rowsQuarantined)} quarantined`),
    tile('Data', end === null ? 'no dates' : formatDate(end), end === null ? 'rows in the order they came' : `newest row${begin === null ? '' : `; analysis since ${formatDate(begin)}`} (${zone})`));
}

/** Drift and quality by calculator; performance apart, because each metric alerts on its own. */
function alertNote(summary: Summary): string {
  const drift = countOf(summary, ['univariate_drift', 'reconstruction_error', 'domain_classifier']);
  const quality = countOf(summary, ['missing_values', 'unseen_values', 'numerical_range']);
  const performance = countOf(summary, ['estimated_performance', 'realized_performance']);
  const statistics = countOf(summary, ['summary_statistics']);
  if (drift + quality + performance + statistics === 0) return 'none in any analysis chunk';
  return `performance ${formatCount(performance)}, drift ${formatCount(drift)}, data quality ${formatCount(quality)}${statistics > 0 ? `, statistics ${formatCount(statistics)}` : ''}`;
}

function countOf(summary: Summary, calculators: CalculatorKind[]): number {
  return summary.alerts.reduce((sum, entry) => sum + (calculators.includes(entry.calculator) ? entry.alerts : 0), 0);
}

function standingTile(name: string, standing: Standing | null): Markup {
  if (!standing?.newest) return tile(name, 'unknown', standing ? 'no analysis chunk has a value yet' : 'not computed');
  const { newest } = standing;
  return tile(name, formatValue(newest.value), `chunk ${newest.chunk.index}; ${describeBounds(newest) ?? 'no threshold'}`, newest.alert === true);
}

function tile(name: string, value: string, note: string, alerting = false): Markup {
  return el('div', { class: `tile${alerting ? ' alerting' : ''}` }, el('div', { class: 'name' }, name), el('div', { class: 'value' }, value), el('div', { class: 'note' }, note));
}

/** Open incidents and waiting decisions, with the lines that answer them. */
export function attention(input: ReportInput, summary: Summary): Markup {
  const waiting = input.decisions.filter((decision) => decision.state === 'waiting');
  const settled = input.decisions.filter((decision) => decision.state !== 'waiting');
  const open = input.incidents.filter((incident) => incident.state === 'open' || incident.state === 'acknowledged');
  const whole = open.filter((incident) => incident.segment === input.segment);
  const ofSegments = open.filter((incident) => incident.segment !== input.segment);
  const closed = input.incidents.length - open.length;
  const lead = waiting.length === 0 && open.length === 0 ? 'Nothing waits: no open incident and no open decision.' : `${plural(waiting.length, 'decision waits', 'decisions wait')}, ${plural(whole.length, 'incident is open', 'incidents are open')}${ofSegments.length > 0 ? `, and ${formatCount(ofSegments.length)} of single segments` : ''}.`;
  return section('attention', 'What needs attention', lead,
    waiting.map((decision) => decisionCard(decision)),
    whole.length > 0 ? el('div', { class: 'card' }, incidentTable(whole, summary.places, input.settings.zone, input.segment)) : null,
    ofSegments.length > 0 ? el('details', { class: 'print' }, el('summary', {}, `${plural(ofSegments.length, 'open incident', 'open incidents')} of single segments`), incidentTable(ofSegments, summary.places, input.settings.zone, input.segment)) : null,
    settled.length > 0 ? el('details', { class: 'print' }, el('summary', {}, plural(settled.length, 'decision taken', 'decisions taken')), table([{ name: 'Question' }, { name: 'Answer' }, { name: 'By' }, { name: 'When' }], settled.map((decision) => ({ cells: [decision.question, decision.answer ?? decision.state, decision.answeredBy ?? '', formatMoment(decision.answeredAt)] })))) : null,
    closed > 0 ? el('details', { class: 'print' }, el('summary', {}, plural(closed, 'earlier incident', 'earlier incidents')), incidentTable(input.incidents.filter((incident) => !open.includes(incident)), summary.places, input.settings.zone, input.segment)) : null);
}

function decisionCard(decision: ReportDecision): Markup {
  const commands = decision.commands.length > 0 ? decision.commands : usualCommands(decision);
  return el('div', { class: 'card urgent' },
    el('h3', {}, decision.question),
    el('p', { class: 'muted small' }, `Asked ${formatMoment(decision.askedAt)}; answer by ${formatMoment(decision.deadlineAt)}. Options: ${decision.options.join(', ')}.`),
    el('pre', { tabindex: '0' }, commands.join('\n')));
}

function usualCommands(decision: ReportDecision): string[] {
  return decision.options.map((option) => `npx ${answerCommand(decision.id, option)} --as YOUR-NAME`);
}

/** Worst first: what came true, what is estimated, then the inputs. */
const SEVERITY: IncidentKind[] = ['error_rate', 'silence', 'staleness', 'schema', 'realized_performance', 'estimated_performance', 'drift', 'data_quality'];
const CAUSES_SHOWN = 8;

/** Incidents that began and went on together are one line: the same cause outside shows in many columns. */
function incidentTable(incidents: readonly ReportedIncident[], places: readonly ChunkPlace[], zone: string, segment: string): Markup {
  const groups = new Map<string, ReportedIncident[]>();
  const ordered = [...incidents].sort((a, b) => SEVERITY.indexOf(a.kind) - SEVERITY.indexOf(b.kind) || Number(b.ongoing) - Number(a.ongoing) || b.chunkCount - a.chunkCount || (a.cause < b.cause ? -1 : 1));
  for (const incident of ordered) {
    const together = JSON.stringify([incident.segment, incident.kind, incident.openingChunk, incident.lastChunk, incident.chunkCount, incident.ongoing, incident.state]);
    groups.set(together, [...(groups.get(together) ?? []), incident]);
  }
  const segmented = incidents.some((incident) => incident.segment !== segment);
  return table([{ name: 'Kind', short: !segmented }, ...(segmented ? [{ name: 'Segment' }] : []), { name: 'Cause' }, { name: 'Began', short: true }, { name: 'Chunks', numeric: true }, { name: 'State', short: true }], [...groups.values()].map((group) => {
    const one = group[0]!;
    const urgent = one.state === 'open' && one.ongoing;
    return {
      alerting: urgent,
      cells: [KINDS[one.kind], ...(segmented ? [one.segment === '' ? 'all rows' : shorten(one.segment, 40)] : []), causesOf(group), beganAt(one, places, zone, segment), formatCount(one.chunkCount), urgent ? flag('open, ongoing') : `${one.state}${one.ongoing ? ', ongoing' : ', over'}`],
    };
  }));
}

function causesOf(group: readonly ReportedIncident[]): string {
  const names = group.map(({ kind, cause }) => (kind === 'drift' || kind === 'data_quality' ? (cause === 'reconstruction_error' || cause === 'domain_classifier' ? cause.replace('_', ' ') : shorten(cause, 60)) : metricName(cause)));
  const more = names.length - CAUSES_SHOWN;
  return `${names.slice(0, CAUSES_SHOWN).join(', ')}${more > 0 ? ` and ${formatCount(more)} more` : ''}`;
}

function beganAt(incident: ReportedIncident, places: readonly ChunkPlace[], zone: string, segment: string): string {
  // The chunks of a segment are its own: only all rows' are known here, unless the report is of that segment.
  const found = incident.segment !== segment ? undefined : places.find((place) => place.period === 'analysis' && place.chunk.key === incident.openingChunk);
  return found ? `chunk ${found.chunk.index}, ${chunkDates(found, zone, true)}` : `chunk ${/^\d+$/.test(incident.openingChunk) ? Number(incident.openingChunk) : incident.openingChunk.slice(0, 16).replace('T', ' ')}`;
}

function plural(count: number, one: string, many: string): string {
  return count === 0 ? `no ${many}` : `${formatCount(count)} ${count === 1 ? one : many}`;
}

export function about(input: ReportInput): Markup {
  return el('footer', {}, join([`Prepared by aftercare ${input.aftercareVersion}${input.preparedAt ? `, ${formatMoment(input.preparedAt)}` : ''}. `,
    'Step lines run over chunks; dashed lines are thresholds learnt from the reference; ◆ marks an analysis chunk outside them; hatched chunks may still change. ',
    'Focus a figure with the tab key and walk through its chunks with the arrow keys.']));
}
