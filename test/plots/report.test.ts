import { describe, expect, it } from 'vitest';
import { DOMParser } from 'linkedom';
import type { ReportInput } from '../../plots/report-input.js';
import { renderReport } from '../../plots/report.js';
import { shellQuoted } from '../../domain/shell.js';
import { carLoanReport } from './car-loan.js';
import { expectSound, makeResults, textsOf, type ParsedElement } from './support.js';

const full = carLoanReport();

function read(input: ReportInput): ParsedElement {
  const html = renderReport(input);
  expectSound(html.replace('<!doctype html>', '').replace(/<(style|script)[^>]*>.*?<\/\1>/gs, '').replace(/<meta[^>]*>/g, ''));
  return new DOMParser().parseFromString(html, 'text/html') as unknown as ParsedElement;
}

describe('renderReport, on the car-loan data', () => {
  const page = read(full);
  const words = page.querySelector('main')!.textContent!;

  it('is the same bytes for the same input', () => expect(renderReport(full)).toBe(renderReport(carLoanReport())));

  it('says first how the key metric stands', () => {
    expect(page.querySelector('h1')!.textContent).toBe('car-loans');
    expect(page.querySelector('.verdict')!.textContent).toContain('ROC AUC is estimated at 0.9625, below the lower threshold in chunk 8 (29 Jun 2019 to 30 Jul 2019); thresholds 0.9633 to 0.9787. It has been so since chunk 5 (from 31 Mar 2019).');
  });
  it('counts rows, chunks, alerts, targets, and says when the data ends', () => {
    const tiles = textsOf(page, '.tile');
    expect(tiles.find((tile) => tile.startsWith('Targets'))).toContain('88.4%');
    expect(tiles.find((tile) => tile.startsWith('Rows'))).toContain('50,00050,000 in the reference; 120 duplicates, 0 quarantined');
    expect(tiles.find((tile) => tile.startsWith('Chunks'))).toContain('1 still open; 10 in the reference');
    expect(tiles.find((tile) => tile.startsWith('Data'))).toContain('29 Aug 2019');
    const alerts = full.results.filter((result) => result.period === 'analysis' && result.alert === true).length;
    expect(tiles.find((tile) => tile.startsWith('Alerts'))).toContain(`Alerts${alerts}`);
  });
  it('leads with the decision that waits and the commands that answer it', () => {
    expect(page.querySelector('.card.urgent h3')!.textContent).toContain('Estimated ROC AUC has been below its threshold since chunk 5');
    expect(page.querySelector('.card.urgent pre')!.textContent!.split('\n')).toEqual(['acknowledge', 'retrain', 'ignore'].map((option) => `npx aftercare decide 1/estimated_performance/roc_auc/000005/1 ${option} --as YOUR-NAME`));
    expect(textsOf(page, '#attention tbody tr').slice(0, 2)).toEqual(['estimated performanceROC AUCchunk 5, 31 Mar – 30 Apr 20195◆ open, ongoing', 'driftcar_valuechunk 5, 31 Mar – 30 Apr 20195◆ open, ongoing']);
  });
  it('puts incidents that began and went on together on one line', () => {
    const twice = { ...full, incidents: [...full.incidents, { ...full.incidents[1]!, id: 9, cause: 'loan_length' }, { ...full.incidents[1]!, id: 10, cause: 'age', openingChunk: '000006', chunkCount: 4 }] };
    expect(textsOf(read(twice), '#attention tbody tr td:nth-child(2)').slice(0, 3)).toEqual(['ROC AUC', 'car_value, loan_length', 'age']);
  });
  it('lists the chunks, newest first, with the error of the estimate', () => {
    const rows = [...page.querySelectorAll('#performance tbody tr')].map((row) => textsOf(row, 'td'));
    expect(rows).toHaveLength(10);
    expect(rows[0]).toEqual(['9', '30 Jul – 29 Aug 2019', '4,200 (open)', '0.9613', '0.9559 – 0.9667', '–', '', '0%', '◆ alert: estimated']);
    expect(rows[4]!.slice(3)).toEqual(['0.9611', '0.9557 – 0.9665', '0.9600', '+0.0010', '100%', '◆ alert: both']);
  });
  it('has a figure for every metric, the ranking, every column with its distribution, the reconstruction error, alerting quality', () => {
    const titles = textsOf(page, 'figcaption h3');
    for (const title of ['ROC AUC: estimated against realized', 'F1: estimated against realized', 'Ranking by alerts', 'car_value: Jensen–Shannon distance', 'car_value: distribution', 'salary_range: shares of values', 'Reconstruction error', 'driver_tenure: share of missing values']) {
      expect(titles).toContain(title);
    }
  });
  it('ends with runs, settings and schema', () => {
    expect(textsOf(page, '#runs tbody tr')[0]).toContain('3completedtargets, by lifecycle50,0000101040');
    expect(textsOf(page, '#settings tbody tr')).toEqual(expect.arrayContaining(['Key metricROC AUC', 'repaidtargetcontinuous']));
  });
  it('names every figure once', () => {
    const ids = [...page.querySelectorAll('[id]')].map((element) => element.getAttribute('id'));
    expect(new Set(ids).size).toBe(ids.length);
  });
  it('asks nobody for anything', () => {
    const html = renderReport(full);
    expect(html.match(/\b(src|href)="(?!#)[^"]*"/g)).toBeNull();
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\((?!#)|@import/);
    expect(html).toContain("default-src &#39;none&#39;");
    expect(html).not.toMatch(/ style="| on[a-z]+="/);
  });
  it('says who prepared it and when, or nothing of a clock', () => {
    expect(words).toContain('Prepared by aftercare 0.1.0, 5 Jan 2026 09:01 UTC.');
    expect(read({ ...full, preparedAt: null }).querySelector('footer')!.textContent).toContain('Prepared by aftercare 0.1.0. ');
  });
});

describe('renderReport, with several versions', () => {
  const interval = { metric: 'roc_auc', pairs: 7_500, basis: 'realized' as const, champion: 0.96, challenger: 0.968, judgement: 'better' as const, reason: null, difference: { mean: 0.008, lower: 0.003, upper: 0.013 }, rope: 0.01, probability: { better: 0.99, worse: 0, equivalent: 0.01 } };
  const input: ReportInput = {
    ...full,
    versions: [...full.versions, { number: 2, role: 'challenger', referenceRows: 5_000, provenance: { commit: '3f2a91c', libraries: { lightgbm: '4.5.0' }, retraining: 1 }, createdAt: '2026-01-06T09:00:05Z', createdBy: 'maria <b>' }],
    verdicts: [{ model: 'car-loans', challenge: 1, champion: 1, challenger: 2, horizon: 9, judgement: 'better', comparison: interval, segments: {}, guardrails: [], text: 'Version 2 is better.' }],
  };

  it('says which is in charge, what each is made of, and draws the newest verdict', () => {
    const section = read(input).querySelector('#versions')!;
    expect(section.textContent).toContain('Version 1 is in charge, 1 answers in its shadow.');
    expect(textsOf(section, 'td')).toEqual(['2', 'challenger', 'retraining 1, commit 3f2a91c, lightgbm 4.5.0', '5,000', '6 Jan 2026 09:00 UTC', 'maria <b>', '1', 'champion', '', '50,000', '5 Jan 2026 09:00 UTC', 'demo']);
    expect(section.querySelectorAll('figure svg').length).toBe(1);
    expect(section.textContent).toContain('Version 2 against version 1: better');
  });

  it('marks where a version was put in charge in the figures along the timeline', () => {
    const page = read({ ...input, changes: [{ version: 1, replaced: 2, how: 'rollback', at: '2026-01-07T09:00:05Z', chunk: full.results.find(({ period }) => period === 'analysis')!.chunk.key, madeOf: '' }] });
    expect(page.querySelector('#versions')!.textContent).toContain('Dotted lines in its figures mark where a version was put in charge.');
    for (const id of ['performance', 'metrics', 'columns', 'multivariate']) expect(page.querySelector(`#${id} .ac-version`), id).not.toBeNull();
    expect(read(input).querySelector('.ac-version')).toBeNull();
  });

  it('says nothing of versions where there is one, or in the report of a segment', () => {
    expect(read(full).querySelector('#versions')).toBeNull();
    expect(read({ ...input, segment: 'state=north' }).querySelector('#versions')).toBeNull();
  });
});

describe('renderReport, with less', () => {
  const verdict = (input: ReportInput): string => read(input).querySelector('.verdict')!.textContent!;
  const nothing: ReportInput = { ...full, results: [], ranking: [], distributions: [], incidents: [], decisions: [], runs: [], counts: { ...full.counts, analysisRows: 0, targetsMatched: 0, targetsWaiting: 0, dataEndsAt: null } };

  it('nothing computed yet', () => {
    expect(verdict(nothing)).toContain('Nothing is computed yet.');
    expect(read(nothing).querySelector('#attention')!.textContent).toContain('Nothing waits');
    expect(read(nothing).querySelector('#columns')).toBeNull();
  });
  it('only the reference', () => {
    const input = { ...full, results: full.results.filter((result) => result.period === 'reference') };
    expect(verdict(input)).toContain('Only reference data so far.');
  });
  it('no targets: the estimate alone, and its error is unknown', () => {
    const input = { ...full, results: full.results.filter((result) => result.calculator !== 'realized_performance') };
    const page = read(input);
    expect(textsOf(page, 'figcaption h3')).toContain('Estimated ROC AUC');
    expect(textsOf(page, '.tile').find((tile) => tile.startsWith('Error of the estimate'))).toContain('unknown');
  });
  it('no estimate: what came true', () => {
    const input = { ...full, results: full.results.filter((result) => result.calculator !== 'estimated_performance') };
    expect(verdict(input)).toContain('ROC AUC is realized at 0.9631');
    expect(textsOf(read(input), 'figcaption h3')).toContain('Realized ROC AUC');
  });
  it('no alerts', () => {
    const input = { ...full, incidents: [], decisions: [], results: full.results.map((result) => ({ ...result, alert: false })) };
    expect(verdict(input)).toContain('within its thresholds');
    expect(verdict(input)).toContain('There are no alerts.');
  });
  it('only drift', () => {
    const input = { ...full, results: full.results.filter((result) => result.calculator === 'univariate_drift') };
    expect(verdict(input)).toContain('ROC AUC is not known yet.');
    expect(read(input).querySelector('#performance')!.textContent).toContain('No ROC AUC was computed.');
  });
  it('failures of calculators are told with their reason', () => {
    const run = { ...full.runs[0]!, failures: [{ calculator: 'reconstruction_error' as const, stage: 'fit' as const, chunkKeys: [], message: "column 'age' of the reference: all cells are missing" }] };
    expect(read({ ...full, runs: [run] }).querySelector('#runs .urgent')!.textContent).toContain("column 'age' of the reference: all cells are missing");
  });
  it('a thousand chunks fold the older rows of the table', () => {
    const cells = Array.from({ length: 1000 }, () => ({ value: 0.9 }));
    const page = read({ ...nothing, results: makeResults(cells, { calculator: 'estimated_performance', metric: 'roc_auc' }) });
    expect(textsOf(page, '#performance details summary')).toEqual(['980 earlier ones']);
    expect(page.querySelectorAll('#performance tbody tr')).toHaveLength(1000);
  });
});

describe('renderReport, with hostile names', () => {
  const evil = `</script><script>window.owned=1</script><img src=x onerror="owned=1">'"&`;
  it('shows them as text', () => {
    const html = renderReport({
      ...full, model: { ...full.model, name: evil, createdBy: evil },
      results: full.results.map((result) => (result.column === 'car_value' ? { ...result, column: evil } : { ...result, reason: evil })),
      ranking: [{ rank: 1, column: evil, alerts: 3 }], distributions: full.distributions.map((one) => (one.kind === 'categorical' ? { ...one, column: evil, values: one.values.map((value) => evil + value) } : one)),
      decisions: full.decisions.map((decision) => ({ ...decision, id: evil, question: evil })), incidents: full.incidents.map((incident) => ({ ...incident, cause: evil })),
    });
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).not.toContain('<img');
    expectSound(html.replace('<!doctype html>', '').replace(/<(style|script)[^>]*>.*?<\/\1>/gs, '').replace(/<meta[^>]*>/g, ''));
  });
  it('makes one word for a shell of any decision id', () => {
    expect(shellQuoted('1/drift/a/0/1')).toBe('1/drift/a/0/1');
    expect(shellQuoted("it's $(rm -rf)")).toBe(`'it'\\''s $(rm -rf)'`);
  });
});
