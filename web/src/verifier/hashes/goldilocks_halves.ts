/**
 * Fast arithmetic in F_p, p = 2^64 − 2^32 + 1, for permutations: no BigInt, no allocation.
 *
 * **Elements.** With φ = 2^32, p = φ² − φ + 1. An element is a pair of doubles (l, h) that stands for l + hφ. Both are
 * integers, of either sign, and may be larger than 32 bits: a *lazy* pair, one of many for the same element. Sums and small
 * multiples of elements are those of the pairs, with no reduction, as long as both stay below 2^53 in magnitude.
 *
 * **Products.** As φ² = φ − 1, (l + hφ)(m + kφ) = T + Sφ with T = lm − hk and S = lk + hm + hk. A double cannot hold T or S,
 * but two views of one number together can: its lowest 32 bits, exactly, by `Math.imul` (which takes its arguments modulo
 * φ), and its leading bits, by doubles. With S₀ the lowest bits as a signed number, S − S₀ is a multiple of φ, so that
 * S₁ = (S − S₀)/φ is what the rounded quotient of the double is nearest to. Then
 *
 *     T + Sφ = T₀ + T₁φ + S₀φ + S₁φ² = (T₀ − S₁) + (T₁ + S₀ + S₁)φ.
 *
 * **Why this is exact.** Low parts are at most 2^38 and high parts at most 2^32 (+ 2^14) in magnitude where products are
 * taken. So T, S and all intermediate results are below 2^77, and each of at most six roundings (three products, two
 * sums, the subtraction of S₀) is wrong by at most half a unit in the last place, 2^(76−53). Divided by φ, all of them make
 * less than 6·2^23/2^32 < 2^−6: the integer nearest to the quotient is the right one. The quotient is below 2^45, and rounding by
 * adding and subtracting 1.5·2^52 is exact below 2^51.
 */

/** x + ROUND − ROUND is the integer nearest to x, for |x| < 2^51: at the size of ROUND, doubles are integers. */
const ROUND = 6755399441055744; // 1.5·2^52
const PHI = 4294967296;
const PER_PHI = 1 / PHI;

/** Elements of a state of the permutations over Goldilocks. */
export const GOLDILOCKS_WIDTH = 12;

/** A state: its low parts are entries 0 … 11, its high parts 12 … 23. */
export type PairState = Float64Array;

/**
 * Makes the pairs of a state small: |l|, |h| ≤ 2^31 + 2^21, of pairs up to 2^52.
 *
 * The first carry leaves |l| ≤ 2^31 and |h| ≤ 2^52 + 2^20; the second leaves |h| ≤ 2^31 and is m ≤ 2^20 + 1, and
 * mφ² = mφ − m.
 */
export function shrinkPairs(state: PairState): void {
  for (let i = 0; i < GOLDILOCKS_WIDTH; i++) {
    let l = state[i]!;
    let h = state[i + 12]!;
    const k = l * PER_PHI + ROUND - ROUND;
    l -= k * PHI;
    h += k;
    const m = h * PER_PHI + ROUND - ROUND;
    state[i] = l - m;
    state[i + 12] = h - m * PHI + m;
  }
}

/**
 * out_i ← a_i·b_i for the first so many elements of three states, which may be the same.
 *
 * Takes |l| ≤ 2^38 and |h| ≤ 2^32 + 2^14. The high part is carried once and comes out at 2^31 + 2^14 at the most. If both
 * high parts came so, then |S₁| is at most φ/4 and the mean of the two low parts, and the low part comes out at that mean plus
 * 0.8φ at the most: dozens of products can follow each other with no other carry.
 */
export function multiplyPairs(out: PairState, a: PairState, b: PairState, count: number): void {
  for (let i = 0; i < count; i++) {
    const l = a[i]!;
    const h = a[i + 12]!;
    const m = b[i]!;
    const k = b[i + 12]!;
    const hk = h * k;
    const hkLow = Math.imul(h, k);
    const t0 = (Math.imul(l, m) - hkLow) | 0;
    const s0 = (Math.imul(l, k) + Math.imul(h, m) + hkLow) | 0;
    const t1 = (l * m - hk - t0) * PER_PHI + ROUND - ROUND;
    const s1 = (l * k + h * m + hk - s0) * PER_PHI + ROUND - ROUND;
    const high = t1 + s0 + s1;
    const c = high * PER_PHI + ROUND - ROUND;
    out[i] = t0 - s1 - c;
    out[i + 12] = high - c * PHI + c;
  }
}

