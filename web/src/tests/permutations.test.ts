/**
 * The four permutations against slow ones on bigints that follow the page line by line, on random and on extreme states.
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import { permutePoseidon, poseidonConstants, POSEIDON } from "../verifier/hashes/poseidon.js";
import {
  goldilocksPoseidon2Numbers,
  permutePoseidon2,
  POSEIDON2,
  type Poseidon2Numbers,
} from "../verifier/hashes/poseidon2.js";
import { babybearPoseidon2Numbers, permuteBabybear, POSEIDON2_BABYBEAR } from "../verifier/hashes/poseidon2_babybear.js";
import { permuteRescue, RESCUE_PRIME_OPTIMIZED, rescueConstants } from "../verifier/hashes/rescue_prime_optimized.js";
import type { Hash, Words } from "../verifier/hashes/hash.js";

const P = 2n ** 64n - 2n ** 32n + 1n;
const Q = 2n ** 31n - 2n ** 27n + 1n;

function power(x: bigint, n: bigint, modulus: bigint): bigint {
  let out = 1n;
  for (const bit of n.toString(2)) {
    out = (out * out) % modulus;
    if (bit === "1") out = (out * x) % modulus;
  }
  return out;
}

type Matrix = bigint[][];

function multiply(matrix: Matrix, state: bigint[], modulus: bigint): bigint[] {
  return matrix.map((row) => row.reduce((sum, m, j) => sum + m * state[j]!, 0n) % modulus);
}

function circulant(row: number[]): Matrix {
  return row.map((_, i) => row.map((_, j) => BigInt(row[(j - i + row.length) % row.length]!)));
}

/** Each permutation of the page, of a state of canonical elements. */
const slow: Record<string, (state: bigint[]) => bigint[]> = {
  poseidon(state) {
    const constants = poseidonConstants();
    const matrix = circulant([17, 15, 41, 16, 2, 28, 13, 13, 39, 18, 34, 20]);
    matrix[0]![0]! += 8n;
    for (let round = 0; round < 30; round++) {
      const partial = round >= 4 && round < 26;
      state = state.map((x, i) => x + constants[12 * round + i]!);
      state = state.map((x, i) => (partial && i > 0 ? x : power(x, 7n, P)));
      state = multiply(matrix, state, P);
    }
    return state;
  },
  poseidon2: (state) => slowPoseidon2(state, goldilocksPoseidon2Numbers(), P, 22),
  "poseidon2-babybear": (state) => slowPoseidon2(state, babybearPoseidon2Numbers(), Q, 21),
  "rescue-prime-optimized"(state) {
    const constants = rescueConstants();
    const matrix = circulant([7, 23, 8, 26, 13, 10, 9, 7, 6, 22, 21, 8]);
    for (let half = 0; half < 14; half++) {
      state = multiply(matrix, state, P).map((x, i) => x + constants[12 * half + i]!);
      state = state.map((x) => power(x, half % 2 === 0 ? 7n : 10540996611094048183n, P));
    }
    return state;
  },
};

function slowPoseidon2(state: bigint[], numbers: Poseidon2Numbers, modulus: bigint, partialRounds: number): bigint[] {
  const width = state.length;
  const m4 = [
    [5, 7, 1, 3],
    [4, 6, 1, 1],
    [1, 3, 5, 7],
    [1, 1, 4, 6],
  ];
  const external = state.map((_, i) =>
    state.map((_, j) => BigInt(m4[i % 4]![j % 4]! * (Math.floor(i / 4) === Math.floor(j / 4) ? 2 : 1))),
  );
  const internal = state.map((_, i) => state.map((_, j) => (i === j ? numbers.mu[i]! : 1n)));
  const full = (constants: bigint[]): void => {
    for (let round = 0; round < 4; round++) {
      state = state.map((x, i) => power(x + constants[width * round + i]!, 7n, modulus));
      state = multiply(external, state, modulus);
    }
  };
  state = multiply(external, state, modulus);
  full(numbers.first);
  for (let round = 0; round < partialRounds; round++) {
    state[0] = power(state[0]! + numbers.partial[round]!, 7n, modulus);
    state = multiply(internal, state, modulus);
  }
  full(numbers.last);
  return state;
}

