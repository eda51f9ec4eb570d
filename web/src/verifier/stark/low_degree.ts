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

/**
 * The low-degree test: G at the queries is what the cosets of layer 0 hold there, each coset folds to what the next layer
 * holds, and the last ones to the final polynomial.
 */
export function checkLowDegree(
  hash: Hash,
  extension: Extension,
  arities: readonly number[],
  proof: Pick<StarkProof, "layers" | "layerRoots" | "finalPolynomial">,
  first: LayerDomain,
  queried: readonly number[],
  codeword: readonly Element[],
  folds: readonly Element[],
  meter: Meter,
): void {
  /** What is known of a layer before it is looked at: values by index. */
  let known = new Map(queried.map((index, i) => [index, codeword[i]!]));
  let domain = first;
  proof.layers.forEach((layer, i) => {
    if (i > 0) domain = domain.next(arities[i]!);
    const leaves = [...new Set([...known.keys()].map((index) => index % domain.leaves))].sort((a, b) => a - b);
    if (layer.cosets.count !== leaves.length) {
      throw new Rejected(
        "coset-count",
        `layer ${i} opens ${layer.cosets.count} cosets, and the queries touch ${leaves.length}`,
      );
    }
    const digests = leaves.map((_, j) => {
      const digest = hash.hashRow("stark/fri", layer.cosets.words(j, hash));
      meter.did(rowWork(domain.arity * extension.degree));
      return digest;
    });
    const depth = Math.log2(domain.leaves);
    if (!sameDigest(rootOfOpening(hash, depth, leaves, digests, layer.siblings), proof.layerRoots[i]!)) {
      throw new Rejected("merkle-root", `the cosets of layer ${i} and their siblings do not lead to its root`);
    }
    meter.did(leaves.length * depth);
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