/** out_i ← a_i², as `multiplyPairs`: T = (l − h)(l + h), and S = h·(2l + h). */
export function squarePairs(out: PairState, a: PairState, count: number): void {
  for (let i = 0; i < count; i++) {
    const l = a[i]!;
    const h = a[i + 12]!;
    const difference = l - h;
    const sum = l + h;
    const other = sum + l;
    const t0 = Math.imul(difference, sum);
    const s0 = Math.imul(h, other);
    const t1 = (difference * sum - t0) * PER_PHI + ROUND - ROUND;
    const s1 = (h * other - s0) * PER_PHI + ROUND - ROUND;
    const high = t1 + s0 + s1;
    const c = high * PER_PHI + ROUND - ROUND;
    out[i] = t0 - s1 - c;
    out[i + 12] = high - c * PHI + c;
  }
}

/** Reads canonical words: low and high halves in turn, as in a row. */
export function pairsOfWords(state: PairState, words: Uint32Array): void {
  for (let i = 0; i < GOLDILOCKS_WIDTH; i++) {
    state[i] = words[2 * i]!;
    state[i + 12] = words[2 * i + 1]!;
  }
}

/** Writes pairs up to 2^52 as canonical words: below p, low and high halves in turn. */
export function wordsOfPairs(words: Uint32Array, state: PairState): void {
  shrinkPairs(state);
  for (let i = 0; i < GOLDILOCKS_WIDTH; i++) {
    let l = state[i]!;
    let h = state[i + 12]!;
    // The number is between −(2^63 + 2^54) and 2^63 + 2^54: if it is negative, then p brings it to 0 … p − 1.
    if (l < 0) {
      l += PHI;
      h -= 1;
    }
    if (h < 0) {
      // p = 1 + (φ − 1)φ
      l += 1;
      h += PHI - 1;
      if (l === PHI) {
        l = 0;
        h += 1;
      }
    }
    words[2 * i] = l;
    words[2 * i + 1] = h;
  }
}

/** A table of constants: the low parts of all numbers, then their high parts. */
export function pairsOfNumbers(numbers: readonly bigint[]): Float64Array {
  const out = new Float64Array(2 * numbers.length);
  numbers.forEach((x, i) => {
    out[i] = Number(x & 0xffffffffn);
    out[i + numbers.length] = Number(x >> 32n);
  });
  return out;
}

const squares: PairState = new Float64Array(24);

/** The first so many elements of a shrunk state to the seventh power: then |l| ≤ 2.7φ, and |h| ≤ 2^31 + 2^14. */
export function seventhPowers(state: PairState, count: number): void {
  squarePairs(squares, state, count);
  multiplyPairs(state, squares, state, count);
  squarePairs(squares, squares, count);
  multiplyPairs(state, state, squares, count);
}

/** A circulant matrix in the form that `multiplyCirculant` takes: twelve multiples of 1/4. */
export type CirculantKernel = Float64Array;

/** The kernel of the circulant matrix with this first row: m_{(j − i) mod 12} in row i, column j. */
export function circulantKernel(row: readonly number[]): CirculantKernel {
  const kernel = new Float64Array(12);
  for (let b = 0; b < 3; b++) {
    const [m0, m3, m6, m9] = [0, 3, 6, 9].map((k) => row[(12 - k - b) % 12]!) as [number, number, number, number];
    kernel[b] = (m0 + m3 + m6 + m9) / 4;
    kernel[b + 3] = (m0 - m3 + m6 - m9) / 4;
    kernel[b + 6] = (m0 - m6) / 2;
    kernel[b + 9] = (m3 - m9) / 2;
  }
  return kernel;
}

/**
 * The state multiplied by a circulant matrix: pairs grow by the sum of the row.
 *
 * With s(x) = Σ s_i x^i and m(x) = Σ m_{−i mod 12} x^i, it is s(x)·m(x) modulo x^12 − 1. Written with u = x³, s and m
 * are of degree 2 in x, with coefficients modulo u^4 − 1; so one product modulo x³ − u for each of u = 1, u = −1
 * and u = √−1 is enough, 54 multiplications instead of 144. Sums and differences bring the three together, and the division
 * by 4 that they need is in the kernel. All numbers are multiples of 1/4, and sums of at most three times the
 * bound of a result: doubles hold them exactly if that bound, the sum of the row times that of the state, is below 2^49.
 */
