/**
 * Colours and strokes of figures, light and dark. Every distinction that colour makes is also made by shape, dash or a word.
 * The names all begin with `ac-`, because a figure may stand within somebody else's page.
 */

export const LIGHT = {
  page: '#f3f5f8', paper: '#ffffff', ink: '#17202c', muted: '#5a6676', grid: '#e3e8ee', past: '#f4f6f9',
  estimated: '#5f3dc4', realized: '#00727f', alert: '#c4122f', threshold: '#a4471f', focus: '#1c64d9',
  c0: '#4c6ef5', c1: '#e8890c', c2: '#2b9a66', c3: '#b5459f', c4: '#0d8ba1', c5: '#a07a1f', c6: '#7d5ba6', c7: '#c2574a', rest: '#aab4c0', 'band-opacity': '.13',
};

const DARK: typeof LIGHT = {
  page: '#0c1219', paper: '#141b24', ink: '#e9eef5', muted: '#a3b0c0', grid: '#2a3543', past: '#1a232e',
  estimated: '#b8a2ff', realized: '#4fd0d6', alert: '#ff7083', threshold: '#f2a07b', focus: '#7db3ff',
  c0: '#7e97ff', c1: '#f5ab4b', c2: '#55c48d', c3: '#df83cd', c4: '#4dbcd0', c5: '#d3b05c', c6: '#b094da', c7: '#ec8b7f', rest: '#5d6977', 'band-opacity': '.22',
};

function variables(colours: typeof LIGHT): string {
  return Object.entries(colours).map(([name, colour]) => `--ac-${name}:${colour}`).join(';');
}

/** Colours by the reader's preference, or by `data-theme="light|dark"` on the root element, which wins. */
export const THEME_VARIABLES = [
  `:root{color-scheme:light dark;${variables(LIGHT)}}`,
  `@media (prefers-color-scheme:dark){:root:not([data-theme="light"]){${variables(DARK)}}}`,
  `:root[data-theme="dark"]{color-scheme:dark;${variables(DARK)}}`,
  ':root[data-theme="light"]{color-scheme:light}',
].join('\n');

/** Print is always on white paper. */
export const PRINT_VARIABLES = `:root,:root[data-theme]{color-scheme:light;${variables(LIGHT)}}`;

export const FONT = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Liberation Sans",Arial,sans-serif';

/** How the parts of a figure look; used once per page, or within a figure that stands alone. */
export const FIGURE_STYLE = `
.ac-figure{font-family:${FONT};font-size:12px;fill:var(--ac-ink)}
.ac-figure text{font-variant-numeric:tabular-nums}
.ac-paper{fill:var(--ac-paper)}
.ac-title{font-size:16px;font-weight:650}
.ac-muted{fill:var(--ac-muted)}
.ac-small{font-size:11px}
.ac-past{fill:var(--ac-past)}
.ac-grid{stroke:var(--ac-grid);fill:none}
.ac-axis{stroke:var(--ac-muted);fill:none}
.ac-divider{stroke:var(--ac-muted);stroke-width:1.25}
.ac-version{stroke:var(--ac-ink);stroke-width:1.5;stroke-dasharray:1 3;stroke-linecap:round}
.ac-version-name{font-weight:650;paint-order:stroke;stroke:var(--ac-paper);stroke-width:3px}
.ac-line{fill:none;stroke-width:2;stroke-linejoin:round}
.ac-line.ac-faint{stroke-width:1.5;stroke-dasharray:2 3}
.ac-estimated{stroke:var(--ac-estimated)}
.ac-realized{stroke:var(--ac-realized)}
.ac-dashed{stroke-dasharray:7 3}
.ac-dot-estimated{fill:var(--ac-paper);stroke:var(--ac-estimated);stroke-width:1.75}
.ac-dot-realized{fill:var(--ac-realized);stroke:var(--ac-realized);stroke-width:1.5}
.ac-dot-realized.ac-provisional{fill:var(--ac-paper)}
.ac-band{fill:var(--ac-estimated);fill-opacity:var(--ac-band-opacity);stroke:none}
.ac-band-realized{fill:var(--ac-realized)}
.ac-threshold{stroke:var(--ac-threshold);stroke-width:1.5;stroke-dasharray:3 4;fill:none}
.ac-alert{fill:var(--ac-alert);stroke:var(--ac-paper);stroke-width:1.25}
.ac-alert-estimated{fill:var(--ac-paper);stroke:var(--ac-alert);stroke-width:2.25}
.ac-unknown{stroke:var(--ac-muted);stroke-width:1.5;fill:none}
.ac-hatch{stroke:var(--ac-muted);stroke-width:1.2;stroke-opacity:.45}
.ac-text-estimated{fill:var(--ac-estimated);font-weight:600}
.ac-text-realized{fill:var(--ac-realized);font-weight:600}
.ac-text-threshold{fill:var(--ac-threshold)}
.ac-text-alert{fill:var(--ac-alert);font-weight:600}
.ac-leader{stroke:var(--ac-muted);stroke-width:.75;stroke-opacity:.6;fill:none}
.ac-cover{fill:var(--ac-realized);fill-opacity:.75}
.ac-cover-track{fill:var(--ac-grid)}
.ac-shape{fill:var(--ac-realized);fill-opacity:.3;stroke:var(--ac-realized);stroke-width:1.25}
.ac-shape-past{fill:var(--ac-rest);fill-opacity:.35;stroke:var(--ac-muted);stroke-width:1}
.ac-shape-drifted{fill:var(--ac-alert);fill-opacity:.26;stroke:var(--ac-alert);stroke-width:1.25}
.ac-outline{fill:none;stroke:var(--ac-ink);stroke-width:1;stroke-dasharray:2 2;stroke-opacity:.75}
.ac-quartile{stroke:var(--ac-ink);stroke-width:1;stroke-opacity:.7}
.ac-median{stroke:var(--ac-ink);stroke-width:2}
.ac-c0{fill:var(--ac-c0)}.ac-c1{fill:var(--ac-c1)}.ac-c2{fill:var(--ac-c2)}.ac-c3{fill:var(--ac-c3)}.ac-c4{fill:var(--ac-c4)}.ac-c5{fill:var(--ac-c5)}.ac-c6{fill:var(--ac-c6)}.ac-c7{fill:var(--ac-c7)}.ac-rest{fill:var(--ac-rest)}
.ac-share{stroke:var(--ac-paper);stroke-width:.75}
.ac-bar{fill:var(--ac-alert);fill-opacity:.8}
.ac-bar-calm{fill:var(--ac-rest)}
.ac-heat{fill:var(--ac-realized)}.ac-heat-wrong{fill:var(--ac-c1)}
.ac-cell{fill:none;stroke:var(--ac-grid);stroke-width:1}
.ac-strong{font-weight:600}
.ac-hit{fill:var(--ac-focus);fill-opacity:0;stroke:none}
.ac-chunk{outline:none;cursor:default}
.ac-chunk:hover .ac-hit{fill-opacity:.1}
.ac-chunk:focus .ac-hit{fill-opacity:.14;stroke:var(--ac-focus);stroke-width:1.5}
`.trim();

/** For a figure that is a file of its own: follows the reader's preference. */
export const STANDALONE_STYLE = `${THEME_VARIABLES}\n${FIGURE_STYLE}`;

/** For a picture in one fixed theme, e.g. in an e-mail. */
export function fixedStyle(theme: 'light' | 'dark'): string {
  return `:root{${variables(theme === 'dark' ? DARK : LIGHT)}}\n${FIGURE_STYLE}`;
}
