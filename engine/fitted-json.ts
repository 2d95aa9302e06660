/**
 * Fitted state as JSON text and back, to the last bit. What JSON cannot write is tagged:
 * NaN, ±∞ and −0 as {"$":"NaN"}, typed arrays as {"$":"Float64Array","values":[…]}.
 */
import { InvalidInput } from '../domain/errors.js';
import type { CalculatorKind } from '../domain/measurement.js';
import type { EngineKind } from './calculator.js';
import type { FittedCalculatorOf } from './catalogue.js';

const TYPED_ARRAYS = { Float64Array, Int32Array, Uint32Array, Uint8Array } as const;
type TypedArrayName = keyof typeof TYPED_ARRAYS;

const SPECIAL: Record<string, number> = { NaN, Infinity, '-Infinity': -Infinity, '-0': -0 };

function tagNumber(value: number): unknown {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value;
  return { $: Object.is(value, -0) ? '-0' : String(value) };
}

function encode(value: unknown): unknown {
  if (typeof value === 'number') return tagNumber(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(encode);
  for (const name of Object.keys(TYPED_ARRAYS) as TypedArrayName[]) {
    if (value instanceof TYPED_ARRAYS[name]) return { $: name, values: Array.from(value, tagNumber) };
  }
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, encode(part)]));
}

function decode(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(decode);
  if ('$' in value && typeof value.$ === 'string') {
    if (value.$ in SPECIAL) return SPECIAL[value.$];
    if (value.$ in TYPED_ARRAYS && 'values' in value && Array.isArray(value.values)) return TYPED_ARRAYS[value.$ as TypedArrayName].from(value.values.map((one) => decode(one) as number));
    throw new InvalidInput(`fitted state holds the unknown tag '${value.$}'`);
  }
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, decode(part)]));
}

/** The same state gives the same text. */
export function toFittedJson(fitted: FittedCalculatorOf<EngineKind>): string {
  return JSON.stringify(encode(fitted));
}

/** @throws InvalidInput when the text is not the JSON of a fitted calculator */
export function fromFittedJson<K extends EngineKind = CalculatorKind>(text: string): FittedCalculatorOf<K> {
  const fitted = decode(JSON.parse(text));
  if (fitted === null || typeof fitted !== 'object' || !('kind' in fitted) || !('state' in fitted)) throw new InvalidInput('this JSON is no fitted calculator: it has no kind or state');
  return fitted as FittedCalculatorOf<K>;
}
