/** Durations as people write them. */
import { InvalidInput } from './errors.js';

const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `50ms`, `30s`, `15m`, `12h`, `30d`, `2w` → milliseconds. @throws InvalidInput */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)$/.exec(text.trim());
  if (!match) throw new InvalidInput(`duration '${text}' is not a number with a unit (50ms, 30s, 15m, 12h, 30d, 2w)`);
  return Math.round(Number(match[1]) * UNIT_MS[match[2]!]!);
}

/** 5400000 → `1 h 30 min`: the two largest units. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const units: [string, number][] = [['d', 86_400_000], ['h', 3_600_000], ['min', 60_000], ['s', 1_000]];
  const parts: string[] = [];
  let rest = ms;
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    if (count > 0 && parts.length < 2) parts.push(`${count} ${unit}`);
    rest -= count * size;
  }
  return parts.join(' ');
}
