/**
 * The constraint system `margin-accounts`: accounts whose pledges cover their debts, and their sums.
 * docs/reference/net-equity.md, sections 3 to 6.
 */
import type { Element } from "../fields/field.js";
import { bitLength } from "../hashes/rows.js";
import { Rejected } from "../rejected.js";
import type {
  ConstraintDescription,
  ConstraintSystem,
  LinearArithmetic,
  MarginAsset,
  MarginTerms,
  StarkStatement,
} from "./constraint_system.js";
import { PartedSum, digitsOf, limbNames } from "./parted_sum.js";
import { Surplus } from "./surplus.js";
import type { WeighedNumber } from "./surplus.js";

/** The most products of a digit of a coefficient and a limb. */
const MOST_PRODUCTS = 2 ** 17;

/** The system of the statement's terms. Rejects `options` where its numbers do not fit the field or the rows. */
export function makeMarginAccounts(statement: StarkStatement, active: number, limbBits: number): ConstraintSystem {
  return new MarginAccounts(statement, active, limbBits);
}

/** A slice of a pledge and its columns. */
interface SliceColumns {
  readonly limbs: readonly number[];
  /** The borrows of the subtraction from its width; none for the last slice, which has no width. */
  readonly borrows: readonly number[];
  readonly width: bigint | null;
}

/** An asset and its columns. */
interface AssetColumns {
  readonly terms: MarginAsset;
  readonly free: readonly number[];
  readonly debt: readonly number[];
  /** The slices of each category. */
  readonly pledges: readonly (readonly SliceColumns[])[];
}

class MarginAccounts implements ConstraintSystem {
  readonly name = "margin-accounts";
  readonly columns: readonly string[];
  readonly lookups: number;
  readonly zeroCount: number;
  readonly publics: readonly string[];
  private readonly assets: readonly AssetColumns[];
  private readonly sums: readonly PartedSum[];
  private readonly surplus: Surplus;

  constructor(
    statement: StarkStatement,
    active: number,
    readonly limbBits: number,
  ) {
    const { terms, options } = statement;
    if (terms === null) throw new TypeError("a statement about accounts with debts has terms");
    checkWork(terms, limbBits);
    const columns: string[] = [];
    const take = (names: readonly string[]): number[] => {
      const first = columns.length;
      columns.push(...names);
      return names.map((_, i) => first + i);
    };
    this.assets = terms.map((asset) => this.columnsOf(asset, take));
    const ofSlices = this.assets.flatMap(({ pledges }) => pledges.flat());
    if (ofSlices.some((slice) => slice.width !== null) && 1n << BigInt(2 * limbBits + 1) >= options.field.modulus) {
      throw new Rejected("options", `the published options do not fit: slices have limbs of ${limbBits} bits, which can wrap`);
    }
    this.surplus = new Surplus(weighedNumbers(this.assets), largestValue(terms), limbBits, options.field, take);
    this.columns = columns;
    this.lookups = columns.length + ofSlices.reduce((sum, { width, limbs }) => sum + (width === null ? 0 : limbs.length), 0);
    this.zeroCount = this.surplus.places;

    const sumOf = (name: string, numbers: readonly (readonly number[])[]): PartedSum =>
      new PartedSum(name, numbers, active - 1, limbBits, options.field);
    this.sums = this.assets.flatMap(({ terms: { symbol, categories }, free, debt, pledges }) => [
      sumOf(`${symbol}:free`, [free]),
      sumOf(`${symbol}:debt`, [debt]),
      ...pledges.map((slices, c) => sumOf(`${symbol}:${categories[c]!.name}`, slices.map((slice) => slice.limbs))),
    ]);
    this.publics = this.sums.flatMap((sum) => sum.publics);
  }

  publicValues(totals: readonly bigint[]): bigint[] {
    if (totals.length !== this.sums.length) {
      throw new Rejected("total-count", `there are ${totals.length} totals for ${this.sums.length} positions`);
    }
    // Positions state equity, and the sums are of what is left of it after the pledges.
    const stated = this.byAsset(totals).flatMap(([equity, debt, ...pledged]) => [
      pledged.reduce((free, pledge) => free - pledge, equity!),
      debt!,
      ...pledged,
    ]);
    return this.sums.flatMap((sum, i) => sum.publicValues(stated[i]!));
  }

  lookedUp(extension: LinearArithmetic, row: readonly Element[]): readonly Element[] {
    const left = this.widthLimbs().map(({ digit, limb, before, after }) => {
      let value = extension.sub(extension.fromBase(digit), row[limb]!);
      if (before !== null) value = extension.sub(value, row[before]!);
      return after === null ? value : extension.add(value, extension.scale(row[after]!, 1n << BigInt(this.limbBits)));
    });
    return [...row, ...left];
  }

  zeros(extension: LinearArithmetic, row: readonly Element[]): readonly Element[] {
    return this.surplus.evaluate(extension, row);
  }

  bodies(extension: LinearArithmetic, row: readonly Element[]): readonly Element[] {
    return this.sums.flatMap((sum) => sum.bodies(extension, row));
  }

  lasts(extension: LinearArithmetic, row: readonly Element[]): readonly Element[] {
    return this.sums.flatMap((sum) => sum.lasts(extension, row));
  }

