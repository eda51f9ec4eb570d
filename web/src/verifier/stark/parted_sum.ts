/**
 * A sum over all accounts of a number that is written in limbs: its parts, carries and total, as docs/reference/protocol.md
 * states them in section 2 ("Parts, carries, totals"), and docs/reference/net-equity.md, section 4, for a number that is
 * itself the sum of several.
 */
import type { Element, Field } from "../fields/field.js";
import { bitLength } from "../hashes/rows.js";
import { Rejected } from "../rejected.js";
import type { LinearArithmetic } from "./constraint_system.js";

/** `NAME.limb0` and so on. */
export function limbNames(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, j) => `${name}.limb${j}`);
}

/** The lowest `count` digits of a number in base 2^bits, least significant first. */
export function digitsOf(number: bigint, bits: number, count: number): number[] {
  const width = BigInt(bits);
  const mask = (1n << width) - 1n;
  return Array.from({ length: count }, (_, j) => Number((number >> (width * BigInt(j))) & mask));
}

/** Σ weight·column. */
type Combination = readonly { readonly column: number; readonly weight: bigint }[];

export interface PartDescription {
  readonly name: string;
  readonly body: string;
  readonly last: string;
  readonly total: string;
}

export class PartedSum {
  /** Names of the public values, one a part. */
  readonly publics: readonly string[];
  private readonly parts: readonly Combination[];
  private readonly carries: readonly Combination[];
  /** B = 2^{wv}. */
  private readonly base: bigint;
  /** u·(2^{wL} − 1), the largest total. */
  private readonly largest: bigint;

  /**
   * `numbers` are the columns of the limbs of each number that is added up on a row, least significant first, all of as
   * many limbs; carries stand in the limbs of the last of them. `accounts` is how many rows are summed, U − 1.
   * Rejects `options` if there is no v ≥ 1 or no room for the carries.
   */
  constructor(
    private readonly name: string,
    numbers: readonly (readonly number[])[],
    accounts: number,
    limbBits: number,
    field: Field,
  ) {
    const width = BigInt(limbBits);
    const last = numbers[numbers.length - 1]!;
    const limbs = last.length;
    const terms = BigInt(numbers.length * accounts); // u
    const power = (limb: number): bigint => 1n << (width * BigInt(limb));

    const room = 4n * (terms + 1n) > power(1) ? 4n * (terms + 1n) : power(1);
    let v = 0;
    while (v < limbs && power(v + 1) * room < field.modulus) v += 1;
    if (v === 0) throw this.unfit("the field cannot add up so many limbs");
    // Parts of all limbs of one asset: v more than there are changes nothing.
    this.base = power(v);
    const parts = Math.ceil(limbs / v);
    this.publics = Array.from({ length: parts }, (_, i) => `${name}.total${i}`);
    this.largest = terms * (power(limbs) - 1n);
    this.parts = this.publics.map((_, i) =>
      numbers.flatMap((number) => number.slice(i * v, (i + 1) * v).map((column, j) => ({ column, weight: power(j) }))),
    );

    let m = 1;
    while (power(m) <= terms) m += 1;
    const overlap = m === 1 ? 0n : BigInt(bitLength(terms)) - width; // κ
    const weights = Array.from({ length: m }, (_, j) => (j < m - 1 ? power(j) : 1n << (j === 0 ? 0n : overlap)));
    if (parts > 1) {
      const largestCarry = weights.reduce((sum, weight) => sum + weight * (power(1) - 1n), 0n); // C
      if (
        terms * (this.base - 1n) + largestCarry >= field.modulus ||
        this.base - 1n + this.base * largestCarry >= field.modulus ||
        m * (parts - 1) > limbs
      ) {
        throw this.unfit("there is no room for the carries of its sum");
      }
    }
    this.carries = Array.from({ length: parts - 1 }, (_, i) =>
      weights.map((weight, j) => ({ column: last[m * i + j]!, weight })),
    );
  }

  /** The digits of a total in base B, the last one unreduced. Rejects `total-range`. */
  publicValues(total: bigint): bigint[] {
    if (total < 0n || total > this.largest) {
      throw new Rejected("total-range", `the total of ${this.name} is one that accounts in range cannot add up to`);
    }
    let rest = total;
    return this.publics.map((_, i) => {
      if (i === this.publics.length - 1) return rest;
      const digit = rest % this.base;
      rest /= this.base;
      return digit;
    });
  }

  /** part_i of a row, for each i. */
  bodies(extension: LinearArithmetic, row: readonly Element[]): Element[] {
    return this.parts.map((part) => combineColumns(extension, row, part));
  }

  /** c_{i−1} − B·c_i of a row, for each i; 0 with one part. */
  lasts(extension: LinearArithmetic, row: readonly Element[]): Element[] {
    const carries = this.carries.map((carry) => combineColumns(extension, row, carry));
    return this.parts.map((_, i) => {
      const before = i > 0 ? carries[i - 1]! : extension.zero;
      const after = carries[i];
      return after === undefined ? before : extension.sub(before, extension.scale(after, this.base));
    });
  }

  /** What the digest of the constraint system says about each part: prefix expressions of the columns' names. */
  describe(columns: readonly string[]): PartDescription[] {
    const sum = (combination: Combination): string =>
      combination
        .map(({ column, weight }) => (weight === 1n ? columns[column]! : `(* ${columns[column]!} ${weight})`))
        .reduce((left, right) => `(+ ${left} ${right})`);
    const carries = this.carries.map(sum);
    return this.parts.map((part, i) => {
      const before = i > 0 ? carries[i - 1]! : "0";
      const after = carries[i];
      return {
        name: `${this.name}.sum${i}`,
        body: sum(part),
        last: after === undefined ? before : `(- ${before} (* ${after} ${this.base}))`,
        total: `$${this.publics[i]!}`,
      };
    });
  }

  private unfit(reason: string): Rejected {
    return new Rejected("options", `the published options do not fit ${this.name}: ${reason}`);
  }
}

function combineColumns(extension: LinearArithmetic, row: readonly Element[], combination: Combination): Element {
  let sum = extension.zero;
  for (const { column, weight } of combination) sum = extension.add(sum, extension.scale(row[column]!, weight));
  return sum;
}
