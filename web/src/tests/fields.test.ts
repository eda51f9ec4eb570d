import assert from "node:assert/strict";
import { test } from "node:test";

import { inverse, inverses, power, rootOfUnity } from "../verifier/fields/arithmetic.js";
import { BABYBEAR } from "../verifier/fields/babybear.js";
import { Extension } from "../verifier/fields/extension.js";
import type { Element, Field } from "../verifier/fields/field.js";
import { GOLDILOCKS } from "../verifier/fields/goldilocks.js";
import { Seeded } from "./seeded.js";

/** The fields, with the prime factors of p − 1. */
const fields: [Field, bigint[]][] = [
  [GOLDILOCKS, [2n, 3n, 5n, 17n, 257n, 65537n]],
  [BABYBEAR, [2n, 3n, 5n]],
];

/** docs/reference/protocol.md, section 1. */
const extensions: Extension[] = [
  ...[2, 3].map((degree) => new Extension(GOLDILOCKS, degree)),
  ...[2, 3, 4, 5, 6].map((degree) => new Extension(BABYBEAR, degree)),
];

/** Product of polynomials, reduced by θ^e = g_F. */
function slowProduct(extension: Extension, x: Element, y: Element): Element {
  const { degree, field } = extension;
  const product = new Array<bigint>(2 * degree - 1).fill(0n);
  x.forEach((a, i) => y.forEach((b, j) => (product[i + j]! += a * b)));
  while (product.length > degree) product[product.length - 1 - degree]! += product.pop()! * field.generator;
  return product.map((coefficient) => coefficient % field.modulus);
}

test("the fields are those of the page: a prime modulus, and a generator of all that is not zero", () => {
  assert.equal(GOLDILOCKS.modulus, 0xffffffff00000001n);
  assert.equal(BABYBEAR.modulus, 0x78000001n);
  for (const [field, factors] of fields) {
    const order = field.modulus - 1n;
    let rest = order;
    for (const factor of factors) while (rest % factor === 0n) rest /= factor;
    assert.equal(rest, 1n);
    // An element of order p − 1 exists modulo a prime alone (Lucas).
    assert.equal(power(field, field.generator, order), 1n);
    for (const factor of factors) assert.notEqual(power(field, field.generator, order / factor), 1n);
    assert.equal(order % (1n << BigInt(field.twoAdicity)), 0n);
    assert.equal((order >> BigInt(field.twoAdicity)) % 2n, 1n);
    assert.ok(field.modulus < 1n << BigInt(8 * field.bytes) && field.modulus > 1n << BigInt(8 * field.bytes - 2));
  }
});

test("powers and inverses", () => {
  const random = new Seeded("fields");
  for (const [field] of fields) {
    const p = field.modulus;
    for (let i = 0; i < 50; i++) {
      const x = 1n + random.big(p - 1n);
      const n = random.below(40);
      let slow = 1n;
      for (let j = 0; j < n; j++) slow = (slow * x) % p;
      assert.equal(power(field, x, BigInt(n)), slow);
      assert.equal((inverse(field, x) * x) % p, 1n);
    }
    const xs = Array.from({ length: 9 }, () => 1n + random.big(p - 1n));
    assert.deepEqual(inverses(field, xs), xs.map((x) => inverse(field, x)));
    assert.deepEqual(inverses(field, []), []);
    assert.throws(() => inverse(field, 0n), RangeError);
    assert.throws(() => inverses(field, [1n, 0n, 2n]), RangeError);
  }
});

test("roots of unity have their order, and there are none of another", () => {
  for (const [field] of fields) {
    for (let k = 0; k <= field.twoAdicity; k++) {
      const root = rootOfUnity(field, 2 ** k);
      assert.equal(power(field, root, 2n ** BigInt(k)), 1n);
      if (k > 0) assert.equal(power(field, root, 2n ** BigInt(k - 1)), field.modulus - 1n);
      if (k > 0) assert.equal((root * root) % field.modulus, rootOfUnity(field, 2 ** (k - 1)));
    }
    for (const order of [0, -2, 3, 6, 2 ** (field.twoAdicity + 1), 2 ** 60]) {
      assert.throws(() => rootOfUnity(field, order), RangeError);
    }
  }
});

test("every extension of the page is a field with the operations of polynomials modulo θ^e − g", () => {
  const random = new Seeded("extensions");
  for (const extension of extensions) {
    const { field, degree } = extension;
    const p = field.modulus;
    const order = p ** BigInt(degree) - 1n;
    const element = (): Element => Array.from({ length: degree }, () => random.of([0n, 1n, p - 1n, random.big(p)]));
    for (let i = 0; i < 40; i++) {
      const [x, y, z] = [element(), element(), element()];
      const f = random.big(p);
      assert.deepEqual(extension.mul(x, y), slowProduct(extension, x, y));
      assert.deepEqual(extension.add(x, y), x.map((a, j) => (a + y[j]!) % p));
      assert.deepEqual(extension.sub(extension.add(x, y), y), x);
      assert.deepEqual(extension.add(x, extension.sub(extension.zero, x)), extension.zero);
      assert.deepEqual(extension.scale(x, f), extension.mul(x, extension.fromBase(f)));
      assert.deepEqual(
        extension.mul(x, extension.add(y, z)),
        extension.add(extension.mul(x, y), extension.mul(x, z)),
      );
      if (extension.equal(x, extension.zero)) continue;
      assert.deepEqual(extension.mul(x, extension.inverse(x)), extension.one);
    }
    // θ^e = g_F, and θ^(p^k) is θ for k = e alone: so the polynomial is irreducible.
    const theta = extension.zero.map((_, i) => (i === 1 ? 1n : 0n));
    assert.deepEqual(extension.power(theta, BigInt(degree)), extension.fromBase(field.generator));
    for (let k = 1; k <= degree; k++) {
      assert.equal(extension.equal(extension.power(theta, p ** BigInt(k)), theta), k === degree, `${field.name} ${k}`);
    }
    const x = [...element().slice(1), 5n];
    assert.deepEqual(extension.power(x, order), extension.one);
    assert.deepEqual(extension.power(x, 0n), extension.one);
    assert.deepEqual(extension.power(x, 3n), extension.mul(x, extension.mul(x, x)));
    const xs = Array.from({ length: 5 }, () => [...element().slice(1), 3n]);
    assert.deepEqual(extension.inverses(xs), xs.map((one) => extension.inverse(one)));
    assert.throws(() => extension.inverse(extension.zero), RangeError);
    assert.throws(() => extension.inverses([extension.one, extension.zero]), RangeError);
  }
});

test("elements of the field are known among those of an extension", () => {
  for (const extension of extensions) {
    assert.ok(extension.isBase(extension.zero) && extension.isBase(extension.fromBase(9n)));
    for (let i = 1; i < extension.degree; i++) {
      assert.ok(!extension.isBase(extension.zero.map((_, j) => (i === j ? 1n : 0n))));
    }
    assert.ok(!extension.equal(extension.one, extension.zero));
  }
  assert.throws(() => new Extension(GOLDILOCKS, 7), RangeError);
  assert.throws(() => new Extension(GOLDILOCKS, 0), RangeError);
});
