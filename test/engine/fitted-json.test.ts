import { describe, expect, it } from 'vitest';
import { InvalidInput } from '../../domain/errors.js';
import { binFeatures, fitCalculator, fromExactJson, fromFittedJson, NO_COLUMNS, predictBoosting, toExactJson, toFittedJson, trainBoosting, type BoostedTrees, type EngineKind, type FittedCalculatorOf } from '../../engine/index.js';
import { loanFrame } from '../support/frames.js';

/** Any state under a real kind: what is written does not depend on it. */
const holding = (state: unknown) => ({ kind: 'missing_values', engineVersion: '2', chunkColumns: [], state, referencePoints: [], thresholdValues: [] }) as unknown as FittedCalculatorOf<EngineKind>;
const roundTrip = (state: unknown): unknown => fromFittedJson<EngineKind>(toFittedJson(holding(state))).state;

/** 200 doubles with everything that a double can be. */
const awkward = Float64Array.from({ length: 200 }, (_, i) => [NaN, Infinity, -Infinity, -0, 0, Number.MIN_VALUE, Number.MAX_VALUE, 0.1 + 0.2, -Math.PI * 10 ** (i - 100)][i % 9]!);
const same = (a: Float64Array, b: Float64Array) => a.length === b.length && a.every((value, i) => Object.is(value, b[i]));

describe('toExactJson and fromExactJson', () => {
  it('keep a boosting: it predicts the same bits', () => {
    const values = Float64Array.from({ length: 500 }, (_, i) => ((i * 7_919) % 1_009) / 1_009);
    const features = [{ name: 'x', kind: 'numeric' as const, values }];
    const model = trainBoosting(binFeatures(features), values.map((x) => (x > 0.4 ? 1 : 0)), { objective: 'binary', nEstimators: 5 });
    const read = fromExactJson(toExactJson({ model })) as { model: BoostedTrees };
    expect(predictBoosting(read.model, features)).toEqual(predictBoosting(model, features));
  });

  it('refuse a tag that they did not write', () => {
    expect(() => fromExactJson('{"$":"Map"}')).toThrow(InvalidInput);
  });
});

describe('toFittedJson and fromFittedJson', () => {
  it('keep long and short arrays of every type, to the last bit', () => {
    for (const length of [0, 1, 63, 64, 200]) {
      const got = roundTrip(awkward.slice(0, length));
      expect(got).toBeInstanceOf(Float64Array);
      expect(same(got as Float64Array, awkward.slice(0, length))).toBe(true);
    }
    for (const length of [3, 100]) {
      const whole = Array.from({ length }, (_, i) => i * 2);
      for (const array of [Int32Array.from(whole, (value) => value - 100), Uint32Array.from(whole), Uint16Array.from(whole), Uint8Array.from(whole), Float32Array.from(whole, (value) => value / 3)]) {
        expect(roundTrip({ deep: [array] })).toStrictEqual({ deep: [array] });
      }
    }
  });

  it('keep a view of a larger array as what it shows', () => {
    expect(same(roundTrip(awkward.subarray(50, 150)) as Float64Array, awkward.slice(50, 150))).toBe(true);
  });

  it('keep numbers, texts, nothing, and what stands in arrays', () => {
    const state = { a: [1, -0, NaN, Infinity, 1e-320], b: { c: 'ü"\\', d: null, e: true }, f: [] };
    expect(roundTrip(state)).toEqual(state);
    expect(Object.is((roundTrip(state) as typeof state).a[1], -0)).toBe(true);
  });

  it('give the same text for the same state, whatever bits a NaN came with', () => {
    const odd = Float64Array.from({ length: 80 }, () => NaN);
    new Uint32Array(odd.buffer)[4] = 12345;
    expect(toFittedJson(holding(odd))).toBe(toFittedJson(holding(new Float64Array(80).fill(NaN))));
  });

  it('read what was written before arrays were packed', () => {
    const old = '{"kind":"unseen_values","engineVersion":"1","chunkColumns":[],"state":{"x":{"$":"Float64Array","values":[1,{"$":"NaN"},{"$":"-0"}]}},"referencePoints":[],"thresholdValues":[]}';
    expect(fromFittedJson<EngineKind>(old).state).toEqual({ x: Float64Array.of(1, NaN, -0) });
  });

  it('write a large reference in less than two thirds more than its bytes', () => {
    const reference = loanFrame(5000, 1);
    const fitted = fitCalculator({ kind: 'domain_classifier', columns: { ...NO_COLUMNS, continuous: ['amount', 'rate'], categorical: ['city'] }, settings: {} }, reference, []);
    expect(toFittedJson(fitted).length).toBeLessThan((5 / 3) * 5000 * (8 + 8 + 4));
    expect(fromFittedJson<EngineKind>(toFittedJson(fitted))).toEqual(fitted);
  });

  it('refuse what is no fitted calculator, an unknown tag, and bytes that are cut off', () => {
    expect(() => fromFittedJson('{"a":1}')).toThrow(InvalidInput);
    expect(() => fromFittedJson('{"kind":"x","state":{"$":"BigInt64Array","values":[]}}')).toThrow("unknown tag 'BigInt64Array'");
    expect(() => fromFittedJson('{"kind":"x","state":{"$":"Float64Array","base64":"AAAA"}}')).toThrow('a Float64Array of 3 bytes, that is no multiple of 8');
  });
});
