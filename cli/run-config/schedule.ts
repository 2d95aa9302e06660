/** `scheduling`: NannyML would stay and run again and again; this command runs once. */
import { InvalidInput } from '../../domain/errors.js';
import { isAbsent, sectionOf, textOf } from './fields.js';

const UNITS = ['weeks', 'days', 'hours', 'minutes'];

/**
 * @param once run once in spite of it
 * @returns the schedule in words; null: there is none
 * @throws InvalidInput where there is one and it is not to be passed over, or it contradicts itself
 */
export function scheduleOf(given: unknown, once: boolean): string | null {
  if (isAbsent(given)) return null;
  const section = sectionOf(given, "'scheduling'");
  const kinds = ['interval', 'cron'].filter((kind) => !isAbsent(section[kind]));
  if (kinds.length !== 1) throw new InvalidInput(`'scheduling' must have one of interval and cron, it has ${kinds.length === 0 ? 'none' : 'both'}; without a schedule leave it out`);
  const words = kinds[0] === 'cron' ? `cron '${textOf(sectionOf(section['cron'], "'cron'"), 'crontab')}'` : intervalOf(section['interval']);
  if (!once) throw new InvalidInput(`'scheduling' (${words}) cannot be honoured: this command runs once and ends; add --once and let cron or a systemd timer call it, or create a model with 'aftercare model create', whose runs follow a Temporal Schedule (runs.schedule of its settings)`);
  return words;
}

function intervalOf(given: unknown): string {
  const interval = sectionOf(given, "'interval'");
  const units = UNITS.filter((unit) => !isAbsent(interval[unit]));
  if (units.length !== 1) throw new InvalidInput(`'interval' must have exactly one of ${UNITS.join(', ')}, it has ${units.length}`);
  const [unit] = units;
  const every = interval[unit!];
  if (typeof every !== 'number' || !Number.isSafeInteger(every) || every < 1) throw new InvalidInput(`'interval' ${unit} must be a whole number above 0`);
  return `every ${every} ${unit}`;
}
