/** A prime field whose elements are canonical bigints: 0 ≤ x < modulus. */
export interface Field {
  /** As a spec writes it, such as `goldilocks`. */
  readonly name: string;
  readonly modulus: bigint;
  /** g_F of the protocol. */
  readonly generator: bigint;
  /** The largest k for which there is an element of order 2^k. */
  readonly twoAdicity: number;
  /** Bytes of an element in a file: 8 or 4. */
  readonly bytes: 8 | 4;
}

/** An element of K = F[θ]/(θ^e − g_F): its e coefficients, that of 1 first. */
export type Element = readonly bigint[];
