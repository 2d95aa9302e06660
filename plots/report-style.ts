/** How the report's page looks; figures bring their own part (theme.ts). */
import { FIGURE_STYLE, FONT, PRINT_VARIABLES, THEME_VARIABLES } from './theme.js';

const PAGE = `
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:60px}
body{margin:0;background:var(--ac-page);color:var(--ac-ink);font:15px/1.5 ${FONT}}
a{color:var(--ac-focus);text-underline-offset:2px}
a:focus-visible,button:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:2px solid var(--ac-focus);outline-offset:2px}
svg [tabindex]:focus-visible{outline:none}
.skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;z-index:9;background:var(--ac-paper);padding:6px 10px}
.bar{position:sticky;top:0;z-index:5;background:var(--ac-paper);border-bottom:1px solid var(--ac-grid)}
.bar>div{max-width:1040px;margin:auto;padding:9px 20px;display:flex;gap:18px;align-items:center}
.bar nav{display:flex;gap:13px;flex:1;overflow-x:auto;white-space:nowrap;font-size:13px}
.bar nav a{color:var(--ac-muted);text-decoration:none}.bar nav a:hover{color:var(--ac-ink);text-decoration:underline}
.brand{font-weight:700;letter-spacing:-.01em}.brand span{color:var(--ac-alert)}
button{font:inherit;font-size:13px;color:var(--ac-ink);background:var(--ac-paper);border:1px solid var(--ac-grid);border-radius:7px;padding:4px 10px;cursor:pointer}
button:hover{border-color:var(--ac-muted)}
main{max-width:1040px;margin:0 auto;padding:22px 20px 60px}
h1{font-size:30px;line-height:1.15;margin:6px 0 2px;letter-spacing:-.02em;overflow-wrap:anywhere}
h2{font-size:20px;margin:44px 0 4px;letter-spacing:-.01em}
h3{font-size:16px;margin:0 0 2px;overflow-wrap:anywhere}
p{margin:4px 0 10px}.muted{color:var(--ac-muted)}.small{font-size:13px}
.verdict{display:flex;gap:14px;align-items:flex-start;margin:16px 0;padding:14px 18px;border-radius:12px;background:var(--ac-paper);border:1px solid var(--ac-grid);border-left:5px solid var(--ac-rest);font-size:16.5px}
.verdict b{font-weight:650}.verdict.bad{border-left-color:var(--ac-alert)}.verdict.good{border-left-color:var(--ac-c2)}
.verdict .sign{font-size:20px;line-height:1.25;color:var(--ac-muted)}.verdict.bad .sign{color:var(--ac-alert)}.verdict.good .sign{color:var(--ac-c2)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(215px,1fr));gap:10px;margin:14px 0}
.tile{background:var(--ac-paper);border:1px solid var(--ac-grid);border-radius:12px;padding:9px 14px 10px}
.tile .name{font-size:13px;color:var(--ac-muted)}.tile .value{font-size:22px;font-weight:650;letter-spacing:-.02em;line-height:1.25;font-variant-numeric:tabular-nums}
.tile .note{font-size:12.5px;color:var(--ac-muted)}.tile.alerting .value::after{content:"◆";color:var(--ac-alert);font-size:15px;margin-left:7px;vertical-align:3px}
.card{background:var(--ac-paper);border:1px solid var(--ac-grid);border-radius:12px;padding:15px 18px;margin:12px 0}
.card.urgent{border-left:5px solid var(--ac-alert)}
figure{margin:12px 0;background:var(--ac-paper);border:1px solid var(--ac-grid);border-radius:12px;padding:13px 16px 8px;position:relative}
figure>figcaption h3{padding-right:120px}figure>figcaption p{margin:0 0 2px;color:var(--ac-muted);font-size:13.5px}
figure>.draw{overflow-x:auto}figure svg{display:block;width:100%;height:auto;min-width:640px}
figure .save{position:absolute;right:14px;top:12px;display:flex;gap:6px;opacity:.35}figure:hover .save,figure .save:focus-within{opacity:1}
figure .save button{font-size:12px;padding:2px 8px}
.many{display:grid;grid-template-columns:repeat(auto-fill,minmax(230px,1fr));gap:12px;margin:12px 0}
.many a,.many .panel{display:block;color:inherit;text-decoration:none;background:var(--ac-paper);border:1px solid var(--ac-grid);border-radius:12px;padding:10px 12px 8px}
.many a:hover{border-color:var(--ac-muted)}.many svg{width:100%;height:auto;display:block}
.many .head{display:flex;justify-content:space-between;gap:8px;font-size:13.5px}.many .head b{min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;font-weight:600}
.many .mark{color:var(--ac-alert);white-space:nowrap;font-weight:600}.many .calm{color:var(--ac-muted);white-space:nowrap}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
td.n+td.wide,td.n+td.short,th.n+th{padding-left:8px}td.n{white-space:nowrap}
th,td{text-align:left;padding:5px 12px 5px 0;border-bottom:1px solid var(--ac-grid);vertical-align:top}
th{font-weight:600;color:var(--ac-muted);font-size:12.5px;white-space:nowrap}
td.n,th.n{text-align:right;white-space:nowrap}td.short{white-space:nowrap}td.wide{overflow-wrap:break-word}tr.alerting td:first-child{box-shadow:inset 3px 0 0 var(--ac-alert);padding-left:8px}
.flag{color:var(--ac-alert);font-weight:600;white-space:nowrap}
pre{margin:8px 0 2px;padding:10px 12px;background:var(--ac-past);border:1px solid var(--ac-grid);border-radius:8px;overflow-x:auto;font:13px/1.55 ui-monospace,"SFMono-Regular",Menlo,Consolas,"Liberation Mono",monospace}
code{font:.92em ui-monospace,Menlo,Consolas,"Liberation Mono",monospace}
details>summary{cursor:pointer;color:var(--ac-muted);font-size:13.5px;padding:4px 0}
footer{color:var(--ac-muted);font-size:13px;margin-top:40px;border-top:1px solid var(--ac-grid);padding-top:12px}
#tip{position:fixed;z-index:8;max-width:360px;pointer-events:none;background:var(--ac-ink);color:var(--ac-paper);border-radius:8px;padding:8px 11px;font-size:12.5px;line-height:1.45;white-space:pre-line;overflow-wrap:anywhere;box-shadow:0 4px 18px rgba(0,0,0,.28)}
#tip::first-line{font-weight:650}#tip[hidden]{display:none}
@media (max-width:700px){h1{font-size:24px}.bar>div{padding:8px 12px}main{padding:14px 12px 40px}figure>figcaption h3{padding-right:0}figure .save{display:none}}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
`.trim();

const PRINT = `
@media print{${PRINT_VARIABLES}
body{background:#fff;font-size:11pt}.bar,.save,#tip,.skip{display:none!important}main{max-width:none;padding:0}
figure,.card,.tile,.verdict,.many a,.many .panel{break-inside:avoid}h2,h3{break-after:avoid}figure svg{min-width:0}.scroll,.draw{overflow:visible}details>summary{display:none}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
`.trim();

export const REPORT_STYLE = [THEME_VARIABLES, FIGURE_STYLE, PAGE, PRINT].join('\n');
