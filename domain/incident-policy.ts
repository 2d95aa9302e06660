/**
 * What becomes of an incident that is attended: pure. Messages and the time go in; the next standing and the steps that are to be taken come out. A step is written
 * down, and told if it has a notice; the workflow takes them one after another.
 */
import type { Answer } from './decision.js';
import { RESOLUTION_MEANINGS, RESOLUTIONS, type AttendedIncident, type IncidentActRecord, type IncidentState, type Resolution } from './incident.js';
import type { IncidentSettings } from './lifecycle-settings.js';
import type { Severity } from './notice.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const SNOOZE_MAX_MS = 366 * DAY_MS;
/** Of one incident; more are a loop that has gone wild, not people. */
const ACTS_MAX = 500;
const BY_MAX = 200;
const NOTE_MAX = 2_000;

/** What a person does about it. */
export type IncidentAct =
  | { act: 'acknowledge'; by: string; note?: string }
  | { act: 'snooze'; by: string; untilMs: number; note?: string }
  | { act: 'resolve'; by: string; note?: string }
  /** A runbook action is taken, or its outcome is recorded. */
  | { act: 'resolution'; by: string; resolution: Resolution; state: 'begun' | 'done' | 'failed'; note?: string };

export interface IncidentStep {
  /** 1, 2, 3 … in the order in which they are taken. */
  n: number;
  act: IncidentActRecord['act'];
  by: string;
  note: string | null;
  untilMs: number | null;
  resolution: { resolution: Resolution; state: 'begun' | 'done' | 'failed' } | null;
  atMs: number;
  /** Kind of the notice, how urgent, and its words; null: nobody is told. */
  notice: { kind: string; severity: Severity; text: string } | null;
}

export interface IncidentStanding {
  incident: AttendedIncident;
  state: IncidentState;
  /** Who acted last. */
  by: string | null;
  /** Waits for an acknowledgement since then. */
  openSinceMs: number;
  escalated: boolean;
  snoozedUntilMs: number | null;
  /** Its question has its answer: somebody acknowledged it since it last came up. */
  answered: boolean;
  /** Nothing more will happen, once the steps are taken. */
  over: boolean;
  steps: IncidentStep[];
  lastStep: number;
  acts: number;
}

/** @param quiet somebody acts on an incident that nobody attended: there is no need to tell that it is open */
export function beginIncident(incident: AttendedIncident, quiet: boolean, nowMs: number): IncidentStanding {
  const standing: IncidentStanding = { incident, state: 'open', by: null, openSinceMs: nowMs, escalated: false, snoozedUntilMs: null, answered: false, over: false, steps: [], lastStep: 0, acts: 0 };
  return push(standing, { act: 'opened', by: 'aftercare', atMs: nowMs, notice: quiet ? null : { kind: 'incident-opened', severity: incident.severity, text: incident.text } });
}

/** Why an act is not taken; null: it is. */
export function refuseAct(standing: IncidentStanding, act: IncidentAct | undefined, nowMs: number): { message: string; type: 'InvalidInput' | 'Conflict' } | null {
  const name = `incident '${standing.incident.incident}'`;
  const wrong = (message: string) => ({ message, type: 'InvalidInput' as const });
  const late = (message: string) => ({ message, type: 'Conflict' as const });
  if (typeof act !== 'object' || act === null || !['acknowledge', 'snooze', 'resolve', 'resolution'].includes(act.act)) return wrong(`${name} can be acknowledged, snoozed, resolved, or acted on with a resolution`);
  if (typeof act.by !== 'string' || act.by.trim() === '' || act.by.length > BY_MAX) return wrong(`whoever acts on ${name} says who they are (by), in ${BY_MAX} characters at most`);
  if (act.note !== undefined && (typeof act.note !== 'string' || act.note.length > NOTE_MAX)) return wrong(`the note on ${name} must be text of ${NOTE_MAX} characters at most`);
  if (act.act === 'snooze') {
    if (!Number.isFinite(act.untilMs)) return wrong(`${name} is snoozed until a moment (untilMs, milliseconds since 1970)`);
    if (act.untilMs <= nowMs) return wrong(`${name} cannot be snoozed until ${iso(act.untilMs)}: that is over`);
    if (act.untilMs > nowMs + SNOOZE_MAX_MS) return wrong(`${name} cannot be snoozed until ${iso(act.untilMs)}: a year at most`);
  }
  if (act.act === 'resolution') {
    if (!RESOLUTIONS.includes(act.resolution)) return wrong(`'${String(act.resolution)}' is no resolution: ${RESOLUTIONS.join(', ')}`);
    if (!['begun', 'done', 'failed'].includes(act.state)) return wrong(`a resolution is begun, done or failed, not '${String(act.state)}'`);
  }
  if (isOver(standing.state)) return late(`${name} is ${standing.state}${standing.by ? ` by ${standing.by}` : ''}: nothing can be done about it any more`);
  if (standing.over) return late(`${name} is not attended any more: act on it again`);
  if (act.act === 'acknowledge' && standing.state === 'acknowledged') return late(`${name} was acknowledged${standing.by ? ` by ${standing.by}` : ''} already`);
  if (standing.acts >= ACTS_MAX) return late(`${name} has had ${ACTS_MAX} acts: it can only be resolved by its data`);
  return null;
}

