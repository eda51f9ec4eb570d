/** SHA-256 (FIPS 180-4), and the hash of rows that is made of it: docs/reference/hashes.md, "Byte hashes". */

import type { Digest, Hash, Words } from "./hash.js";

/** The first primes, in order. */
function firstPrimes(count: number): bigint[] {
  const primes: bigint[] = [];
  for (let n = 2n; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0n)) primes.push(n);
  return primes;
}

/** The first 32 bits of the fraction of the root of n: ⌊n^(1/degree) · 2^32⌋ mod 2^32, by bisection. */
function rootFraction(n: bigint, degree: bigint): number {
  const target = n << (32n * degree);
  let low = 0n;
  let high = n << 32n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** degree <= target) low = middle;
    else high = middle;
  }
  return Number(low & 0xffffffffn);
}

/** H^(0) of FIPS 180-4, 5.3.3: fractions of the square roots of the first eight primes. */
export const SHA256_START: Uint32Array = Uint32Array.from(firstPrimes(8), (prime) => rootFraction(prime, 2n));
/** K of FIPS 180-4, 4.2.2: fractions of the cube roots of the first 64 primes. */
const SHA256_ROUND = Int32Array.from(firstPrimes(64), (prime) => rootFraction(prime, 3n));

const SHA256_SCHEDULE = new Int32Array(64);

/** One block into the state: its sixteen words, big-endian ones, are the first of the schedule. FIPS 180-4, 6.2.2. */
function sha256Block(state: Uint32Array): void {
  const w = SHA256_SCHEDULE;
  for (let t = 16; t < 64; t++) {
    const x = w[t - 15]!;
    const y = w[t - 2]!;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[t] = (w[t - 16]! + s0 + w[t - 7]! + s1) | 0;
  }
  let a = state[0]! | 0;
  let b = state[1]! | 0;
  let c = state[2]! | 0;
  let d = state[3]! | 0;
  let e = state[4]! | 0;
  let f = state[5]! | 0;
  let g = state[6]! | 0;
  let h = state[7]! | 0;
  for (let t = 0; t < 64; t++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + (g ^ (e & (f ^ g))) + SHA256_ROUND[t]! + w[t]!) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) | (c & (a | b)))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}

/** SHA-256 of the bytes: 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  const state = SHA256_START.slice();
  const w = SHA256_SCHEDULE;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length - (bytes.length % 64);
  for (let at = 0; at < whole; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i);
    sha256Block(state);
  }
  const rest = bytes.subarray(whole);
  const tail = new Uint8Array(rest.length < 56 ? 64 : 128);
  const tailView = new DataView(tail.buffer);
  tail.set(rest);
  tail[rest.length] = 0x80;
  tailView.setBigUint64(tail.length - 8, BigInt(bytes.length) * 8n);
  for (let at = 0; at < tail.length; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = tailView.getInt32(at + 4 * i);
    sha256Block(state);
  }
  const digest = new Uint8Array(32);
  const digestView = new DataView(digest.buffer);
  for (let i = 0; i < 8; i++) digestView.setUint32(4 * i, state[i]!);
  return digest;
}

/** What the file says as words of four bytes, big-endian, as words little-endian, and the other way round. */
function swapBytes(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** The state after t ‖ t, one block, by domain. */
const SHA256_TAGGED = new Map<string, Uint32Array>();

function sha256Tagged(domain: string): Uint32Array {
  let state = SHA256_TAGGED.get(domain);
  if (state === undefined) {
    const tag = sha256(Uint8Array.from(`polyproof/1 ${domain}`, (character) => character.charCodeAt(0)));
    const view = new DataView(tag.buffer);
    for (let i = 0; i < 16; i++) SHA256_SCHEDULE[i] = view.getInt32(4 * (i % 8));
    state = SHA256_START.slice();
    sha256Block(state);
    SHA256_TAGGED.set(domain, state);
  }
  return state;
}

/** SHA256(t ‖ t ‖ R), t = SHA256 of the domain's tag. */
export const SHA256: Hash = {
  name: "sha256",
  wordBound: 1n << 64n,
  wordBits: 64,
  digestWords: 4,

  hashRow(domain: string, words: Words): Digest {
    const state = sha256Tagged(domain).slice();
    const w = SHA256_SCHEDULE;
    // The padding is one bit 1, zeros, and the number of all bits in the last eight bytes of a block.
    const blocks = Math.floor((words.length + 1 + 2 + 15) / 16);
    const bits = 32 * (words.length + 16);
    for (let block = 0; block < blocks; block++) {
      for (let i = 0; i < 16; i++) {
        const at = 16 * block + i;
        w[i] = at < words.length ? swapBytes(words[at]!) : at === words.length ? 0x80000000 : 0;
      }
      if (block === blocks - 1) {
        w[14] = Math.floor(bits / 2 ** 32);
        w[15] = bits;
      }
      sha256Block(state);
    }
    for (let i = 0; i < 8; i++) state[i] = swapBytes(state[i]!);
    return state;
  },
};
