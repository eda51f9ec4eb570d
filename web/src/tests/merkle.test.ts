import assert from "node:assert/strict";
import { test } from "node:test";

import { HASHES } from "../verifier/hashes/all.js";
import type { Digest, Hash } from "../verifier/hashes/hash.js";
import { compress, sameDigest, wordsOfNumbers } from "../verifier/hashes/rows.js";
import { openPath, rootOfOpening, siblingCount } from "../verifier/merkle.js";
import { Rejected } from "../verifier/rejected.js";
import { hashByName } from "./digests.js";
import { Seeded } from "./seeded.js";

const BLAKE3 = hashByName("blake3");

/** All nodes of a tree as the heap that docs/reference/hashes.md numbers: node 1 the root, leaf r node n + r. */
function heapOf(hash: Hash, leaves: readonly Digest[]): Digest[] {
  const heap = [...new Array<Digest>(leaves.length).fill(leaves[0]!), ...leaves];
  for (let k = leaves.length - 1; k >= 1; k--) heap[k] = compress(hash, "merkle/node", heap[2 * k]!, heap[2 * k + 1]!);
  return heap;
}

function leavesOf(hash: Hash, depth: number): Digest[] {
  return Array.from({ length: 2 ** depth }, (_, i) => hash.hashRow("merkle/leaf", wordsOfNumbers([BigInt(i)])));
}

/** The siblings of an opening, as the page says: level by level, those of known nodes that are not known. */
function slowSiblings(heap: readonly Digest[], depth: number, indices: readonly number[]): Digest[] {
  const siblings: Digest[] = [];
  let known = new Set(indices.map((index) => 2 ** depth + index));
  for (let level = 0; level < depth; level++) {
    for (const node of [...known].sort((a, b) => a - b)) if (!known.has(node ^ 1)) siblings.push(heap[node ^ 1]!);
    known = new Set([...known].map((node) => node >> 1));
  }
  return siblings;
}

function rejects(check: string, open: () => unknown): void {
  assert.throws(open, (error) => error instanceof Rejected && error.check === check);
}

test("a path leads from every leaf to the root, with every hash", () => {
  for (const hash of HASHES) {
    for (const depth of [0, 1, 3]) {
      const leaves = leavesOf(hash, depth);
      const heap = heapOf(hash, leaves);
      for (let r = 0; r < leaves.length; r++) {
        const siblings: Digest[] = [];
        for (let node = leaves.length + r; node > 1; node >>= 1) siblings.push(heap[node ^ 1]!);
        assert.ok(sameDigest(openPath(hash, r, depth, leaves[r]!, siblings), heap[1]!), `${hash.name}, row ${r}`);
      }
    }
  }
});

test("every set of leaves of small trees opens to the root, in any order", () => {
  const random = new Seeded("openings");
  for (const depth of [0, 1, 2, 3]) {
    const n = 2 ** depth;
    const leaves = leavesOf(BLAKE3, depth);
    const heap = heapOf(BLAKE3, leaves);
    for (let set = 1; set < 2 ** n; set++) {
      const chosen = [...leaves.keys()].filter((i) => (set >> i) & 1);
      const indices = random.distinct(chosen.length, chosen.length).map((i) => chosen[i]!);
      const siblings = slowSiblings(heap, depth, indices);
      assert.equal(siblingCount(depth, indices), siblings.length);
      const opened = indices.map((i) => leaves[i]!);
      assert.ok(sameDigest(rootOfOpening(BLAKE3, depth, indices, opened, siblings), heap[1]!), `${indices}`);
    }
  }
});

