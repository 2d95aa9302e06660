/** The frame around every figure: size, heading, accessible name, style. */
import type { VersionChange } from '../domain/version.js';
import { el, join, raw, type Child, type Markup } from './markup.js';
import { text, textWidth } from './marks.js';
import { fixedStyle, STANDALONE_STYLE } from './theme.js';
import { shorten } from './format.js';

export interface FigureOptions {
  /** Unique within the page: names the parts that refer to each other. Letters, digits and dashes are kept. */
  id: string;
  /** Default true. False where the page itself has the title. */
  heading?: boolean;
  /** Default 'page': colours come from the page. Else the figure carries its own: by the reader's preference, or fixed. */
  style?: 'page' | 'standalone' | 'light' | 'dark';
  /** IANA name of the zone in which dates are written; default UTC. */
  zone?: string;
  /** Pixels; the figure scales with its page. */
  width?: number;
  height?: number;
  /** Marks on the timeline; default none. */
  changes?: readonly VersionChange[];
}

/** Room left and right of a plot's area, the same for all, so that figures under each other share their axis. Pixels. */
export const ROOM_LEFT = 64;
export const ROOM_RIGHT = 178;
/** Room under the area for the axis' labels. */
export const ROOM_BELOW = 30;

/** Where the drawing goes, in pixels of the view box. */
export interface Frame {
  id: string;
  zone: string;
  width: number;
  /** Room above the plot that the heading has taken. */
  headingHeight: number;
}

export function frameOf(options: FigureOptions): Frame {
  return {
    id: `ac-${options.id.replace(/[^A-Za-z0-9-]/g, '-')}`,
    zone: options.zone ?? 'UTC',
    width: options.width ?? 960,
    headingHeight: options.heading === false ? 8 : 58,
  };
}

/** @param description one or two sentences that say what the drawing shows, for those who do not see it */
export function figure(options: FigureOptions, height: number, title: string, subtitle: string, description: string, children: Child[]): Markup {
  const { id, width } = frameOf(options);
  const style = options.style ?? 'page';
  const own = style === 'page' ? null : el('style', {}, raw(style === 'standalone' ? STANDALONE_STYLE : fixedStyle(style)));
  const heading = options.heading === false ? null : join([
    text(12, 22, shorten(title, Math.floor((width - 24) / 8.6)), { class: 'ac-title' }),
    subtitle === '' ? null : text(12, 41, shorten(subtitle, Math.floor((width - 24) / 5.9)), { class: 'ac-muted' }),
  ]);
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg', class: 'ac-figure', id, role: 'group', 'aria-labelledby': `${id}-title`, 'aria-describedby': `${id}-desc`,
    viewBox: `0 0 ${width} ${height}`, width, height,
  };
  return el('svg', attributes, el('title', { id: `${id}-title` }, title), el('desc', { id: `${id}-desc` }, description), own,
    el('rect', { class: 'ac-paper', width, height }), heading, children);
}

/** A sample and its word, side by side: the key to symbols that stand in the drawing. Returns what fits on one line, from the right edge leftwards. */
export function legend(right: number, y: number, entries: readonly { sample: (x: number, y: number) => Markup; label: string }[]): Markup {
  const placed: Markup[] = [];
  let x = right;
  for (const { sample, label } of [...entries].reverse()) {
    x -= textWidth(label);
    placed.unshift(text(x, y + 4, label, { class: 'ac-muted ac-small' }));
    x -= 12;
    placed.unshift(sample(x, y));
    x -= 18;
  }
  return join(placed);
}
