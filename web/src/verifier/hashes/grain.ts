/**
 * The Grain LFSR in self-shrinking mode (eprint 2019/458, appendix E), from which both Poseidon2 permutations have their
 * numbers: docs/reference/hashes.md, "poseidon2".
 */
export class Grain {
  private readonly state: Uint8Array = new Uint8Array(80);
  private at = 0;

  /** A prime field and the S-box x^7, as numbers that initialise the register: bits of an element, width, rounds. */
  constructor(elementBits: number, width: number, fullRounds: number, partialRounds: number) {
    const fields: [value: number, bits: number][] = [
      [1, 2],
      [0, 4],
      [elementBits, 12],
      [width, 12],
      [fullRounds, 10],
      [partialRounds, 10],
      [2 ** 30 - 1, 30],
    ];
    let to = 0;
    for (const [value, bits] of fields) {
      for (let bit = bits - 1; bit >= 0; bit--) this.state[to++] = (value >> bit) & 1;
    }
    for (let i = 0; i < 160; i++) this.step();
  }

  private step(): number {
    const { state, at } = this;
    const back = (i: number): number => state[(at + i) % 80]!;
    const bit = back(62) ^ back(51) ^ back(38) ^ back(23) ^ back(13) ^ back(0);
    state[at] = bit;
    this.at = (at + 1) % 80;
    return bit;
  }

  /** The next word: so many output bits, the most significant first. */
  word(bits: number): bigint {
    let word = 0n;
    for (let missing = bits; missing > 0; ) {
      const chosen = this.step();
      const bit = this.step();
      if (chosen === 0) continue;
      word = (word << 1n) | BigInt(bit);
      missing--;
    }
    return word;
  }

  /** The next words that are below a modulus; larger ones are skipped. */
  elements(count: number, modulus: bigint, bits: number): bigint[] {
    const out: bigint[] = [];
    while (out.length < count) {
      const word = this.word(bits);
      if (word < modulus) out.push(word);
    }
    return out;
  }
}
