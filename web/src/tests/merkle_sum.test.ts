import assert from "node:assert/strict";
import { test } from "node:test";

import { parseInclusionFile } from "../verifier/audit/inclusion_file.js";
import { MERKLE_SUM_POLICY } from "../verifier/audit/policy.js";
import { backendOf, openAudit, openRecord, proofOf, statementOf } from "../verifier/audit/open.js";
import { concatBytes, u64le } from "../verifier/bytes/text.js";
import { HASHES } from "../verifier/hashes/all.js";
import type { Hash } from "../verifier/hashes/hash.js";
import { verifySumTree, verifySumTreeInclusion } from "../verifier/merkle_sum/sum_tree.js";
import type { SumTreeStatement } from "../verifier/merkle_sum/sum_tree.js";
import { hashByName } from "./digests.js";
import { RECORDED_USER, flipped, recordedFile, recordedFolder } from "./recorded_audits.js";
import { checkOf } from "./stark_files.js";
import { forgeTree, leafOf } from "./sum_tree_prover.js";
import type { ForgedTree } from "./sum_tree_prover.js";

interface RecordedTree {
  readonly statement: SumTreeStatement;
  readonly totals: readonly bigint[];
  readonly proof: Uint8Array;
  readonly payload: Uint8Array;
  readonly user: string;
  readonly balances: readonly bigint[];
}

function recordedTree(name: string, user: string, balances: readonly bigint[]): RecordedTree {
  const payloadOf = parseInclusionFile(recordedFile(`${name}/inclusion.polyproof`), MERKLE_SUM_POLICY);
  const index = Number(payloadOf.segment);
  const opened = openRecord(recordedFolder(`${name}/public`), null, MERKLE_SUM_POLICY, false);
  const audit = openAudit(opened, MERKLE_SUM_POLICY, Date.now());
  const backend = backendOf(audit, index);
  if (backend.name !== "merkle-sum") throw new Error(`${name} is no sum tree`);
  return {
    statement: { ...statementOf(audit, index), options: backend.options },
    totals: audit.manifest.segments[index]!.totals,
    proof: proofOf(audit, index),
    payload: payloadOf.payload,
    user,
    balances,
  };
}

const BALANCES = [3150756n, 2448626410032372n];
const RECORDED: readonly (readonly [string, RecordedTree])[] = [
  ["merkle-sum", recordedTree("merkle-sum", RECORDED_USER, BALANCES)],
  ["merkle-sum-declared", recordedTree("merkle-sum-declared", RECORDED_USER, BALANCES)],
  ["merkle-sum-keccak256", recordedTree("merkle-sum-keccak256", "u-af8a4316d6664cb5", [151395n, 142601753785617887n])],
];
const [, TREE] = RECORDED[0]!;

function checkProof(tree: RecordedTree, proof: Uint8Array, totals = tree.totals): string {
  return checkOf(() => verifySumTree(tree.statement, totals, proof));
}

function checkAccount(tree: RecordedTree, payload: Uint8Array, user = tree.user, balances = tree.balances): string {
  const verified = verifySumTree(tree.statement, tree.totals, tree.proof);
  return checkOf(() => verifySumTreeInclusion(verified, payload, user, balances));
}

test("recorded trees and the account in them are accepted", () => {
  for (const [name, tree] of RECORDED) {
    assert.equal(checkProof(tree, tree.proof), "accepted", name);
    assert.equal(checkAccount(tree, tree.payload), "accepted", name);
  }
});

test("no bit of a proof can be changed", () => {
  for (const [name, tree] of RECORDED) {
    for (let i = 0; i < 8 * tree.proof.length; i++) {
      const check = checkProof(tree, flipped(tree.proof, i >> 3, 1 << (i & 7)));
      assert.notEqual(check, "accepted", `${name} bit ${i}`);
    }
    for (let n = 0; n < tree.proof.length; n++) assert.notEqual(checkProof(tree, tree.proof.slice(0, n)), "accepted", `${n}`);
    assert.equal(checkProof(tree, concatBytes(tree.proof, Uint8Array.of(0))), "trailing-bytes");
  }
});

