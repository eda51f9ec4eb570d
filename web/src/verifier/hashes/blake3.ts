/**
 * BLAKE3 (O'Connor, Aumasson, Neves, Wilcox-O'Hearn, 2021), and the hash of rows that is made of its mode `derive_key`:
 * docs/reference/hashes.md, "Byte hashes".
 */

import type { Digest, Hash, Words } from "./hash.js";
import { SHA256_START } from "./sha256.js";

// Flags, section 2.2, table 3 of the paper.
const BLAKE3_CHUNK_START = 1;
const BLAKE3_CHUNK_END = 2;
const BLAKE3_PARENT = 4;
const BLAKE3_ROOT = 8;
const BLAKE3_KEY_CONTEXT = 32;
const BLAKE3_KEY_MATERIAL = 64;

/** Words of a chunk: 1,024 bytes. */
const BLAKE3_CHUNK = 256;

/** The permutation of a round's message words, section 2.2, table 2: word i of the next round is word [i] of this one. */
const BLAKE3_PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];

/** For each of the seven rounds, where in the block its sixteen words stand. */
const BLAKE3_ORDER = (() => {
  const order = new Uint8Array(7 * 16);
  let round = Array.from({ length: 16 }, (_, i) => i);
  for (let r = 0; r < 7; r++) {
    order.set(round, 16 * r);
    round = BLAKE3_PERMUTATION.map((i) => round[i]!);
  }
  return order;
})();

/**
 * The compression function, section 2.2, cut to the first eight words: from the chaining value at `from` into the
 * chaining value at `to` of the sixteen words at `at` of the block. The counter is below 2^32, 4 TiB of input.
 */
