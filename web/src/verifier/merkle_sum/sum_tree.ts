/** The Merkle sum tree: docs/reference/merkle-sum-tree.md. Verification of a segment's proof, and of one account in it. */
import { toHex } from "../bytes/hex.js";
import { Reader } from "../bytes/reader.js";
import { concatBytes, lengthPrefixed, u64le } from "../bytes/text.js";
import type { Digest, Hash, Words } from "../hashes/hash.js";
import { concatWords, hashMessage, sameDigest, splitNumbers, wordsOfDigest, wordsOfNumbers } from "../hashes/rows.js";
import { Rejected } from "../rejected.js";
import { checkBalances } from "../statement.js";
import type { StatedAsset, Statement } from "../statement.js";

const SUM_TREE_VERSION = 1;
const MOST_DEPTH = 32;
const MOST_TOTAL_BYTES = 4096;
const LIMB_BITS = 56;
const LIMB_MASK = (1n << BigInt(LIMB_BITS)) - 1n;

/** The options of a spec's `backend`. */
export interface SumTreeOptions {
  readonly hash: Hash;
  readonly accountsPerSegment: number;
  readonly minDepth: number;
}

export interface SumTreeStatement extends Statement {
  readonly options: SumTreeOptions;
}

/** What is known of a proof after it was accepted. */
export interface VerifiedSumTree {
  readonly statement: SumTreeStatement;
  readonly totals: readonly bigint[];
  /** d: the tree has 2^d rows. */
  readonly depth: number;
  /** The digest at the top, below the root. */
  readonly top: Digest;
}

/**
 * "Verification" of the page, the public proof from its second step on. Rejects `total-count`, what a reader of binary
 * files rejects, `totals`, `total-range` and `root`.
 */
export function verifySumTree(statement: SumTreeStatement, totals: readonly bigint[], proof: Uint8Array): VerifiedSumTree {
  const { options, assets } = statement;
  const { hash } = options;
  if (totals.length !== assets.length) {
    throw new Rejected("total-count", `there are ${totals.length} totals for ${assets.length} assets`);
  }
  const reader = new Reader(proof, "the proof");
  reader.magic("PPSUMPRF");
  reader.version(SUM_TREE_VERSION);
  const depth = reader.count(MOST_DEPTH, "the depth of the tree");
  const deepest = Math.min(MOST_DEPTH, Math.max(options.minDepth, ceilLog2(options.accountsPerSegment)));
  if (depth < options.minDepth || depth > deepest) {
    throw new Rejected("range", `the tree has a depth of ${depth}, and the options allow ${options.minDepth} to ${deepest}`);
  }
  const top = reader.digest(hash);
  const stated = assets.map((asset) => readTotal(reader, asset));
  const root = reader.digest(hash);
  reader.end();
  if (!stated.every((total, i) => total === totals[i])) {
    throw new Rejected("totals", "the totals that are stated are not the totals of the proof");
  }
  assets.forEach((asset, i) => {
    if (totals[i]! >= 1n << BigInt(asset.bits + depth)) {
      throw new Rejected("total-range", `the total of ${asset.symbol} is more than the accounts of such a tree can have`);
    }
  });
  const expected = hash.hashRow(
    "merkle-sum/root",
    concatWords(
      wordsOfDigest(hash, statementDigest(statement)),
      wordsOfNumbers([BigInt(depth)]),
      wordsOfDigest(hash, top),
      sumWords(hash, assets, depth, totals),
    ),
  );
  if (!sameDigest(expected, root)) {
    throw new Rejected("root", "the root does not bind this statement and these totals: another audit's proof, or a changed one");
  }
  return { statement, totals, depth, top };
}

/**
 * "An inclusion file" of the page: that the account `user` with these balances, in base units and one for each asset, is
 * a leaf of the tree. Rejects `balance-count`, `balance-range`, what a reader rejects, `sum-range`, `inclusion-path` and
 * `totals`.
 */
