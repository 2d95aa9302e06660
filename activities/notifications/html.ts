/** A story as HTML that mail readers show: tables, styles on every element, no script, nothing from elsewhere but the plot that comes with the mail. */
import { el, join, type Markup } from '../../plots/markup.js';
import { commandOf, minuteOf, signalOf } from './message.js';
import type { Story, StoryQuestion, StoryTable } from './story.js';

const FONT = 'font-family:-apple-system,BlinkMacSystemFont,Segoe UI,Helvetica,Arial,sans-serif';
const INK = '#17202c';
const MUTED = '#5a6676';
const LINE = '#e3e8ee';
const CODE = `display:block;background:#f3f5f8;padding:8px 10px;border-radius:6px;font:13px/1.45 Menlo,Consolas,monospace;white-space:pre-wrap;word-break:break-word;color:${INK}`;

export interface HtmlOptions {
  link: string | null;
  /** The plot's place in the mail, and what it shows in words; absent: none. */
  image?: { cid: string; width: number; height: number; text: string } | undefined;
}

export function htmlOf(story: Story, { link, image }: HtmlOptions): string {
  const facts = [{ label: 'Model', value: story.model }, ...story.facts];
  const body = el('body', { style: `margin:0;padding:0;background:#f3f5f8;${FONT}` }, el('table', { role: 'presentation', width: '100%', cellpadding: '0', cellspacing: '0', style: 'background:#f3f5f8' }, el('tr', {}, el('td', { align: 'center', style: 'padding:20px 10px' },
    el('table', { role: 'presentation', width: '640', cellpadding: '0', cellspacing: '0', style: `max-width:640px;width:100%;background:#ffffff;border:1px solid ${LINE};border-radius:10px` }, el('tr', {}, el('td', { style: `padding:22px 24px;color:${INK};font-size:15px;line-height:1.5;${FONT}` },
      el('p', { style: 'margin:0 0 14px;font-size:18px;line-height:1.4;font-weight:600' }, story.sentence),
      el('table', { role: 'presentation', cellpadding: '0', cellspacing: '0', style: 'margin:0 0 14px' }, facts.map(({ label, value }) => el('tr', {},
        el('td', { style: `padding:2px 16px 2px 0;color:${MUTED};font-size:14px;vertical-align:top;white-space:nowrap` }, label), el('td', { style: 'padding:2px 0;font-size:14px;word-break:break-word' }, value)))),
      image ? el('img', { src: `cid:${image.cid}`, width: image.width, height: image.height, alt: image.text, style: 'display:block;width:100%;max-width:592px;height:auto;margin:0 0 16px;border:0' }) : null,
      story.tables.map(tableOf),
      story.closing === null ? null : el('p', { style: 'margin:0 0 14px' }, el('b', {}, story.closing)),
      story.question === null ? null : questionOf(story.question, link),
      story.commands.map(({ purpose, command }) => [el('p', { style: `margin:12px 0 4px;color:${MUTED};font-size:14px` }, `${purpose}:`), el('code', { style: CODE }, command)]),
    ))), el('p', { style: `margin:12px 0 0;color:${MUTED};font-size:12px;${FONT}` }, 'Sent by aftercare. Whom it tells of what stands in the model\'s settings.'),
  ))));
  const head = el('head', {}, el('meta', { charset: 'utf-8' }), el('meta', { name: 'viewport', content: 'width=device-width' }), el('title', {}, story.headline));
  return `<!doctype html>${el('html', { lang: 'en' }, head, body).markup}`;
}

function tableOf({ caption, columns, rows }: StoryTable): Markup {
  const cell = `padding:5px 10px 5px 0;border-bottom:1px solid ${LINE};font-size:13px;text-align:left;vertical-align:top`;
  return join([
    el('p', { style: `margin:0 0 4px;color:${MUTED};font-size:14px` }, caption),
    el('table', { cellpadding: '0', cellspacing: '0', width: '100%', style: 'border-collapse:collapse;margin:0 0 16px' },
      el('tr', {}, columns.map((name) => el('th', { scope: 'col', style: `${cell};color:${MUTED};font-weight:600` }, name))),
      rows.map((row) => el('tr', {}, row.map((value) => el('td', { style: cell }, value))))),
  ]);
}

function questionOf(question: StoryQuestion, link: string | null): Markup {
  const { options, approvers, deadlineAt } = question;
  return join([
    el('p', { style: 'margin:0 0 10px' }, 'Waits until ', el('b', {}, `${minuteOf(deadlineAt)} UTC`), `. Answer with one of: ${options.join(', ')}.`, approvers.length === 0 ? '' : ` May be answered by: ${approvers.join(', ')}.`),
    link === null ? null : el('p', { style: 'margin:0 0 14px' }, el('a', { href: link, style: 'display:inline-block;background:#1c64d9;color:#ffffff;text-decoration:none;font-weight:600;padding:10px 18px;border-radius:8px' }, 'Answer on a page'),
      el('span', { style: `color:${MUTED};font-size:13px` }, '\u00a0 It asks once more before anything is done, and is yours alone.')),
    el('p', { style: `margin:0 0 4px;color:${MUTED};font-size:14px` }, link === null ? 'By command:' : 'Or by command:'), el('code', { style: CODE }, commandOf(question)),
    el('p', { style: `margin:12px 0 4px;color:${MUTED};font-size:14px` }, 'Or by a Temporal signal:'), el('code', { style: CODE }, signalOf(question)),
  ]);
}
