import {
  addConstants,
  GOLDILOCKS_SPONGE,
  multiplyCirculant,
  multiplyPairs,
  pairsOfNumbers,
  pairsOfWords,
  seventhPowers,
  shrinkPairs,
  wordsOfPairs,
  type PairState,
} from "./goldilocks_halves.js";
import { shake256 } from "./shake256.js";
import { spongeHash } from "./sponge.js";

/** docs/reference/hashes.md, "rescue-prime-optimized". */
const RESCUE_ROW = [7, 23, 8, 26, 13, 10, 9, 7, 6, 22, 21, 8];
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
  multiplyPairs(out, a, a, 0, 12);
  for (let i = 1; i < n; i++) multiplyPairs(out, out, out, 0, 12);
  multiplyPairs(out, out, b, 0, 12);
}

/**
 * All elements of a shrunk state to the power 1/7 mod p − 1.
 *
 * In binary, with G_n for n groups 100, the exponent is 8·(2^32·G_10 + 2·G_10)/2 + 4·G_10 + 7, whence 63 squarings and 9
 * other products. A product follows on at most 70 others, each of which lets low parts grow by less than 0.8φ: they
 * remain below 57φ < 2^38, as `multiplyPairs` asks for.
 */
function seventhRoots(state: PairState): void {
  const two = scratch1;
  multiplyPairs(two, state, state, 0, 12);
  multiplyPairs(state, state, two, 0, 12); // 3
  const four = scratch2;
  multiplyPairs(four, two, two, 0, 12);
  multiplyPairs(state, state, four, 0, 12); // 7
  const g2 = scratch1;
  squareAndMultiply(g2, four, 3, four);
  const g4 = scratch3;
  squareAndMultiply(g4, g2, 6, g2);
  const g8 = scratch4;
  squareAndMultiply(g8, g4, 12, g4);
  const g10 = scratch2;
  squareAndMultiply(g10, g8, 6, g2);
  const twice32 = scratch1;
  squareAndMultiply(twice32, g10, 31, g10); // 2^31·G_10 + G_10
  squareAndMultiply(scratch3, twice32, 1, g10); // twice that, and G_10
  multiplyPairs(scratch3, scratch3, scratch3, 0, 12);
  squareAndMultiply(scratch1, scratch3, 1, state);
  state.set(scratch1);
}

let rescueTable: Float64Array | null = null;

/** Rescue Prime Optimized of twelve canonical words, in place. */
export function permuteRescue(words: Uint32Array): void {
  rescueTable ??= pairsOfNumbers(rescueConstants());
  const state = rescueState;
  pairsOfWords(state, words);
  for (let half = 0; half < 2 * RESCUE_ROUNDS; half++) {
    // Entries of a row add up to 160.
    multiplyCirculant(state, RESCUE_ROW);
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
