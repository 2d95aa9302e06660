/** Texts that leave for a log, without what must not stand there: passwords and paths in addresses (a webhook's path is its key), bearer tokens, links' tokens. */

const ADDRESS = /\b([a-z][a-z0-9+.-]{1,20}):\/\/([^\s/?#"'<>|)\]}]*)([^\s"'<>|)\]}]*)/gi;
/** `token=…`, `password: …`, `Bearer …`; the value up to the next separator. */
const NAMED = /\b(password|passwd|pwd|secret|token|api[-_]?key|authorization|access[-_]?key)\b(["']?\s*[:=]\s*["']?)(?:(bearer|basic)\s+)?[^\s"',;&)}\]]+/gi;
const BEARER = /\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi;
/** Of our own links and callbacks (domain/signed-token.ts). */
const OURS = /\b[A-Za-z0-9_-]{16,}\.[0-9a-f]{64}\b/g;

export const HIDDEN = '***';

export function withoutSecrets(text: string): string {
  return text
    .replace(ADDRESS, (_whole, scheme: string, authority: string, rest: string) => `${scheme}://${withoutPassword(authority)}${/^https?$/i.test(scheme) ? (rest.length > 1 ? '/…' : rest) : rest.split(/[?#]/)[0]}`)
    .replace(BEARER, `$1 ${HIDDEN}`)
    .replace(NAMED, `$1$2${HIDDEN}`)
    .replace(OURS, HIDDEN);
}

function withoutPassword(authority: string): string {
  const at = authority.lastIndexOf('@');
  if (at < 0) return authority;
  const colon = authority.indexOf(':');
  return colon < 0 || colon > at ? authority : `${authority.slice(0, colon)}:${HIDDEN}${authority.slice(at)}`;
}

const SECRET_NAME = /^(password|passwd|secret|token|authorization|cookie|set-cookie|api[-_]?key|databaseUrl|mailUrl|headers|body)$/i;

/** The same through a whole record; values under telling names are hidden whatever they are. */
export function recordWithoutSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return withoutSecrets(value);
  if (typeof value !== 'object' || value === null || depth > 5) return value;
  if (value instanceof Error) return { type: value.name, message: withoutSecrets(value.message) };
  if (Array.isArray(value)) return value.slice(0, 100).map((one) => recordWithoutSecrets(one, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, SECRET_NAME.test(name) && one !== undefined && one !== null ? HIDDEN : recordWithoutSecrets(one, depth + 1)]));
}
