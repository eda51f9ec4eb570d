import { multiplyExternal, poseidon2Numbers, type Poseidon2Numbers } from "./poseidon2.js";
import { spongeHash } from "./sponge.js";

/**
 * Poseidon2 over BabyBear, q = 2^31 − 2^27 + 1: docs/reference/hashes.md, "poseidon2-babybear".
 *
 * Elements are integers of either sign in doubles; sums and small multiples are not reduced. Products are taken of
 * |x|, |y| ≤ q + 2^11. The double xy/q is wrong by less than 2^31·3·2^−53 < 2^−20; so, with k its integer part, xy − kq is
 * between −q − 2^11 and q + 2^11 (as k is rounded towards 0, it has the sign of xy, or is just across 0 or q). That is less
 * than 2^31 in magnitude, so that it comes out of the lowest 32 bits of xy and kq, which `Math.imul` has exactly, and it may be
 * a factor again.
 */
const BABYBEAR_Q = 2013265921;
const PER_Q = 1 / BABYBEAR_Q;
/** x + BABYBEAR_ROUND − BABYBEAR_ROUND is the integer nearest to x, for |x| < 2^51. */
const BABYBEAR_ROUND = 6755399441055744; // 1.5·2^52
const BABYBEAR_WIDTH = 24;
const BABYBEAR_PARTIAL = 21;
const BABYBEAR_CANDIDATE = 5;

/** The numbers of `poseidon2-babybear`. */
export function babybearPoseidon2Numbers(): Poseidon2Numbers {
  return poseidon2Numbers(BigInt(BABYBEAR_Q), 31, BABYBEAR_WIDTH, BABYBEAR_PARTIAL, BABYBEAR_CANDIDATE);
}

function productModQ(x: number, y: number): number {
  return (Math.imul(x, y) - Math.imul((x * y * PER_Q) | 0, BABYBEAR_Q)) | 0;
}

/** Of |x| < 2^50: what is congruent modulo q, at most q/2 + 2^11 in magnitude. */
function smallModQ(x: number): number {
  return x - (x * PER_Q + BABYBEAR_ROUND - BABYBEAR_ROUND) * BABYBEAR_Q;
}

function seventhModQ(x: number): number {
  const small = smallModQ(x);
  const square = productModQ(small, small);
  return productModQ(productModQ(square, small), productModQ(square, square));
}

interface BabybearTables {
  full: Float64Array;
  partial: Float64Array;
  /** μ_i − 1 */
  mu: Float64Array;
}

let babybearTables: BabybearTables | null = null;

function deriveBabybear(): BabybearTables {
  const { first, partial, last, mu } = babybearPoseidon2Numbers();
  return {
    full: Float64Array.from([...first, ...last], Number),
    partial: Float64Array.from(partial, Number),
    mu: Float64Array.from(mu, (x) => Number(x) - 1),
  };
}

const babybearState = new Float64Array(BABYBEAR_WIDTH);

/** Elements grow by at most 112 = 16·(2 + 5), the largest sum of a row. */
function babybearExternal(state: Float64Array): void {
  multiplyExternal(state, 0, BABYBEAR_WIDTH);
}

/** Elements come out below 14q. */
function babybearInternal(state: Float64Array, mu: Float64Array): void {
  let sum = 0;
  for (let i = 0; i < BABYBEAR_WIDTH; i++) {
    const x = smallModQ(state[i]!);
    sum += x;
    state[i] = productModQ(x, mu[i]!);
  }
  for (let i = 0; i < BABYBEAR_WIDTH; i++) state[i]! += sum;
}

/** Poseidon2 of 24 canonical elements of BabyBear, in place. */
export function permuteBabybear(words: Uint32Array): void {
  babybearTables ??= deriveBabybear();
  const { full, partial, mu } = babybearTables;
  const state = babybearState;
  state.set(words);
  babybearExternal(state);
  for (let round = 0; round < 8; round++) {
    if (round === 4) {
      for (let i = 0; i < BABYBEAR_PARTIAL; i++) {
        state[0] = seventhModQ(state[0]! + partial[i]!);
        babybearInternal(state, mu);
      }
    }
    for (let i = 0; i < BABYBEAR_WIDTH; i++) {
      state[i] = seventhModQ(state[i]! + full[BABYBEAR_WIDTH * round + i]!);
    }
    babybearExternal(state);
  }
  for (let i = 0; i < BABYBEAR_WIDTH; i++) {
    const x = smallModQ(state[i]!);
    words[i] = x < 0 ? x + BABYBEAR_Q : x;
  }
}

export const POSEIDON2_BABYBEAR = spongeHash({
  name: "poseidon2-babybear",
  wordBound: BigInt(BABYBEAR_Q),
  wordBits: 30,
  digestWords: 8,
  entries: 1,
  width: BABYBEAR_WIDTH,
  rateAt: 0,
  rate: 16,
  capacityAt: 16,
  domainBytes: 3,
  permute: permuteBabybear,
});