function blake3Compress(
  from: Uint32Array,
  block: Uint32Array,
  at: number,
  counter: number,
  length: number,
  flags: number,
  to: Uint32Array,
  toAt: number,
): void {
  let v0 = from[0]! | 0;
  let v1 = from[1]! | 0;
  let v2 = from[2]! | 0;
  let v3 = from[3]! | 0;
  let v4 = from[4]! | 0;
  let v5 = from[5]! | 0;
  let v6 = from[6]! | 0;
  let v7 = from[7]! | 0;
  let v8 = SHA256_START[0]! | 0;
  let v9 = SHA256_START[1]! | 0;
  let v10 = SHA256_START[2]! | 0;
  let v11 = SHA256_START[3]! | 0;
  let v12 = counter | 0;
  let v13 = 0;
  let v14 = length;
  let v15 = flags;
  for (let r = 0; r < 112; r += 16) {
    v0 = (v0 + v4 + block[at + BLAKE3_ORDER[r]!]!) | 0;
    v12 ^= v0;
    v12 = (v12 >>> 16) | (v12 << 16);
    v8 = (v8 + v12) | 0;
    v4 ^= v8;
    v4 = (v4 >>> 12) | (v4 << 20);
    v0 = (v0 + v4 + block[at + BLAKE3_ORDER[r + 1]!]!) | 0;
    v12 ^= v0;
    v12 = (v12 >>> 8) | (v12 << 24);
    v8 = (v8 + v12) | 0;
    v4 ^= v8;
    v4 = (v4 >>> 7) | (v4 << 25);
    v1 = (v1 + v5 + block[at + BLAKE3_ORDER[r + 2]!]!) | 0;
    v13 ^= v1;
    v13 = (v13 >>> 16) | (v13 << 16);
    v9 = (v9 + v13) | 0;
    v5 ^= v9;
    v5 = (v5 >>> 12) | (v5 << 20);
    v1 = (v1 + v5 + block[at + BLAKE3_ORDER[r + 3]!]!) | 0;
    v13 ^= v1;
    v13 = (v13 >>> 8) | (v13 << 24);
    v9 = (v9 + v13) | 0;
    v5 ^= v9;
    v5 = (v5 >>> 7) | (v5 << 25);
    v2 = (v2 + v6 + block[at + BLAKE3_ORDER[r + 4]!]!) | 0;
    v14 ^= v2;
    v14 = (v14 >>> 16) | (v14 << 16);
    v10 = (v10 + v14) | 0;
    v6 ^= v10;
    v6 = (v6 >>> 12) | (v6 << 20);
    v2 = (v2 + v6 + block[at + BLAKE3_ORDER[r + 5]!]!) | 0;
    v14 ^= v2;
    v14 = (v14 >>> 8) | (v14 << 24);
    v10 = (v10 + v14) | 0;
    v6 ^= v10;
    v6 = (v6 >>> 7) | (v6 << 25);
    v3 = (v3 + v7 + block[at + BLAKE3_ORDER[r + 6]!]!) | 0;
    v15 ^= v3;
    v15 = (v15 >>> 16) | (v15 << 16);
    v11 = (v11 + v15) | 0;
    v7 ^= v11;
    v7 = (v7 >>> 12) | (v7 << 20);
    v3 = (v3 + v7 + block[at + BLAKE3_ORDER[r + 7]!]!) | 0;
    v15 ^= v3;
    v15 = (v15 >>> 8) | (v15 << 24);
    v11 = (v11 + v15) | 0;
    v7 ^= v11;
    v7 = (v7 >>> 7) | (v7 << 25);
    v0 = (v0 + v5 + block[at + BLAKE3_ORDER[r + 8]!]!) | 0;
    v15 ^= v0;
    v15 = (v15 >>> 16) | (v15 << 16);
    v10 = (v10 + v15) | 0;
    v5 ^= v10;
    v5 = (v5 >>> 12) | (v5 << 20);
    v0 = (v0 + v5 + block[at + BLAKE3_ORDER[r + 9]!]!) | 0;
    v15 ^= v0;
    v15 = (v15 >>> 8) | (v15 << 24);
    v10 = (v10 + v15) | 0;
    v5 ^= v10;
    v5 = (v5 >>> 7) | (v5 << 25);
    v1 = (v1 + v6 + block[at + BLAKE3_ORDER[r + 10]!]!) | 0;
    v12 ^= v1;
    v12 = (v12 >>> 16) | (v12 << 16);
    v11 = (v11 + v12) | 0;
    v6 ^= v11;
    v6 = (v6 >>> 12) | (v6 << 20);
    v1 = (v1 + v6 + block[at + BLAKE3_ORDER[r + 11]!]!) | 0;
    v12 ^= v1;
    v12 = (v12 >>> 8) | (v12 << 24);
    v11 = (v11 + v12) | 0;
    v6 ^= v11;
    v6 = (v6 >>> 7) | (v6 << 25);
    v2 = (v2 + v7 + block[at + BLAKE3_ORDER[r + 12]!]!) | 0;
    v13 ^= v2;
    v13 = (v13 >>> 16) | (v13 << 16);
    v8 = (v8 + v13) | 0;
    v7 ^= v8;
    v7 = (v7 >>> 12) | (v7 << 20);
    v2 = (v2 + v7 + block[at + BLAKE3_ORDER[r + 13]!]!) | 0;
    v13 ^= v2;
    v13 = (v13 >>> 8) | (v13 << 24);
    v8 = (v8 + v13) | 0;
    v7 ^= v8;
    v7 = (v7 >>> 7) | (v7 << 25);
    v3 = (v3 + v4 + block[at + BLAKE3_ORDER[r + 14]!]!) | 0;
    v14 ^= v3;
    v14 = (v14 >>> 16) | (v14 << 16);
    v9 = (v9 + v14) | 0;
    v4 ^= v9;
    v4 = (v4 >>> 12) | (v4 << 20);
    v3 = (v3 + v4 + block[at + BLAKE3_ORDER[r + 15]!]!) | 0;
    v14 ^= v3;
    v14 = (v14 >>> 8) | (v14 << 24);
    v9 = (v9 + v14) | 0;
    v4 ^= v9;
    v4 = (v4 >>> 7) | (v4 << 25);
  }
  to[toAt] = v0 ^ v8;
  to[toAt + 1] = v1 ^ v9;
  to[toAt + 2] = v2 ^ v10;
  to[toAt + 3] = v3 ^ v11;
  to[toAt + 4] = v4 ^ v12;
  to[toAt + 5] = v5 ^ v13;
  to[toAt + 6] = v6 ^ v14;
  to[toAt + 7] = v7 ^ v15;
}