test("openings of large trees lead to the root, and any change leads elsewhere or is rejected", () => {
  const random = new Seeded("large openings");
  const depth = 8;
  const leaves = leavesOf(BLAKE3, depth);
  const heap = heapOf(BLAKE3, leaves);
  for (let run = 0; run < 30; run++) {
    const indices = random.distinct(1 + random.below(40), 2 ** depth);
    const opened = indices.map((i) => leaves[i]!);
    const siblings = slowSiblings(heap, depth, indices);
    const root = (at: readonly number[], of: readonly Digest[], by: readonly Digest[]): Digest =>
      rootOfOpening(BLAKE3, depth, at, of, by);
    assert.ok(sameDigest(root(indices, opened, siblings), heap[1]!));

    const changed = (digests: readonly Digest[]): Digest[] => {
      const at = random.below(digests.length);
      return digests.map((digest, i) => (i === at ? digest.map((entry, j) => (j === run % 8 ? entry ^ 1 : entry)) : digest));
    };
    assert.ok(!sameDigest(root(indices, changed(opened), siblings), heap[1]!));
    if (siblings.length > 0) assert.ok(!sameDigest(root(indices, opened, changed(siblings)), heap[1]!));
    if (siblings.length > 1) {
      const [i, j] = random.distinct(2, siblings.length) as [number, number];
      const swapped = siblings.map((digest, k) => (k === i ? siblings[j]! : k === j ? siblings[i]! : digest));
      assert.ok(!sameDigest(root(indices, opened, swapped), heap[1]!));
    }
    if (indices.length > 1) {
      const [first, second, ...rest] = opened as [Digest, Digest, ...Digest[]];
      assert.ok(!sameDigest(root(indices, [second, first, ...rest], siblings), heap[1]!));
    }
    rejects("merkle-siblings", () => root(indices, opened, [...siblings, heap[1]!]));
    if (siblings.length > 0) rejects("merkle-siblings", () => root(indices, opened, siblings.slice(1)));
    rejects("merkle-leaves", () => root(indices, opened.slice(1), siblings));
    rejects("merkle-leaves", () => root(indices, [...opened, opened[0]!], siblings));
    rejects("merkle-indices", () => root([...indices, indices[0]!], [...opened, opened[0]!], siblings));
  }
});

test("an inner node does not pass for a leaf of a shorter tree", () => {
  const leaves = leavesOf(BLAKE3, 3);
  const heap = heapOf(BLAKE3, leaves);
  // The path of node 4, a parent of leaves, is one sibling shorter: the depth of the tree does not allow it.
  rejects("merkle-siblings", () => openPath(BLAKE3, 0, 3, heap[4]!, [heap[5]!, heap[3]!]));
  assert.ok(sameDigest(openPath(BLAKE3, 0, 2, heap[4]!, [heap[5]!, heap[3]!]), heap[1]!));
});

test("openings of nothing, of rows that there are not, and of a row twice are rejected", () => {
  const leaves = leavesOf(BLAKE3, 2);
  const open = (indices: number[]): unknown => rootOfOpening(BLAKE3, 2, indices, indices.map(() => leaves[0]!), []);
  for (const indices of [[], [4], [-1], [0, 4], [1, 1], [3, 0, 3], [0.5], [Number.NaN], [Infinity], [2 ** 32], [0, Number.NaN, 1]]) {
    rejects("merkle-indices", () => open(indices));
    rejects("merkle-indices", () => siblingCount(2, indices));
  }
  rejects("merkle-indices", () => openPath(BLAKE3, 1, 0, leaves[0]!, []));
});

test("trees of more leaves than 32 bits number are opened too", () => {
  const depth = 40;
  const leaf = leavesOf(BLAKE3, 0)[0]!;
  const last = 2 ** depth - 1;
  assert.equal(siblingCount(depth, [0, last]), 2 * (depth - 1));
  assert.equal(siblingCount(depth, [last - 1, last]), depth - 1);
  const siblings = Array.from({ length: depth }, (_, i) => BLAKE3.hashRow("x", wordsOfNumbers([BigInt(i)])));
  let node = leaf;
  for (const sibling of siblings) node = compress(BLAKE3, "merkle/node", sibling, node);
  assert.ok(sameDigest(openPath(BLAKE3, last, depth, leaf, siblings), node));
});
