/** How rows become chunks: rows that are judged together. The rules of NannyML 0.13.1, except where the design says otherwise. */
import { InvalidInput } from './errors.js';

/** Hour, day, week (Monday to Sunday), month, quarter, year. */
export type Period = 'h' | 'D' | 'W' | 'M' | 'Q' | 'Y';

export type Chunking =
  | { kind: 'size'; size: number }
  | { kind: 'count'; count: number }
  | { kind: 'period'; period: Period };

/** The part of a chunk's identity that names its chunking, e.g. `size:5000`, `count:10`, `period:D`. */
export function schemeOf(chunking: Chunking): string {
  switch (chunking.kind) {
    case 'size': return `size:${chunking.size}`;
    case 'count': return `count:${chunking.count}`;
    case 'period': return `period:${chunking.period}`;
  }
}

const PERIODS: Period[] = ['h', 'D', 'W', 'M', 'Q', 'Y'];

/** Reads `5000`, `size:5000`, `count:10` or `period:D`. @throws InvalidInput */
export function parseChunking(text: string): Chunking {
  const match = /^(?:(size|count|period):)?(.+)$/.exec(text.trim());
  const kind = match?.[1] ?? (match && /^\d+$/.test(match[2]!) ? 'size' : 'period');
  const value = match?.[2] ?? '';
  if (kind === 'period') {
    const period = PERIODS.find((p) => p.toLowerCase() === value.toLowerCase());
    if (period) return { kind, period };
  } else if (/^\d+$/.test(value) && Number(value) > 0 && Number.isSafeInteger(Number(value))) {
    return kind === 'size' ? { kind, size: Number(value) } : { kind: 'count', count: Number(value) };
  }
  throw new InvalidInput(`chunking '${text}' is none of: a size (5000, size:5000), a count (count:10), a period (period:h, D, W, M, Q or Y)`);
}

/** @throws InvalidInput when a chunking that came as data is not one. */
export function checkChunking(chunking: Chunking): Chunking {
  return parseChunking(schemeOf(chunking));
}
