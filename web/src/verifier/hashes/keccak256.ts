/**
 * Keccak-256, the submission of 2011 with c = 512, as Ethereum uses it, in the hash of rows that is made of it:
 * docs/reference/hashes.md, "Byte hashes".
 */

import type { Digest, Hash, Words } from "./hash.js";

/** Entries of the rate, of SHAKE-256 as well: 136 bytes. A lane is two entries, low half first; lane (x, y) is the one at x + 5y. */
export const KECCAK_RATE = 34;

/** The round constants, low and high halves in turn: bits of an LFSR, "The Keccak reference", 3.0, section 1.2. */
const KECCAK_ROUND = (() => {
  const constants = new Int32Array(48);
  let register = 1;
  for (let round = 0; round < 24; round++) {
    for (let j = 0; j < 7; j++) {
      const bit = (1 << j) - 1; // of the lane
      if (register & 1) constants[2 * round + (bit >> 5)]! ^= 1 << (bit & 31);
      register = (register << 1) ^ (register & 0x80 ? 0x171 : 0);
    }
  }
  return constants;
})();

/**
 * ρ and π together (section 1.2 as well): going from lane (1, 0) along (x, y) → (y, 2x + 3y), the lane that the t-th step
 * comes to gets the one before, rotated by the t-th triangular number.
 */
const [KECCAK_LANE, KECCAK_ROTATION] = (() => {
  const lanes = new Uint8Array(24);
  const rotations = new Uint8Array(24);
  let [x, y] = [1, 0];
  for (let t = 0; t < 24; t++) {
    [x, y] = [y, (2 * x + 3 * y) % 5];
    lanes[t] = x + 5 * y;
    rotations[t] = (((t + 1) * (t + 2)) / 2) % 64;
  }
  return [lanes, rotations];
})();

const KECCAK_PARITY = new Int32Array(10);

/** Keccak-f[1600] on a state of 50 entries. */
export function keccakPermute(s: Int32Array): void {
  const c = KECCAK_PARITY;
  for (let round = 0; round < 48; round += 2) {
    // θ
    for (let x = 0; x < 10; x++) c[x] = s[x]! ^ s[x + 10]! ^ s[x + 20]! ^ s[x + 30]! ^ s[x + 40]!;
    for (let x = 0; x < 10; x += 2) {
      const before = (x + 8) % 10;
      const after = (x + 2) % 10;
      const low = c[before]! ^ ((c[after]! << 1) | (c[after + 1]! >>> 31));
      const high = c[before + 1]! ^ ((c[after + 1]! << 1) | (c[after]! >>> 31));
      for (let y = 0; y < 50; y += 10) {
        s[x + y]! ^= low;
        s[x + y + 1]! ^= high;
      }
    }
    // ρ, π
    let low = s[2]!;
    let high = s[3]!;
    for (let t = 0; t < 24; t++) {
      const at = 2 * KECCAK_LANE[t]!;
      const by = KECCAK_ROTATION[t]! & 31;
      const swapped = KECCAK_ROTATION[t]! >= 32;
      const from = swapped ? high : low;
      const other = swapped ? low : high;
      low = s[at]!;
      high = s[at + 1]!;
      s[at] = by === 0 ? from : (from << by) | (other >>> (32 - by));
      s[at + 1] = by === 0 ? other : (other << by) | (from >>> (32 - by));
    }
    // χ
    for (let y = 0; y < 50; y += 10) {
      const a0 = s[y]!;
      const a1 = s[y + 1]!;
      const a2 = s[y + 2]!;
      const a3 = s[y + 3]!;
      for (let x = y; x < y + 6; x++) s[x]! ^= ~s[x + 2]! & s[x + 4]!;
      s[y + 6]! ^= ~s[y + 8]! & a0;
      s[y + 7]! ^= ~s[y + 9]! & a1;
      s[y + 8]! ^= ~a0 & a2;
      s[y + 9]! ^= ~a1 & a3;
    }
    // ι
    s[0]! ^= KECCAK_ROUND[round]!;
    s[1]! ^= KECCAK_ROUND[round + 1]!;
  }
}

/** Absorbs a message of words of 32 bits, little-endian, whose last word is followed by the padding, 10*1. */
function keccakAbsorb(s: Int32Array, words: Uint32Array): void {
  let place = 0;
  for (let i = 0; i < words.length; i++) {
    s[place]! ^= words[i]!;
    if (++place === KECCAK_RATE) {
      keccakPermute(s);
      place = 0;
    }
  }
  s[place]! ^= 0x01;
  s[KECCAK_RATE - 1]! ^= 0x80000000;
  keccakPermute(s);
}

/** The state after the block of a domain's tag. */
const KECCAK_TAGGED = new Map<string, Int32Array>();

function keccakTagged(domain: string): Int32Array {
  let state = KECCAK_TAGGED.get(domain);
  if (state === undefined) {
    const tag = `polyproof/1 ${domain}`;
    state = new Int32Array(50);
    state[0] = tag.length;
    for (let i = 0; i < tag.length; i++) state[(i + 1) >> 2]! ^= tag.charCodeAt(i) << (8 * ((i + 1) & 3));
    keccakPermute(state);
    KECCAK_TAGGED.set(domain, state);
  }
  return state;
}

const KECCAK_STATE = new Int32Array(50);

/** Keccak-256 of a block with the domain's tag, and the row. */
export const KECCAK256: Hash = {
  name: "keccak256",
  wordBound: 1n << 64n,
  wordBits: 64,
  digestWords: 4,

  hashRow(domain: string, words: Words): Digest {
    KECCAK_STATE.set(keccakTagged(domain));
    keccakAbsorb(KECCAK_STATE, words);
    return Uint32Array.from(KECCAK_STATE.subarray(0, 8));
  },
};