test("no bit of an inclusion proof can be changed, and it is of the account and the balances alone", () => {
  for (const [name, tree] of RECORDED) {
    for (let i = 0; i < tree.payload.length; i++) {
      for (const bits of [1, 128]) assert.notEqual(checkAccount(tree, flipped(tree.payload, i, bits)), "accepted", `${name} ${i}`);
    }
    for (let n = 0; n < tree.payload.length; n += 11) assert.equal(checkAccount(tree, tree.payload.slice(0, n)), "truncated", `${n}`);
    assert.equal(checkAccount(tree, concatBytes(tree.payload, Uint8Array.of(0))), "trailing-bytes");
    for (const user of ["", `${tree.user} `, tree.user.toUpperCase(), tree.user.slice(1)]) {
      assert.equal(checkAccount(tree, tree.payload, user), "inclusion-path", user);
    }
    for (const [i, delta] of [[0, 1n], [0, -1n], [1, 1n], [1, -1n]] as const) {
      const other = tree.balances.map((balance, k) => (k === i ? balance + delta : balance));
      assert.equal(checkAccount(tree, tree.payload, tree.user, other), "inclusion-path");
    }
    assert.equal(checkAccount(tree, tree.payload, tree.user, [-1n, 0n]), "balance-range");
    assert.equal(checkAccount(tree, tree.payload, tree.user, [1n << 64n, 0n]), "balance-range");
    assert.equal(checkAccount(tree, tree.payload, tree.user, [1n]), "balance-count");
  }
});

test("a proof is of one statement", () => {
  const { statement, totals, proof } = TREE;
  const others: readonly Partial<SumTreeStatement>[] = [
    { context: flipped(statement.context, 0) }, { auditId: `${statement.auditId}x` }, { segment: 1 }, { segments: 2 },
    { assets: statement.assets.map((asset) => ({ ...asset, symbol: `${asset.symbol}X` })) },
    { assets: statement.assets.map((asset) => ({ ...asset, decimals: 3 })) },
    { assets: statement.assets.map((asset) => ({ ...asset, bits: asset.bits + 1 })) },
    { options: { ...statement.options, hash: hashByName("sha256") } },
  ];
  for (const other of others) {
    assert.equal(checkOf(() => verifySumTree({ ...statement, ...other }, totals, proof)), "root", Object.keys(other)[0]);
  }
  assert.equal(checkProof(TREE, proof, [totals[0]!, totals[1]! + 1n]), "totals");
  assert.equal(checkProof(TREE, proof, [totals[0]!]), "total-count");
});

test("the options bound the depth", () => {
  const { statement, totals, proof } = TREE;
  const depth = proof[12]!;
  const check = (minDepth: number, accountsPerSegment: number): string =>
    checkOf(() => verifySumTree({ ...statement, options: { ...statement.options, minDepth, accountsPerSegment } }, totals, proof));
  assert.equal(check(depth, 1), "accepted");
  assert.equal(check(depth + 1, 1), "range");
  assert.equal(check(0, 2 ** depth), "accepted");
  assert.equal(check(0, 2 ** (depth - 1)), "range");
  assert.equal(check(0, 2 ** (depth - 1) + 1), "accepted");
});

// A prover of one's own, for trees that polyproof would not make: two accounts, one asset.

const ASSET = { symbol: "BTC", decimals: 0, bits: 8 };

function statementUnder(hash: Hash): SumTreeStatement {
  return {
    context: new Uint8Array(32), auditId: "a", segment: 0, segments: 1, assets: [ASSET],
    options: { hash, accountsPerSegment: 2, minDepth: 0 },
  };
}

/** A tree over alice and bob with these leaves' balances and these sums, which states `total`. */
function forge(hash: Hash, balances: readonly [bigint, bigint], sums: readonly [bigint, bigint], total: bigint): ForgedTree {
  const statement = statementUnder(hash);
  const rows = (["alice", "bob"] as const).map((user, i) => ({ leaf: leafOf(statement, user, [balances[i]!]), sums: [sums[i]!] }));
  return forgeTree(statement, rows, [total]);
}

