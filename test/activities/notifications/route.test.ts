import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { dueAt, routeNotice } from '../../../activities/notifications/route.js';
import { LIFECYCLE_DEFAULTS, type NotificationSettings } from '../../../domain/lifecycle-settings.js';
import type { Notice } from '../../../domain/notice.js';

const settings = (more: Partial<NotificationSettings>): NotificationSettings => ({ ...LIFECYCLE_DEFAULTS.notifications, ...more });
const notice = (more: Partial<Notice>): Notice => ({ id: 'x', modelId: 1, kind: 'incident-opened', topic: 'drift', severity: 'warning', subject: { type: 'none', id: '' }, text: 'Something.', atMs: 0, ...more });

const channels: NotificationSettings['channels'] = [
  { name: 'ops', kind: 'webhook', url: 'https://ops.example.org' }, { name: 'science', kind: 'email', to: ['ada@example.org', 'grace@example.org'] }, { name: 'chat', kind: 'slack', urlSecret: 'chat' },
];
const routes: NotificationSettings['routes'] = [
  { channels: ['ops'], topics: ['failure', 'schema'] }, { channels: ['science'], topics: ['drift', 'performance', 'decision'] }, { channels: ['chat'], severities: ['critical'] }, { channels: ['science'], digest: true },
];
const told = (more: Partial<Notice>, chosen = settings({ channels, routes })): string[] => routeNotice(notice(more), chosen).map(({ channel, medium, recipient, when }) => `${when} ${medium} ${recipient}${channel === '' ? ' directly' : ''}`);

describe('routing', () => {
  it.each<[Partial<Notice>, string[]]>([
    [{ topic: 'failure' }, ['soon webhook ops', 'digest email ada@example.org', 'digest email grace@example.org']],
    [{ topic: 'failure', severity: 'critical' }, ['soon webhook ops', 'soon slack chat', 'digest email ada@example.org', 'digest email grace@example.org']],
    [{ topic: 'drift' }, ['soon email ada@example.org', 'soon email grace@example.org']],
    [{ topic: 'targets', severity: 'info' }, ['digest email ada@example.org', 'digest email grace@example.org']],
    [{ topic: 'decision', recipients: ['Ada@example.org', 'linus@example.org'] }, ['now email Ada@example.org directly', 'now email linus@example.org directly', 'soon email grace@example.org']],
  ])('%j', (more, expected) => expect(told(more)).toEqual(expected));

  it('tells nobody where nobody is named', () => {
    expect(told({ severity: 'critical' }, settings({}))).toEqual([]);
    expect(told({ topic: 'gate' }, settings({ channels, routes: [{ channels: ['ops'], topics: ['failure'] }] }))).toEqual([]);
  });

  it('a test goes to the channel that it names, or the address, and nowhere else', () => {
    expect(told({ topic: 'test', subject: { type: 'none', id: 'chat' } })).toEqual(['now slack chat']);
    expect(told({ topic: 'test', recipients: ['ada@example.org'] })).toEqual(['now email ada@example.org directly']);
    expect(told({ topic: 'test', subject: { type: 'none', id: 'gone' } })).toEqual([]);
  });
});

describe('when', () => {
  const at = (iso: string, zone = 'UTC'): number => DateTime.fromISO(iso, { zone }).toMillis();
  const due = (iso: string, chosen: Partial<NotificationSettings>, { zone = 'UTC', severity = 'warning' as Notice['severity'], when = 'soon' as 'now' | 'soon' | 'digest' } = {}): string =>
    DateTime.fromMillis(dueAt(when, { atMs: at(iso, zone), severity }, settings(chosen), zone).dueAtMs, { zone }).toFormat("yyyy-MM-dd'T'HH:mm ZZ");
  const night = { quietHours: { from: '22:00', to: '07:00', except: 'critical' as const } };

  it('quiet hours over midnight end in the morning', () => {
    expect(due('2030-03-05T21:59', night)).toBe('2030-03-05T21:59 +00:00');
    expect(due('2030-03-05T22:00', night)).toBe('2030-03-06T07:00 +00:00');
    expect(due('2030-03-06T06:59', night)).toBe('2030-03-06T07:00 +00:00');
    expect(due('2030-03-06T07:00', night)).toBe('2030-03-06T07:00 +00:00');
    expect(due('2030-12-31T23:30', night)).toBe('2031-01-01T07:00 +00:00');
  });

  it('quiet hours within a day, and none where they begin and end together', () => {
    const noon = { quietHours: { from: '12:00', to: '13:00', except: null } };
    expect(due('2030-03-05T12:30', noon)).toBe('2030-03-05T13:00 +00:00');
    expect(due('2030-03-05T13:30', noon)).toBe('2030-03-05T13:30 +00:00');
    expect(due('2030-03-05T12:30', { quietHours: { from: '12:00', to: '12:00', except: null } })).toBe('2030-03-05T12:30 +00:00');
  });

  it('what is severe enough does not wait, nor what people are told directly', () => {
    expect(due('2030-03-05T23:00', night, { severity: 'critical' })).toBe('2030-03-05T23:00 +00:00');
    expect(due('2030-03-05T23:00', { quietHours: { ...night.quietHours, except: 'warning' } })).toBe('2030-03-05T23:00 +00:00');
    expect(due('2030-03-05T23:00', { quietHours: { ...night.quietHours, except: null } }, { severity: 'critical' })).toBe('2030-03-06T07:00 +00:00');
    expect(due('2030-03-05T23:00', night, { when: 'now' })).toBe('2030-03-05T23:00 +00:00');
  });

  it('follows the clocks of the model\'s zone when daylight saving begins and ends', () => {
    const zone = 'Europe/Berlin';
    expect(due('2030-03-30T23:00', night, { zone })).toBe('2030-03-31T07:00 +02:00');   // the night has 23 hours
    expect(due('2030-10-26T23:00', night, { zone })).toBe('2030-10-27T07:00 +01:00');   // the night has 25 hours
    expect(at('2030-03-31T07:00', zone) - at('2030-03-30T23:00', zone)).toBe(7 * 3_600_000);
    const early = { quietHours: { from: '22:00', to: '02:30', except: null } };
    expect(due('2030-03-30T23:00', early, { zone })).toBe('2030-03-31T03:30 +02:00');   // 02:30 is skipped that night
  });

  it('a digest goes out at its time, the next one that comes', () => {
    const digest = { digestAt: '08:00' };
    expect(due('2030-03-05T07:59', digest, { when: 'digest' })).toBe('2030-03-05T08:00 +00:00');
    expect(due('2030-03-05T08:00', digest, { when: 'digest' })).toBe('2030-03-06T08:00 +00:00');
    expect(due('2030-03-30T09:00', digest, { when: 'digest', zone: 'Europe/Berlin' })).toBe('2030-03-31T08:00 +02:00');
    expect(dueAt('digest', { atMs: at('2030-03-05T09:00'), severity: 'info' }, settings(digest), 'UTC').edition).toBe('2030-03-06T08:00');
  });
});
