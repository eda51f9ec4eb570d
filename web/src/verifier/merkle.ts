/** docs/reference/hashes.md, "Merkle trees": paths of one leaf and openings of several, both to the root they lead to. */

import type { Digest, Hash } from "./hashes/hash.js";
import { compress } from "./hashes/rows.js";
import { Rejected } from "./rejected.js";

const MERKLE_NODE = "merkle/node";

/** Check `merkle-indices`: whole numbers from 0 to 2^depth − 1, at least one, none of them twice. Ascending. */
function sortedIndices(depth: number, indices: readonly number[]): number[] {
  if (indices.length === 0) throw new Rejected("merkle-indices", "no row is opened");
  const sorted = [...indices].sort((a, b) => a - b);
  for (let i = 0; i < sorted.length; i++) {
    const index = sorted[i]!;
    if (!Number.isInteger(index) || index < 0 || index >= 2 ** depth) {
      throw new Rejected("merkle-indices", `row ${index} is opened, and there are ${2 ** depth}`);
    }
    if (index === sorted[i - 1]) throw new Rejected("merkle-indices", `row ${index} is opened twice`);
  }
  return sorted;
}

/** The parents, each once, of nodes that ascend. */
function parentsOf(nodes: readonly number[]): number[] {
  const parents: number[] = [];
  for (const node of nodes) {
    const parent = Math.floor(node / 2);
    if (parents[parents.length - 1] !== parent) parents.push(parent);
  }
  return parents;
}

/** How many siblings an opening of these leaves of 2^depth has. Check `merkle-indices`. */
export function siblingCount(depth: number, indices: readonly number[]): number {
  let known = sortedIndices(depth, indices);
  let count = 0;
  for (let level = 0; level < depth; level++) {
    const parents = parentsOf(known);
    count += 2 * parents.length - known.length; // of both children of each parent, those that are not known
    known = parents;
  }
  return count;
}

/** Checks `merkle-indices` and `merkle-siblings`: that there are as many as an opening of these leaves has. */
export function checkSiblingCount(depth: number, indices: readonly number[], siblings: readonly Digest[]): void {
  const count = siblingCount(depth, indices);
  if (siblings.length !== count) {
    throw new Rejected("merkle-siblings", `an opening has ${siblings.length} siblings in place of ${count}`);
  }
}

/**
 * The root that leaves of a tree of 2^depth and the siblings of their opening lead to. Leaf i is the one at index i of
 * `indices`, in whatever order. Checks `merkle-indices`, `merkle-leaves`, `merkle-siblings`.
 */
export function rootOfOpening(
  hash: Hash,
  depth: number,
  indices: readonly number[],
  leaves: readonly Digest[],
  siblings: readonly Digest[],
): Digest {
  let nodes = sortedIndices(depth, indices);
  if (leaves.length !== indices.length) {
    throw new Rejected("merkle-leaves", `${leaves.length} leaves are given for ${indices.length} rows`);
  }
  checkSiblingCount(depth, indices, siblings);
  const leafAt = new Map(indices.map((index, i) => [index, leaves[i]!]));
  let digests = nodes.map((index) => leafAt.get(index)!);
  let used = 0;
  for (let level = 0; level < depth; level++) {
    const parents = parentsOf(nodes);
    const above: Digest[] = [];
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!;
      if (node % 2 === 1) above.push(compress(hash, MERKLE_NODE, siblings[used++]!, digests[i]!));
      else if (nodes[i + 1] === node + 1) above.push(compress(hash, MERKLE_NODE, digests[i]!, digests[++i]!));
      else above.push(compress(hash, MERKLE_NODE, digests[i]!, siblings[used++]!));
    }
    nodes = parents;
    digests = above;
  }
  return digests[0]!;
}

/** The root that one leaf of a tree of 2^depth and its siblings, from the leaf up, lead to. The same checks. */
export function openPath(
  hash: Hash,
  index: number,
  depth: number,
  leaf: Digest,
  siblings: readonly Digest[],
): Digest {
  return rootOfOpening(hash, depth, [index], [leaf], siblings);
}
