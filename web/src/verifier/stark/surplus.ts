/**
 * The surplus of an account, what its pledges count for less what its debts do, digit by digit:
 * docs/reference/net-equity.md, section 5.
 */
import type { Element, Field } from "../fields/field.js";
import { bitLength } from "../hashes/rows.js";
import { Rejected } from "../rejected.js";
import type { LinearArithmetic } from "./constraint_system.js";
import { digitsOf, limbNames } from "./parted_sum.js";

/** A number on each row, by the columns of its limbs, that counts with a coefficient. */
export interface WeighedNumber {
  readonly coefficient: bigint;
  readonly limbs: readonly number[];
}

/** One term of G_n: a limb with a digit of a coefficient, above zero. */
interface PlaceTerm {
  readonly column: number;
  readonly digit: bigint;
  readonly negative: boolean;
}

export class Surplus {
  /** G, how many places there are: a constraint for each. */
  readonly places: number;
  /** The columns of S. */
  private readonly limbs: readonly number[];
  /** The terms of each place but for S. */
  private readonly terms: readonly (readonly PlaceTerm[])[];
  /** The columns of c_0 … c_{G−2}. */
  private readonly carries: readonly (readonly number[])[];
  /** Factors of the limbs of a carry. */
  private readonly carryWeights: readonly bigint[];
  /** o, which carries are above: as limbs they are not negative. */
  private readonly offset: bigint;
  /** B. */
  private readonly base: bigint;

  /**
   * `largest` is the largest value that a surplus can have, and `take` hands out columns of these names. Rejects `options`
   * where a place could wrap.
   */
  constructor(
    private readonly weighed: readonly WeighedNumber[],
    largest: bigint,
    private readonly limbBits: number,
    field: Field,
    take: (names: readonly string[]) => number[],
  ) {
    const width = BigInt(limbBits);
    const base = 1n << width;
    this.base = base;
    this.limbs = take(limbNames("surplus", Math.max(1, Math.ceil(bitLength(largest) / limbBits))));
    const terms: PlaceTerm[][] = this.limbs.map(() => []);
    for (const { coefficient, limbs } of weighed) {
      const negative = coefficient < 0n;
      const size = negative ? -coefficient : coefficient;
      const digits = digitsOf(size, limbBits, Math.ceil(bitLength(size) / limbBits));
      digits.forEach((digit, i) => {
        if (digit === 0) return;
        limbs.forEach((column, j) => {
          while (terms.length <= i + j) terms.push([]);
          terms[i + j]!.push({ column, digit: BigInt(digit), negative });
        });
      });
    }
    this.terms = terms;
    this.places = terms.length;

    // The bounds of honest carries, from the place below.
    const sumOf = (place: readonly PlaceTerm[], negative: boolean): bigint =>
      place.reduce((sum, term) => (term.negative === negative ? sum + term.digit : sum), 0n);
    let [above, below] = [0n, 0n];
    let [mostAbove, mostBelow, mostInPlace] = [0n, 0n, 0n];
    terms.forEach((place, n) => {
      const positive = (base - 1n) * sumOf(place, false);
      const negative = (base - 1n) * (sumOf(place, true) + (n < this.limbs.length ? 1n : 0n));
      above = (positive + above) / base;
      below = (negative + below) / base;
      mostAbove = largerOf(mostAbove, above);
      mostBelow = largerOf(mostBelow, below);
      mostInPlace = largerOf(mostInPlace, largerOf(positive, negative));
    });
    this.offset = mostBelow;
    const bits = bitLength(mostAbove + mostBelow); // of the span less 1
    const count = Math.max(1, Math.ceil(bits / limbBits)); // μ
    const overlap = BigInt(Math.max(0, bits - limbBits)); // κ′
    this.carryWeights = Array.from({ length: count }, (_, i) => 1n << (i < count - 1 ? width * BigInt(i) : overlap));
    this.carries = terms.slice(1).map((_, n) => take(limbNames(`carry${n}`, count)));

    const sayable = (base - 1n) * this.carryWeights.reduce((sum, weight) => sum + weight, 0n) - mostBelow;
    const bound = field.modulus < 1n << 63n ? field.modulus : 1n << 63n;
    if (mostInPlace + largerOf(mostBelow, sayable) * (base + 1n) >= bound) {
      throw new Rejected("options", `the published options do not fit: limbs of ${limbBits} bits can wrap in the surplus`);
    }
  }

