const LANE_MASK = (1n << 64n) - 1n;
const SHAKE_RATE = 136;

function rotateLane(x: bigint, n: number): bigint {
  return ((x << BigInt(n)) | (x >> BigInt(64 - n))) & LANE_MASK;
}

/** Keccak-f[1600] (FIPS 202, 3.2–3.4), lane (x, y) at x + 5y. For deriving constants: slow. */
function slowKeccakF(a: bigint[]): void {
  let lfsr = 1;
  for (let round = 0; round < 24; round++) {
    // θ
    const parity = [0, 1, 2, 3, 4].map((x) => a[x]! ^ a[x + 5]! ^ a[x + 10]! ^ a[x + 15]! ^ a[x + 20]!);
    for (let i = 0; i < 25; i++) a[i]! ^= parity[(i + 4) % 5]! ^ rotateLane(parity[(i + 1) % 5]!, 1);
    // ρ and π along one cycle of 24 lanes: (x, y) goes to (y, 2x + 3y), rotated by the triangular numbers
    let x = 1;
    let y = 0;
    let moved = a[1]!;
    for (let t = 0; t < 24; t++) {
      [x, y] = [y, (2 * x + 3 * y) % 5];
      const next = a[x + 5 * y]!;
      a[x + 5 * y] = rotateLane(moved, (((t + 1) * (t + 2)) / 2) % 64);
      moved = next;
    }
    // χ
    for (let row = 0; row < 25; row += 5) {
      const r = a.slice(row, row + 5);
      for (let i = 0; i < 5; i++) a[row + i] = r[i]! ^ (~r[(i + 1) % 5]! & LANE_MASK & r[(i + 2) % 5]!);
    }
    // ι: bits 2^j − 1 of the constant from an LFSR with x^8 + x^6 + x^5 + x^4 + 1
    for (let j = 0; j < 7; j++) {
      if ((lfsr & 1) === 1) a[0]! ^= 1n << BigInt(2 ** j - 1);
      lfsr = (lfsr << 1) ^ (lfsr >> 7 === 1 ? 0x171 : 0);
    }
  }
}

/** SHAKE-256 (FIPS 202, 6.2) of a message shorter than a block of 136 bytes. */
export function shake256(message: Uint8Array, length: number): Uint8Array {
  if (message.length >= SHAKE_RATE) throw new Error("one block only");
  const block = new Uint8Array(SHAKE_RATE);
  block.set(message);
  block[message.length] = 0x1f;
  block[SHAKE_RATE - 1]! |= 0x80;
  const a = new Array<bigint>(25).fill(0n);
  for (let i = 0; i < SHAKE_RATE; i++) a[i >> 3]! |= BigInt(block[i]!) << BigInt(8 * (i % 8));
  const out = new Uint8Array(length);
  for (let at = 0; at < length; at += SHAKE_RATE) {
    slowKeccakF(a);
    for (let i = 0; i < SHAKE_RATE && at + i < length; i++) out[at + i] = Number((a[i >> 3]! >> BigInt(8 * (i % 8))) & 0xffn);
  }
  return out;
}