/** After an act that was not refused. */
export function receiveAct(before: IncidentStanding, act: IncidentAct, nowMs: number): IncidentStanding {
  const standing = { ...before, acts: before.acts + 1 };
  const { incident } = standing;
  const step = { by: act.by.trim(), note: act.note ?? null, atMs: nowMs };
  const said = act.note === undefined || act.note === '' ? '' : ` ('${act.note}')`;
  const told = (kind: string, what: string) => ({ kind, severity: 'info' as const, text: `${incident.text} ${what}${said}.` });
  switch (act.act) {
    case 'acknowledge':
      return push({ ...standing, state: 'acknowledged', by: step.by, snoozedUntilMs: null, answered: true }, { ...step, act: 'acknowledged', notice: told('incident-acknowledged', `Acknowledged by ${step.by}`) });
    case 'snooze':
      return push({ ...standing, state: 'snoozed', by: step.by, snoozedUntilMs: act.untilMs }, { ...step, act: 'snoozed', untilMs: act.untilMs, notice: told('incident-snoozed', `Snoozed by ${step.by} until ${iso(act.untilMs)}`) });
    case 'resolve':
      return push({ ...standing, state: 'resolved', by: step.by, snoozedUntilMs: null, over: true }, { ...step, act: 'resolved', notice: told('incident-resolved', `Resolved by ${step.by}`) });
    case 'resolution':
      return push(standing, { ...step, act: 'resolution', resolution: { resolution: act.resolution, state: act.state }, notice: null });
  }
}

/** An act by signal that was refused: nobody waits for an answer, so it is written down. */
export function recordRefusal(standing: IncidentStanding, by: unknown, message: string, nowMs: number): IncidentStanding {
  if (standing.over || standing.acts >= ACTS_MAX) return standing;
  const name = typeof by === 'string' && by.trim() !== '' ? by.trim().slice(0, BY_MAX) : 'unknown';
  return push({ ...standing, acts: standing.acts + 1 }, { act: 'refused', by: name, note: message.slice(0, NOTE_MAX), atMs: nowMs, notice: null });
}

/** Its question was answered: that acknowledges it, unless the answer is the echo of an acknowledgement; a snooze may have come since. */
export function receiveAnswer(standing: IncidentStanding, { answer, by, note }: { answer: Answer | null; by: string | null; note: string | null }, nowMs: number): IncidentStanding {
  if (answer === null || isOver(standing.state) || standing.answered) return standing;
  const text = `${standing.incident.text} ${by === null ? `Nobody answered in time: '${answer}'.` : `${by} answered '${answer}'.`}`;
  return push({ ...standing, state: 'acknowledged', by, snoozedUntilMs: null, answered: true }, { act: 'acknowledged', by: by ?? 'aftercare', note, atMs: nowMs, notice: { kind: 'incident-acknowledged', severity: 'info', text } });
}