test("trees under every hash are those of the page", () => {
  for (const hash of HASHES) {
    const tree = forge(hash, [200n, 100n], [200n, 100n], 300n);
    const verified = verifySumTree(statementUnder(hash), [300n], tree.proof);
    const check = (user: string, payload: Uint8Array, balance: bigint): string =>
      checkOf(() => verifySumTreeInclusion(verified, payload, user, [balance]));
    assert.equal(check("alice", tree.inclusionOf(0), 200n), "accepted", hash.name);
    assert.equal(check("bob", tree.inclusionOf(1), 100n), "accepted", hash.name);
    assert.equal(check("alice", tree.inclusionOf(1), 200n), "inclusion-path", hash.name);
    assert.equal(check("alice", tree.inclusionOf(0), 199n), "inclusion-path", hash.name);
  }
});

test("whoever states less than the tree adds up to is found out by every account in it", () => {
  const hash = hashByName("sha256");
  const tree = forge(hash, [200n, 100n], [200n, 100n], 299n);
  const verified = verifySumTree(statementUnder(hash), [299n], tree.proof);
  assert.equal(checkOf(() => verifySumTreeInclusion(verified, tree.inclusionOf(0), "alice", [200n])), "totals");
  assert.equal(checkOf(() => verifySumTreeInclusion(verified, tree.inclusionOf(1), "bob", [100n])), "totals");
});

test("an account that was put into the tree with less than it has is found out", () => {
  const hash = hashByName("sha256");
  // The leaf says 200, and the sum beside it 100: no path leads from the leaf to the top.
  const tree = forge(hash, [200n, 100n], [100n, 100n], 200n);
  const verified = verifySumTree(statementUnder(hash), [200n], tree.proof);
  assert.equal(checkOf(() => verifySumTreeInclusion(verified, tree.inclusionOf(0), "alice", [200n])), "inclusion-path");
  assert.equal(checkOf(() => verifySumTreeInclusion(verified, tree.inclusionOf(0), "alice", [100n])), "inclusion-path");
});

test("a debt beside an account, which would wrap around, cannot be written down", () => {
  const hash = hashByName("sha256");
  // −100 modulo 2^9 is 412, and a sum beside the path has 8 bits there: its byte says another number.
  const tree = forge(hash, [200n, 412n], [200n, 412n], 100n);
  const verified = verifySumTree(statementUnder(hash), [100n], tree.proof);
  assert.equal(checkOf(() => verifySumTreeInclusion(verified, tree.inclusionOf(0), "alice", [200n])), "inclusion-path");
  // With balances of 7 bits there is room in the byte for more, and that is refused for its range.
  const narrow = { ...verified, statement: { ...verified.statement, assets: [{ ...ASSET, bits: 7 }] } };
  assert.equal(checkOf(() => verifySumTreeInclusion(narrow, tree.inclusionOf(0), "alice", [100n])), "sum-range");
  for (const [sum, check] of [[127, "inclusion-path"], [128, "sum-range"]] as const) {
    const payload = tree.inclusionOf(0);
    payload[payload.length - 1] = sum;
    assert.equal(checkOf(() => verifySumTreeInclusion(narrow, payload, "alice", [100n])), check, `${sum}`);
  }
});

test("a total out of range is refused although the root binds it", () => {
  const hash = hashByName("sha256");
  const check = (second: bigint, total: bigint): string =>
    checkOf(() => verifySumTree(statementUnder(hash), [total], forge(hash, [200n, second], [200n, second], total).proof));
  assert.equal(check(312n, 512n), "total-range");
  assert.equal(check(311n, 511n), "accepted");
});

test("totals are read in their shortest form, and bounded", () => {
  const { proof, totals } = TREE;
  const length = proof[52]!;
  const withTotal = (bytes: Uint8Array): Uint8Array =>
    concatBytes(proof.slice(0, 52), u64le(bytes.length), bytes, proof.slice(60 + length));
  const total = proof.slice(60, 60 + length);
  assert.equal(checkProof(TREE, withTotal(total), totals), "accepted");
  assert.equal(checkProof(TREE, withTotal(concatBytes(total, Uint8Array.of(0)))), "canonical");
  assert.equal(checkProof(TREE, withTotal(new Uint8Array(4096).fill(1))), "totals");
  assert.equal(checkProof(TREE, withTotal(new Uint8Array(4097).fill(1))), "range");
});
