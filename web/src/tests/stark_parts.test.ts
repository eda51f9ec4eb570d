/** Parts of the STARK's verifier on their own: sizes, sums in parts, folds, options that choose queries. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { inverse, power, rootOfUnity } from "../verifier/fields/arithmetic.js";
import { BABYBEAR } from "../verifier/fields/babybear.js";
import { Extension } from "../verifier/fields/extension.js";
import type { Element, Field } from "../verifier/fields/field.js";
import { GOLDILOCKS } from "../verifier/fields/goldilocks.js";
import { makeAccounts } from "../verifier/stark/accounts.js";
import type { StarkOptions, StarkStatement } from "../verifier/stark/constraint_system.js";
import { LayerDomain, evaluateAtBase, foldPowers } from "../verifier/stark/folding.js";
import { PartedSum, digitsOf } from "../verifier/stark/parted_sum.js";
import { checkOptions, checkTrace, deriveShape, traceShape } from "../verifier/stark/shape.js";
import { Surplus } from "../verifier/stark/surplus.js";
import { reachTarget } from "../verifier/stark/target.js";
import { hashByName } from "./digests.js";
import { checkOf } from "./stark_files.js";

const USUAL: StarkOptions = {
  profile: "standard", field: GOLDILOCKS, hash: hashByName("poseidon"), constraints: "accounts", extension: 3,
  blowup: null, queries: null, grinding: null, targetBits: null, arity: 8, limbBits: 16, segmentRows: 2 ** 20,
  blinding: null,
};

function statementOfAssets(options: StarkOptions, count: number, bits: number): StarkStatement {
  return {
    context: new Uint8Array(32),
    auditId: "parts",
    segment: 0,
    segments: 1,
    assets: Array.from({ length: count }, (_, i) => ({ symbol: `A${i}`, decimals: 0, bits })),
    options,
    terms: null,
  };
}

/** Elements that look random and are the same in every run. */
function elements(field: Field, degree: number, count: number): Element[] {
  let state = 1n;
  const next = (): bigint => (state = power(field, state + 12345n, 5n));
  return Array.from({ length: count }, () => Array.from({ length: degree }, next));
}

test("the tables of limbs together are exactly the numbers below 2^w, and each fits the rows", () => {
  for (const limbBits of [4, 8, 13, 16, 20, 24]) {
    for (const logRows of [10, 13, 17]) {
      const options = { ...USUAL, limbBits, segmentRows: 2 ** logRows };
      const statement = statementOfAssets(options, 1, 24);
      const trace = traceShape(options, logRows, null);
      const system = makeAccounts(statement, trace.active, limbBits);
      let shape;
      try {
        shape = deriveShape(trace, options, system);
      } catch {
        assert(2 ** limbBits / trace.active > 2 ** 13); // so many tables are more columns than there may be
        continue;
      }
      assert(shape.tableLength <= trace.active);
      let reached = 0;
      for (const offset of shape.tableOffsets) {
        assert(offset <= reached);
        reached = offset + shape.tableLength;
      }
      assert.equal(reached, 2 ** limbBits);
    }
  }
});

test("22 assets of 64 bits share helper columns by four, and a quotient's length decides its chunks", () => {
  const statement = statementOfAssets(USUAL, 22, 64);
  const trace = traceShape(USUAL, 20, null);
  checkTrace(trace, USUAL);
  const shape = deriveShape(trace, USUAL, makeAccounts(statement, trace.active, 16));
  assert.equal(shape.group, 4);
  assert.equal(shape.blinding, 182);
  assert.equal(shape.lookupHelpers, 22);
  assert.equal(shape.quotientDegree, 5 * (2 ** 20 - 1) - (2 ** 20 - 182));
  assert.equal(shape.chunks, 5);
  assert.deepEqual(shape.arities, [8, 8, 8, 8, 8]);
  assert.equal(shape.finalLength, 32);
});

test("over BabyBear 64 bits fit 2^14 rows, and on 2^15 no width does", () => {
  const fitting = (logRows: number): number[] => {
    const widths = Array.from({ length: 21 }, (_, i) => i + 4);
    return widths.filter((limbBits) => {
      const options = { ...USUAL, field: BABYBEAR, hash: hashByName("blake3"), extension: 6, limbBits };
      const active = traceShape(options, logRows, null).active;
      return checkOf(() => makeAccounts(statementOfAssets(options, 1, 64), active, limbBits)) === "accepted";
    });
  };
  assert(fitting(14).length > 0);
  assert.deepEqual(fitting(15), []);
});