  /** Each place's G_n + c_{n−1} − B·c_n. */
  evaluate(extension: LinearArithmetic, row: readonly Element[]): Element[] {
    const carries = this.carries.map((columns) =>
      columns.reduce(
        (sum, column, i) => extension.add(sum, extension.scale(row[column]!, this.carryWeights[i]!)),
        extension.sub(extension.zero, extension.fromBase(this.offset)),
      ),
    );
    return this.terms.map((place, n) => {
      let value = extension.zero;
      for (const { column, digit, negative } of place) {
        const term = extension.scale(row[column]!, digit);
        value = negative ? extension.sub(value, term) : extension.add(value, term);
      }
      if (n < this.limbs.length) value = extension.sub(value, row[this.limbs[n]!]!);
      if (n > 0) value = extension.add(value, carries[n - 1]!);
      return n < carries.length ? extension.sub(value, extension.scale(carries[n]!, this.base)) : value;
    });
  }

  /** Write the limbs of S and of its carries into a row that has all else. False if S would be negative. */
  fill(row: number[]): boolean {
    const { limbBits, base } = this;
    const width = BigInt(limbBits);
    const numberOf = (columns: readonly number[]): bigint =>
      columns.reduce((sum, column, j) => sum + (BigInt(row[column]!) << (width * BigInt(j))), 0n);
    const surplus = this.weighed.reduce((sum, { coefficient, limbs }) => sum + coefficient * numberOf(limbs), 0n);
    if (surplus < 0n) return false;
    digitsOf(surplus, limbBits, this.limbs.length).forEach((digit, j) => (row[this.limbs[j]!] = digit));
    let carry = 0n;
    this.carries.forEach((columns, n) => {
      let value = carry;
      for (const { column, digit, negative } of this.terms[n]!) {
        const term = digit * BigInt(row[column]!);
        value += negative ? -term : term;
      }
      if (n < this.limbs.length) value -= BigInt(row[this.limbs[n]!]!);
      carry = value / base; // exact: the lower places add up
      this.carryLimbs(carry + this.offset).forEach((limb, i) => (row[columns[i]!] = limb));
    });
    return true;
  }

  /** The place's constraints as prefix expressions of the columns' names. */
  describe(columns: readonly string[]): { name: string; expression: string }[] {
    const carries = this.carries.map((own) => {
      const sum = own
        .map((column, i) => (i === 0 ? columns[column]! : `(* ${columns[column]!} ${this.carryWeights[i]!})`))
        .reduce((left, right) => `(+ ${left} ${right})`);
      return `(- ${sum} ${this.offset})`;
    });
    return this.terms.map((place, n) => {
      let expression = "0";
      for (const { column, digit, negative } of place) {
        expression = `(${negative ? "-" : "+"} ${expression} (* ${columns[column]!} ${digit}))`;
      }
      if (n < this.limbs.length) expression = `(- ${expression} ${columns[this.limbs[n]!]!})`;
      if (n > 0) expression = `(+ ${expression} ${carries[n - 1]!})`;
      if (n < carries.length) expression = `(- ${expression} (* ${carries[n]!} ${this.base}))`;
      return { name: `surplus${n}`, expression };
    });
  }

  /** What is above the overlap in the top limb, and the rest in those below. */
  private carryLimbs(number: bigint): number[] {
    const overlap = this.carryWeights[this.carryWeights.length - 1]!;
    const top = this.carryWeights.length === 1 ? number : number / overlap;
    const rest = this.carryWeights.length === 1 ? 0n : number % overlap;
    return [...digitsOf(rest, this.limbBits, this.carryWeights.length - 1), Number(top)];
  }
}

function largerOf(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
