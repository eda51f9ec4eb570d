import {
  addConstants,
  GOLDILOCKS_SPONGE,
  multiplyPairs,
  pairsOfNumbers,
  pairsOfWords,
  seventhPowers,
  shrinkPairs,
  wordsOfPairs,
} from "./goldilocks_halves.js";
import { Grain } from "./grain.js";
import { spongeHash } from "./sponge.js";

/** What docs/reference/hashes.md, "poseidon2", derives for a permutation. */
export interface Poseidon2Numbers {
  /** Constants of the first full rounds, round by round; of the partial rounds; of the last full rounds. */
  readonly first: bigint[];
  readonly partial: bigint[];
  readonly last: bigint[];
  /** The diagonal of the internal matrix. */
  readonly mu: bigint[];
}

const MU_CANDIDATE = 9;
const POSEIDON2_PARTIAL = 22;

/**
 * The numbers of a permutation of 8 full rounds. Which candidate for μ is the first to fulfil its condition, counted from 1,
 * is said by the page; a test tries them all.
 */
export function poseidon2Numbers(
  modulus: bigint, bits: number, width: number, partialRounds: number, candidate: number,
): Poseidon2Numbers {
  const grain = new Grain(bits, width, 8, partialRounds);
  const first = grain.elements(4 * width, modulus, bits);
  const partial = grain.elements(partialRounds, modulus, bits);
  const last = grain.elements(4 * width, modulus, bits);
  let mu: bigint[] = [];
  for (let i = 0; i < candidate; i++) mu = Array.from({ length: width }, () => grain.word(bits) % modulus);
  return { first, partial, last, mu };
}

/** The numbers of `poseidon2`. */
export function goldilocksPoseidon2Numbers(): Poseidon2Numbers {
  return poseidon2Numbers(GOLDILOCKS_SPONGE.wordBound, 64, 12, POSEIDON2_PARTIAL, MU_CANDIDATE);
}

interface Tables {
  full: Float64Array;
  partial: Float64Array;
  /** μ_i − 1: the internal matrix adds the sum of the state to each of these multiples. */
  mu: Float64Array;
}

let poseidon2Tables: Tables | null = null;

function derivePoseidon2(): Tables {
  const { first, partial, last, mu } = goldilocksPoseidon2Numbers();
  const p = GOLDILOCKS_SPONGE.wordBound;
  return {
    full: pairsOfNumbers([...first, ...last]),
    partial: pairsOfNumbers(partial),
    mu: pairsOfNumbers(mu.map((x) => (x + p - 1n) % p)),
  };
}

const poseidon2State = new Float64Array(24);
const multiples = new Float64Array(24);

/** Entries from ≤ i < to times the external matrix, over the integers: they grow by at most 16·(1 + (to − from)/4). */
export function multiplyExternal(state: Float64Array, from: number, to: number): void {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let i = from; i < to; i += 4) {
    const a = state[i]!;
    const b = state[i + 1]!;
    const c = state[i + 2]!;
    const d = state[i + 3]!;
    s0 += state[i] = 5 * a + 7 * b + c + 3 * d;
    s1 += state[i + 1] = 4 * a + 6 * b + c + d;
    s2 += state[i + 2] = a + 3 * b + 5 * c + 7 * d;
    s3 += state[i + 3] = a + b + 4 * c + 6 * d;
  }
  for (let i = from; i < to; i += 4) {
    state[i]! += s0;
    state[i + 1]! += s1;
    state[i + 2]! += s2;
    state[i + 3]! += s3;
  }
}

/** Both halves of pairs: they grow by at most 64, the largest sum of a row. */
function multiplyExternalPairs(state: Float64Array): void {
  multiplyExternal(state, 0, 12);
  multiplyExternal(state, 12, 24);
}

/** Of shrunk pairs and, in element 0, a seventh power: pairs come out below 2^37. */
function multiplyInternal(state: Float64Array, mu: Float64Array): void {
  let l = 0;
  let h = 0;
  for (let i = 0; i < 12; i++) {
    l += state[i]!;
    h += state[i + 12]!;
  }
  multiplyPairs(multiples, state, mu, 12);
  for (let i = 0; i < 12; i++) {
    state[i] = multiples[i]! + l;
    state[i + 12] = multiples[i + 12]! + h;
  }
}

/** Poseidon2 of twelve canonical words, in place. */
export function permutePoseidon2(words: Uint32Array): void {
  poseidon2Tables ??= derivePoseidon2();
  const { full, partial, mu } = poseidon2Tables;
  const state = poseidon2State;
  pairsOfWords(state, words);
  multiplyExternalPairs(state);
  for (let round = 0; round < 8; round++) {
    if (round === 4) {
      for (let i = 0; i < POSEIDON2_PARTIAL; i++) {
        state[0]! += partial[i]!;
        state[12]! += partial[POSEIDON2_PARTIAL + i]!;
        shrinkPairs(state);
        seventhPowers(state, 1);
        multiplyInternal(state, mu);
      }
    }
    addConstants(state, full, 12 * round);
    shrinkPairs(state);
    seventhPowers(state, 12);
    multiplyExternalPairs(state);
  }
  wordsOfPairs(words, state);
}

export const POSEIDON2 = spongeHash({
  name: "poseidon2",
  ...GOLDILOCKS_SPONGE,
  rateAt: 0,
  capacityAt: 8,
  permute: permutePoseidon2,
});
