/** The report's section on versions: what each is made of, and how challengers compare with the version in charge. */
import { describeProvenance } from '../domain/version.js';
import { formatCount, formatMoment } from './format.js';
import { el, type Markup } from './markup.js';
import type { ReportedVersion, ReportInput } from './report-input.js';
import { anchor, figureCard, section, table } from './report-parts.js';
import { drawVerdict } from './verdict-figure.js';

const FIGURES_AT_MOST = 5;

/** null: there is one version, or the report is of one segment. */
export function versions(input: ReportInput): Markup | null {
  if (input.segment !== '' || input.versions.length < 2) return null;
  const shadows = input.versions.filter(({ role }) => role === 'challenger').length;
  const lead = `Version ${input.model.version} is in charge${shadows === 0 ? '' : `, ${formatCount(shadows)} ${shadows === 1 ? 'answers' : 'answer'} in its shadow`}. All else in this report is about version ${input.model.version}.${input.changes.length === 0 ? '' : ' Dotted lines in its figures mark where a version was put in charge.'}`;
  return section('versions', 'Versions', lead,
    el('div', { class: 'card' }, versionTable(input.versions)),
    input.verdicts.slice(0, FIGURES_AT_MOST).map((verdict, i) => figureCard(`Version ${verdict.challenger} against version ${verdict.champion}`, verdict.text, drawVerdict(verdict, { id: anchor('verdict', i) }))));
}

function versionTable(all: readonly ReportedVersion[]): Markup {
  const columns = [{ name: 'Version', numeric: true }, { name: 'Role', short: true }, { name: 'Made of' }, { name: 'Reference rows', numeric: true }, { name: 'Added', short: true }, { name: 'By', short: true }];
  return table(columns, [...all].reverse().map(({ number, role, provenance, referenceRows, createdAt, createdBy }) => ({
    cells: [String(number), role === 'champion' ? el('strong', {}, role) : role, describeProvenance(provenance), formatCount(referenceRows), formatMoment(createdAt), createdBy],
  })));
}
