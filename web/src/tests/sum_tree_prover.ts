/** Makes sum trees, honest ones and others, as docs/reference/merkle-sum-tree.md describes them; slow, and for tests alone. */
import { concatBytes, encodeUtf8, u64le } from "../verifier/bytes/text.js";
import type { Digest } from "../verifier/hashes/hash.js";
import { concatWords, hashMessage, splitNumbers, wordsOfDigest, wordsOfNumbers } from "../verifier/hashes/rows.js";
import type { SumTreeStatement } from "../verifier/merkle_sum/sum_tree.js";
import { digestToBytes } from "./digests.js";

/** A node as a prover states it: nothing says that its sums are those of what is below it. */
export interface TreeNode {
  readonly leaf: Digest;
  readonly sums: readonly bigint[];
}

export interface ForgedTree {
  readonly proof: Uint8Array;
  /** The inclusion proof of a row. */
  inclusionOf(row: number): Uint8Array;
}

const NONCE = new Uint8Array(32).fill(7);
const VERSION = Uint8Array.of(1, 0, 0, 0);

const blob = (bytes: Uint8Array): Uint8Array => concatBytes(u64le(bytes.length), bytes);
const textBlob = (text: string): Uint8Array => blob(encodeUtf8(text));

function littleEndian(value: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

function shortest(value: bigint): Uint8Array {
  return littleEndian(value, value === 0n ? 0 : Math.ceil(value.toString(16).length / 2));
}

/** Limbs of 56 bits; in a tree of depth 1 or 0 for the leaves' own level. */
function sumWords(statement: SumTreeStatement, depth: number, sums: readonly bigint[]): Uint32Array {
  const limbs = statement.assets.flatMap(({ bits }, i) =>
    Array.from({ length: Math.ceil((bits + depth) / 56) }, (_, j) => (sums[i]! >> BigInt(56 * j)) & ((1n << 56n) - 1n)),
  );
  return splitNumbers(limbs, 56, statement.options.hash);
}

/** The leaf of an account in a tree of this depth. */
export function leafOf(statement: SumTreeStatement, user: string, balances: readonly bigint[], depth = 1): Digest {
  const { hash } = statement.options;
  const tag = hashMessage(
    hash, "merkle-sum/account", concatBytes(textBlob(statement.auditId), u64le(statement.segment), textBlob(user), NONCE),
  );
  return hash.hashRow("merkle-sum/leaf", concatWords(wordsOfDigest(hash, tag), sumWords(statement, depth, balances)));
}

/** A tree over one or two rows that states these totals, whatever the rows add up to. */
export function forgeTree(statement: SumTreeStatement, rows: readonly TreeNode[], totals: readonly bigint[]): ForgedTree {
  const { hash } = statement.options;
  const depth = rows.length - 1;
  const top = depth === 0 ? rows[0]!.leaf : hash.hashRow(
    "merkle-sum/node",
    concatWords(
      wordsOfNumbers([1n]), ...rows.flatMap((row) => [wordsOfDigest(hash, row.leaf), sumWords(statement, depth, row.sums)]),
    ),
  );
  const stated = hashMessage(
    hash,
    "merkle-sum/statement",
    concatBytes(
      textBlob("polyproof/merkle-sum/1"), textBlob(hash.name), blob(statement.context), textBlob(statement.auditId),
      u64le(statement.segment), u64le(statement.segments), u64le(statement.assets.length),
      ...statement.assets.flatMap(({ symbol, decimals, bits }) => [textBlob(symbol), u64le(decimals), u64le(bits)]),
    ),
  );
  const root = hash.hashRow(
    "merkle-sum/root",
    concatWords(
      wordsOfDigest(hash, stated), wordsOfNumbers([BigInt(depth)]), wordsOfDigest(hash, top), sumWords(statement, depth, totals),
    ),
  );
  return {
    proof: concatBytes(
      encodeUtf8("PPSUMPRF"), VERSION, u64le(depth), digestToBytes(top), ...totals.map((total) => blob(shortest(total))),
      digestToBytes(root),
    ),
    inclusionOf: (row) => {
      const siblings = depth === 0 ? [] : [rows[1 - row]!];
      const shown = siblings.flatMap(({ leaf, sums }) => [
        digestToBytes(leaf), ...statement.assets.map(({ bits }, i) => littleEndian(sums[i]!, Math.ceil(bits / 8))),
      ]);
      return concatBytes(encodeUtf8("PPSUMINC"), VERSION, u64le(row), NONCE, ...shown);
    },
  };
}
