/** Whether a balance is in a proof that was verified: docs/reference/protocol.md, section 8. */
import { Reader } from "../bytes/reader.js";
import { concatBytes, lengthPrefixed, u64le } from "../bytes/text.js";
import { power, inverse, rootOfUnity } from "../fields/arithmetic.js";
import { Extension } from "../fields/extension.js";
import type { Element } from "../fields/field.js";
import type { Digest, Hash, Words } from "../hashes/hash.js";
import { concatWords, hashMessage, packElements, sameDigest, wordsOfDigest, wordsOfNumbers } from "../hashes/rows.js";
import { openPath } from "../merkle.js";
import { Rejected } from "../rejected.js";
import { checkBalances } from "../statement.js";
import { witnessCombination } from "./combination.js";
import type { StarkStatement } from "./constraint_system.js";
import { LayerDomain, evaluateAtBase, foldPowers } from "./folding.js";
import { readElements } from "./proof.js";
import type { VerifiedStark } from "./verified.js";

const INCLUSION_MAGIC = "PPINCLU\0";
const INCLUSION_VERSION = 2;
const NONCE_BYTES = 32;
/** A word of an inclusion leaf holds so many bits of limbs, or fewer if the hash has narrower words (section 4). */
const MOST_PACKED_BITS = 62;

/**
 * Accepts that this account has these balances, one for each of the statement's assets in base units, in the accounts
 * whose sums the proof is about; or throws `Rejected`.
 */
export function verifyStarkInclusion(
  verified: VerifiedStark,
  payload: Uint8Array,
  user: string,
  balances: readonly bigint[],
): void {
  const { statement, shape, system } = verified;
  const { field, hash } = statement.options;
  const K = new Extension(field, shape.extension);
  checkBalances(statement.assets, balances);

  const reader = new Reader(payload, "the inclusion file");
  reader.magic(INCLUSION_MAGIC);
  reader.version(INCLUSION_VERSION);
  const row = reader.count(shape.rows - 1, "its row");
  const nonce = reader.take(NONCE_BYTES);
  const mask = reader.elements(field, shape.extension);
  const path = reader.digests(hash, shape.logRows);
  let leaves = shape.rows;
  const layers = shape.arities.map((arity, i) => {
    leaves /= arity;
    const coset = readElements(reader, K, (i === 0 ? 2 : 1) * arity);
    return { coset, siblings: reader.digests(hash, Math.log2(leaves)) };
  });
  reader.end();

  const limbs = system.rowOf(balances);
  if (row >= shape.active - 1) {
    throw new Rejected("row", `the inclusion file is of row ${row}, and accounts have rows below ${shape.active - 1}`);
  }
  const tag = accountTag(statement, user, nonce);
  const leaf = hash.hashRow(
    "stark/inclusion/2",
    concatWords(
      packLimbs(limbs, shape.limbBits, hash),
      wordsOfNumbers(mask),
      wordsOfDigest(hash, tag),
    ),
  );
  if (!sameDigest(openPath(hash, row, shape.logRows, leaf, path), verified.inclusionRoot)) {
    throw new Rejected("inclusion-path", "account id, balances and inclusion file do not lead to the proof");
  }

  // The pair tree and the layers of the chain hold these cosets where the row leads.
  const domains: LayerDomain[] = [];
  const places = layers.map(({ coset, siblings }, i) => {
    const above = domains[i - 1];
    const domain = above?.next(shape.arities[i]!) ?? new LayerDomain(K, 1n, shape.rows, shape.arities[0]!);
    domains.push(domain);
    const leaf = row % domain.leaves; // leaves are fewer from layer to layer, by powers of two
    checkCoset(
      hash,
      packElements(field, coset.flat(), hash),
      i === 0 ? "stark/pair" : "stark/chain",
      leaf,
      Math.log2(domain.leaves),
      siblings,
      i === 0 ? verified.pairRoot : verified.chainRoots[i - 1]!,
    );
    return { domain, leaf, slot: Math.floor((row % domain.size) / domain.leaves) };
  });

  // The chain: what the pair tree holds at the row, folded down to the final polynomial.
  let value: Element = K.zero; // what the layer must hold where the row leads
  layers.forEach(({ coset }, i) => {
    const { domain, leaf, slot } = places[i]!;
    let values = coset;
    if (i === 0) {
      const point = power(field, rootOfUnity(field, shape.rows), BigInt(row));
      const own = witnessCombination(
        K,
        verified.witnessAtZ,
        verified.maskAtZ,
        limbs.map((limb) => BigInt(limb)),
        mask,
        point,
        verified.z,
        verified.gamma,
      );
      if (!K.equal(coset[2 * slot]!, own)) {
        throw new Rejected("own-row", "the row that holds these balances is not the row that the sums were taken over");
      }
      values = Array.from({ length: domain.arity }, (_, j) =>
        K.add(coset[2 * j]!, K.mul(verified.delta, coset[2 * j + 1]!)),
      );
    } else if (!K.equal(coset[slot]!, value)) {
      throw new Rejected("fold", `the coset of chain layer ${i} does not contain the value that it was folded to`);
    }
    const challenges = foldPowers(K, verified.folds[i]!, domain.arity);
    value = domain.fold(values, inverse(field, domain.point(leaf)), challenges);
  });
  const { domain: lowest, leaf: end } = places.at(-1)!;
  const last = lowest.next(1).point(end);
  if (!K.equal(evaluateAtBase(K, verified.finalPolynomial, last), value)) {
    throw new Rejected("final-polynomial", "the chain from the row does not end in the final polynomial");
  }
}

/** tag_r: whose account the row is (section 4). */
function accountTag(statement: StarkStatement, user: string, nonce: Uint8Array): Digest {
  const message = concatBytes(
    lengthPrefixed(statement.auditId),
    u64le(statement.segment),
    lengthPrefixed(user),
    nonce,
  );
  return hashMessage(statement.options.hash, "stark/account", message);
}

/** Limbs as words, ⌊b/w⌋ to each, the first lowest. Rejects `limb-range`, without which a word has several readings. */
function packLimbs(limbs: readonly number[], limbBits: number, hash: Hash): Words {
  const perWord = Math.floor(Math.min(MOST_PACKED_BITS, hash.wordBits) / limbBits);
  const width = BigInt(limbBits);
  const words: bigint[] = [];
  limbs.forEach((limb, j) => {
    if (!Number.isInteger(limb) || limb < 0 || limb >= 2 ** limbBits) {
      throw new Rejected("limb-range", `the row of these balances has ${limb} for a limb of ${limbBits} bits`);
    }
    if (j % perWord === 0) words.push(0n);
    words[words.length - 1]! |= BigInt(limb) << (width * BigInt(j % perWord));
  });
  return wordsOfNumbers(words);
}

function checkCoset(
  hash: Hash,
  words: Words,
  domain: string,
  leaf: number,
  depth: number,
  siblings: readonly Digest[],
  root: Digest,
): void {
  if (!sameDigest(openPath(hash, leaf, depth, hash.hashRow(domain, words), siblings), root)) {
    throw new Rejected("merkle-root", `the coset of ${domain} and its siblings do not lead to its root`);
  }
}
