import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { concatBytes, encodeUtf8 } from "../verifier/bytes/text.js";
import { BABYBEAR } from "../verifier/fields/babybear.js";
import { GOLDILOCKS } from "../verifier/fields/goldilocks.js";
import { HASHES } from "../verifier/hashes/all.js";
import type { Digest, Hash } from "../verifier/hashes/hash.js";
import {
  compress,
  digestFromBytes,
  hashMessage,
  packElements,
  sameDigest,
  splitNumbers,
  wordsOfDigest,
  wordsOfNumbers,
} from "../verifier/hashes/rows.js";
import { Rejected } from "../verifier/rejected.js";
import { blake3DeriveKey, digestToBytes, hashByName, keccak256 } from "./digests.js";
import { Seeded } from "./seeded.js";

/** docs/reference/hashes.md, "Check values": of the row 0, 1, …, 9 and of the message `polyproof` under `merkle/leaf`. */
const checkValues: Record<string, [string, string]> = {
  blake3: [
    "28e041f461a45307 b4d85ef63753391c 66927bf14d137c88 14ab89e2c75ec693",
    "334856ecd8d4ccad 90d4886813a55ca9 a127ecdc37465491 567a61c4c2a51212",
  ],
  sha256: [
    "2884e42efbb5e8ea 8c979d32c79cec9d 04b78b0f88f72ca2 b30a6a716894821d",
    "f1e968b474cd50d4 3ffff3c8968a361e 46af9800f2737978 8d553ee871961d0c",
  ],
  keccak256: [
    "67d1efc66d5b16db fa6146f9ebf903ec c680b74d7c6be591 15fa4a7f85807fab",
    "7e1f1bbcdbf1109e a84a011d4f9491e4 4e73be5658d32fc7 14c77c74f15653fe",
  ],
  poseidon: [
    "ea9ed8fa6066c464 f37ace6dd24135ec 56d7a9293bb12679 17b46a8f1a9180c7",
    "b0bd3ec325363b0f 36c197f9a4745353 0d5a05f0ac611ccb fc793b892b74139e",
  ],
  poseidon2: [
    "000ccfab1edbfbcb 6d33ea75701784a3 54496f1857482a8f 46c33d1f018cead3",
    "35ed6e76ed4a5588 630fb3dba273258b 8e23dde4fbeb99b7 ec9d921e1f832973",
  ],
  "rescue-prime-optimized": [
    "2c3d06bcce7ac492 e23e6245cc73a1c0 8e307b47088ce6c6 e6f7ef75fa298f10",
    "383d021497631593 687a9b9aaf691f59 653f2cf65b73470e 0e785d8f9131ca19",
  ],
  "poseidon2-babybear": [
    "60a444af 3eba04af 66b2e6af 1fe16fe9 3192c6b6 6387f37f 1d3c388d 31507f2d",
    "48b02889 4ebb78ee 07641ebd 04adb43f 00b88122 45ebc126 677b4157 6cd01c01",
  ],
};

/** The words of a digest in hexadecimal, as the page has them. */
function shown(hash: Hash, digest: Digest): string {
  return [...numbersOf(wordsOfDigest(hash, digest))]
    .map((word) => word.toString(16).padStart(64 / hash.digestWords, "0"))
    .join(" ");
}

function numbersOf(words: Uint32Array): bigint[] {
  return Array.from({ length: words.length / 2 }, (_, i) => BigInt(words[2 * i]!) | (BigInt(words[2 * i + 1]!) << 32n));
}

test("every hash gives the digests of the page, and there is none that the page lacks", () => {
  assert.deepEqual(HASHES.map((hash) => hash.name).sort(), Object.keys(checkValues).sort());
  for (const hash of HASHES) {
    const row = wordsOfNumbers(Array.from({ length: 10 }, (_, i) => BigInt(i)));
    assert.equal(shown(hash, hash.hashRow("merkle/leaf", row)), checkValues[hash.name]![0], hash.name);
    const message = hashMessage(hash, "merkle/leaf", encodeUtf8("polyproof"));
    assert.equal(shown(hash, message), checkValues[hash.name]![1], hash.name);
  }
});

test("byte hashes hash the tag and the bytes of the row, however long it is", () => {
  const random = new Seeded("byte hashes");
  const tagged: Record<string, (tag: Uint8Array, row: Uint8Array) => Uint8Array> = {
    sha256(tag, row) {
      const t = createHash("sha256").update(tag).digest();
      return createHash("sha256").update(t).update(t).update(row).digest();
    },
    keccak256(tag, row) {
      const block = new Uint8Array(136);
      block[0] = tag.length;
      block.set(tag, 1);
      return keccak256(concatBytes(block, row));
    },
    blake3: (tag, row) => digestToBytes(blake3DeriveKey(new TextDecoder().decode(tag), row)),
  };
  for (let words = 0; words <= 300; words += words < 40 ? 1 : 37) {
    for (const domain of ["x", "stark/trace", "merkle/node", "a".repeat(21)]) {
      const row = random.bytes(8 * words);
      for (const [name, slow] of Object.entries(tagged)) {
        const fast = hashByName(name).hashRow(domain, new Uint32Array(row.buffer));
        const expected = slow(encodeUtf8(`polyproof/1 ${domain}`), row);
        assert.deepEqual(digestToBytes(fast), new Uint8Array(expected), `${name}, ${words} words, ${domain}`);
      }
    }
  }
});