  /** Rejects `balance-pledged` and `balance-covered`. */
  rowOf(balances: readonly bigint[]): readonly number[] {
    const row = new Array<number>(this.columns.length).fill(0);
    const put = (columns: readonly number[], limbs: readonly number[]): void =>
      columns.forEach((column, i) => (row[column] = limbs[i]!));
    const digits = (number: bigint, columns: readonly number[]): number[] =>
      digitsOf(number, this.limbBits, columns.length);
    this.byAsset(balances).forEach(([equity, debt, ...pledged], i) => {
      const { terms, free, debt: owed, pledges } = this.assets[i]!;
      const left = pledged.reduce((sum, pledge) => sum - pledge, equity!);
      if (left < 0n) {
        throw new Rejected("balance-pledged", `more of ${terms.symbol} is pledged than the account has of it`);
      }
      put(free, digits(left, free));
      put(owed, digits(debt!, owed));
      pledges.forEach((slices, c) => {
        let rest = pledged[c]!;
        for (const { limbs, borrows, width } of slices) {
          const inside = width !== null && width < rest ? width : rest;
          rest -= inside;
          const own = digits(inside, limbs);
          put(limbs, own);
          if (width !== null) put(borrows, borrowsOf(digits(width, limbs), own));
        }
      });
    });
    if (!this.surplus.fill(row)) {
      throw new Rejected("balance-covered", "the haircut value of what is pledged does not cover the debts");
    }
    return row;
  }

  description(): ConstraintDescription {
    const names = this.columns;
    const left = this.widthLimbs().map(({ digit, limb, before, after }) => {
      let expression = `(- ${digit} ${names[limb]!})`;
      if (before !== null) expression = `(- ${expression} ${names[before]!})`;
      return after === null ? expression : `(+ ${expression} (* ${names[after]!} ${2 ** this.limbBits}))`;
    });
    return {
      lookedUp: [...names, ...left],
      sums: this.sums.flatMap((sum) => sum.describe(names)),
      zeros: this.surplus.describe(names),
    };
  }

  private columnsOf(terms: MarginAsset, take: (names: readonly string[]) => number[]): AssetColumns {
    const { symbol, bits, categories } = terms;
    const limbs = Math.ceil(bits / this.limbBits);
    const free = take(limbNames(`${symbol}:free`, limbs));
    const debt = take(limbNames(`${symbol}:debt`, limbs));
    const pledges = categories.map(({ name, slices }) => {
      const called = slices.map((_, t) => `${symbol}:${name}:${t}`);
      const ofLimbs = called.map((slice) => take(limbNames(slice, limbs)));
      return slices.map(({ width }, t) => ({
        limbs: ofLimbs[t]!,
        borrows: width === null ? [] : take(Array.from({ length: limbs - 1 }, (_, j) => `${called[t]!}.borrow${j}`)),
        width,
      }));
    });
    return { terms, free, debt, pledges };
  }

  /** One amount for each position, cut into those of each asset: what it has, what it owes, and its pledges. */
  private byAsset(amounts: readonly bigint[]): (readonly bigint[])[] {
    let first = 0;
    return this.assets.map(({ pledges }) => {
      const own = amounts.slice(first, first + 2 + pledges.length);
      first += own.length;
      return own;
    });
  }

  /** What y_j of section 3 is made of, in order: W_j, and the columns of x_j, b_{j−1} and b_j. */
  private widthLimbs(): { digit: bigint; limb: number; before: number | null; after: number | null }[] {
    return this.assets.flatMap(({ pledges }) =>
      pledges.flat().flatMap(({ limbs, borrows, width }) => {
        if (width === null) return [];
        const digits = digitsOf(width, this.limbBits, limbs.length);
        return limbs.map((limb, j) => ({
          digit: BigInt(digits[j]!),
          limb,
          before: borrows[j - 1] ?? null,
          after: borrows[j] ?? null,
        }));
      }),
    );
  }
}

/** The borrows of a subtraction, limb by limb; the last one would be of a number that is too large. */
function borrowsOf(from: readonly number[], taken: readonly number[]): number[] {
  const borrows: number[] = [];
  for (let j = 0; j + 1 < from.length; j++) {
    const before = j === 0 ? 0 : borrows[j - 1]!;
    borrows.push(from[j]! - taken[j]! - before < 0 ? 1 : 0);
  }
  return borrows;
}

/** What the surplus adds up, in order: of each asset its debt, then the slices of its pledges. */
function weighedNumbers(assets: readonly AssetColumns[]): WeighedNumber[] {
  return assets.flatMap(({ terms, debt, pledges }) => [
    { coefficient: -terms.priceUp, limbs: debt },
    ...pledges.flatMap((slices, c) =>
      slices.map(({ limbs }, t) => ({ coefficient: terms.categories[c]!.slices[t]!.coefficient, limbs })),
    ),
  ]);
}

/** Reject terms whose surplus would be work without a bound: section 2. */
function checkWork(terms: MarginTerms, limbBits: number): void {
  const products = terms.reduce((sum, { bits, priceUp, categories }) => {
    const slices = categories.reduce((count, category) => count + category.slices.length, 0);
    return sum + Math.ceil(bits / limbBits) * Math.ceil(bitLength(priceUp) / limbBits) * (1 + slices);
  }, 0);
  if (products > MOST_PRODUCTS) {
    throw new Rejected("options", `the published options do not fit: prices and slices make ${products} products of limbs`);
  }
}

/** M of section 3: more than this no account's pledges count for. */
function largestValue(terms: MarginTerms): bigint {
  return terms.reduce((sum, { bits, categories }) => {
    const best = categories.map(({ slices }) => slices[0]!.coefficient).reduce((a, b) => (a > b ? a : b), 0n);
    return sum + best * ((1n << BigInt(bits)) - 1n);
  }, 0n);
}