/** The judgements, or the end of the model, say that it is over. That it goes on is nothing new. */
export function receiveChange(standing: IncidentStanding, change: { state: 'open' | 'resolved' | 'withdrawn' }, nowMs: number): IncidentStanding {
  if (change.state === 'open' || isOver(standing.state)) return standing;
  const what = change.state === 'withdrawn' ? 'Taken back: data that came later do not show it any more' : 'Over';
  return push({ ...standing, state: change.state, by: null }, { act: 'ended', by: 'aftercare', atMs: nowMs, notice: { kind: 'incident-resolved', severity: 'info', text: `${standing.incident.text} ${what}.` } });
}

/** What the store had when a step was written. It has the word on whether the data go on showing it. */
export function receiveStored(standing: IncidentStanding, step: IncidentStep, stored: IncidentState, nowMs: number): IncidentStanding {
  if (step.act === 'opened' && isOver(stored)) return receiveChange(standing, { state: stored as 'resolved' | 'withdrawn' }, nowMs);
  if (step.act !== 'ended') return standing;
  if (isOver(stored)) return { ...standing, state: stored, over: true };
  const back = { ...standing, state: stored, by: null, snoozedUntilMs: null, openSinceMs: nowMs, escalated: false, answered: stored === 'acknowledged' };
  return stored === 'acknowledged' ? back : reopen(back, 'Came back', nowMs);
}

/** Lets time pass: a snooze ends, nobody has acknowledged it for too long. */
export function advanceIncident(standing: IncidentStanding, settings: IncidentSettings, nowMs: number): IncidentStanding {
  const dueAtMs = nextMoment(standing, settings);
  if (dueAtMs === null || nowMs < dueAtMs) return standing;
  if (standing.state === 'snoozed') return reopen(standing, 'Its snooze is over', nowMs);
  const text = `${standing.incident.text} Nobody has acknowledged it.`;
  return push({ ...standing, escalated: true }, { act: 'escalated', by: 'aftercare', atMs: nowMs, notice: { kind: 'incident-escalated', severity: 'critical', text } });
}

/** When time alone changes something; null: never. */
export function nextMoment(standing: IncidentStanding, settings: IncidentSettings): number | null {
  if (standing.state === 'snoozed') return standing.snoozedUntilMs;
  return standing.state === 'open' && !standing.escalated && settings.escalateAfterMs > 0 ? standing.openSinceMs + settings.escalateAfterMs : null;
}

export function takeStep(standing: IncidentStanding): IncidentStanding {
  return { ...standing, steps: standing.steps.slice(1) };
}

/** Markdown, for whoever looks at the workflow. */
export function describeIncident(standing: IncidentStanding, commands: { acknowledge: string; act: string }): string {
  const { incident, state, by, snoozedUntilMs, escalated } = standing;
  const lines = [incident.text, '', `**${state}**${by ? ` by ${by}` : ''}${snoozedUntilMs === null ? '' : ` until ${iso(snoozedUntilMs)}`}${escalated ? ', escalated' : ''}`];
  if (!isOver(state)) {
    lines.push('', `\`${commands.acknowledge}\`, or snooze, resolve, \`${commands.act}\`:`, '');
    for (const resolution of RESOLUTIONS) lines.push(`- ${resolution}: ${RESOLUTION_MEANINGS[resolution]}`);
  }
  return lines.join('\n');
}

function reopen(standing: IncidentStanding, why: string, nowMs: number): IncidentStanding {
  const opened = { ...standing, state: 'open' as const, snoozedUntilMs: null, openSinceMs: nowMs, escalated: false };
  return push(opened, { act: 'reopened', by: 'aftercare', atMs: nowMs, notice: { kind: 'incident-reopened', severity: standing.incident.severity, text: `${standing.incident.text} ${why}.` } });
}

function push(standing: IncidentStanding, step: Pick<IncidentStep, 'act' | 'by' | 'atMs' | 'notice'> & Partial<IncidentStep>): IncidentStanding {
  const n = standing.lastStep + 1;
  return { ...standing, lastStep: n, steps: [...standing.steps, { note: null, untilMs: null, resolution: null, ...step, n }] };
}

function isOver(state: IncidentState): boolean {
  return state === 'resolved' || state === 'withdrawn';
}

function iso(atMs: number): string {
  const at = new Date(atMs);
  return Number.isNaN(at.getTime()) ? String(atMs) : at.toISOString();
}
