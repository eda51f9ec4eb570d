/** Proofs of the STARK: honest ones, and every region of one changed. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Reader } from "../verifier/bytes/reader.js";
import { concatBytes } from "../verifier/bytes/text.js";
import type { StarkOptions, StarkStatement } from "../verifier/stark/constraint_system.js";
import { readLogRows } from "../verifier/stark/proof.js";
import { verifyStark } from "../verifier/stark/verify_stark.js";
import { checkOf, littleEndian, recordedSegment, withBit, withBytes } from "./stark_files.js";
import { proofRegions } from "./stark_layout.js";
import type { Region } from "./stark_layout.js";

const BLAKE3_SEGMENT = recordedSegment("stark-blake3");
const BABYBEAR_SEGMENT = recordedSegment("stark-babybear");
const { statement, totals, proof } = BLAKE3_SEGMENT;

function silent(): void {}

function checkOfProof(bytes: Uint8Array): string {
  return checkOf(() => verifyStark(statement, totals, bytes, silent));
}

function regionsOf(segment: typeof BLAKE3_SEGMENT): Region[] {
  const { shape, system } = verifyStark(segment.statement, segment.totals, segment.proof, silent);
  return proofRegions(segment.proof, shape, system.columns.length, segment.statement.options.field.bytes);
}

const REGIONS = regionsOf(BLAKE3_SEGMENT);
const { shape } = verifyStark(statement, totals, proof, silent);

function region(name: string): Region {
  const found = REGIONS.find((one) => one.name === name);
  assert(found, name);
  return found;
}

test("the layout that tests go by is that of the whole file", () => {
  assert.equal(REGIONS[REGIONS.length - 1]!.end, proof.length);
});

for (const [name, segment] of [["blake3", BLAKE3_SEGMENT], ["babybear", BABYBEAR_SEGMENT]] as const) {
  test(`an honest proof over ${name} is accepted, and progress rises to 1`, () => {
    const told: number[] = [];
    verifyStark(segment.statement, segment.totals, segment.proof, (done) => told.push(done));
    assert.equal(told[told.length - 1], 1);
    assert(told.length > 10 && told.length <= 101);
    assert(told.every((done, i) => done > 0 && done <= 1 && done >= (told[i - 1] ?? 0)));
  });
}

/** What notices a changed bit of each region. After η is drawn a root changes what is drawn later: first the work. */
const NOTICED: Readonly<Record<string, string>> = {
  magic: "magic",
  version: "version",
  n: "range", // what then stands where the number of siblings is
  "root of trace": "constraint-identity",
  "root of inclusion": "constraint-identity",
  "root of argument": "constraint-identity",
  "root of quotient": "constraint-identity",
  "root of pair": "grinding",
  "witness at z": "constraint-identity",
  "table and multiplicities at z": "constraint-identity",
  "masks at z": "grinding",
  "argument at z": "constraint-identity",
  "chunks at z": "constraint-identity",
  "table and sum at the next point": "constraint-identity",
  "rows of trace": "merkle-root",
  "rows of argument": "merkle-root",
  "rows of quotient": "merkle-root",
  "siblings of trace": "merkle-root",
  "siblings of argument": "merkle-root",
  "siblings of quotient": "merkle-root",
  "roots of layers": "grinding",
  "roots of the chain": "grinding",
  "final polynomial": "grinding",
  nonce: "grinding",
};

test("a changed bit at the beginning, in the middle and at the end of every region is noticed", () => {
  for (const { name, start, end, kind } of REGIONS) {
    if (kind === "count" && name !== "n") continue;
    const expected = NOTICED[name] ?? "merkle-root"; // cosets of a layer and their siblings
    const places = kind === "digests" || kind === "elements" ? [start, (start + end) >> 1, end - 8] : [start];
    for (const place of places) assert.equal(checkOfProof(withBit(proof, place)), expected, `${name}, byte ${place}`);
  }
});

test("two rows at queries, two siblings and two cosets that change places are noticed", () => {
  for (const [name, size] of [
    ["rows of trace", (region("rows of trace").end - region("rows of trace").start) / shape.queries],
    ["siblings of quotient", 32],
    ["cosets of layer 1", 8 * shape.extension * shape.arities[1]!],
  ] as const) {
    const { start } = region(name);
    const swapped = concatBytes(proof.slice(start + size, start + 2 * size), proof.slice(start, start + size));
    assert.equal(checkOfProof(withBytes(proof, start, swapped)), "merkle-root", name);
  }
});

