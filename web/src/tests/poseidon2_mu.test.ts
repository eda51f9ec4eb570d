/**
 * Which candidate for μ both Poseidon2 permutations take: the rule of docs/reference/hashes.md, "poseidon2", tried on every
 * candidate from the first. The verifier itself knows the number only.
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Grain } from "../verifier/hashes/grain.js";
import { goldilocksPoseidon2Numbers } from "../verifier/hashes/poseidon2.js";
import { babybearPoseidon2Numbers } from "../verifier/hashes/poseidon2_babybear.js";

/** Coefficients, that of 1 first. */
type Polynomial = bigint[];

/** Of x − d_i for the d given. */
function productOfLinear(d: readonly bigint[], p: bigint): Polynomial {
  let out: Polynomial = [1n];
  for (const root of d) out = [...out, 0n].map((c, i) => ((out[i - 1] ?? 0n) + (p - root) * (i < out.length ? c : 0n)) % p);
  return out;
}

/** det(xI − M) for M with μ_i on the diagonal and 1 elsewhere: a diagonal matrix and one of rank 1. */
function characteristicPolynomial(mu: readonly bigint[], p: bigint): Polynomial {
  const d = mu.map((x) => (x + p - 1n) % p);
  const out = productOfLinear(d, p);
  d.forEach((_, i) => {
    const others = d.filter((_, j) => j !== i);
    productOfLinear(others, p).forEach((c, k) => (out[k] = (out[k]! + p - c) % p));
  });
  return out;
}

function multiplyModulo(a: Polynomial, b: Polynomial, f: Polynomial, p: bigint): Polynomial {
  const n = f.length - 1;
  const out = new Array<bigint>(2 * n - 1).fill(0n);
  a.forEach((x, i) => b.forEach((y, j) => (out[i + j]! += x * y)));
  for (let i = 2 * n - 2; i >= n; i--) {
    const c = out[i]! % p;
    for (let j = 0; j < n; j++) out[i - n + j]! -= c * f[j]!;
  }
  return out.slice(0, n).map((x) => ((x % p) + p) % p);
}

function powerModulo(a: Polynomial, n: bigint, f: Polynomial, p: bigint): Polynomial {
  let out: Polynomial = a;
  for (const bit of n.toString(2).slice(1)) {
    out = multiplyModulo(out, out, f, p);
    if (bit === "1") out = multiplyModulo(out, a, f, p);
  }
  return out;
}

function degree(a: Polynomial): number {
  let n = a.length - 1;
  while (n >= 0 && a[n] === 0n) n--;
  return n;
}

function gcdDegree(a: Polynomial, b: Polynomial, p: bigint): number {
  while (degree(b) >= 0) {
    const inverse = powerModulo([b[degree(b)]!], p - 2n, [0n, 1n], p)[0]!;
    const rest = a.slice();
    for (let d = degree(rest); d >= degree(b); d = degree(rest)) {
      const c = (rest[d]! * inverse) % p;
      for (let i = 0; i <= degree(b); i++) {
        const to = d - degree(b) + i;
        rest[to] = (((rest[to]! - c * b[i]!) % p) + p) % p;
      }
    }
    [a, b] = [b, rest];
  }
  return degree(a);
}

/**
 * Whether M, …, M^2n all have an irreducible minimal polynomial of degree n (12 or 24).
 *
 * That of M is such exactly if its characteristic polynomial f is irreducible. Then F[M] is a field of p^n elements, minimal
 * polynomials in it are irreducible, and that of M^k has degree n unless M^k is in a maximal subfield, of p^(n/2) or
 * p^(n/3) elements: unless one of these powers of the Frobenius map fixes it.
 */
function fulfils(mu: readonly bigint[], p: bigint): boolean {
  const n = mu.length;
  const f = characteristicPolynomial(mu, p);
  const x: Polynomial = Array.from({ length: n }, (_, i) => (i === 1 ? 1n : 0n));
  const conjugates = [x];
  for (let i = 0; i < n; i++) conjugates.push(powerModulo(conjugates[i]!, p, f, p));
  if (conjugates[n]!.some((c, i) => c !== x[i])) return false;
  const maximal = [conjugates[n / 2]!, conjugates[n / 3]!];
  // Rabin's test
  for (const y of maximal) if (gcdDegree(f, y.map((c, i) => (c + p - x[i]!) % p), p) !== 0) return false;
  for (let k = 1; k <= 2 * n; k++) {
    const power = powerModulo(x, BigInt(k), f, p);
    for (const y of maximal) if (powerModulo(y, BigInt(k), f, p).every((c, i) => c === power[i])) return false;
  }
  return true;
}

/** The first candidate that fulfils the condition, and how many were tried. */
function firstMu(p: bigint, bits: number, width: number, partialRounds: number): [bigint[], number] {
  const grain = new Grain(bits, width, 8, partialRounds);
  grain.elements(8 * width + partialRounds, p, bits);
  for (let tried = 1; ; tried++) {
    const mu = Array.from({ length: width }, () => grain.word(bits) % p);
    if (fulfils(mu, p)) return [mu, tried];
  }
}

test("the diagonal of poseidon2 is the first candidate that fulfils the condition, the ninth", () => {
  const [mu, tried] = firstMu(2n ** 64n - 2n ** 32n + 1n, 64, 12, 22);
  assert.equal(tried, 9);
  assert.deepEqual(goldilocksPoseidon2Numbers().mu, mu);
});

test("the diagonal of poseidon2-babybear is the first candidate that fulfils the condition, the fifth", () => {
  const [mu, tried] = firstMu(2n ** 31n - 2n ** 27n + 1n, 31, 24, 21);
  assert.equal(tried, 5);
  assert.deepEqual(babybearPoseidon2Numbers().mu, mu);
});

test("the condition refuses a diagonal with an entry twice, whose matrix has an eigenvalue in the field", () => {
  const p = 2n ** 31n - 2n ** 27n + 1n;
  const { mu } = babybearPoseidon2Numbers();
  assert.equal(fulfils(mu, p), true);
  assert.equal(fulfils([mu[1]!, ...mu.slice(1)], p), false);
});
