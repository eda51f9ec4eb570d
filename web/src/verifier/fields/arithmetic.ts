import type { Field } from "./field.js";

/** x^n for n ≥ 0. */
export function power(field: Field, x: bigint, n: bigint): bigint {
  let result = 1n;
  let square = x;
  for (let rest = n; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % field.modulus;
    square = (square * square) % field.modulus;
  }
  return result;
}

/** 1/x. A `RangeError` of zero: whoever divides has ruled it out. */
export function inverse(field: Field, x: bigint): bigint {
  if (x === 0n) throw new RangeError("zero has no inverse");
  return power(field, x, field.modulus - 2n);
}

/** 1/x of each, for the price of one inversion and three products for each (Montgomery's trick). */
export function inverses(field: Field, xs: readonly bigint[]): bigint[] {
  const before: bigint[] = []; // the product of all before
  let product = 1n;
  for (const x of xs) {
    before.push(product);
    product = (product * x) % field.modulus;
  }
  let rest = inverse(field, product);
  const results = new Array<bigint>(xs.length);
  for (let i = xs.length - 1; i >= 0; i--) {
    results[i] = (rest * before[i]!) % field.modulus;
    rest = (rest * xs[i]!) % field.modulus;
  }
  return results;
}

/** ω_k = g_F^((p−1)/k), the element of order k: a power of two, at most 2^twoAdicity. */
export function rootOfUnity(field: Field, order: number): bigint {
  const k = BigInt(order);
  if (order < 1 || (k & (k - 1n)) !== 0n || k > 1n << BigInt(field.twoAdicity)) {
    throw new RangeError(`no root of unity of order ${order} in ${field.name}`);
  }
  return power(field, field.generator, (field.modulus - 1n) / k);
}
