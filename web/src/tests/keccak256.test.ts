import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { toHex } from "../verifier/bytes/hex.js";
import { keccak256 } from "./digests.js";
import { Seeded } from "./seeded.js";

const LANE = (1n << 64n) - 1n;
const rotate = (lane: bigint, by: number): bigint => ((lane << BigInt(by)) | (lane >> BigInt(64 - by))) & LANE;

/** The bit rc[t] of FIPS 202, algorithm 5. */
function roundConstantBit(t: number): bigint {
  let register = [1, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < t % 255; i++) {
    register = [0, ...register];
    for (const place of [0, 4, 5, 6]) register[place]! ^= register[8]!;
    register = register.slice(0, 8);
  }
  return BigInt(register[0]!);
}

/** Keccak-f[1600] by the algorithms of FIPS 202, section 3.2, on lanes of 64 bits; lane (x, y) at x + 5y. */
function slowPermutation(state: bigint[]): bigint[] {
  let a = state;
  const at = (x: number, y: number): number => ((x + 5) % 5) + 5 * ((y + 5) % 5);
  for (let round = 0; round < 24; round++) {
    const c = [0, 1, 2, 3, 4].map((x) => [0, 1, 2, 3, 4].reduce((sum, y) => sum ^ a[at(x, y)]!, 0n));
    a = a.map((lane, i) => lane ^ c[(i + 4) % 5]! ^ rotate(c[(i + 1) % 5]!, 1));
    const turned = [...a];
    let [x, y] = [1, 0];
    for (let t = 0; t < 24; t++) {
      turned[at(x, y)] = rotate(a[at(x, y)]!, (((t + 1) * (t + 2)) / 2) % 64);
      [x, y] = [y, (2 * x + 3 * y) % 5];
    }
    a = turned.map((_, i) => turned[at((i % 5) + 3 * Math.floor(i / 5), i % 5)]!);
    const b = a;
    a = b.map((lane, i) => {
      const row = Math.floor(i / 5);
      return lane ^ ((b[at((i % 5) + 1, row)]! ^ LANE) & b[at((i % 5) + 2, row)]!);
    });
    for (let j = 0; j <= 6; j++) a[0]! ^= roundConstantBit(j + 7 * round) << BigInt(2 ** j - 1);
  }
  return a;
}

/** The sponge with c = 512 and 32 bytes of output; the first byte of the padding says which of the standards it is. */
function slowKeccak(bytes: Uint8Array, padding: number): string {
  const padded = new Uint8Array(136 * (Math.floor(bytes.length / 136) + 1));
  padded.set(bytes);
  padded[bytes.length]! ^= padding;
  padded[padded.length - 1]! ^= 0x80;
  let state = new Array<bigint>(25).fill(0n);
  for (let block = 0; block < padded.length; block += 136) {
    for (let i = 0; i < 17; i++) state[i]! ^= new DataView(padded.buffer).getBigUint64(block + 8 * i, true);
    state = slowPermutation(state);
  }
  const output = new DataView(new ArrayBuffer(32));
  for (let i = 0; i < 4; i++) output.setBigUint64(8 * i, state[i]!, true);
  return toHex(new Uint8Array(output.buffer));
}

test("Keccak-256 of nothing is the hash that EIP-1052 gives for an account without code", () => {
  assert.equal(toHex(keccak256(new Uint8Array())), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
});

test("Keccak-256 of every length around its rate is that of a slow one, which has the SHA3-256 of node", () => {
  const random = new Seeded("keccak");
  for (const n of [0, 1, 3, 4, 7, 8, 31, 64, 127, 128, 131, 132, 134, 135, 136, 137, 200, 271, 272, 273, 500]) {
    const bytes = random.bytes(n);
    assert.equal(slowKeccak(bytes, 0x06), createHash("sha3-256").update(bytes).digest("hex"));
    assert.equal(toHex(keccak256(bytes)), slowKeccak(bytes, 0x01), `${n} bytes`);
  }
});