// A block that is filled up with zeros, and the chaining values of finished subtrees, left to right, the largest first.
const BLAKE3_LAST = new Uint32Array(16);
const BLAKE3_STACK = new Uint32Array(8 * 54);
const BLAKE3_CHAIN = new Uint32Array(8);

/**
 * BLAKE3 of a message that is given as words of 32 bits, little-endian, and its number of bytes; zeros after its end. The
 * key is eight words, the flags say which mode. The first 32 bytes of output, as words, go into `to` at `toAt`.
 */
function blake3Words(key: Uint32Array, flags: number, words: Uint32Array, bytes: number, to: Uint32Array): void {
  const length = Math.ceil(bytes / 4);
  const chunks = Math.max(1, Math.ceil(length / BLAKE3_CHUNK));
  let height = 0; // subtrees on the stack
  for (let chunk = 0; chunk < chunks; chunk++) {
    const start = chunk * BLAKE3_CHUNK;
    const end = Math.min(length, start + BLAKE3_CHUNK);
    const root = chunks === 1 ? BLAKE3_ROOT : 0;
    let at = start;
    BLAKE3_CHAIN.set(key);
    for (; end - at > 16; at += 16) {
      const begins = at === start ? BLAKE3_CHUNK_START : 0;
      blake3Compress(BLAKE3_CHAIN, words, at, chunk, 64, flags | begins, BLAKE3_CHAIN, 0);
    }
    for (let i = 0; i < 16; i++) BLAKE3_LAST[i] = at + i < end ? words[at + i]! : 0;
    const begins = at === start ? BLAKE3_CHUNK_START : 0;
    const left = Math.min(bytes - 4 * at, 4 * (end - at));
    blake3Compress(
      BLAKE3_CHAIN,
      BLAKE3_LAST,
      0,
      chunk,
      left,
      flags | begins | BLAKE3_CHUNK_END | root,
      BLAKE3_STACK,
      8 * height,
    );
    height++;
    // Every trailing zero of the number of chunks is a subtree that is full (section 2.1); the root comes last.
    const last = chunk === chunks - 1;
    for (let done = chunk + 1; height > 1 && (last || (done & 1) === 0); done >>>= 1) {
      const whole = last && height === 2 ? BLAKE3_ROOT : 0;
      const pair = 8 * (height - 2);
      blake3Compress(key, BLAKE3_STACK, pair, 0, 64, flags | BLAKE3_PARENT | whole, BLAKE3_STACK, pair);
      height--;
    }
  }
  for (let i = 0; i < 8; i++) to[i] = BLAKE3_STACK[i]!;
}

/** The first 32 bytes of output in the mode of these flags, as words of 32 bits, little-endian; the key is eight words. */
export function blake3Bytes(key: Uint32Array, flags: number, bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(Math.ceil(bytes.length / 4));
  for (let i = 0; i < bytes.length; i++) words[i >> 2]! |= bytes[i]! << (8 * (i & 3));
  const output = new Uint32Array(8);
  blake3Words(key, flags, words, bytes.length, output);
  return output;
}

/** The key that `derive_key` hashes material with: eight words, the same for all material of a context, which is ASCII. */
export function blake3ContextKey(context: string): Uint32Array {
  const bytes = Uint8Array.from(context, (character) => character.charCodeAt(0));
  return blake3Bytes(SHA256_START, BLAKE3_KEY_CONTEXT, bytes);
}

const BLAKE3_KEYS = new Map<string, Uint32Array>();

/** `derive_key` with the domain's tag as context and the row as key material. */
export const BLAKE3: Hash = {
  name: "blake3",
  wordBound: 1n << 64n,
  wordBits: 64,
  digestWords: 4,

  hashRow(domain: string, words: Words): Digest {
    let key = BLAKE3_KEYS.get(domain);
    if (key === undefined) {
      key = blake3ContextKey(`polyproof/1 ${domain}`);
      BLAKE3_KEYS.set(domain, key);
    }
    const digest = new Uint32Array(8);
    blake3Words(key, BLAKE3_KEY_MATERIAL, words, 4 * words.length, digest);
    return digest;
  },
};
