import { describe, expect, it } from 'vitest';
import { TextDictionary } from '../../client/sources/text-dictionary.js';

describe('TextDictionary', () => {
  it('numbers texts in the order in which they come, and knows them again', () => {
    const dictionary = new TextDictionary();
    const code = (text: string): number => {
      const bytes = Buffer.from(`<${text}>`);
      return dictionary.codeOf(bytes, 1, bytes.length - 1);
    };
    expect(['b', 'a', 'b', '', 'ä', 'a', ''].map(code)).toEqual([0, 1, 0, 2, 3, 1, 2]);
    expect(dictionary.texts).toEqual(['b', 'a', '', 'ä']);
  });

  it('keeps apart thousands of texts, long and short, that begin and end alike', () => {
    const dictionary = new TextDictionary();
    const texts = Array.from({ length: 20_000 }, (_, i) => `customer-${'0'.repeat(i % 40)}-${i}-end`);
    const codes = (): number[] => texts.map((text) => dictionary.codeOf(Buffer.from(text), 0, text.length));
    expect(codes()).toEqual(texts.map((_, i) => i));
    expect(codes()).toEqual(texts.map((_, i) => i));
    expect(dictionary.texts).toEqual(texts);
  });
});