/** A multiplicative generator of numbers, for states that are the same in every run. */
function* numbers(modulus: bigint): Generator<bigint, never> {
  for (let x = 12345n; ; ) {
    x = (x * 6364136223846793005n + 1442695040888963407n) % 2n ** 128n;
    yield (x >> 32n) % modulus;
  }
}

/** States of numbers at the edges of both halves, and random ones. */
function states(width: number, modulus: bigint): bigint[][] {
  const edges = [0n, 1n, modulus - 1n, modulus - 2n, 2n ** 16n, 2n ** 30n, 2n ** 31n, 2n ** 31n - 1n, 2n ** 32n - 1n,
    2n ** 32n, 2n ** 32n + 1n, 2n ** 63n, 2n ** 63n - 1n, modulus / 2n, modulus / 2n + 1n, 0xfffffffe00000000n,
    0xfffffffeffffffffn, 0x80000000n, 0x7fffffff80000000n, 0x8000000080000000n].map((x) => x % modulus);
  const out = edges.map((x) => new Array<bigint>(width).fill(x));
  const random = numbers(modulus);
  const next = (): bigint => random.next().value;
  for (let n = 0; n < 30; n++) out.push(Array.from({ length: width }, () => edges[Number(next() % 20n)]!));
  for (let n = 0; n < 30; n++) out.push(Array.from({ length: width }, next));
  return out;
}

function assertSamePermutation(name: string, width: number, modulus: bigint, permute: (state: Uint32Array) => void): void {
  const wide = modulus > 2n ** 32n;
  for (const state of states(width, modulus)) {
    const words = Uint32Array.from(
      wide ? state.flatMap((x) => [Number(x & 0xffffffffn), Number(x >> 32n)]) : state.map(Number),
    );
    permute(words);
    const got = wide
      ? state.map((_, i) => (BigInt(words[2 * i + 1]!) << 32n) + BigInt(words[2 * i]!))
      : Array.from(words, BigInt);
    assert.deepEqual(got, slow[name]!(state), `${name} of ${state}`);
  }
}

test("poseidon is the permutation of the page", () => {
  assert.equal(poseidonConstants()[0], 0xb585f766f2144405n);
  assertSamePermutation("poseidon", 12, P, permutePoseidon);
});

test("poseidon2 is the permutation of the page", () => {
  assertSamePermutation("poseidon2", 12, P, permutePoseidon2);
});

test("rescue-prime-optimized is the permutation of the page", () => {
  assertSamePermutation("rescue-prime-optimized", 12, P, permuteRescue);
});

test("poseidon2-babybear is the permutation of the page", () => {
  assert.equal(babybearPoseidon2Numbers().first[0], 0x0fa20c37n);
  assertSamePermutation("poseidon2-babybear", 24, Q, permuteBabybear);
});

const hashes: [Hash, row: string, message: string][] = [
  [
    POSEIDON,
    "ea9ed8fa6066c464 f37ace6dd24135ec 56d7a9293bb12679 17b46a8f1a9180c7",
    "b0bd3ec325363b0f 36c197f9a4745353 0d5a05f0ac611ccb fc793b892b74139e",
  ],
  [
    POSEIDON2,
    "000ccfab1edbfbcb 6d33ea75701784a3 54496f1857482a8f 46c33d1f018cead3",
    "35ed6e76ed4a5588 630fb3dba273258b 8e23dde4fbeb99b7 ec9d921e1f832973",
  ],
  [
    RESCUE_PRIME_OPTIMIZED,
    "2c3d06bcce7ac492 e23e6245cc73a1c0 8e307b47088ce6c6 e6f7ef75fa298f10",
    "383d021497631593 687a9b9aaf691f59 653f2cf65b73470e 0e785d8f9131ca19",
  ],
  [
    POSEIDON2_BABYBEAR,
    "60a444af 3eba04af 66b2e6af 1fe16fe9 3192c6b6 6387f37f 1d3c388d 31507f2d",
    "48b02889 4ebb78ee 07641ebd 04adb43f 00b88122 45ebc126 677b4157 6cd01c01",
  ],
];

