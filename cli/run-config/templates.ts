/** Paths in a configuration are templates: `/data/{{year}}/{{month}}/analysis.csv`. */
import { InvalidInput } from '../../domain/errors.js';

const VARIABLES = {
  minute: (now: Date) => twoDigits(now.getMinutes()),
  hour: (now: Date) => twoDigits(now.getHours()),
  day: (now: Date) => twoDigits(now.getDate()),
  weeknumber: (now: Date) => String(isoWeek(now)),
  month: (now: Date) => twoDigits(now.getMonth() + 1),
  year: (now: Date) => String(now.getFullYear()),
};

/**
 * Fills in the moment, in local time: minute, hour, day and month with two digits, weeknumber (ISO 8601) without a leading zero, year.
 * @throws InvalidInput for anything else that stands between braces
 */
export function renderPath(template: string, now: Date): string {
  const statement = /\{[%#]/.exec(template);
  if (statement) throw new InvalidInput(`path '${template}': statements and comments ({% … %}, {# … #}) cannot be honoured, only {{ ${Object.keys(VARIABLES).join(' }}, {{ ')} }}`);
  const rendered = template.replaceAll(/\{\{(.*?)\}\}/g, (_, expression: string) => {
    const name = expression.replace(/^-|-$/g, '').trim();
    const variable = Object.hasOwn(VARIABLES, name) ? VARIABLES[name as keyof typeof VARIABLES] : undefined;
    if (!variable) throw new InvalidInput(`path '${template}': {{${expression}}} cannot be honoured; there are ${Object.keys(VARIABLES).join(', ')}`);
    return variable(now);
  });
  if (rendered.includes('{{')) throw new InvalidInput(`path '${template}': {{ is not closed`);
  return rendered;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** Week of the year that has the week's Thursday. */
function isoWeek(now: Date): number {
  const thursday = new Date(Date.UTC(now.getFullYear(), now.getMonth(), now.getDate()));
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
  return Math.ceil(((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / 86_400_000 + 1) / 7);
}
