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
 * **Why this is exact.** If |l|, |h|, |m|, |k| ≤ 2^38, then T and S are at most 3·2^76 < 2^78, and so is every intermediate
 * result; each of the at most six roundings (three products, two sums, the subtraction of S₀) is wrong by at most half a
 * unit in the last place, 2^(77−53) = 2^24. Divided by φ, the quotient is wrong by less than 6·2^24/2^32 < 2^−5: the nearest
 * integer is the right one. It is at most 2^46, and rounding to the nearest integer by adding and subtracting
 * 1.5·2^52 is exact below 2^51.
 *
 * **Size of a product.** With |l|, |m| ≤ aφ, bφ and |h|, |k| ≤ cφ, dφ: |T₀ − S₁| ≤ (½ + ad + bc + cd)φ + 1, and
 * |T₁ + S₀ + S₁| ≤ (½ + ab + ad + bc + 2cd)φ + 2.
 */

/** x + ROUND − ROUND is the integer nearest to x, for |x| < 2^51: at this size, doubles are integers. */
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
 * out_i ← a_i·b_i for elements from … until − 1 of three states, which may be the same.
 *
 * Both low parts up to 2^38 and high parts up to 2^32, or all up to 2^36, are small enough. The high part is carried once, so
 * that it comes out at 2^31 + 2^15 at the most; if both high parts were as small, then the low part comes out
 * at most φ above the mean of the two low ones: products may be chained, and the low parts grow but by φ a product.
 */
export function multiplyPairs(out: PairState, a: PairState, b: PairState, from: number, until: number): void {
  for (let i = from; i < until; i++) {
    const l = a[i]!;
    const h = a[i + 12]!;
    const m = b[i]!;
    const k = b[i + 12]!;
    const hk0 = Math.imul(h, k);
    const hk = h * k;
    const t0 = (Math.imul(l, m) - hk0) | 0;
    const s0 = (Math.imul(l, k) + Math.imul(h, m) + hk0) | 0;
    const t1 = (l * m - hk - t0) * PER_PHI + ROUND - ROUND;
    const s1 = (l * k + h * m + hk - s0) * PER_PHI + ROUND - ROUND;
    const high = t1 + s0 + s1;
    const c = high * PER_PHI + ROUND - ROUND;
    out[i] = t0 - s1 - c;
    out[i + 12] = high - c * PHI + c;
  }
}

/** The pairs of canonical words (low and high halves in turn, as in a row). */
export function pairsOfWords(state: PairState, words: Uint32Array): void {
  for (let i = 0; i < GOLDILOCKS_WIDTH; i++) {
    state[i] = words[2 * i]!;
    state[i + 12] = words[2 * i + 1]!;
  }
}

/** The canonical words of pairs up to 2^52: below p, low and high halves in turn. */
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

/** The numbers as pairs, low parts of all of them first: a table of constants. */
export function pairsOfNumbers(numbers: readonly bigint[]): Float64Array {
  const out = new Float64Array(2 * numbers.length);
  numbers.forEach((x, i) => {
    out[i] = Number(x & 0xffffffffn);
    out[i + numbers.length] = Number(x >> 32n);
  });
  return out;
}

const squares: PairState = new Float64Array(24);

/**
 * The first so many elements to the seventh power. Of pairs that were shrunk, possibly with canonical constants added
 * since (|l|, |h| ≤ 2^33), the powers have |l| ≤ 2^35 and |h| ≤ 2^31 + 2^15.
 */
export function seventhPowers(state: PairState, count: number): void {
  multiplyPairs(squares, state, state, 0, count);
  multiplyPairs(state, squares, state, 0, count);
  multiplyPairs(squares, squares, squares, 0, count);
  multiplyPairs(state, state, squares, 0, count);
}

/**
 * The state multiplied by a circulant matrix, of its first row: m_{(j − i) mod 12} in row i, column j. Pairs grow by the sum
 * of the row.
 */
export function multiplyCirculant(state: PairState, row: readonly number[]): void {
  const [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11] = row as readonly [
    number, number, number, number, number, number, number, number, number, number, number, number,
  ];
  for (let half = 0; half < 24; half += 12) {
    // Twice in a row, so that row i of the matrix meets what begins at entry i.
    for (let i = 0; i < 12; i++) twice[i] = twice[i + 12] = state[half + i]!;
    for (let i = 0; i < 12; i++) {
      state[half + i] =
        m0 * twice[i]! +
        m1 * twice[i + 1]! +
        m2 * twice[i + 2]! +
        m3 * twice[i + 3]! +
        m4 * twice[i + 4]! +
        m5 * twice[i + 5]! +
        m6 * twice[i + 6]! +
        m7 * twice[i + 7]! +
        m8 * twice[i + 8]! +
        m9 * twice[i + 9]! +
        m10 * twice[i + 10]! +
        m11 * twice[i + 11]!;
    }
  }
}

const twice = new Float64Array(24);

/** Adds the twelve constants of a table that begin at an entry. */
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
