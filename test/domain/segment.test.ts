import { describe, expect, it } from 'vitest';
import { decisionText } from '../../domain/names.js';
import { chooseSegments, chunkingOf, newValueNotes, segmentColumns, segmentText, settingsOf } from '../../domain/segment.js';
import { defaultSettings } from '../../domain/settings.js';

const counts = { column: 'colour', values: [['red', 900], ['green', 700], ['blue', 600], ['grey', 40]] as [string, number][], distinct: 4, missing: 0 };

describe('chooseSegments', () => {
  it('takes the values with enough rows in the reference, the most frequent first', () => {
    const { segments, notes } = chooseSegments([{ ...counts, values: counts.values.slice(0, 3), distinct: 3 }], { by: ['colour'] });
    expect(segments).toEqual([{ column: 'colour', value: 'red', referenceRows: 900 }, { column: 'colour', value: 'green', referenceRows: 700 }, { column: 'colour', value: 'blue', referenceRows: 600 }]);
    expect(notes).toEqual([]);
  });

  it('says what is left out and why', () => {
    const { segments, notes } = chooseSegments([{ ...counts, missing: 12 }], { by: ['colour'], maxValues: 2 });
    expect(segments.map(({ value }) => value)).toEqual(['red', 'green']);
    expect(notes).toEqual([
      "segments by 'colour': 1 value is left out, only the 2 most frequent are looked at (segments.maxValues; rows of the reference in brackets): 'blue' (600)",
      "segments by 'colour': 1 value is left out, with fewer than 500 rows in the reference (segments.minReferenceRows): 'grey' (40)",
      "segments by 'colour': 12 rows of the reference have no value there and belong to no segment",
    ]);
  });

  it('counts values that were not kept among those with few rows', () => {
    const { notes } = chooseSegments([{ column: 'zip', values: [['1000', 2], ['1050', 1]], distinct: 30_000, missing: 0 }], { by: ['zip'] });
    expect(notes).toEqual(["segments by 'zip': 30000 values are left out, with fewer than 500 rows in the reference (segments.minReferenceRows): '1000' (2), '1050' (1) …"]);
  });

  it('takes no value that is longer than a name', () => {
    const { segments, notes } = chooseSegments([{ column: 'text', values: [['x'.repeat(201), 5_000]], distinct: 1, missing: 0 }], { by: ['text'] });
    expect(segments).toEqual([]);
    expect(notes[0]).toMatch(/longer than 200 characters/);
  });
});

describe('segments', () => {
  it('are told from all rows by their text', () => {
    expect(segmentText(null)).toBe('');
    expect(segmentText({ column: 'a=b', value: 'c' })).toBe('a=b=c');
  });

  it('are chunked as the model is, unless they have a chunking of their own', () => {
    const settings = { ...defaultSettings('regression', { kind: 'size', size: 5_000 }), segments: { by: ['colour'], chunking: { kind: 'period', period: 'W' } as const } };
    expect(chunkingOf(settings, null)).toEqual({ kind: 'size', size: 5_000 });
    expect(chunkingOf(settings, { column: 'colour', value: 'red' })).toEqual({ kind: 'period', period: 'W' });
    expect(settingsOf({ ...settings, segments: null }, { column: 'colour', value: 'red' }).chunking).toEqual({ kind: 'size', size: 5_000 });
  });

  it('can be made of categories that stand beside the features, not of numbers or of what comes late', () => {
    const columns = segmentColumns({
      problemType: 'classification_multiclass',
      columns: [
        { name: 'id', role: 'identifier', kind: 'text' }, { name: 'region', role: 'segment', kind: 'categorical' }, { name: 'colour', role: 'feature', kind: 'categorical' },
        { name: 'age', role: 'feature', kind: 'continuous' }, { name: 'class', role: 'prediction', kind: 'categorical' }, { name: 'truth', role: 'target', kind: 'categorical' }, { name: 'note', role: 'ignored', kind: 'categorical' },
      ],
    });
    expect(columns.map(({ name }) => name)).toEqual(['region', 'colour', 'class']);
  });
});

describe('newValueNotes', () => {
  it('adds up what the parts of a run found, one sentence per column', () => {
    expect(newValueNotes([{ column: 'colour', value: 'mauve', rows: 2 }, { column: 'colour', value: 'teal', rows: 4 }, { column: 'colour', value: 'mauve', rows: 3 }, { column: 'fuel', value: 'gas', rows: 1 }])).toEqual([
      "segments by 'colour': 'mauve' (5 rows), 'teal' (4 rows) are not in the reference: there is nothing to compare them with",
      "segments by 'fuel': 'gas' (1 row) is not in the reference: there is nothing to compare it with",
    ]);
  });
});

describe('decisionText', () => {
  it('names the segment before the kind, so that no two decisions have one text', () => {
    const incident = { kind: 'drift', cause: 'amount', openingChunk: '000003' };
    expect(decisionText(7, { ...incident, segment: '' }, 1)).toBe('7/drift/amount/000003/1');
    expect(decisionText(7, { ...incident, segment: 'colour=red' }, 2)).toBe('7/colour=red/drift/amount/000003/2');
    expect(decisionText(7, { ...incident, segment: 'a=b/drift/c' }, 1)).not.toBe(decisionText(7, { ...incident, segment: 'a=b', cause: 'c/drift/amount' }, 1));
  });
});
