/**
 * Elements of SVG and HTML as text. A string is always escaped; only what `el` made is markup. So no name or value can become an element.
 */

export interface Markup {
  readonly markup: string;
}

export type Child = Markup | string | number | null | false | undefined | Child[];
export type Attributes = Record<string, string | number | boolean | null | undefined>;

const VOID = new Set(['meta', 'br', 'link', 'input', 'col', 'img', 'hr']);
// Control characters other than tab, newline and return may not stand in XML at all, not even as references; lone surrogates are no characters.
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text that is safe between tags and within quoted attributes; characters that XML forbids become U+FFFD. */
export function escapeText(text: string): string {
  return text.replace(FORBIDDEN, '\ufffd').replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}

/**
 * One element. Attributes that are null, undefined or false are left out, true stands alone.
 *
 * @throws TypeError for a number that is not finite: a drawing must decide what it does with "cannot be known"
 */
export function el(name: string, attributes: Attributes = {}, ...children: Child[]): Markup {
  let head = `<${name}`;
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    head += value === true ? ` ${key}=""` : ` ${key}="${typeof value === 'number' ? coordinate(value, key, name) : escapeText(value)}"`;
  }
  if (VOID.has(name)) return { markup: `${head}>` };
  const body = children.map(render).join('');
  return { markup: `${head}>${body}</${name}>` };
}

/** Elements side by side, without one around them. */
export function join(children: Child[]): Markup {
  return { markup: children.map(render).join('') };
}

/** Markup that was made elsewhere in this room, e.g. a style sheet's text. Never given data. */
export function raw(markup: string): Markup {
  return { markup };
}

function render(child: Child): string {
  if (child === null || child === undefined || child === false) return '';
  if (Array.isArray(child)) return child.map(render).join('');
  if (typeof child === 'string') return escapeText(child);
  if (typeof child === 'number') return String(child);
  return child.markup;
}

function coordinate(value: number, key: string, name: string): string {
  if (!Number.isFinite(value)) throw new TypeError(`attribute ${key} of <${name}> is ${value}`);
  return String(Math.round(value * 100) / 100);
}
