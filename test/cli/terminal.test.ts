import { describe, expect, it } from 'vitest';
import { performanceTable, rankingList } from '../../cli/terminal/performance.js';
import { bar, sparkline } from '../../cli/terminal/sparkline.js';
import { columnsOf, fit, printable, styleOf } from '../../cli/terminal/style.js';
import { table } from '../../cli/terminal/table.js';
import { makeResults } from '../plots/support.js';

const plain = { color: false, width: Infinity };
const RED = '\u001b[31m';

describe('table', () => {
  it('aligns text to the left and numbers to the right, under the keys', () => {
    expect(table([{ name: 'a', rows: 5 }, { name: 'long', rows: 12345 }], plain)).toBe([
      'name    rows',
      '────  ──────',
      'a          5',
      'long  12,345',
    ].join('\n'));
  });
  it('takes numbers written as text for numbers, and a dash for what is not known', () => {
    expect(table([{ error: '+0.0011' }, { error: '−12.5' }, { error: null }], plain).split('\n').slice(2)).toEqual(['+0.0011', '  −12.5', '      –']);
  });
  it('has a column for every key of any row', () => {
    expect(table([{ a: 1 }, { b: 2 }], plain).split('\n')[0]).toBe('a  b');
  });
  it('shortens the widest text to fit, never the numbers', () => {
    const text = table([{ column: 'x'.repeat(200), rows: 123456 }], { color: false, width: 40 });
    expect(Math.max(...text.split('\n').map(columnsOf))).toBe(40);
    expect(text).toContain('123,456');
  });
  it('colours alerts on a terminal, and is plain elsewhere', () => {
    expect(table([{ alert: '◆ both' }], { color: true, width: 80 })).toContain(RED);
    expect(table([{ alert: '◆ both' }], plain)).not.toContain('\u001b');
  });
  it('shows control characters instead of obeying them', () => {
    const text = table([{ column: 'evil\u001b[2J\nname\u202e' }], plain);
    expect(text).not.toContain('\u001b');
    expect(text.split('\n')).toHaveLength(3);
  });
  it('is empty without rows', () => expect(table([], plain)).toBe(''));
});

describe('sparkline', () => {
  it('goes from the lowest to the highest value', () => expect(sparkline([1, 2, 3, 4, 5, 6, 7, 8], plain)).toBe('▁▂▃▄▅▆▇█'));
  it('draws a dot for what is not known, a middle block for what never changes', () => {
    expect(sparkline([1, null, 2], plain)).toBe('▁·█');
    expect(sparkline([3, 3], plain)).toBe('▄▄');
    expect(sparkline([null, NaN], plain)).toBe('··');
    expect(sparkline([], plain)).toBe('');
  });
  it('uses the given limits', () => expect(sparkline([5], { ...plain, min: 0, max: 5 })).toBe('█'));
  it('counts alerts behind the line, in red where there is colour', () => {
    expect(sparkline([1, 2], { ...plain, alerts: [false, true] })).toBe('▁█  ◆ 1');
    expect(sparkline([1, 2], { color: true, width: 80, alerts: [false, true] })).toContain(`${RED}█`);
  });
  it('fits a narrow terminal by putting several values under one block', () => {
    const line = sparkline(Array.from({ length: 1000 }, (_, i) => i), { color: false, width: 60 });
    expect(columnsOf(line)).toBe(40);
    expect(line.startsWith('▁') && line.endsWith('█')).toBe(true);
  });
  it('takes the largest doubles', () => expect(sparkline([-1.7e308, 1.7e308], plain)).toBe('▁█'));
});

describe('bar', () => {
  it('is as long as its share, in eighths', () => {
    expect([bar(10, 10, 4), bar(5, 10, 4), bar(1, 16, 4), bar(1, 1e9, 4), bar(0, 10, 4), bar(NaN, 10, 4)]).toEqual(['████', '██', '▎', '▏', '', '']);
  });
});

describe('fit and printable', () => {
  it('count columns, not characters', () => {
    expect(columnsOf('日本')).toBe(4);
    expect(columnsOf('e\u0301')).toBe(1);
    expect(columnsOf(fit('日本日本日本', 7))).toBeLessThanOrEqual(7);
    expect(fit('abcdefghij', 6)).toBe('abcd…j');
    expect(printable('a\u0007b')).toBe('a\ufffdb');
  });
});

describe('styleOf', () => {
  it('is plain and unlimited where nobody looks at a terminal', () => {
    expect(styleOf({}, {}, { CI: 'true' })).toMatchObject({ color: false, width: Infinity });
  });
  it('takes the width and the colours of a terminal, unless NO_COLOR is set or it is dumb', () => {
    const terminal = { isTTY: true, columns: 90 };
    expect(styleOf({}, terminal, {})).toMatchObject({ color: true, width: 90 });
    expect(styleOf({}, terminal, { NO_COLOR: '1' }).color).toBe(false);
    expect(styleOf({}, terminal, { TERM: 'dumb' }).color).toBe(false);
  });
});

describe('performanceTable', () => {
  const estimates = makeResults([{ value: 0.97, period: 'reference' }, { value: 0.96, band: [0.95, 0.97], alert: true }, { value: 0.95, complete: false, final: false, targets: 0 }], { calculator: 'estimated_performance', metric: 'roc_auc' });
  const truths = makeResults([{ value: 0.98, period: 'reference' }, { value: 0.965 }, { value: null, complete: false, final: false, targets: 0 }], { calculator: 'realized_performance', metric: 'roc_auc' });
  const text = performanceTable([...estimates, ...truths], 'roc_auc', plain);

  it('has a row per analysis chunk with estimate, band, realized value, error and alert', () => {
    expect(text.split('\n').slice(2, 4).map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['0', '2 Jan 2024 00:00 – 23:59', '100', '0.9600', '0.9500 – 0.9700', '0.9650', '−0.0050', '◆ estimated'],
      ['1', '3 Jan 2024 00:00 – 23:59', '100 open', '0.9500', '–'],
    ]);
  });
  it('draws both lines and says how far the estimate was off', () => {
    expect(text).toContain('estimated  █▁  ◆ 1');
    expect(text).toContain('off by 0.005 in the one analysis chunk whose targets came');
  });
  it('shows the reference on request, and fits eighty columns', () => {
    const narrow = performanceTable([...estimates, ...truths], 'roc_auc', { color: false, width: 80, reference: true });
    expect(narrow).toContain('ref 0');
    expect(Math.max(...narrow.split('\n').slice(0, 5).map(columnsOf))).toBeLessThanOrEqual(80);
  });
  it('says so when there is nothing', () => expect(performanceTable([], 'roc_auc', plain)).toBe('no ROC AUC was computed yet'));
});

describe('rankingList', () => {
  it('draws a bar per column', () => {
    expect(rankingList([{ rank: 1, column: 'car_value', alerts: 10 }, { rank: 2, column: 'age', alerts: 0 }], 10, plain).split('\n')).toEqual([
      '1. car_value  ████████████████  ◆ 10 of 10 chunks',
      '2. age                          0 of 10 chunks',
    ]);
  });
});