test("an asset has to have as many limbs as its carries take", () => {
  // Over BabyBear a part is one limb of 12 bits, and a carry of 2^14 rows two.
  const options = { ...USUAL, field: BABYBEAR, hash: hashByName("blake3"), extension: 6, limbBits: 12 };
  const { active } = traceShape(options, 14, null);
  const ofBits = (bits: number): string => checkOf(() => makeAccounts(statementOfAssets(options, 1, bits), active, 12));
  assert.equal(ofBits(12), "accepted");
  assert.equal(ofBits(24), "accepted");
  assert.equal(ofBits(36), "options");
});

test("there are at most 2^14 limbs, no more than the field can count, and a domain", () => {
  const narrow = { ...USUAL, limbBits: 4 };
  assert.equal(checkOf(() => checkOptions(statementOfAssets(narrow, 1024, 64))), "accepted");
  assert.equal(checkOf(() => checkOptions(statementOfAssets(narrow, 1025, 64))), "options");
  const trace = traceShape(narrow, 20, null);
  const full = makeAccounts(statementOfAssets(narrow, 1024, 64), trace.active, 4);
  assert.equal(checkOf(() => deriveShape(trace, narrow, full)), "options"); // with the multiplicities

  const babybear = { ...USUAL, field: BABYBEAR, hash: hashByName("blake3"), extension: 6, segmentRows: 2 ** 24 };
  const { active } = traceShape(babybear, 10, null);
  const counted = { ...traceShape(babybear, 10, null), active: Math.ceil(Number(BABYBEAR.modulus) / 2000) };
  const system = makeAccounts(statementOfAssets({ ...babybear, limbBits: 8 }, 2000, 8), active, 8);
  assert.equal(checkOf(() => deriveShape(counted, babybear, system)), "options");
  assert.equal(checkOf(() => deriveShape({ ...counted, active: counted.active - 1 }, babybear, system)), "accepted");

  const domain = (blowup: number): string =>
    checkOf(() => checkTrace(traceShape({ ...babybear, blowup }, 24, null), { ...babybear, blowup }));
  assert.equal(domain(8), "accepted");
  assert.equal(domain(16), "options");
});

test("blinding rows are as many as hide what is opened, and a fifth of the trace at the most", () => {
  const fits = (blinding: number, queries: number): string => {
    const options = { ...USUAL, queries, blinding };
    return checkOf(() => checkTrace(traceShape(options, 10, null), options));
  };
  assert.equal(fits(204, 99), "accepted"); // 2·99 + 2·3, and 5·204 = 1020
  assert.equal(fits(203, 99), "options");
  assert.equal(fits(205, 99), "options");
  assert.equal(fits(8, 1), "accepted");
  assert.equal(fits(7, 1), "options");
});

test("a surplus whose places could wrap is refused", () => {
  // Of one limb of w bits, owed with a coefficient of w ones, there are at most (B − 1)·B in place 0, and about as much is
  // carried out of it: 2^31 for w = 15, which is above the modulus of BabyBear.
  const wraps = (limbBits: number, field: Field): string => {
    let columns = 1;
    const take = (names: readonly string[]): number[] => names.map(() => columns++);
    const coefficient = 1n - 2n ** BigInt(limbBits);
    return checkOf(() => new Surplus([{ coefficient, limbs: [0] }], 1n, limbBits, field, take));
  };
  assert.equal(wraps(14, BABYBEAR), "accepted");
  assert.equal(wraps(15, BABYBEAR), "options");
  assert.equal(wraps(24, GOLDILOCKS), "accepted");
  // So many of them that 2^63 is reached, which is below p.
  const many = (count: number): string => {
    let columns = 1;
    const take = (names: readonly string[]): number[] => names.map(() => columns++);
    const weighed = Array.from({ length: count }, () => ({ coefficient: 2n ** 24n - 1n, limbs: [0] }));
    return checkOf(() => new Surplus(weighed, 1n, 24, GOLDILOCKS, take));
  };
  assert.equal(many(1000), "accepted");
  assert.equal(many(2 ** 15), "options");
});

test("whatever the options, a quotient is short enough, and there are more cosets than queries", () => {
  for (const blowup of [2, 4, 8, 16]) {
    for (const [queries, limbBits, count] of [[1, 4, 1], [99, 16, 22], [20, 13, 3]] as const) {
      for (const arity of [2, 4, 8, 16]) {
        const options = { ...USUAL, blowup, queries, arity, limbBits };
        const trace = traceShape(options, 10, null);
        checkTrace(trace, options);
        const system = makeAccounts(statementOfAssets(options, count, 64), trace.active, limbBits);
        const shape = deriveShape(trace, options, system);
        assert(shape.quotientDegree + 1 <= blowup * trace.rows + trace.blinding - 2);
        assert((blowup * trace.rows) / trace.arities[0]! >= queries);
      }
    }
  }
});

