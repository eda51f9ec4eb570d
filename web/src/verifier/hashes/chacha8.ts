const CHACHA_MASK = (1n << 64n) - 1n;

/** The key that Rust's `seed_from_u64` expands a seed to (docs/reference/hashes.md, "poseidon"): eight words of 32 bits. */
function chachaKey(seed: bigint): Uint32Array {
  const key = new Uint32Array(8);
  let s = seed;
  for (let i = 0; i < 8; i++) {
    s = (6364136223846793005n * s + 11634580027462260723n) & CHACHA_MASK;
    const word = Number((((s >> 18n) ^ s) >> 27n) & 0xffffffffn);
    const turn = Number(s >> 59n);
    key[i] = (word >>> turn) | (word << (32 - turn) % 32);
  }
  return key;
}

/** The words of 64 bits of the ChaCha8 key stream (RFC 8439, 2.1–2.3, with 8 rounds, a block counter and a nonce of 64 bits). */
export function* chacha8Words(seed: bigint): Generator<bigint, never> {
  const input = new Uint32Array(16);
  input.set([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]); // "expand 32-byte k"
  input.set(chachaKey(seed), 4);
  const x = new Uint32Array(16);
  const mix = (to: number, add: number, xor: number, turn: number): void => {
    x[to]! += x[add]!;
    const y = x[xor]! ^ x[to]!;
    x[xor] = (y << turn) | (y >>> (32 - turn));
  };
  const quarter = (a: number, b: number, c: number, d: number): void => {
    mix(a, b, d, 16);
    mix(c, d, b, 12);
    mix(a, b, d, 8);
    mix(c, d, b, 7);
  };
  for (;;) {
    x.set(input);
    for (let pair = 0; pair < 4; pair++) {
      for (let i = 0; i < 4; i++) quarter(i, 4 + i, 8 + i, 12 + i);
      for (let i = 0; i < 4; i++) quarter(i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4));
    }
    for (let i = 0; i < 16; i++) x[i]! += input[i]!;
    for (let i = 0; i < 16; i += 2) yield (BigInt(x[i + 1]!) << 32n) | BigInt(x[i]!);
    input[12]!++;
  }
}
