import { chacha8Words } from "./chacha8.js";
import {
  addConstants,
  circulantKernel,
  GOLDILOCKS_SPONGE,
  multiplyCirculant,
  pairsOfNumbers,
  pairsOfWords,
  seventhPowers,
  shrinkPairs,
  wordsOfPairs,
} from "./goldilocks_halves.js";
import { spongeHash } from "./sponge.js";

/** docs/reference/hashes.md, "poseidon". */
const POSEIDON_KERNEL = circulantKernel([17, 15, 41, 16, 2, 28, 13, 13, 39, 18, 34, 20]);
const POSEIDON_CORNER = 8;
const POSEIDON_ROUNDS = 30;

/** The 30·12 constants, round by round. */
export function poseidonConstants(): bigint[] {
  const p = GOLDILOCKS_SPONGE.wordBound;
  const out: bigint[] = [];
  for (const word of chacha8Words(0n)) {
    const product = word * p;
    if ((product & 0xffffffffffffffffn) < p) out.push(product >> 64n);
    if (out.length === 12 * POSEIDON_ROUNDS) break;
  }
  return out;
}

let poseidonTable: Float64Array | null = null;
const poseidonState = new Float64Array(24);

/**
 * Poseidon of twelve canonical words, in place.
 *
 * Partial rounds multiply by the matrix as it is. The sparse form of eprint 2019/458, appendix B, has 22 products of whole
 * elements a round, which take longer here than the matrix, whose entries are small.
 */
export function permutePoseidon(words: Uint32Array): void {
  poseidonTable ??= pairsOfNumbers(poseidonConstants());
  const state = poseidonState;
  pairsOfWords(state, words);
  for (let round = 0; round < POSEIDON_ROUNDS; round++) {
    addConstants(state, poseidonTable, 12 * round);
    shrinkPairs(state);
    seventhPowers(state, round < 4 || round >= 26 ? 12 : 1);
    const l = POSEIDON_CORNER * state[0]!;
    const h = POSEIDON_CORNER * state[12]!;
    // The row adds up to 256: pairs come out below 264·2.7φ < 2^42.
    multiplyCirculant(state, POSEIDON_KERNEL);
    state[0]! += l;
    state[12]! += h;
  }
  wordsOfPairs(words, state);
}

export const POSEIDON = spongeHash({
  name: "poseidon",
  ...GOLDILOCKS_SPONGE,
  rateAt: 0,
  capacityAt: 8,
  permute: permutePoseidon,
});
