/** Arithmetic on lazy pairs at the bounds that its comments name, against bigints. */
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  circulantKernel,
  multiplyCirculant,
  multiplyPairs,
  seventhPowers,
  shrinkPairs,
  squarePairs,
  wordsOfPairs,
} from "../verifier/hashes/goldilocks_halves.js";

const P = 2n ** 64n - 2n ** 32n + 1n;
const SMALL = 2 ** 31 + 2 ** 14;

function modP(x: bigint): bigint {
  return ((x % P) + P) % P;
}

function values(state: Float64Array): bigint[] {
  return Array.from({ length: 12 }, (_, i) => {
    assert.ok(Number.isSafeInteger(state[i]) && Number.isSafeInteger(state[i + 12]));
    return modP(BigInt(state[i]!) + (BigInt(state[i + 12]!) << 32n));
  });
}

/** Numbers from −1 to 1, the same in every run. */
function* fractions(): Generator<number, never> {
  for (let x = 12345n; ; ) {
    x = (x * 6364136223846793005n + 1442695040888963407n) % 2n ** 64n;
    yield (Number(x >> 11n) / 2 ** 52) - 1;
  }
}

/** States with |l| and |h| up to bounds: at the bounds, near them, near multiples of 2^31, and between. */
function* boundStates(low: number, high: number, count: number): Generator<Float64Array> {
  const random = fractions();
  const next = (): number => random.next().value;
  const part = (bound: number): number => {
    const choice = next();
    if (choice < -0.7) return bound * Math.sign(next());
    if (choice < -0.4) return (bound - Math.floor(Math.abs(next()) * 9)) * Math.sign(next());
    const x = Math.trunc(next() * bound);
    if (choice > 0.4) return x;
    return Math.max(-bound, Math.min(bound, Math.round(x / 2 ** 31) * 2 ** 31 + Math.trunc(next() * 3)));
  };
  for (let n = 0; n < count; n++) yield Float64Array.from({ length: 24 }, (_, i) => part(i < 12 ? low : high));
}

test("products of pairs are exact up to 2^38 and 2^32 + 2^14, and have a small high part", () => {
  const out = new Float64Array(24);
  const states = [...boundStates(2 ** 38, 2 ** 32 + 2 ** 14, 2000)];
  states.forEach((a, n) => {
    const b = states[(n + 1) % states.length]!;
    const [x, y] = [values(a), values(b)];
    multiplyPairs(out, a, b, 12);
    assert.deepEqual(values(out), x.map((_, i) => (x[i]! * y[i]!) % P));
    assert.ok(out.subarray(12).every((h) => Math.abs(h) <= SMALL));
    squarePairs(out, a, 12);
    assert.deepEqual(values(out), x.map((_, i) => (x[i]! * x[i]!) % P));
    assert.ok(out.subarray(12).every((h) => Math.abs(h) <= SMALL));
  });
});

test("a low part grows by less than 0.8·2^32 a product", () => {
  const out = new Float64Array(24);
  for (const low of [2 ** 31, 2 ** 33, 2 ** 37]) {
    const states = [...boundStates(low, SMALL, 500)];
    states.forEach((a, n) => {
      const b = states[(n + 1) % states.length]!;
      multiplyPairs(out, a, b, 12);
      assert.ok(out.subarray(0, 12).every((l) => Math.abs(l) <= low + 0.8 * 2 ** 32));
      squarePairs(out, a, 12);
      assert.ok(out.subarray(0, 12).every((l) => Math.abs(l) <= low + 0.8 * 2 ** 32));
    });
  }
});

test("seventh powers of shrunk pairs are below the bound that matrices are given", () => {
  for (const state of boundStates(2 ** 31 + 2 ** 21, 2 ** 31 + 2 ** 21, 1000)) {
    const before = values(state);
    seventhPowers(state, 11);
    assert.deepEqual(values(state).slice(0, 11), before.slice(0, 11).map((x) => x ** 7n % P));
    assert.equal(values(state)[11], before[11]);
    assert.ok(state.subarray(0, 12).every((l) => Math.abs(l) <= 2.7 * 2 ** 32));
    assert.ok(state.subarray(12).every((h) => Math.abs(h) <= 2 ** 31 + 2 ** 21));
  }
});

test("pairs up to 2^52 become small, and canonical words", () => {
  const words = new Uint32Array(24);
  for (const state of boundStates(2 ** 52, 2 ** 52, 2000)) {
    const before = values(state);
    const small = state.slice();
    shrinkPairs(small);
    assert.deepEqual(values(small), before);
    assert.ok(small.every((x) => Math.abs(x) <= 2 ** 31 + 2 ** 21));
    wordsOfPairs(words, state);
    assert.deepEqual(before.map((_, i) => (BigInt(words[2 * i + 1]!) << 32n) + BigInt(words[2 * i]!)), before);
  }
});

test("words are canonical around 0 and p", () => {
  const words = new Uint32Array(24);
  const near = [-2, -1, 0, 1, 2];
  for (const l of near) {
    for (const h of [...near, 2 ** 31, -(2 ** 31), 2 ** 32 - 1, 2 ** 32]) {
      const state = Float64Array.from({ length: 24 }, (_, i) => (i < 12 ? l : h));
      const value = values(state)[0]!;
      wordsOfPairs(words, state);
      assert.deepEqual([words[0], words[1]], [Number(value & 0xffffffffn), Number(value >> 32n)]);
    }
  }
});

test("the product with a circulant matrix is that of integers", () => {
  for (const row of [
    [17, 15, 41, 16, 2, 28, 13, 13, 39, 18, 34, 20],
    [7, 23, 8, 26, 13, 10, 9, 7, 6, 22, 21, 8],
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
  ]) {
    const kernel = circulantKernel(row);
    for (const state of boundStates(2 ** 40, 2 ** 40, 200)) {
      const before = state.slice();
      multiplyCirculant(state, kernel);
      for (let i = 0; i < 24; i++) {
        const half = i < 12 ? 0 : 12;
        const want = row.reduce((sum, _, j) => sum + BigInt(row[(j - i + 24) % 12]!) * BigInt(before[half + j]!), 0n);
        assert.equal(BigInt(state[i]!), want);
      }
    }
  }
});
