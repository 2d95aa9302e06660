/** The frame of every page: style and script inline, its own policy that forbids it to load anything. */
import { createHash } from 'node:crypto';
import { el, raw, type Child } from './markup.js';
import { REPORT_SCRIPT } from './report-script.js';
import { REPORT_STYLE } from './report-style.js';

export interface Page {
  title: string;
  /** Version of aftercare that prepared it. */
  version: string;
  nav: readonly (readonly [id: string, name: string])[];
  body: Child;
}

/** @returns one HTML document; the same input gives the same bytes */
export function pageOf({ title, version, nav, body }: Page): string {
  const page = el('html', { lang: 'en' },
    el('head', {},
      el('meta', { charset: 'utf-8' }),
      el('meta', { 'http-equiv': 'Content-Security-Policy', content: POLICY }),
      el('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      el('meta', { name: 'color-scheme', content: 'light dark' }),
      el('meta', { name: 'generator', content: `aftercare ${version}` }),
      el('title', {}, title),
      el('style', { id: 'style' }, raw(REPORT_STYLE))),
    el('body', {},
      el('a', { class: 'skip', href: '#main' }, 'Skip to the report'),
      el('div', { class: 'bar' }, el('div', {}, el('span', { class: 'brand' }, 'aftercare'), el('nav', { 'aria-label': 'Sections' }, nav.map(([id, name]) => el('a', { href: `#${id}` }, name))), el('button', { id: 'theme', type: 'button', hidden: true }, 'Theme: auto'))),
      el('main', { id: 'main' }, body),
      el('div', { id: 'tip', hidden: true, 'aria-hidden': 'true' }),
      el('script', {}, raw(REPORT_SCRIPT))));
  return `<!doctype html>\n${page.markup}\n`;
}

/** Only this style and this script; pictures only from the page itself (saving a figure as PNG). */
const POLICY = `default-src 'none'; style-src '${hash(REPORT_STYLE)}'; script-src '${hash(REPORT_SCRIPT)}'; img-src blob: data:; base-uri 'none'; form-action 'none'`;

function hash(content: string): string {
  return `sha256-${createHash('sha256').update(content, 'utf8').digest('base64')}`;
}
