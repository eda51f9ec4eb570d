import { createHash } from "node:crypto";

/** Numbers and bytes that look random and are the same in every run: SHA-256 of the seed and a counter. */
export class Seeded {
  private counter = 0;

  constructor(private readonly seed: string) {}

  bytes(n: number): Uint8Array {
    const parts: Buffer[] = [];
    for (let i = 0; i < n; i += 32) {
      parts.push(createHash("sha256").update(`${this.seed} ${this.counter++}`).digest());
    }
    return new Uint8Array(Buffer.concat(parts).subarray(0, n));
  }

  /** A number from 0 to the bound, itself not included. */
  below(bound: number): number {
    return Number(this.big(BigInt(bound)));
  }

  big(bound: bigint): bigint {
    const digits = Buffer.from(this.bytes(Math.ceil(bound.toString(16).length / 2) + 16)).toString("hex");
    return BigInt(`0x${digits}`) % bound;
  }

  /** One of these. */
  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** So many different numbers below the bound, in no order. */
  distinct(n: number, bound: number): number[] {
    const found = new Set<number>();
    while (found.size < n) found.add(this.below(bound));
    return [...found];
  }
}
