/** Pieces of the report's page that several sections use. */
import type { FigureOptions } from './figure.js';
import { el, join, type Child, type Markup } from './markup.js';
import type { ReportInput } from './report-input.js';

export interface Column {
  name: string;
  numeric?: boolean;
  /** Short texts that should stay on one line. */
  short?: boolean;
}

export interface Row {
  cells: Child[];
  alerting?: boolean;
}

export function table(columns: readonly Column[], rows: readonly Row[]): Markup {
  return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `Table: ${columns.map((column) => column.name).join(', ')}` }, el('table', {},
    el('thead', {}, el('tr', {}, columns.map((column) => el('th', { class: column.numeric ? 'n' : null, scope: 'col' }, column.name)))),
    el('tbody', {}, rows.map((row) => el('tr', { class: row.alerting ? 'alerting' : null }, row.cells.map((cell, i) => el('td', { class: columns[i]?.numeric ? 'n' : columns[i]?.short ? 'short' : 'wide' }, cell)))))));
}

/** A long table shows its newest rows and folds the others. `rows` in order, newest last; shown newest first. */
export function newestFirst(columns: readonly Column[], rows: readonly Row[], shown: number): Markup {
  const all = [...rows].reverse();
  if (all.length <= shown + 5) return table(columns, all);
  return join([table(columns, all.slice(0, shown)), el('details', { class: 'print' }, el('summary', {}, `${all.length - shown} earlier ones`), table(columns, all.slice(shown)))]);
}

export function section(id: string, title: string, lead: Child, ...children: Child[]): Markup {
  return el('section', { id, 'aria-labelledby': `${id}-heading` }, el('h2', { id: `${id}-heading` }, title), lead === null || lead === '' ? null : el('p', { class: 'muted' }, lead), children);
}

/** What all figures along the report's timeline have in common. */
export function onTimeline(input: Pick<ReportInput, 'settings' | 'changes'>, id: string, height: number): FigureOptions {
  return { id, heading: false, zone: input.settings.zone, changes: input.changes, height };
}

export function figureCard(title: string, note: string, svg: Markup, id?: string): Markup {
  return el('figure', { id }, el('figcaption', {}, el('h3', {}, title), note === '' ? null : el('p', {}, note)), el('div', { class: 'draw' }, svg));
}

/** Diamond and word: an alert without colour. */
export function flag(words = 'alert'): Markup {
  return el('span', { class: 'flag' }, `◆ ${words}`);
}

/** Names that differ get ids that differ, whatever stands in them. */
export function anchor(prefix: string, position: number): string {
  return `${prefix}-${position}`;
}
