/**
 * What docs/reference/hashes.md calls a hash: rows of words to digests of 32 bytes, under a domain.
 *
 * Words are pairs of 32-bit halves, low half first, two entries of a `Uint32Array` a word; the high half of a narrow word
 * is 0. A digest is eight entries, the 32 bytes that it has in a file read little-endian: four words of 64 bits, or
 * eight narrow ones.
 */
export type Words = Uint32Array;
export type Digest = Uint32Array;

export interface Hash {
  /** As a spec writes it, such as `poseidon2`. */
  readonly name: string;
  /** B: every word is below it. */
  readonly wordBound: bigint;
  /** b = ⌊log2 B⌋. */
  readonly wordBits: number;
  /** Words of a digest: 4, or 8 of a hash with narrow words. */
  readonly digestWords: 4 | 8;
  /** H(domain; words). Every word must be below the bound: whoever reads words from a file has checked that. */
  hashRow(domain: string, words: Words): Digest;
}