export function verifySumTreeInclusion(
  verified: VerifiedSumTree,
  payload: Uint8Array,
  user: string,
  balances: readonly bigint[],
): void {
  const { statement, totals, depth, top } = verified;
  const { assets } = statement;
  const { hash } = statement.options;
  checkBalances(assets, balances);
  const reader = new Reader(payload, "the inclusion proof");
  reader.magic("PPSUMINC");
  reader.version(SUM_TREE_VERSION);
  const row = BigInt(reader.count(2 ** depth - 1, "its row"));
  const nonce = reader.take(32);
  const siblings = Array.from({ length: depth }, (_, level) => ({
    digest: reader.digest(hash),
    sums: readSums(reader, assets, level),
  }));
  reader.end();

  const tag = hashMessage(
    hash,
    "merkle-sum/account",
    concatBytes(lengthPrefixed(statement.auditId), u64le(statement.segment), lengthPrefixed(user), nonce),
  );
  let node = hash.hashRow(
    "merkle-sum/leaf",
    concatWords(wordsOfDigest(hash, tag), sumWords(hash, assets, depth, balances)),
  );
  let sums = [...balances];
  siblings.forEach((sibling, level) => {
    const own = { digest: node, sums };
    const isRight = ((row >> BigInt(level)) & 1n) === 1n;
    const [left, right] = isRight ? [sibling, own] : [own, sibling];
    node = hash.hashRow(
      "merkle-sum/node",
      concatWords(
        wordsOfNumbers([BigInt(level + 1)]),
        wordsOfDigest(hash, left.digest),
        sumWords(hash, assets, depth, left.sums),
        wordsOfDigest(hash, right.digest),
        sumWords(hash, assets, depth, right.sums),
      ),
    );
    sums = sums.map((sum, i) => sum + sibling.sums[i]!);
  });
  if (!sameDigest(node, top)) {
    throw new Rejected("inclusion-path", "account id, balances and inclusion file do not lead to the proof");
  }
  if (!sums.every((sum, i) => sum === totals[i])) {
    throw new Rejected("totals", "the path is one of a tree with other totals");
  }
}

/** The least d with 2^d ≥ n. */
function ceilLog2(n: number): number {
  let d = 0;
  while (2 ** d < n) d++;
  return d;
}

function statementDigest(statement: SumTreeStatement): Digest {
  const { options, assets } = statement;
  const parts = [
    lengthPrefixed("polyproof/merkle-sum/1"),
    lengthPrefixed(options.hash.name),
    lengthPrefixed(statement.context),
    lengthPrefixed(statement.auditId),
    u64le(statement.segment),
    u64le(statement.segments),
    u64le(assets.length),
    ...assets.flatMap((asset) => [lengthPrefixed(asset.symbol), u64le(asset.decimals), u64le(asset.bits)]),
  ];
  return hashMessage(options.hash, "merkle-sum/statement", concatBytes(...parts));
}

/** A sum vector as words: limbs of 56 bits, the same number at every level, asset by asset. */
function sumWords(hash: Hash, assets: readonly StatedAsset[], depth: number, sums: readonly bigint[]): Words {
  const limbs = assets.flatMap((asset, i) =>
    Array.from(
      { length: Math.ceil((asset.bits + depth) / LIMB_BITS) },
      (_, j) => (sums[i]! >> BigInt(LIMB_BITS * j)) & LIMB_MASK,
    ),
  );
  return splitNumbers(limbs, LIMB_BITS, hash);
}

/** A total of the proof, a blob in its shortest form. */
function readTotal(reader: Reader, asset: StatedAsset): bigint {
  const length = reader.count(MOST_TOTAL_BYTES, `the bytes of the total of ${asset.symbol}`);
  const bytes = reader.take(length);
  if (length > 0 && bytes[length - 1] === 0) {
    throw new Rejected("canonical", `the total of ${asset.symbol} is not in its shortest form`);
  }
  return littleEndian(bytes);
}

/** A sum beside the path, at the level of the sibling. */
function readSums(reader: Reader, assets: readonly StatedAsset[], level: number): bigint[] {
  const sums = assets.map((asset) => littleEndian(reader.take(Math.ceil((asset.bits + level) / 8))));
  assets.forEach((asset, i) => {
    if (sums[i]! < 1n << BigInt(asset.bits + level)) return;
    throw new Rejected("sum-range", `a sum of ${asset.symbol} beside the path is one that balances in range cannot add up to`);
  });
  return sums;
}

/** The number that bytes are, the lowest first. By way of digits, which is quick for long ones too. */
function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x0${toHex(Uint8Array.from(bytes).reverse())}`);
}
