/** docs/reference/hashes.md, "Words, rows, digests": what is made of the hash of a row, the same for every hash. */

import type { Field } from "../fields/field.js";
import { Rejected } from "../rejected.js";
import type { Digest, Hash, Words } from "./hash.js";

/** Numbers from 0 to 2^64 − 1 as words. */
export function wordsOfNumbers(numbers: readonly bigint[]): Words {
  const words = new Uint32Array(2 * numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i]!;
    words[2 * i] = Number(number & 0xffffffffn);
    words[2 * i + 1] = Number(number >> 32n);
  }
  return words;
}

/** The words of a digest: four, or eight of a hash with narrow words. */
export function wordsOfDigest(hash: Hash, digest: Digest): Words {
  if (hash.digestWords === 4) return digest;
  const words = new Uint32Array(16);
  for (let i = 0; i < 8; i++) words[2 * i] = digest[i]!;
  return words;
}

/** One row of words after the other. */
export function concatWords(...rows: readonly Words[]): Words {
  const whole = new Uint32Array(rows.reduce((sum, row) => sum + row.length, 0));
  let at = 0;
  for (const row of rows) {
    whole.set(row, at);
    at += row.length;
  }
  return whole;
}

// The rows of compressions, which are most of a verification. No hash keeps the row that it is given.
const WIDE_PAIR: Words = new Uint32Array(16);
const NARROW_PAIR: Words = new Uint32Array(32);

/** Compression: the hash of the row of the words of both digests, left then right. */
export function compress(hash: Hash, domain: string, left: Digest, right: Digest): Digest {
  if (hash.digestWords === 4) {
    WIDE_PAIR.set(left, 0);
    WIDE_PAIR.set(right, 8);
    return hash.hashRow(domain, WIDE_PAIR);
  }
  for (let i = 0; i < 8; i++) {
    NARROW_PAIR[2 * i] = left[i]!;
    NARROW_PAIR[2 * i + 16] = right[i]!;
  }
  return hash.hashRow(domain, NARROW_PAIR);
}

/** The hash of a message of bytes: of its length, and of its bytes, seven a word or as many fewer as fit. */
export function hashMessage(hash: Hash, domain: string, message: Uint8Array): Digest {
  const size = Math.min(7, Math.floor(hash.wordBits / 8));
  const words = new Uint32Array(2 * (1 + Math.ceil(message.length / size)));
  words[0] = message.length;
  for (let i = 0; i < message.length; i++) {
    const place = i % size;
    words[2 * (1 + Math.floor(i / size)) + (place >> 2)]! |= message[i]! << (8 * (place & 3));
  }
  return hash.hashRow(domain, words);
}

/** The number of bits of a number: ⌊log2 n⌋ + 1, and 0 of zero. */
export function bitLength(n: bigint): number {
  return n === 0n ? 0 : n.toString(2).length;
}

/**
 * A row of elements of the field as words, as many elements in a word as fit. A place that is left over in the last word
 * holds as many ones as the modulus has bits, which is no element.
 */
export function packElements(field: Field, elements: readonly bigint[], hash: Hash): Words {
  const bits = bitLength(field.modulus);
  const perWord = Math.floor(hash.wordBits / bits);
  if (perWord < 2) return wordsOfNumbers(elements);
  const place = BigInt(Math.floor(hash.wordBits / perWord));
  const none = (1n << BigInt(bits)) - 1n;
  const numbers: bigint[] = [];
  for (let i = 0; i < elements.length; i += perWord) {
    let word = 0n;
    for (let j = perWord - 1; j >= 0; j--) word = (word << place) | (elements[i + j] ?? none);
    numbers.push(word);
  }
  return wordsOfNumbers(numbers);
}

/** Numbers of so many bits as words: each as it is, or in as many words as it takes, the lowest bits first. */
export function splitNumbers(numbers: readonly bigint[], bits: number, hash: Hash): Words {
  if (bits <= hash.wordBits) return wordsOfNumbers(numbers);
  const count = Math.ceil(bits / hash.wordBits);
  const step = BigInt(hash.wordBits);
  const mask = (1n << step) - 1n;
  return wordsOfNumbers(
    numbers.flatMap((number) => Array.from({ length: count }, (_, i) => (number >> (BigInt(i) * step)) & mask)),
  );
}

/** The digest that 32 bytes are. Check `digest-canonical`: every word is below the bound. */
export function digestFromBytes(hash: Hash, bytes: Uint8Array): Digest {
  if (bytes.length !== 32) throw new Rejected("digest-length", `a digest has 32 bytes, and here are ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 32);
  const digest = new Uint32Array(8);
  for (let i = 0; i < 8; i++) digest[i] = view.getUint32(4 * i, true);
  const high = Number(hash.wordBound >> 32n);
  const low = Number(hash.wordBound & 0xffffffffn);
  for (let i = 0; i < 8; i += 8 / hash.digestWords) {
    const [wordLow, wordHigh] = hash.digestWords === 8 ? [digest[i]!, 0] : [digest[i]!, digest[i + 1]!];
    if (wordHigh > high || (wordHigh === high && wordLow >= low)) {
      throw new Rejected("digest-canonical", `a digest has a word that is not below the bound of ${hash.name}`);
    }
  }
  return digest;
}

export function sameDigest(a: Digest, b: Digest): boolean {
  for (let i = 0; i < 8; i++) if (a[i] !== b[i]) return false;
  return true;
}
