/** Discrete Fourier transform of a length that is a power of two, in place. */

/**
 * X[k] = Σ x[j] · exp(∓2πi·j·k/n), without a factor; `inverse` takes the other sign.
 *
 * @param real, imaginary both of length n, a power of two; they are overwritten
 * Cost O(n log n). Source: Cooley and Tukey 1965, radix 2; the factors come from a table, so that rounding grows like log n.
 */
export function transform(real: Float64Array, imaginary: Float64Array, inverse: boolean): void {
  const n = real.length;
  reverseBits(real, imaginary);
  const half = n >> 1;
  const cosine = new Float64Array(half);
  const sine = new Float64Array(half);
  for (let k = 0; k < half; k++) {
    cosine[k] = Math.cos((2 * Math.PI * k) / n);
    sine[k] = (inverse ? 1 : -1) * Math.sin((2 * Math.PI * k) / n);
  }
  for (let size = 2; size <= n; size *= 2) {
    const middle = size >> 1;
    const stride = n / size;
    for (let start = 0; start < n; start += size) {
      for (let k = 0; k < middle; k++) {
        const a = start + k;
        const b = a + middle;
        const c = cosine[k * stride]!;
        const s = sine[k * stride]!;
        const re = real[b]! * c - imaginary[b]! * s;
        const im = real[b]! * s + imaginary[b]! * c;
        real[b] = real[a]! - re;
        imaginary[b] = imaginary[a]! - im;
        real[a] = real[a]! + re;
        imaginary[a] = imaginary[a]! + im;
      }
    }
  }
}

/** Puts element i where the bits of i stand in the opposite order. */
function reverseBits(real: Float64Array, imaginary: Float64Array): void {
  const n = real.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; (j & bit) !== 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    const re = real[i]!;
    const im = imaginary[i]!;
    real[i] = real[j]!;
    imaginary[i] = imaginary[j]!;
    real[j] = re;
    imaginary[j] = im;
  }
}
