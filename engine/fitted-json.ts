/**
 * Fitted state as JSON text and back, to the last bit. What JSON cannot write is tagged:
 * NaN, ±∞ and −0 as {"$":"NaN"}; short typed arrays as {"$":"Float64Array","values":[…]}, long ones as {"$":"Float64Array","base64":"…"}, their bytes in
 * little-endian order: two thirds of the length, and many times faster.
 */
import { InvalidInput } from '../domain/errors.js';
import type { CalculatorKind } from '../domain/measurement.js';
import type { EngineKind } from './calculator.js';
import type { FittedCalculatorOf } from './catalogue.js';

const TYPED_ARRAYS = { Float64Array, Float32Array, Int32Array, Uint32Array, Uint16Array, Uint8Array } as const;
type TypedArrayName = keyof typeof TYPED_ARRAYS;
type TypedArray = Float64Array | Float32Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

/** From this length on an array is written as bytes; shorter ones can be read by people. */
const LONG = 64;
/** Bytes that are turned into text at once; a multiple of 3, so that the pieces can be joined. */
const PIECE = 3 * 8192;

const SPECIAL: Record<string, number> = { NaN, Infinity, '-Infinity': -Infinity, '-0': -0 };
const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function tagNumber(value: number): unknown {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value;
  return { $: Object.is(value, -0) ? '-0' : String(value) };
}

function encode(value: unknown): unknown {
  if (typeof value === 'number') return tagNumber(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(encode);
  for (const name of Object.keys(TYPED_ARRAYS) as TypedArrayName[]) {
    if (value instanceof TYPED_ARRAYS[name]) return value.length < LONG ? { $: name, values: Array.from(value, tagNumber) } : { $: name, base64: toBase64(littleEndianBytes(value)) };
  }
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, encode(part)]));
}

/** A copy, in which every NaN has the same bytes: equal states shall give equal text. */
function littleEndianBytes(array: TypedArray): Uint8Array {
  const copy = array.slice();
  if (copy instanceof Float64Array) {
    const words = new Uint32Array(copy.buffer);
    const [low, high] = IS_LITTLE_ENDIAN ? [0, 1] : [1, 0];
    for (let i = 0; i < copy.length; i++) {
      if (copy[i] === copy[i]) continue;
      words[2 * i + low] = 0;
      words[2 * i + high] = 0x7ff80000;
    }
  }
  return swapped(new Uint8Array(copy.buffer), array.BYTES_PER_ELEMENT);
}

/** In place: on a big-endian machine each element's bytes are turned around. */
function swapped<T extends Uint8Array>(bytes: T, width: number): T {
  if (!IS_LITTLE_ENDIAN) for (let start = 0; start < bytes.length; start += width) bytes.subarray(start, start + width).reverse();
  return bytes;
}

function toBase64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let start = 0; start < bytes.length; start += PIECE) pieces.push(btoa(String.fromCharCode(...bytes.subarray(start, start + PIECE))));
  return pieces.join('');
}

function fromBase64(name: TypedArrayName, text: string): TypedArray {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  const type = TYPED_ARRAYS[name];
  if (bytes.length % type.BYTES_PER_ELEMENT !== 0) throw new InvalidInput(`fitted state holds a ${name} of ${bytes.length} bytes, that is no multiple of ${type.BYTES_PER_ELEMENT}`);
  const { buffer } = swapped(bytes, type.BYTES_PER_ELEMENT);
  return new type(buffer);
}

function decode(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(decode);
  if ('$' in value && typeof value.$ === 'string') {
    if (value.$ in SPECIAL) return SPECIAL[value.$];
    if (value.$ in TYPED_ARRAYS) {
      const name = value.$ as TypedArrayName;
      if ('base64' in value && typeof value.base64 === 'string') return fromBase64(name, value.base64);
      if ('values' in value && Array.isArray(value.values)) return TYPED_ARRAYS[name].from(value.values.map((one) => decode(one) as number));
    }
    throw new InvalidInput(`fitted state holds the unknown tag '${value.$}'`);
  }
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, decode(part)]));
}

/** Any plain data that may hold typed arrays, e.g. a boosting: the same data give the same text. */
export function toExactJson(value: unknown): string {
  return JSON.stringify(encode(value));
}

/** Data that `toExactJson` wrote. @throws InvalidInput for a tag that it did not write */
export function fromExactJson(text: string): unknown {
  return decode(JSON.parse(text));
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
