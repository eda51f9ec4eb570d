/** The low-degree test at the queries: docs/reference/protocol.md, section 6. */
import { inverses } from "../fields/arithmetic.js";
import type { Extension } from "../fields/extension.js";
import type { Element } from "../fields/field.js";
import type { Hash } from "../hashes/hash.js";
import { sameDigest } from "../hashes/rows.js";
import { rootOfOpening } from "../merkle.js";
import { Rejected } from "../rejected.js";
import { evaluateAtBase, foldPowers } from "./folding.js";
import type { LayerDomain } from "./folding.js";
import { rowWork } from "./meter.js";
import type { Meter } from "./meter.js";
import { splitElements } from "./proof.js";
import type { StarkProof } from "./proof.js";
import type { StarkShape } from "./verified.js";

/** The leaves of each layer that queries at these indices of the first one touch, ascending. */
export function touchedLeaves(arities: readonly number[], size: number, queried: readonly number[]): number[][] {
  let known = queried;
  let leaves = size;
  return arities.map((arity) => {
    leaves /= arity;
    const own = [...new Set(known.map((index) => index % leaves))].sort((a, b) => a - b);
    known = own;
    return own;
  });
}

/** The cosets at the touched leaves lead to the roots of their layers. */
export function checkLayerRoots(
  hash: Hash,
  shape: Pick<StarkShape, "arities" | "blowup" | "rows" | "extension">,
  proof: Pick<StarkProof, "layers" | "layerRoots">,
  touched: readonly (readonly number[])[],
  meter: Meter,
): void {
  let size = shape.blowup * shape.rows;
  proof.layers.forEach((layer, i) => {
    const arity = shape.arities[i]!;
    size /= arity;
    const leaves = touched[i]!;
    const digests = leaves.map((_, j) => {
      const digest = hash.hashRow("stark/fri", layer.cosets.words(j, hash));
      meter.did(rowWork(arity * shape.extension));
      return digest;
    });
    const depth = Math.log2(size);
    if (!sameDigest(rootOfOpening(hash, depth, leaves, digests, layer.siblings), proof.layerRoots[i]!)) {
      throw new Rejected("merkle-root", `the cosets of layer ${i} and their siblings do not lead to its root`);
    }
    meter.did(leaves.length * depth);
  });
}

/**
 * The low-degree test, of cosets that are the committed ones: G at the queries is what the cosets of layer 0 hold there,
 * each coset folds to what the next layer holds, and the last ones to the final polynomial.
 */
export function checkLowDegree(
  extension: Extension,
  arities: readonly number[],
  proof: Pick<StarkProof, "layers" | "finalPolynomial">,
  first: LayerDomain,
  queried: readonly number[],
  codeword: readonly Element[],
  folds: readonly Element[],
): void {
  const touched = touchedLeaves(arities, first.size, queried);
  /** What is known of a layer before it is looked at: values by index. */
  let known = new Map(queried.map((index, i) => [index, codeword[i]!]));
  let domain = first;
  proof.layers.forEach((layer, i) => {
    if (i > 0) domain = domain.next(arities[i]!);
    const leaves = touched[i]!;
    const cosets = leaves.map((_, j) => splitElements(layer.cosets.values(j), extension.degree));
    const cosetAt = new Map(leaves.map((leaf, j) => [leaf, cosets[j]!]));
    for (const [index, value] of known) {
      const own = cosetAt.get(index % domain.leaves)![Math.floor(index / domain.leaves)]!;
      if (!extension.equal(own, value)) {
        throw new Rejected("fold", `a coset of layer ${i} does not contain the value that it was folded to`);
      }
    }
    const powers = foldPowers(extension, folds[i]!, domain.arity);
    const backwards = inverses(extension.field, leaves.map((leaf) => domain.point(leaf)));
    known = new Map(leaves.map((leaf, j) => [leaf, domain.fold(cosets[j]!, backwards[j]!, powers)]));
  });
  const last = domain.next(1);
  for (const [index, value] of known) {
    if (!extension.equal(evaluateAtBase(extension, proof.finalPolynomial, last.point(index)), value)) {
      throw new Rejected("final-polynomial", "the folded values are not those of the final polynomial");
    }
  }
}
