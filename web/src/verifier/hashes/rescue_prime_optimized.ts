import {
  addConstants,
  circulantKernel,
  GOLDILOCKS_SPONGE,
  multiplyCirculant,
  multiplyPairs,
  pairsOfNumbers,
  pairsOfWords,
  seventhPowers,
  shrinkPairs,
  squarePairs,
  wordsOfPairs,
  type PairState,
} from "./goldilocks_halves.js";
import { shake256 } from "./shake256.js";
import { spongeHash } from "./sponge.js";

/** docs/reference/hashes.md, "rescue-prime-optimized". */
const RESCUE_KERNEL = circulantKernel([7, 23, 8, 26, 13, 10, 9, 7, 6, 22, 21, 8]);
const RESCUE_ROUNDS = 7;
const RESCUE_SEED = "RPO(18446744069414584321,12,4,128)";

/** The 14·12 constants, half round by half round. */
export function rescueConstants(): bigint[] {
  const count = 2 * 12 * RESCUE_ROUNDS;
  const bytes = shake256(Uint8Array.from(RESCUE_SEED, (c) => c.charCodeAt(0)), 9 * count);
  return Array.from({ length: count }, (_, i) => {
    let x = 0n;
    for (let j = 8; j >= 0; j--) x = (x << 8n) | BigInt(bytes[9 * i + j]!);
    return x % GOLDILOCKS_SPONGE.wordBound;
  });
}

const rescueState = new Float64Array(24);
const scratch1 = new Float64Array(24);
const scratch2 = new Float64Array(24);
const scratch3 = new Float64Array(24);
const scratch4 = new Float64Array(24);

/** out ← a^(2^n)·b, element by element; out is neither a nor b. */
function squareAndMultiply(out: PairState, a: PairState, n: number, b: PairState): void {
  squarePairs(out, a, 12);
  for (let i = 1; i < n; i++) squarePairs(out, out, 12);
  multiplyPairs(out, out, b, 12);
}

/**
 * All elements of a shrunk state to the power 1/7 mod p − 1.
 *
 * In binary, the exponent is 1001…001 000 110 110 … 110 111, which is 4·(2·(2^31·g + g) + g) + 7 with g = 100…100, ten
 * groups of three bits: 63 squarings and 9 other products. The longest chain has 70 of them, and each lets low parts grow by
 * 0.8φ at the most: they remain below ½φ + 70·0.8φ < 2^38, as `multiplyPairs` asks for.
 */
function seventhRoots(state: PairState): void {
  const two = scratch1;
  squarePairs(two, state, 12);
  multiplyPairs(state, state, two, 12); // 3
  const four = scratch2;
  squarePairs(four, two, 12);
  multiplyPairs(state, state, four, 12); // 7
  const groups2 = scratch1; // 100100
  squareAndMultiply(groups2, four, 3, four);
  const groups4 = scratch3;
  squareAndMultiply(groups4, groups2, 6, groups2);
  const groups8 = scratch4;
  squareAndMultiply(groups8, groups4, 12, groups4);
  const groups10 = scratch2;
  squareAndMultiply(groups10, groups8, 6, groups2);
  const sum = scratch1;
  squareAndMultiply(sum, groups10, 31, groups10);
  const all = scratch3;
  squareAndMultiply(all, sum, 1, groups10);
  squarePairs(all, all, 12);
  squarePairs(all, all, 12);
  multiplyPairs(state, state, all, 12);
}

let rescueTable: Float64Array | null = null;

/** Rescue Prime Optimized of twelve canonical words, in place. */
export function permuteRescue(words: Uint32Array): void {
  rescueTable ??= pairsOfNumbers(rescueConstants());
  const state = rescueState;
  pairsOfWords(state, words);
  for (let half = 0; half < 2 * RESCUE_ROUNDS; half++) {
    // The row adds up to 160: from pairs below 2^38 come pairs below 2^46.
    multiplyCirculant(state, RESCUE_KERNEL);
    addConstants(state, rescueTable, 12 * half);
    shrinkPairs(state);
    if (half % 2 === 0) seventhPowers(state, 12);
    else seventhRoots(state);
  }
  wordsOfPairs(words, state);
}

export const RESCUE_PRIME_OPTIMIZED = spongeHash({
  name: "rescue-prime-optimized",
  ...GOLDILOCKS_SPONGE,
  rateAt: 4,
  capacityAt: 0,
  permute: permuteRescue,
});
