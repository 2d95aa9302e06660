/** Where versions were put in charge: a line at the chunk in which their first rows since then lie. */
import type { VersionChange } from '../domain/version.js';
import type { ChunkSpan } from './chunk-axis.js';
import { el, join, type Markup } from './markup.js';
import { text, textWidth } from './marks.js';
import type { ChunkPlace } from './series.js';

/** @param places the chunks along the axis, one per span; changes in other chunks are left out */
export function drawVersionMarks(changes: readonly VersionChange[], places: readonly ChunkPlace[], spans: readonly ChunkSpan[], right: number, top: number, bottom: number): Markup {
  return join(places.map((place, i) => {
    const here = changesAt(changes, place);
    if (here.length === 0) return null;
    const x = spans[i]!.x0;
    const words = here.map(({ version }) => `v${version}`).join(', then ');
    const fits = x + 5 + textWidth(words) <= right;
    return [
      el('line', { class: 'ac-version', x1: x, x2: x, y1: top, y2: bottom }),
      text(fits ? x + 4 : x - 4, top + 11, words, { class: 'ac-small ac-version-name', 'text-anchor': fits ? 'start' : 'end' }),
    ];
  }));
}

/** Those of a chunk. */
export function changesAt(changes: readonly VersionChange[], place: ChunkPlace): VersionChange[] {
  return place.period === 'analysis' ? changes.filter(({ chunk }) => chunk === place.chunk.key) : [];
}
