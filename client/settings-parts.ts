/** Pieces that several settings are made of. */
import { z } from 'zod';

export const whole = z.number().int();
export const MAX_MS = 10 * 366 * 86_400_000;
export const duration = whole.min(0).max(MAX_MS);

export const schedule = z.strictObject({
  every: whole.min(1).max(1_000), unit: z.enum(['hour', 'day', 'week', 'month']),
  at: z.strictObject({ hour: whole.min(0).max(23), minute: whole.min(0).max(59) }).optional(),
  day: whole.min(0).max(28).optional(),
});

/** For `refine`. */
export const hasDayOfUnit = ({ unit, day }: { unit: string; day?: number | undefined }): boolean => day === undefined || (unit === 'week' ? day <= 6 : unit === 'month' && day >= 1);
export const DAY_OF_UNIT = 'day is 0 (Sunday) … 6 for week, 1 … 28 for month, and stands for these only';

export const runSchedule = schedule.refine(hasDayOfUnit, DAY_OF_UNIT);

export const ADDRESS = /^[^\s@<>,;"()]+@[^\s@<>,;"()]+$/;
