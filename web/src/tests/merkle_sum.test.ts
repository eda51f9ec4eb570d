import assert from "node:assert/strict";
import { test } from "node:test";

import { parseInclusionFile } from "../verifier/audit/inclusion_file.js";
import { MERKLE_SUM_POLICY } from "../verifier/audit/policy.js";
import { backendOf, openAudit, openRecord, proofOf, statementOf } from "../verifier/audit/open.js";
import { concatBytes, encodeUtf8, u64le } from "../verifier/bytes/text.js";
import { hashByName, HASHES } from "../verifier/hashes/all.js";
import type { Digest, Hash } from "../verifier/hashes/hash.js";
import { concatWords, digestToBytes, hashMessage, splitNumbers, wordsOfDigest, wordsOfNumbers } from "../verifier/hashes/rows.js";
import { verifySumTree, verifySumTreeInclusion } from "../verifier/merkle_sum/sum_tree.js";
import type { SumTreeStatement } from "../verifier/merkle_sum/sum_tree.js";
import { RECORDED_USER, flipped, recordedFile, recordedFolder } from "./recorded_audits.js";
import { checkOf } from "./stark_files.js";

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

const blob = (bytes: Uint8Array): Uint8Array => concatBytes(u64le(bytes.length), bytes);
const NONCE = new Uint8Array(32).fill(7);

function leafOf(hash: Hash, user: string, balance: bigint): Digest {
  const tag = hashMessage(hash, "merkle-sum/account", concatBytes(blob(encodeUtf8("a")), u64le(0), blob(encodeUtf8(user)), NONCE));
  return hash.hashRow("merkle-sum/leaf", concatWords(wordsOfDigest(hash, tag), splitNumbers([balance], 56, hash)));
}

/** A proof of a tree over two leaves with these sums, which states `total`. */
function forge(hash: Hash, leaves: readonly Digest[], sums: readonly bigint[], total: bigint): Uint8Array {
  const top = hash.hashRow(
    "merkle-sum/node",
    concatWords(
      wordsOfNumbers([1n]),
      ...leaves.flatMap((leaf, i) => [wordsOfDigest(hash, leaf), splitNumbers([sums[i]!], 56, hash)]),
    ),
  );
  const statement = hashMessage(
    hash,
    "merkle-sum/statement",
    concatBytes(
      blob(encodeUtf8("polyproof/merkle-sum/1")), blob(encodeUtf8(hash.name)), blob(new Uint8Array(32)), blob(encodeUtf8("a")),
      u64le(0), u64le(1), u64le(1), blob(encodeUtf8("BTC")), u64le(0), u64le(8),
    ),
  );
  const root = hash.hashRow(
    "merkle-sum/root",
    concatWords(wordsOfDigest(hash, statement), wordsOfNumbers([1n]), wordsOfDigest(hash, top), splitNumbers([total], 56, hash)),
  );
  const bytes: number[] = [];
  for (let rest = total; rest > 0n; rest >>= 8n) bytes.push(Number(rest & 0xffn));
  return concatBytes(
    encodeUtf8("PPSUMPRF"), Uint8Array.of(1, 0, 0, 0), u64le(1), digestToBytes(top), u64le(bytes.length), Uint8Array.from(bytes),
    digestToBytes(root),
  );
}

/** The path of the left leaf, whose neighbour has this sum. */
function pathBeside(sibling: Digest, sum: number): Uint8Array {
  return concatBytes(
    encodeUtf8("PPSUMINC"), Uint8Array.of(1, 0, 0, 0), u64le(0), NONCE, digestToBytes(sibling), Uint8Array.of(sum),
  );
}

test("trees under every hash are those of the page", () => {
  for (const hash of HASHES) {
    const [left, right] = [leafOf(hash, "alice", 200n), leafOf(hash, "bob", 100n)];
    const proof = forge(hash, [left, right], [200n, 100n], 300n);
    const verified = verifySumTree(statementUnder(hash), [300n], proof);
    assert.equal(checkOf(() => verifySumTreeInclusion(verified, pathBeside(right, 100), "alice", [200n])), "accepted", hash.name);
    assert.equal(checkOf(() => verifySumTreeInclusion(verified, pathBeside(right, 101), "alice", [199n])), "inclusion-path", hash.name);
  }
});

test("whoever states less than the tree adds up to is found out by every account in it", () => {
  const hash = hashByName("sha256");
  const [left, right] = [leafOf(hash, "alice", 200n), leafOf(hash, "bob", 100n)];
  const proof = forge(hash, [left, right], [200n, 100n], 299n);
  const verified = verifySumTree(statementUnder(hash), [299n], proof);
  assert.equal(checkOf(() => verifySumTreeInclusion(verified, pathBeside(right, 100), "alice", [200n])), "totals");
});

test("a debt beside an account, which wraps around, cannot be written down", () => {
  const hash = hashByName("sha256");
  // −100 modulo 2^9, at a level where sums have 8 bits: written in a byte it would be another number.
  const [left, right] = [leafOf(hash, "alice", 200n), leafOf(hash, "bob", 412n)];
  const proof = forge(hash, [left, right], [200n, 412n], 100n);
  const verified = verifySumTree(statementUnder(hash), [100n], proof);
  assert.equal(checkOf(() => verifySumTreeInclusion(verified, pathBeside(right, 412 % 256), "alice", [200n])), "inclusion-path");
  // With balances of 7 bits there is a place in the byte for it, and it is refused for its range.
  const narrow = { ...verified, statement: { ...verified.statement, assets: [{ ...ASSET, bits: 7 }] } };
  assert.equal(checkOf(() => verifySumTreeInclusion(narrow, pathBeside(right, 128), "alice", [100n])), "sum-range");
});

test("the sums of a level are judged when all of them are read", () => {
  const { payload } = TREE;
  // Level 1 of BTC (64 bits) and ETH (96): a sibling of level 0 takes 52 bytes, then come a digest and 9 bytes.
  const at = 52 + 52 + 32;
  const spoiled = payload.slice().fill(255, at, at + 9);
  assert.equal(checkAccount(TREE, spoiled), "sum-range");
  assert.equal(checkAccount(TREE, spoiled.subarray(0, at + 9 + 13)), "sum-range");
  assert.equal(checkAccount(TREE, spoiled.subarray(0, at + 9 + 12)), "truncated");
});

test("a total out of range is refused although the root binds it", () => {
  const hash = hashByName("sha256");
  const leaves = [leafOf(hash, "alice", 200n), leafOf(hash, "bob", 312n)];
  assert.equal(checkOf(() => verifySumTree(statementUnder(hash), [512n], forge(hash, leaves, [200n, 312n], 512n))), "total-range");
  assert.equal(checkOf(() => verifySumTree(statementUnder(hash), [511n], forge(hash, leaves, [200n, 311n], 511n))), "accepted");
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