test("a compression is the hash of the row of both digests, and order and domain matter", () => {
  const random = new Seeded("compressions");
  for (const hash of HASHES) {
    const [left, right] = [0, 1].map(() => hash.hashRow("x", wordsOfNumbers([random.big(1000n)]))) as [Digest, Digest];
    const row = wordsOfNumbers([...numbersOf(wordsOfDigest(hash, left)), ...numbersOf(wordsOfDigest(hash, right))]);
    const parent = compress(hash, "merkle/node", left, right);
    assert.deepEqual(parent, hash.hashRow("merkle/node", row), hash.name);
    assert.ok(!sameDigest(parent, compress(hash, "merkle/node", right, left)));
    assert.ok(!sameDigest(parent, compress(hash, "merkle/other", left, right)));
    // A second one neither changes the first digest nor depends on it.
    const before = parent.slice();
    compress(hash, "merkle/node", parent, parent);
    assert.deepEqual(parent, before);
    assert.deepEqual(compress(hash, "merkle/node", left, right), before);
  }
});

test("a message is its length and its bytes, seven a word or three of a narrow one", () => {
  const random = new Seeded("messages");
  for (const hash of HASHES) {
    const size = hash.digestWords === 8 ? 3 : 7;
    for (let n = 0; n <= 24; n++) {
      const message = random.bytes(n);
      const words = [BigInt(n)];
      for (let i = 0; i < n; i += size) {
        words.push([...message.subarray(i, i + size)].reduceRight((word, byte) => word * 256n + BigInt(byte), 0n));
      }
      assert.deepEqual(hashMessage(hash, "x", message), hash.hashRow("x", wordsOfNumbers(words)), `${hash.name} ${n}`);
    }
  }
});

test("packing puts two elements of BabyBear in a word of 63 bits or more, one elsewhere, and ones in what is left over", () => {
  const none = 2n ** 31n - 1n;
  const elements = [1n, 2n ** 31n - 2n ** 27n, 5n];
  const packed: Record<string, bigint[]> = {
    blake3: [1n | (elements[1]! << 32n), 5n | (none << 32n)],
    poseidon: [1n | (elements[1]! << 31n), 5n | (none << 31n)],
    "poseidon2-babybear": elements,
  };
  for (const [name, words] of Object.entries(packed)) {
    const hash = hashByName(name);
    assert.deepEqual(numbersOf(packElements(BABYBEAR, elements, hash)), words, name);
    assert.ok(words.every((word) => word < hash.wordBound));
  }
  for (const hash of HASHES) {
    if (hash.wordBound < GOLDILOCKS.modulus) continue;
    const row = [0n, GOLDILOCKS.modulus - 1n, 7n];
    assert.deepEqual(numbersOf(packElements(GOLDILOCKS, row, hash)), row);
    assert.deepEqual(numbersOf(packElements(BABYBEAR, [], hash)), []);
  }
});

test("splitting cuts numbers that have more bits than a word, and leaves others alone", () => {
  const number = 0x123456789abcdef0n;
  const split = (name: string, bits: number): bigint[] => numbersOf(splitNumbers([number, 3n], bits, hashByName(name)));
  assert.deepEqual(split("sha256", 64), [number, 3n]);
  assert.deepEqual(split("poseidon", 64), [number, 0n, 3n, 0n]);
  assert.deepEqual(split("poseidon", 63), [number, 3n]);
  const mask = 2n ** 30n - 1n;
  const narrow = [number & mask, (number >> 30n) & mask, number >> 60n, 3n, 0n, 0n];
  assert.deepEqual(split("poseidon2-babybear", 64), narrow);
});

test("digests have one reading as bytes, and a word that is not below the bound is rejected", () => {
  const random = new Seeded("digests");
  for (const hash of HASHES) {
    const bytes = digestToBytes(hash.hashRow("x", wordsOfNumbers([random.big(1000n)])));
    assert.deepEqual(digestToBytes(digestFromBytes(hash, bytes)), bytes);
    const size = 32 / hash.digestWords;
    for (let word = 0; word < hash.digestWords; word++) {
      for (const [value, good] of [
        [hash.wordBound - 1n, true],
        [hash.wordBound, false],
        [2n ** BigInt(8 * size) - 1n, hash.wordBound === 2n ** 64n],
      ] as const) {
        if (value >= 2n ** BigInt(8 * size)) continue; // there are no such bytes
        const changed = bytes.slice();
        for (let i = 0; i < size; i++) changed[size * word + i] = Number((value >> BigInt(8 * i)) & 255n);
        const read = (): Digest => digestFromBytes(hash, changed);
        if (good) assert.deepEqual(digestToBytes(read()), changed);
        else assert.throws(read, (error) => error instanceof Rejected && error.check === "digest-canonical");
      }
    }
    assert.throws(() => digestFromBytes(hash, bytes.subarray(1)), Rejected);
  }
});