test("an element that is not below the modulus is noticed wherever it is", () => {
  const modulus = littleEndian(statement.options.field.modulus);
  for (const { name, start, end, kind } of REGIONS) {
    if (kind !== "elements") continue;
    assert.equal(checkOfProof(withBytes(proof, start, modulus)), "element-canonical", name);
    assert.equal(checkOfProof(withBytes(proof, end - 8, Array(8).fill(255))), "element-canonical", name);
  }
});

test("over a field of four bytes too, and so is a digest with a word that is not below the bound of its hash", () => {
  const field = BABYBEAR_SEGMENT.statement.options.field;
  for (const { name, start, kind } of regionsOf(BABYBEAR_SEGMENT)) {
    if (kind !== "elements" && kind !== "digests") continue;
    const changed = withBytes(BABYBEAR_SEGMENT.proof, start, littleEndian(field.modulus, 4));
    const check = checkOf(() => verifyStark(BABYBEAR_SEGMENT.statement, BABYBEAR_SEGMENT.totals, changed, silent));
    assert.equal(check, `${kind === "elements" ? "element" : "digest"}-canonical`, name);
  }
});

test("a proof that is cut anywhere, or goes on, is rejected", () => {
  for (const { name, start, end } of REGIONS) {
    for (const cut of [start, end - 1]) {
      const check = checkOfProof(proof.slice(0, cut));
      assert(["truncated", "proof-size"].includes(check), `${name}: ${check}`);
    }
  }
  assert.equal(checkOfProof(concatBytes(proof, new Uint8Array(1))), "trailing-bytes");
  // The witness alone, at z and at the queries, takes so many bytes: with fewer nothing is derived.
  const least = (8 + 12) * (shape.extension + shape.queries) * 8;
  assert.equal(checkOfProof(proof.slice(0, least - 1)), "proof-size");
  assert.equal(checkOfProof(proof.slice(0, least)), "truncated");
});

test("counts that the verifier does not expect are rejected before anything is made of them", () => {
  for (const { name, start, end, kind } of REGIONS) {
    if (kind !== "count" || name === "n") continue;
    assert.equal(end - start, 8);
    for (const count of [2n ** 32n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]) {
      assert.equal(checkOfProof(withBytes(proof, start, littleEndian(count))), "range", name);
    }
  }
  for (const rows of [0n, 9n, 12n, 64n, 2n ** 63n]) {
    assert.equal(checkOfProof(withBytes(proof, region("n").start, littleEndian(rows))), "range");
  }
  assert.equal(checkOfProof(withBytes(proof, region("nonce").start, littleEndian(2n ** 48n))), "range");
});

test("a trace has no more rows than the options allow, and no fewer than 2^10", () => {
  const logRows = (stated: bigint, mostRows: number): string =>
    checkOf(() => readLogRows(new Reader(withBytes(proof, region("n").start, littleEndian(stated))), mostRows));
  assert.equal(logRows(11n, 2 ** 11), "accepted");
  assert.equal(logRows(11n, 2 ** 10), "range");
  assert.equal(logRows(10n, 2 ** 10), "accepted");
  assert.equal(logRows(9n, 2 ** 10), "range");
});

