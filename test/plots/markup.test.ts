import { describe, expect, it } from 'vitest';
import { el, escapeText, join, raw } from '../../plots/markup.js';

describe('el', () => {
  it('writes attributes and children, numbers with two decimals', () => {
    expect(el('text', { x: 1.23456, class: 'a' }, 'word').markup).toBe('<text x="1.23" class="a">word</text>');
  });
  it('escapes text and attribute values, so that data cannot become an element', () => {
    expect(el('text', { id: '"><script>' }, '<b>&"').markup).toBe('<text id="&quot;&gt;&lt;script&gt;">&lt;b&gt;&amp;&quot;</text>');
  });
  it('leaves out attributes that are null, undefined or false, and children likewise', () => {
    expect(el('g', { a: null, b: undefined, c: false, d: true }, null, false, [undefined, 'x']).markup).toBe('<g d="">x</g>');
  });
  it('refuses a number that is not finite', () => {
    expect(() => el('rect', { width: NaN })).toThrow('attribute width of <rect> is NaN');
    expect(() => el('rect', { x: Infinity })).toThrow(TypeError);
  });
  it('never closes an element in its own tag, which HTML would misread; void ones have no end', () => {
    expect(el('div').markup).toBe('<div></div>');
    expect(el('meta', { charset: 'utf-8' }).markup).toBe('<meta charset="utf-8">');
  });
  it('keeps markup that el made as it is', () => {
    expect(el('g', {}, join([el('a'), raw('<b></b>')])).markup).toBe('<g><a></a><b></b></g>');
  });
});

describe('escapeText', () => {
  it('replaces what XML forbids: control characters and lone surrogates', () => {
    expect(escapeText('a\u0000b\u001bc\ud800d')).toBe('a\ufffdb\ufffdc\ufffdd');
    expect(escapeText('tab\tline\n😀')).toBe('tab\tline\n😀');
  });
});
