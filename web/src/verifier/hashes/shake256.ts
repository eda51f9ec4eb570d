import { KECCAK_RATE, keccakPermute } from "./keccak256.js";

/** So many bytes of SHAKE-256 (FIPS 202, 6.2) of a message that is shorter than a block of 136 bytes. */
export function shake256(message: Uint8Array, length: number): Uint8Array {
  const block = 4 * KECCAK_RATE;
  if (message.length >= block) throw new Error("a message of one block only");
  const state = new Int32Array(50);
  message.forEach((byte, i) => {
    state[i >> 2]! |= byte << (8 * (i & 3));
  });
  state[message.length >> 2]! ^= 0x1f << (8 * (message.length & 3));
  state[KECCAK_RATE - 1]! ^= 0x80000000;
  const out = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    const place = at % block;
    if (place === 0) keccakPermute(state);
    out[at] = state[place >> 2]! >>> (8 * (place & 3));
  }
  return out;
}