test("a sibling or a coset less or more than the queries need is noticed", () => {
  const first = region("number of siblings of trace");
  const last = REGIONS.filter((one) => one.name.startsWith("number of siblings of layer")).pop()!;
  for (const { start } of [first, last]) {
    const count = Number(new DataView(proof.buffer, proof.byteOffset).getBigUint64(start, true));
    const after = start + 8 + 32 * count;
    const fewer = concatBytes(proof.slice(0, after - 32), proof.slice(after));
    assert.equal(checkOfProof(withBytes(fewer, start, littleEndian(BigInt(count - 1)))), "merkle-siblings");
    const more = concatBytes(proof.slice(0, after), new Uint8Array(32), proof.slice(after));
    assert.equal(checkOfProof(withBytes(more, start, littleEndian(BigInt(count + 1)))), "merkle-siblings");
  }
  const cosets = region("number of cosets of layer 0");
  const coset = 8 * shape.extension * shape.arities[0]!;
  const without = concatBytes(proof.slice(0, cosets.end), proof.slice(cosets.end + coset));
  assert.equal(checkOfProof(withBytes(without, cosets.start, littleEndian(BigInt(shape.queries - 1)))), "coset-count");
  const none = concatBytes(proof.slice(0, cosets.end), proof.slice(region("cosets of layer 0").end));
  assert.equal(checkOfProof(withBytes(none, cosets.start, littleEndian(0n))), "range");
  // Queries meet in the last layer, so that it can be given one more than they touch, of which no root would know.
  const layer = shape.arities.length - 1;
  const opened = region(`number of cosets of layer ${layer}`);
  const { end } = region(`cosets of layer ${layer}`);
  const count = BigInt((end - opened.end) / (8 * shape.extension * shape.arities[layer]!));
  assert.ok(count < shape.queries);
  const spare = concatBytes(proof.slice(0, end), new Uint8Array(8 * shape.extension * shape.arities[layer]!), proof.slice(end));
  assert.equal(checkOfProof(withBytes(spare, opened.start, littleEndian(count + 1n))), "coset-count");
});

test("a proof is for its statement and for its totals alone", () => {
  const [btc, eth] = statement.assets as [(typeof statement.assets)[0], (typeof statement.assets)[0]];
  const others: [string, Partial<StarkStatement>][] = [
    ["another header", { context: withBit(statement.context, 31) }],
    ["another audit", { auditId: `${statement.auditId}x` }],
    ["another segment", { segment: 1 }],
    ["more segments", { segments: 2 }],
    ["another symbol", { assets: [{ ...btc, symbol: "XBT" }, eth] }],
  ];
  for (const [name, change] of others) {
    assert.equal(checkOf(() => verifyStark({ ...statement, ...change }, totals, proof, silent)), "constraint-identity", name);
  }
  const swapped = { ...statement, assets: [eth, btc] };
  assert.equal(checkOf(() => verifyStark(swapped, [...totals].reverse(), proof, silent)), "constraint-identity");

  const [first, second] = totals as [bigint, bigint];
  for (const other of [[first + 1n, second], [first - 1n, second], [first, second - 2n ** 32n], [0n, 0n]]) {
    assert.equal(checkOf(() => verifyStark(statement, other, proof, silent)), "constraint-identity");
  }
  // p more is the same in the field, and is not the same total.
  for (const other of [[first + statement.options.field.modulus, second], [first, second + statement.options.field.modulus]]) {
    assert.equal(checkOf(() => verifyStark(statement, other, proof, silent)), "constraint-identity");
  }
  for (const other of [[-1n, second], [first, -1n], [2n ** 80n, second]]) {
    assert.equal(checkOf(() => verifyStark(statement, other, proof, silent)), "total-range");
  }
  for (const other of [[first], [first, second, 0n], []]) {
    assert.equal(checkOf(() => verifyStark(statement, other, proof, silent)), "total-count");
  }
});

test("options that do not fit together are refused, and others than the proof's do not make it one", () => {
  const under = (change: Partial<StarkOptions>): string =>
    checkOf(() => verifyStark({ ...statement, options: { ...statement.options, ...change } }, totals, proof, silent));
  for (const change of [
    { extension: 4 },
    { hash: BABYBEAR_SEGMENT.statement.options.hash },
    { blinding: 181 },
    { blinding: 300 },
    { queries: 200 },
    { segmentRows: 1536 },
    { targetBits: 90, queries: 88 },
    { targetBits: 128 },
    { limbBits: 24, segmentRows: 1024 },
  ]) {
    assert.equal(under(change), "options", Object.keys(change).join());
  }
  for (const change of [{ grinding: 15 }, { blinding: 183 }, { limbBits: 9 }, { queries: 87 }, { blowup: 8 }, { arity: 4 }]) {
    assert.notEqual(under(change), "accepted", Object.keys(change).join());
  }
  assert.equal(under({ queries: 88, grinding: 16, blowup: 4, blinding: 182 }), "accepted"); // what they are by default
});
