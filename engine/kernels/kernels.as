/**
 * Kernels of the calculators in AssemblyScript; scripts/build-kernels.mjs makes kernels.wasm.ts of it.
 * Every lane is a row of its own, and each row's sums run in the order of columns: bits are those of the JavaScript beside it. No fused multiply-add anywhere.
 */

// @ts-ignore: decorator
@inline
function standardized(x: v128, fill: v128, mean: v128, scale: v128): v128 {
  return f64x2.div(f64x2.sub(v128.bitselect(x, fill, f64x2.eq(x, x)), mean), scale);
}

/**
 * Lengths of the rows' projections on some unit vectors.
 *
 * columns: width × stride doubles; terms: width × (fill, mean, scale); vectors: count × width doubles; scratch: width × 64 bytes; out: rows doubles, rows a multiple of 8
 */
export function residualLengths(columns: usize, stride: i32, width: i32, terms: usize, vectors: usize, count: i32, scratch: usize, rows: i32, out: usize): void {
  const step = <usize>stride << 3;
  for (let row = 0; row < rows; row += 8) {
    let at = columns + (<usize>row << 3);
    let term = terms;
    let z = scratch;
    for (let a = 0; a < width; a++) {
      const fill = v128.load64_splat(term);
      const mean = v128.load64_splat(term, 8);
      const scale = v128.load64_splat(term, 16);
      v128.store(z, standardized(v128.load(at), fill, mean, scale));
      v128.store(z, standardized(v128.load(at, 16), fill, mean, scale), 16);
      v128.store(z, standardized(v128.load(at, 32), fill, mean, scale), 32);
      v128.store(z, standardized(v128.load(at, 48), fill, mean, scale), 48);
      at += step;
      term += 24;
      z += 64;
    }
    let s0 = f64x2.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let vector = vectors;
    for (let k = 0; k < count; k++) {
      let p0 = f64x2.splat(0);
      let p1 = p0;
      let p2 = p0;
      let p3 = p0;
      z = scratch;
      for (let a = 0; a < width; a++) {
        const weight = v128.load64_splat(vector);
        p0 = f64x2.add(p0, f64x2.mul(weight, v128.load(z)));
        p1 = f64x2.add(p1, f64x2.mul(weight, v128.load(z, 16)));
        p2 = f64x2.add(p2, f64x2.mul(weight, v128.load(z, 32)));
        p3 = f64x2.add(p3, f64x2.mul(weight, v128.load(z, 48)));
        vector += 8;
        z += 64;
      }
      s0 = f64x2.add(s0, f64x2.mul(p0, p0));
      s1 = f64x2.add(s1, f64x2.mul(p1, p1));
      s2 = f64x2.add(s2, f64x2.mul(p2, p2));
      s3 = f64x2.add(s3, f64x2.mul(p3, p3));
    }
    const target = out + (<usize>row << 3);
    v128.store(target, f64x2.sqrt(s0));
    v128.store(target, f64x2.sqrt(s1), 16);
    v128.store(target, f64x2.sqrt(s2), 32);
    v128.store(target, f64x2.sqrt(s3), 48);
  }
}
