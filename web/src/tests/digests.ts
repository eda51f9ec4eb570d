/** Digests and hashes as vectors write them, which the verifier has no need of: by name, in hexadecimal, as bytes. */
import { HASHES } from "../verifier/hashes/all.js";
import { blake3Bytes, blake3ContextKey } from "../verifier/hashes/blake3.js";
import type { Digest, Hash } from "../verifier/hashes/hash.js";
import { KECCAK_RATE, keccakPermute } from "../verifier/hashes/keccak256.js";

export function hashByName(name: string): Hash {
  const hash = HASHES.find((one) => one.name === name);
  if (hash === undefined) throw new RangeError(`no hash is named ${name}`);
  return hash;
}

/** The bytes that lower-case hexadecimal digits stand for. Throws for any other text. */
export function fromHex(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new RangeError(`not bytes in hexadecimal: ${text}`);
  return new Uint8Array(Buffer.from(text, "hex"));
}

/** The 32 bytes that a digest has in a file. */
export function digestToBytes(digest: Digest): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 8; i++) view.setUint32(4 * i, digest[i]!, true);
  return bytes;
}

/** The mode `derive_key` of BLAKE3, whose flag for the material is in section 2.2, table 3, of the paper. */
export function blake3DeriveKey(context: string, material: Uint8Array): Digest {
  return blake3Bytes(blake3ContextKey(context), 64, material);
}

/** Keccak-256 of bytes, with the verifier's permutation: 32 bytes. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  const state = new Int32Array(50);
  let place = 0;
  for (const byte of bytes) {
    state[place >> 2]! ^= byte << (8 * (place & 3));
    if (++place === 4 * KECCAK_RATE) {
      keccakPermute(state);
      place = 0;
    }
  }
  state[place >> 2]! ^= 0x01 << (8 * (place & 3));
  state[KECCAK_RATE - 1]! ^= 0x80000000;
  keccakPermute(state);
  return Uint8Array.from({ length: 32 }, (_, i) => state[i >> 2]! >>> (8 * (i & 3)));
}