test("carries leave no room for a total that is p more or less", () => {
  // Where 2^w > U the width of a part depends on 2^w: with 4U alone v were one too large (section 2).
  for (const [limbBits, active] of [[8, 842], [8, 257], [8, 2 ** 16 + 1], [16, 842], [24, 842], [22, 2 ** 20 - 182], [4, 2 ** 20 - 182]] as const) {
    const limbs = Math.ceil(96 / limbBits);
    const columns = Array.from({ length: limbs }, (_, j) => j);
    const sum = new PartedSum("X", [columns], active - 1, limbBits, GOLDILOCKS);
    assert(sum.publics.length > 1, "96 bits take several parts");
    // The largest carry that limbs can say, by the expressions of the digest's own description.
    const [first] = sum.describe(columns.map((j) => `x${j}`));
    const scaled = /\(\* (.*) (\d+)\)\)$/.exec(first!.last)!;
    const step = BigInt(scaled[2]!);
    const largest = [...scaled[1]!.matchAll(/\(\* x\d+ (\d+)\)|x\d+/g)].reduce(
      (total, match) => total + BigInt(match[1] ?? "1") * (2n ** BigInt(limbBits) - 1n),
      0n,
    );
    assert(largest >= BigInt(active - 1), "every carry can be written");
    assert(BigInt(active - 1) * (step - 1n) + largest < GOLDILOCKS.modulus);
    assert(step - 1n + step * largest < GOLDILOCKS.modulus);
  }
});

test("a total's digits are its own, and totals that accounts in range cannot reach are refused", () => {
  const columns = Array.from({ length: 12 }, (_, j) => j);
  const sum = new PartedSum("X", [columns], 841, 8, GOLDILOCKS);
  const most = 841n * (2n ** 96n - 1n);
  for (const total of [0n, 1n, 2n ** 64n, GOLDILOCKS.modulus, most]) {
    const digits = sum.publicValues(total);
    const base = BigInt(/(\d+)\)\)$/.exec(sum.describe(columns.map((j) => `x${j}`))[0]!.last)![1]!);
    assert.equal(digits.reduceRight((value, digit) => value * base + digit, 0n), total);
    assert(digits.slice(0, -1).every((digit) => digit >= 0n && digit < base));
  }
  for (const total of [-1n, most + 1n, 2n ** 256n]) assert.equal(checkOf(() => sum.publicValues(total)), "total-range");
});

test("digits are those of the base, as many as asked for", () => {
  assert.deepEqual(digitsOf(0x0102ffn, 8, 4), [255, 2, 1, 0]);
  assert.deepEqual(digitsOf(2n ** 96n - 1n, 24, 4), Array(4).fill(2 ** 24 - 1));
});

test("a fold is the value of the polynomial through a coset, on D and on H", () => {
  for (const [field, degree] of [[GOLDILOCKS, 2], [GOLDILOCKS, 3], [BABYBEAR, 6]] as const) {
    const K = new Extension(field, degree);
    for (const arity of [2, 4, 8, 16]) {
      for (const shift of [1n, field.generator]) {
        const domain = new LayerDomain(K, shift, 64, arity);
        const coefficients = elements(field, degree, arity);
        const leaf = 64 / arity - 1;
        const points = Array.from({ length: arity }, (_, j) => domain.point(leaf + j * domain.leaves));
        points.forEach((point, j) => {
          const expected = shift * power(field, rootOfUnity(field, 64), BigInt(leaf + j * domain.leaves));
          assert.equal(point, expected % field.modulus);
        });
        const values = points.map((point) => evaluateAtBase(K, coefficients, point));
        const challenge = elements(field, degree, arity + 1)[arity]!;
        const folded = domain.fold(values, inverse(field, points[0]!), foldPowers(K, challenge, arity));
        const direct = [...coefficients].reverse().reduce((sum, c) => K.add(K.mul(sum, challenge), c), K.zero);
        assert(K.equal(folded, direct), `${field.name}, ${arity}`);
        assert.equal(domain.next(2).point(leaf), power(field, points[0]!, BigInt(arity)));
      }
    }
  }
});

test("target_bits chooses the queries and the grinding of docs/explanation/security.md", () => {
  const options = { ...USUAL, limbBits: 22 };
  const statement = statementOfAssets(options, 22, 64);
  for (const [target, queries, grinding] of [[100, 82, 20], [120, 114, 20], [128, 160, 20]] as const) {
    const chosen = reachTarget(options, 20, target, (trace) => makeAccounts(statement, trace.active, trace.limbBits));
    assert.deepEqual([chosen.queries, chosen.grinding], [queries, grinding]);
    assert.equal(chosen.blinding, 2 * queries + 6);
  }
  const weak = { ...options, extension: 2 };
  const systemOf = (trace: { active: number; limbBits: number }) =>
    makeAccounts(statementOfAssets(weak, 22, 64), trace.active, trace.limbBits);
  assert.equal(checkOf(() => reachTarget(weak, 20, 128, systemOf)), "options");
});
