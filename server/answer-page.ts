/** The page behind a link in a mail, as HTML: nothing is loaded, nothing is run, and it works on a telephone. */
import { createHash } from 'node:crypto';
import type { Answer, Decision } from '../domain/decision.js';
import { el, raw, type Child, type Markup } from '../plots/markup.js';
import { FIGURE_STYLE, FONT, THEME_VARIABLES } from '../plots/theme.js';

const STYLE = `${THEME_VARIABLES}
${FIGURE_STYLE}
*{box-sizing:border-box}
body{margin:0;background:var(--ac-page);color:var(--ac-ink);font:16px/1.5 ${FONT}}
main{max-width:780px;margin:0 auto;padding:20px 16px 48px}
.brand{font-weight:700;color:var(--ac-muted);margin:0 0 14px}
h1{font-size:22px;line-height:1.3;margin:0 0 10px;overflow-wrap:anywhere}
p{margin:6px 0 12px;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 14px;margin:14px 0}
dt{color:var(--ac-muted)}dd{margin:0;overflow-wrap:anywhere}
.card{background:var(--ac-paper);border:1px solid var(--ac-grid);border-radius:12px;padding:16px 18px;margin:14px 0}
.draw{overflow-x:auto}.draw svg{display:block;width:100%;height:auto;min-width:560px}
label{display:block;color:var(--ac-muted);margin:4px 0}
textarea{width:100%;font:inherit;color:inherit;background:var(--ac-page);border:1px solid var(--ac-grid);border-radius:8px;padding:8px 10px}
.buttons{display:flex;flex-wrap:wrap;gap:10px;margin-top:14px}
button{font:inherit;font-weight:600;min-height:46px;padding:8px 20px;border-radius:10px;border:1px solid var(--ac-muted);background:var(--ac-paper);color:var(--ac-ink);cursor:pointer}
button:hover{border-color:var(--ac-ink)}
a:focus-visible,button:focus-visible,textarea:focus-visible{outline:3px solid var(--ac-focus);outline-offset:2px}
.muted{color:var(--ac-muted);font-size:14px}`;

/** Only this style, no script at all, forms only to ourselves, in nobody's frame. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE, 'utf8').digest('base64')}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`;

/** What an answer does, for those who do not know the word. */
const WORDS: Record<Answer, [button: string, meaning: string]> = {
  acknowledge: ['Acknowledge', 'I have seen it and look after it; nothing else happens'],
  retrain: ['Retrain', 'train the model anew'],
  ignore: ['Ignore', 'nothing is wrong; nothing happens'],
  approve: ['Approve', 'go on'],
  reject: ['Reject', 'do not go on; everything stays as it is'],
  release: ['Release', 'let the batch pass'],
};

const SUBJECTS: Record<Decision['subject'], string> = { incident: 'something was found', retraining: 'approval of a retraining', promotion: 'approval of a promotion', gate: 'a batch is held' };

export interface Question {
  decision: Decision;
  person: string;
  zone: string;
  figure: Markup | null;
}

/** The form's address is the page's own. Opening the page answers nothing. */
export function questionPage({ decision, person, zone, figure }: Question): string {
  return page(`${decision.model}: a decision waits`,
    el('h1', {}, decision.question),
    el('dl', {},
      fact('Model', decision.model), fact('What', SUBJECTS[decision.subject]), fact('Asked', moment(decision.askedAt, zone)), fact('Answer by', moment(decision.deadlineAt, zone)), fact('You are', person)),
    figure && el('div', { class: 'card' }, el('div', { class: 'draw' }, figure)),
    el('form', { class: 'card', method: 'post' },
      el('label', { for: 'note' }, 'Note (optional, kept with the answer)'),
      el('textarea', { id: 'note', name: 'note', rows: 2, maxlength: NOTE_LENGTH }),
      el('div', { class: 'buttons' }, decision.options.map((answer) => el('button', { type: 'submit', name: 'answer', value: answer }, WORDS[answer][0]))),
      el('dl', { class: 'muted' }, decision.options.map((answer) => [el('dt', {}, WORDS[answer][0]), el('dd', {}, WORDS[answer][1])]))),
    el('p', { class: 'muted' }, 'The answer counts once and is recorded under your name. This link is yours alone: do not pass it on.'));
}

/** Characters. */
export const NOTE_LENGTH = 2_000;

export function answeredPage(decision: Decision, answer: Answer, person: string): string {
  return page(`${decision.model}: answered`, el('h1', {}, `Recorded: ${WORDS[answer][0].toLowerCase()}`), el('p', {}, decision.question), el('p', { class: 'muted' }, `By ${person}. You can close this page; the link has done its work.`));
}

export function refusedPage(title: string, sentence: string): string {
  return page(title, el('h1', {}, title), el('p', {}, sentence));
}

function page(title: string, ...body: Child[]): string {
  const html = el('html', { lang: 'en' },
    el('head', {}, el('meta', { charset: 'utf-8' }), el('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }), el('meta', { name: 'robots', content: 'noindex' }), el('title', {}, title), el('style', {}, raw(STYLE))),
    el('body', {}, el('main', {}, el('p', { class: 'brand' }, 'aftercare'), body)));
  return `<!doctype html>\n${html.markup}\n`;
}

function fact(name: string, value: string): Child {
  return [el('dt', {}, name), el('dd', {}, value)];
}

/** Wall time of the model's zone, with its name. */
function moment(iso: string, zone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(iso));
  return `${parts.replace(',', '')} (${zone})`;
}
