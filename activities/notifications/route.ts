/** Who is told by what, and when: pure rules over the model's settings. */
import { DateTime } from 'luxon';
import type { NotificationSettings } from '../../domain/lifecycle-settings.js';
import { SEVERITIES, type Notice, type Severity } from '../../domain/notice.js';

export interface Target {
  /** Name of the channel; '' when people were named by address. */
  channel: string;
  medium: 'email' | 'webhook' | 'slack';
  recipient: string;
  /** now: whatever the hour; soon: after quiet hours; digest: with others, once a day. */
  when: 'now' | 'soon' | 'digest';
}

const URGENCY = { now: 0, soon: 1, digest: 2 } as const;

/** Each recipient once: who is reached in several ways is told in the most urgent of them. */
export function routeNotice(notice: Pick<Notice, 'topic' | 'severity' | 'subject' | 'recipients'>, settings: NotificationSettings): Target[] {
  const targets = (notice.recipients ?? []).map((recipient): Target => ({ channel: '', medium: 'email', recipient, when: 'now' }));
  for (const { name, when } of channelsFor(notice, settings)) {
    const channel = settings.channels.find((one) => one.name === name);
    if (!channel) continue;
    const recipients = channel.kind === 'email' ? channel.to : [name];
    for (const recipient of recipients) targets.push({ channel: name, medium: channel.kind, recipient, when });
  }
  const chosen = new Map<string, Target>();
  for (const target of targets) {
    const key = `${target.medium} ${target.recipient.toLowerCase()}`;
    const other = chosen.get(key);
    if (!other || URGENCY[target.when] < URGENCY[other.when]) chosen.set(key, target);
  }
  return [...chosen.values()];
}

/** A test goes where it was sent and nowhere else; its subject names the channel. */
function channelsFor({ topic, severity, subject }: Pick<Notice, 'topic' | 'severity' | 'subject'>, { routes }: NotificationSettings): { name: string; when: Target['when'] }[] {
  if (topic === 'test') return subject.id === '' ? [] : [{ name: subject.id, when: 'now' }];
  const fitting = routes.filter((route) => (route.topics?.includes(topic) ?? true) && (route.severities?.includes(severity) ?? true));
  return fitting.flatMap((route) => route.channels.map((name) => ({ name, when: route.digest === true ? ('digest' as const) : ('soon' as const) })));
}

/** @returns the moment from which it may go out, and for a digest the local day and time that it belongs to */
export function dueAt(when: Target['when'], { atMs, severity }: Pick<Notice, 'atMs' | 'severity'>, { quietHours, digestAt }: NotificationSettings, zone: string): { dueAtMs: number; edition: string | null } {
  if (when === 'now') return { dueAtMs: atMs, edition: null };
  const local = DateTime.fromMillis(atMs, { zone });
  if (when === 'digest') {
    const next = nextTime(local, digestAt);
    return { dueAtMs: next.toMillis(), edition: next.toFormat("yyyy-MM-dd'T'HH:mm") };
  }
  if (quietHours === null || isExcepted(severity, quietHours.except)) return { dueAtMs: atMs, edition: null };
  const [from, to, at] = [minuteOf(quietHours.from), minuteOf(quietHours.to), local.hour * 60 + local.minute];
  const quiet = from <= to ? at >= from && at < to : at >= from || at < to;
  return { dueAtMs: quiet ? nextTime(local, quietHours.to).toMillis() : atMs, edition: null };
}

function isExcepted(severity: Severity, except: Severity | null): boolean {
  return except !== null && SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(except);
}

/** The next moment at which clocks show this time of day. One that daylight saving skips is as much later as the clocks were put forward. */
function nextTime(local: DateTime, time: string): DateTime {
  const minute = minuteOf(time);
  const onDay = (day: DateTime): DateTime => day.set({ hour: Math.floor(minute / 60), minute: minute % 60, second: 0, millisecond: 0 });
  const today = onDay(local);
  return today > local ? today : onDay(local.startOf('day').plus({ days: 1 }));
}

function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}