function wordsOf(row: bigint[]): Words {
  return Uint32Array.from(row.flatMap((x) => [Number(x & 0xffffffffn), Number(x >> 32n)]));
}

for (const [hash, row, message] of hashes) {
  const text = (words: Words): string => {
    const digits = (i: number): string => words[i]!.toString(16).padStart(8, "0");
    if (hash.digestWords === 8) return Array.from(words, (_, i) => digits(i)).join(" ");
    return [0, 2, 4, 6].map((i) => digits(i + 1) + digits(i)).join(" ");
  };

  test(`${hash.name} has the check values of docs/reference/hashes.md`, () => {
    const ten = Array.from({ length: 10 }, (_, i) => BigInt(i));
    assert.equal(text(hash.hashRow("merkle/leaf", wordsOf(ten))), row);
    // the row of the message `polyproof`: its length, and words of 7 or 3 bytes
    const size = hash.digestWords === 8 ? 3 : 7;
    const bytes = [..."polyproof"].map((c) => BigInt(c.charCodeAt(0)));
    const words = [9n];
    for (let at = 0; at < 9; at += size) {
      words.push(bytes.slice(at, at + size).reduceRight((x, byte) => (x << 8n) | byte, 0n));
    }
    assert.equal(text(hash.hashRow("merkle/leaf", wordsOf(words))), message);
  });

  test(`${hash.name} absorbs rows of every length as the page says`, () => {
    const narrow = hash.digestWords === 8;
    const [width, rate, modulus] = narrow ? [24, 16, Q] : [12, 8, P];
    const [rateAt, capacityAt] = hash === RESCUE_PRIME_OPTIMIZED ? [4, 0] : [0, rate];
    const domain = "stark/trace of 21 byt";
    const random = numbers(modulus);
    for (const length of [0, 1, rate - 1, rate, rate + 1, 2 * rate, 2 * rate + 3, 5 * rate]) {
      const row = Array.from({ length }, () => random.next().value);
      let state = new Array<bigint>(width).fill(0n);
      state[capacityAt] = BigInt(length);
      const bytes = narrow ? 3 : 7;
      for (let i = 0; i < 21; i++) {
        state[capacityAt + 1 + Math.floor(i / bytes)]! += BigInt(domain.charCodeAt(i)) << BigInt(8 * (i % bytes));
      }
      for (let at = 0; at === 0 || at < length; at += rate) {
        for (let i = 0; i < rate; i++) state[rateAt + i] = row[at + i] ?? 0n;
        state = slow[hash.name]!(state);
      }
      const digest = state.slice(rateAt, rateAt + hash.digestWords);
      const halves = digest.flatMap((x) => (narrow ? [Number(x)] : [Number(x & 0xffffffffn), Number(x >> 32n)]));
      assert.deepEqual([...hash.hashRow(domain, wordsOf(row))], halves, `${length} words`);
    }
  });

  test(`${hash.name} tells rows of other lengths and other domains apart, and does not change its argument`, () => {
    const seen = new Set<string>();
    const rate = hash.digestWords === 8 ? 16 : 8;
    const zeros = [0, 1, rate - 1, rate, rate + 1, 2 * rate, 2 * rate + 1].map((n) => new Uint32Array(2 * n));
    for (const words of zeros) for (const domain of ["a", "b", "a".repeat(21)]) seen.add(text(hash.hashRow(domain, words)));
    assert.equal(seen.size, 21);
    const words = wordsOf([1n, 2n, 3n]);
    const before = words.slice();
    hash.hashRow("a", words);
    assert.deepEqual(words, before);
    assert.throws(() => hash.hashRow("a".repeat(22), words));
    assert.throws(() => hash.hashRow("", words));
    assert.throws(() => hash.hashRow("ä", words));
  });
}
