/** docs/reference/protocol.md, section 7: messages in, challenges out, the same for prover and verifier. */

import { encodeUtf8 } from "./bytes/text.js";
import type { Extension } from "./fields/extension.js";
import type { Element, Field } from "./fields/field.js";
import type { Digest, Hash, Words } from "./hashes/hash.js";
import { bitLength, concatWords, hashMessage, wordsOfDigest, wordsOfNumbers } from "./hashes/rows.js";

/** Types of messages. */
const TEXT_MESSAGE = 1n;
const INTEGERS_MESSAGE = 2n;
const ELEMENTS_MESSAGE = 3n;
const DIGESTS_MESSAGE = 4n;
const NONCE_MESSAGE = 5n;

/** The nonce of the grinding is below 2^48 (section 6). */
export const NONCE_BITS = 48;
/** A word of a hash shows at most so many bits of work where the nonce takes two words. */
const NARROW_GRINDING = 16;

export class Transcript {
  /** The words of the state. */
  private state: Words;
  /** ℓ, the bits of a limb. */
  private readonly limbBits: bigint;

  constructor(private readonly hash: Hash) {
    this.state = new Uint32Array(2 * hash.digestWords);
    this.limbBits = BigInt(Math.min(32, hash.wordBits));
  }

  /** Absorbs a string of bytes, or a text in UTF-8. */
  text(message: Uint8Array | string): void {
    const bytes = typeof message === "string" ? encodeUtf8(message) : message;
    this.absorb(TEXT_MESSAGE, wordsOfDigest(this.hash, hashMessage(this.hash, "transcript/text", bytes)));
  }

  /** Absorbs integers of any size, none below zero. */
  integers(values: readonly bigint[]): void {
    const words: bigint[] = [];
    for (const value of values) {
      const count = Math.max(1, Math.ceil(bitLength(value) / Number(this.limbBits)));
      words.push(BigInt(count), ...this.limbs(value, count));
    }
    this.absorb(INTEGERS_MESSAGE, wordsOfNumbers(words));
  }

  /** Absorbs elements of the field. An element of an extension is its coefficients. */
  elements(field: Field, values: readonly bigint[]): void {
    const whole = field.modulus <= 2n ** 32n && field.modulus <= this.hash.wordBound;
    const count = Math.ceil(bitLength(field.modulus - 1n) / Number(this.limbBits));
    const words = whole ? values : values.flatMap((value) => this.limbs(value, count));
    this.absorb(ELEMENTS_MESSAGE, wordsOfNumbers(words));
  }

  digests(digests: readonly Digest[]): void {
    this.absorb(DIGESTS_MESSAGE, concatWords(...digests.map((digest) => wordsOfDigest(this.hash, digest))));
  }

  /** Absorbs the nonce of the grinding. */
  nonce(nonce: bigint): void {
    this.absorb(NONCE_MESSAGE, wordsOfNumbers(this.limbs(nonce, 2)));
  }

  /** Integers from 0 to the bound, itself not included, each as likely as any other. The bound is at most the hash's. */
  draw(count: number, bound: bigint): bigint[] {
    const { wordBound } = this.hash;
    if (bound < 1n || bound > wordBound) throw new RangeError(`${this.hash.name} draws no integers below ${bound}`);
    const fair = wordBound - (wordBound % bound);
    const drawn: bigint[] = [];
    for (let counter = 0n; drawn.length < count; counter++) {
      const words = this.hashed("transcript/draw", wordsOfNumbers([counter]));
      for (let i = 0; i < words.length && drawn.length < count; i += 2) {
        const word = (BigInt(words[i + 1]!) << 32n) | BigInt(words[i]!);
        if (word < fair) drawn.push(word % bound);
      }
    }
    this.integers([BigInt(count), bound]);
    return drawn;
  }

  /** An element of the extension that is not in the field. */
  element(extension: Extension): Element {
    for (;;) {
      const element = this.draw(extension.degree, extension.field.modulus);
      if (!extension.isBase(element)) return element;
    }
  }

  /** So many different integers from 0 to the bound, itself not included, in the order drawn. */
  indices(count: number, bound: number): number[] {
    if (count > bound) throw new RangeError(`there are no ${count} different integers below ${bound}`);
    const found = new Set<number>();
    while (found.size < count) {
      for (const index of this.draw(count - found.size, BigInt(bound))) found.add(Number(index));
    }
    return [...found];
  }

  /** Whether the nonce shows so many bits of work in this state. Absorbs nothing. */
  grinds(nonce: bigint, bits: number): boolean {
    if (nonce >= 1n << BigInt(NONCE_BITS)) return false;
    const narrow = this.hash.wordBits < NONCE_BITS;
    const words = this.hashed("transcript/grind", wordsOfNumbers(narrow ? this.limbs(nonce, 2) : [nonce]));
    const perWord = narrow ? NARROW_GRINDING : bits;
    for (let i = 0, left = bits; left > 0; i += 2, left -= perWord) {
      if (i === words.length) return false;
      const word = (BigInt(words[i + 1]!) << 32n) | BigInt(words[i]!);
      if (word % (1n << BigInt(Math.min(perWord, left))) !== 0n) return false;
    }
    return true;
  }

  private absorb(type: bigint, message: Words): void {
    this.state = this.hashed("transcript/absorb", wordsOfNumbers([type, BigInt(message.length / 2)]), message);
  }

  /** The words of the hash of the state and what follows it. */
  private hashed(domain: string, ...rows: readonly Words[]): Words {
    return wordsOfDigest(this.hash, this.hash.hashRow(domain, concatWords(this.state, ...rows)));
  }

  /** The number in so many limbs, the lowest first; the last has all bits that the others leave. */
  private limbs(value: bigint, count: number): bigint[] {
    const limbs: bigint[] = [];
    let rest = value;
    for (let i = 1; i < count; i++) {
      limbs.push(rest & ((1n << this.limbBits) - 1n));
      rest >>= this.limbBits;
    }
    return [...limbs, rest];
  }
}
