/** One's own balance in a proof of the STARK: honest claims, and every way to claim something else. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { concatBytes } from "../verifier/bytes/text.js";
import type { ConstraintSystem } from "../verifier/stark/constraint_system.js";
import { verifyStarkInclusion } from "../verifier/stark/inclusion.js";
import { verifyStark } from "../verifier/stark/verify_stark.js";
import { checkOf, littleEndian, recordedSegment, withBit, withBytes } from "./stark_files.js";

const SEGMENT = recordedSegment("stark-blake3");
const PAYLOAD = SEGMENT.payload("inclusion.polyproof");
/** What tests/recorded/format-2/expected.json says of the user that the file was cut for. */
const USER = "u-292380b6f76c893f";
const BALANCES = [3150756n, 2448626410032372n];
const VERIFIED = verifyStark(SEGMENT.statement, SEGMENT.totals, SEGMENT.proof, () => undefined);
const { shape } = VERIFIED;

function claimed(payload: Uint8Array, user = USER, balances: readonly bigint[] = BALANCES): string {
  return checkOf(() => verifyStarkInclusion(VERIFIED, payload, user, balances));
}

test("an honest claim is accepted, over both fields", () => {
  assert.equal(claimed(PAYLOAD), "accepted");
  const segment = recordedSegment("stark-babybear");
  const verified = verifyStark(segment.statement, segment.totals, segment.proof, () => undefined);
  const payload = segment.payload("inclusion.polyproof");
  assert.equal(checkOf(() => verifyStarkInclusion(verified, payload, USER, BALANCES)), "accepted");
  const other = [BALANCES[0]! + 1n, BALANCES[1]!];
  assert.equal(checkOf(() => verifyStarkInclusion(verified, payload, USER, other)), "inclusion-path");
});

test("another id, however close, is not the one", () => {
  for (const user of [`${USER}x`, USER.slice(0, -1), USER.toUpperCase(), ` ${USER}`, "", `${USER}\0`, "é", "\u{1f600}"]) {
    assert.equal(claimed(PAYLOAD, user), "inclusion-path", user);
  }
});

test("other balances are not the row's, and those that no account has are refused", () => {
  const [btc, eth] = BALANCES as [bigint, bigint];
  for (const other of [[btc + 1n, eth], [btc - 1n, eth], [btc, eth + 1n], [0n, 0n], [eth, btc], [btc + 256n, eth - 1n]]) {
    assert.equal(claimed(PAYLOAD, USER, other), "inclusion-path");
  }
  for (const other of [[-1n, eth], [2n ** 64n, eth], [btc + 2n ** 64n, eth], [btc, 2n ** 96n], [btc, eth - 2n ** 96n]]) {
    assert.equal(claimed(PAYLOAD, USER, other), "balance-range");
  }
  for (const other of [[], [btc], [btc, eth, 0n]]) assert.equal(claimed(PAYLOAD, USER, other), "balance-count");
});

test("rows that are no account's are refused", () => {
  const onRow = (row: bigint): string => claimed(withBytes(PAYLOAD, 12, littleEndian(row)));
  for (const row of [shape.active - 1, shape.active, shape.rows - 1]) assert.equal(onRow(BigInt(row)), "row");
  for (const row of [BigInt(shape.rows), 2n ** 32n, 2n ** 53n + 1n, 2n ** 64n - 1n]) assert.equal(onRow(row), "range");
  assert.equal(onRow(BigInt(shape.active - 2)), "inclusion-path");
});

test("limbs that are not in range are refused, though their words are those of the row", () => {
  // Packed, +2^w in one limb and −1 in the next is the same word, and so the same leaf.
  const trick = (change: (limbs: number[]) => void): string => {
    const limbs = [...VERIFIED.system.rowOf(BALANCES)];
    change(limbs);
    const system: ConstraintSystem = Object.assign(Object.create(VERIFIED.system), { rowOf: () => limbs });
    return checkOf(() => verifyStarkInclusion({ ...VERIFIED, system }, PAYLOAD, USER, BALANCES));
  };
  assert.equal(trick(() => undefined), "accepted");
  assert.equal(
    trick((limbs) => {
      limbs[0]! += 256;
      limbs[1]! -= 1;
    }),
    "limb-range",
  );
  for (const limb of [-1, 256, 0.5, NaN, 2 ** 53]) {
    assert.equal(trick((limbs) => limbs.splice(3, 1, limb)), "limb-range");
  }
});

test("every part of the file counts", () => {
  const e = shape.extension;
  let at = 0;
  const expected: [string, number, number, string][] = [];
  const part = (name: string, bytes: number, check: string): void => {
    expected.push([name, at, at + bytes, check]);
    at += bytes;
  };
  part("magic", 8, "magic");
  part("version", 4, "version");
  part("row", 8, "inclusion-path");
  part("nonce", 32, "inclusion-path");
  part("mask", 8 * e, "inclusion-path");
  part("path", 32 * shape.logRows, "inclusion-path");
  let leaves = shape.rows;
  shape.arities.forEach((arity, i) => {
    leaves /= arity;
    part(`coset ${i}`, 8 * e * arity * (i === 0 ? 2 : 1), "merkle-root");
    part(`siblings ${i}`, 32 * Math.log2(leaves), "merkle-root");
  });
  assert.equal(at, PAYLOAD.length);
  for (const [name, start, end, check] of expected) {
    for (const place of name === "row" ? [start] : [start, (start + end) >> 1, end - 1]) {
      assert.equal(claimed(withBit(PAYLOAD, place)), check, `${name}, byte ${place}`);
    }
    assert.equal(claimed(PAYLOAD.slice(0, end - 1)), "truncated", name);
  }
  assert.equal(claimed(concatBytes(PAYLOAD, new Uint8Array(1))), "trailing-bytes");
  const mask = expected.find(([name]) => name === "mask")![1];
  assert.equal(claimed(withBytes(PAYLOAD, mask, littleEndian(2n ** 64n - 1n))), "element-canonical");
});

test("a file is for the proof it was cut from: not under another nonce of the transcript, nor another's final polynomial", () => {
  const { gamma, delta, folds, finalPolynomial, witnessAtZ } = VERIFIED;
  const checkAgainst = (change: Partial<typeof VERIFIED>): string =>
    checkOf(() => verifyStarkInclusion({ ...VERIFIED, ...change }, PAYLOAD, USER, BALANCES));
  assert.equal(checkAgainst({ gamma: delta }), "own-row");
  assert.equal(checkAgainst({ witnessAtZ: [...witnessAtZ].reverse() }), "own-row");
  assert.equal(checkAgainst({ delta: gamma }), "fold");
  assert.equal(checkAgainst({ folds: [...folds].reverse() }), "fold");
  assert.equal(checkAgainst({ finalPolynomial: [...finalPolynomial].reverse() }), "final-polynomial");
  assert.equal(checkAgainst({ inclusionRoot: VERIFIED.pairRoot }), "inclusion-path");
  assert.equal(checkAgainst({ pairRoot: VERIFIED.inclusionRoot }), "merkle-root");
});
