import type { Digest, Hash, Words } from "./hash.js";

/** The numbers of docs/reference/hashes.md, "Sponges over Goldilocks" and "poseidon2-babybear". */
export interface Sponge {
  readonly name: string;
  readonly wordBound: bigint;
  readonly wordBits: number;
  readonly digestWords: 4 | 8;
  /** Entries of a word in a state: 2 (low half, high half), or 1 of a hash with narrow words. */
  readonly entries: 1 | 2;
  /** Elements of the state. */
  readonly width: number;
  /** Which element is the first of the rate, and how many follow each other. */
  readonly rateAt: number;
  readonly rate: number;
  readonly capacityAt: number;
  /** Bytes of the padded domain in each element of the capacity but the first. */
  readonly domainBytes: 7 | 3;
  /** Permutes a state of canonical words in place. */
  permute(state: Uint32Array): void;
}

const DOMAIN_BYTES = 21;

/** The hash of a permutation: rows are absorbed in overwrite mode, and the length and the domain begin the capacity. */
export function spongeHash(sponge: Sponge): Hash {
  const { entries, width, rate, domainBytes, digestWords } = sponge;
  const rateFrom = sponge.rateAt * entries;
  const rateUntil = rateFrom + rate * entries;
  const lengthAt = sponge.capacityAt * entries;
  // The state before a row, but for its length, of each domain that was used: a protocol has a dozen.
  const initial = new Map<string, Uint32Array>();

  function initialState(domain: string): Uint32Array {
    const known = initial.get(domain);
    if (known !== undefined) return known;
    if (!/^[\x00-\x7f]{1,21}$/.test(domain)) throw new Error(`not a domain: ${domain}`);
    const state = new Uint32Array(width * entries);
    for (let at = 0; at < domain.length && at < DOMAIN_BYTES; at++) {
      const element = 1 + Math.floor(at / domainBytes);
      const bit = 8 * (at % domainBytes);
      state[lengthAt + element * entries + (bit >> 5)]! |= domain.charCodeAt(at) << (bit & 31);
    }
    initial.set(domain, state);
    return state;
  }

  return {
    name: sponge.name,
    wordBound: sponge.wordBound,
    wordBits: sponge.wordBits,
    digestWords,
    hashRow(domain: string, words: Words): Digest {
      const state = initialState(domain).slice();
      const length = words.length / 2;
      state[lengthAt] = length;
      let at = 0;
      do {
        for (let to = rateFrom; to < rateUntil; to += entries) {
          const absent = at >= length;
          state[to] = absent ? 0 : words[2 * at]!;
          if (entries === 2) state[to + 1] = absent ? 0 : words[2 * at + 1]!;
          at++;
        }
        sponge.permute(state);
      } while (at < length);
      return state.slice(rateFrom, rateFrom + digestWords * entries);
    },
  };
}
