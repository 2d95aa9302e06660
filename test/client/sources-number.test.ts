import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumberScanner } from '../../client/sources/number.js';

const scanner = new NumberScanner();

function scan(text: string): number {
  const bytes = Buffer.from(`${text},`);
  const value = scanner.scan(bytes, 0);
  return scanner.at === text.length ? value : NaN;
}

function doubleOf(bits: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

describe('NumberScanner reads what Number reads, to the last bit', () => {
  it.each([
    '0', '-0', '+7', '007', '.5', '5.', '5.e3', '1e5', '1E+5', '1e-400', '1e309', '-1e309', '0e999', '0.1', '0.30000000000000004',
    '9007199254740993', '9007199254740992.5', '123456789012345678', '8.5e22', '1e23', '5e-324', '2.2250738585072014e-308', '1.7976931348623157e308',
    '7.2057594037927933e16', '6.631236846766476e-316', '00000000000000000000001.5', '3.14159265358979323846264338327950288',
  ])('%s', (text) => {
    expect(Object.is(scan(text), Number(text))).toBe(true);
  });

  it('any double in its shortest form', () => {
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Object.is(scan(String(value)), Number(String(value)))).toBe(true);
    }), { numRuns: 5000 });
  });

  it('any digits with any exponent', () => {
    fc.assert(fc.property(fc.stringMatching(/^[0-9]{1,25}$/), fc.integer({ min: -330, max: 330 }), fc.nat(25), (digits, exponent, point) => {
      const at = Math.min(point, digits.length);
      const text = `${digits.slice(0, at)}.${digits.slice(at)}e${exponent}`;
      expect(Object.is(scan(text), Number(text))).toBe(true);
    }), { numRuns: 20_000 });
  });

  it('halfway points between two doubles, and their neighbours', () => {
    fc.assert(fc.property(fc.bigInt({ min: 2n ** 52n, max: 2n ** 53n - 1n }), fc.integer({ min: 0, max: 9 }), fc.integer({ min: -1, max: 1 }), (mantissa, shift, off) => {
      const text = String((mantissa * 2n + 1n) * 2n ** BigInt(shift) + BigInt(off));
      expect(scan(text)).toBe(Number(text));
      expect(scan(`${text}e-20`)).toBe(Number(`${text}e-20`));
    }), { numRuns: 10_000 });
  });

  it('doubles of random bits with 17 digits', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (bits) => {
      const value = doubleOf(bits);
      if (Number.isFinite(value)) expect(Object.is(scan(value.toPrecision(17)), value)).toBe(true);
    }), { numRuns: 5000 });
  });

  it.each(['', '-', '+', '.', 'e5', '1e', '1e+', '- 5', 'x', 'NaN', 'Infinity', '--1'])('%j is no number', (text) => {
    expect(scan(text)).toBeNaN();
  });

  it.each([['1x', 1], ['0x10', 1], ['1_000', 1], ['1.5.5', 3], ['5-', 1]])('%j ends at %d', (text, end) => {
    scanner.scan(Buffer.from(`${text},`), 0);
    expect(scanner.at).toBe(end);
  });
});