export function multiplyCirculant(state: PairState, kernel: CirculantKernel): void {
  const p0 = kernel[0]!;
  const p1 = kernel[1]!;
  const p2 = kernel[2]!;
  const n0 = kernel[3]!;
  const n1 = kernel[4]!;
  const n2 = kernel[5]!;
  const r0 = kernel[6]!;
  const r1 = kernel[7]!;
  const r2 = kernel[8]!;
  const i0 = kernel[9]!;
  const i1 = kernel[10]!;
  const i2 = kernel[11]!;
  for (let at = 0; at < 24; at += 12) {
    const s0 = state[at]!;
    const s1 = state[at + 1]!;
    const s2 = state[at + 2]!;
    const s3 = state[at + 3]!;
    const s4 = state[at + 4]!;
    const s5 = state[at + 5]!;
    const s6 = state[at + 6]!;
    const s7 = state[at + 7]!;
    const s8 = state[at + 8]!;
    const s9 = state[at + 9]!;
    const s10 = state[at + 10]!;
    const s11 = state[at + 11]!;
    // u = √−1: real and imaginary parts
    const a0 = s0 - s6;
    const a1 = s1 - s7;
    const a2 = s2 - s8;
    const b0 = s3 - s9;
    const b1 = s4 - s10;
    const b2 = s5 - s11;
    const y0 = a0 * r0 - b0 * i0 - (a1 * i2 + b1 * r2) - (a2 * i1 + b2 * r1);
    const z0 = a0 * i0 + b0 * r0 + (a1 * r2 - b1 * i2) + (a2 * r1 - b2 * i1);
    const y1 = a0 * r1 - b0 * i1 + (a1 * r0 - b1 * i0) - (a2 * i2 + b2 * r2);
    const z1 = a0 * i1 + b0 * r1 + (a1 * i0 + b1 * r0) + (a2 * r2 - b2 * i2);
    const y2 = a0 * r2 - b0 * i2 + (a1 * r1 - b1 * i1) + (a2 * r0 - b2 * i0);
    const z2 = a0 * i2 + b0 * r2 + (a1 * i1 + b1 * r1) + (a2 * i0 + b2 * r0);
    // u = 1 and u = −1
    const c0 = s0 + s6;
    const c1 = s1 + s7;
    const c2 = s2 + s8;
    const d0 = s3 + s9;
    const d1 = s4 + s10;
    const d2 = s5 + s11;
    const e0 = c0 + d0;
    const e1 = c1 + d1;
    const e2 = c2 + d2;
    const f0 = c0 - d0;
    const f1 = c1 - d1;
    const f2 = c2 - d2;
    const g0 = e0 * p0 + e1 * p2 + e2 * p1;
    const g1 = e0 * p1 + e1 * p0 + e2 * p2;
    const g2 = e0 * p2 + e1 * p1 + e2 * p0;
    const h0 = f0 * n0 - f1 * n2 - f2 * n1;
    const h1 = f0 * n1 + f1 * n0 - f2 * n2;
    const h2 = f0 * n2 + f1 * n1 + f2 * n0;
    state[at] = g0 + h0 + y0;
    state[at + 1] = g1 + h1 + y1;
    state[at + 2] = g2 + h2 + y2;
    state[at + 3] = g0 - h0 + z0;
    state[at + 4] = g1 - h1 + z1;
    state[at + 5] = g2 - h2 + z2;
    state[at + 6] = g0 + h0 - y0;
    state[at + 7] = g1 + h1 - y1;
    state[at + 8] = g2 + h2 - y2;
    state[at + 9] = g0 - h0 - z0;
    state[at + 10] = g1 - h1 - z1;
    state[at + 11] = g2 - h2 - z2;
  }
}

/** Adds the twelve constants that begin at an entry of a table. */
export function addConstants(state: PairState, table: Float64Array, at: number): void {
  const highs = table.length / 2;
  for (let i = 0; i < 12; i++) {
    state[i]! += table[at + i]!;
    state[i + 12]! += table[highs + at + i]!;
  }
}

/** What the three sponges over Goldilocks have in common. */
export const GOLDILOCKS_SPONGE = {
  wordBound: 0xffffffff00000001n,
  wordBits: 63,
  digestWords: 4,
  entries: 2,
  width: GOLDILOCKS_WIDTH,
  rate: 8,
  domainBytes: 7,
} as const;
