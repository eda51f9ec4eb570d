/** The constraint system `accounts`: balances that are not negative, and their sums. docs/reference/protocol.md, section 2. */
import type { Element } from "../fields/field.js";
import { Rejected } from "../rejected.js";
import type {
  ConstraintDescription,
  ConstraintSystem,
  LinearArithmetic,
  StarkStatement,
} from "./constraint_system.js";
import { PartedSum, digitsOf, limbNames } from "./parted_sum.js";

/** One sum for each asset, of its limbs. Rejects `options` where the sums do not fit the field or the rows. */
export function makeAccounts(statement: StarkStatement, active: number, limbBits: number): ConstraintSystem {
  return new Accounts(statement, active, limbBits);
}

class Accounts implements ConstraintSystem {
  readonly name = "accounts";
  readonly columns: readonly string[];
  readonly lookups: number;
  readonly zeroCount = 0;
  readonly publics: readonly string[];
  private readonly sums: readonly PartedSum[];
  private readonly limbCounts: readonly number[];

  constructor(
    statement: StarkStatement,
    active: number,
    readonly limbBits: number,
  ) {
    this.limbCounts = statement.assets.map((asset) => Math.ceil(asset.bits / limbBits));
    this.columns = statement.assets.flatMap((asset, i) => limbNames(asset.symbol, this.limbCounts[i]!));
    this.lookups = this.columns.length;
    let first = 0;
    this.sums = statement.assets.map((asset, i) => {
      const limbs = Array.from({ length: this.limbCounts[i]! }, (_, j) => first + j);
      first += limbs.length;
      return new PartedSum(asset.symbol, [limbs], active - 1, limbBits, statement.options.field);
    });
    this.publics = this.sums.flatMap((sum) => sum.publics);
  }

  publicValues(totals: readonly bigint[]): bigint[] {
    if (totals.length !== this.sums.length) {
      throw new Rejected("total-count", `there are ${totals.length} totals for ${this.sums.length} assets`);
    }
    return this.sums.flatMap((sum, i) => sum.publicValues(totals[i]!));
  }

  lookedUp(_extension: LinearArithmetic, row: readonly Element[]): readonly Element[] {
    return row;
  }

  zeros(): readonly Element[] {
    return [];
  }

  bodies(extension: LinearArithmetic, row: readonly Element[]): readonly Element[] {
    return this.sums.flatMap((sum) => sum.bodies(extension, row));
  }

  lasts(extension: LinearArithmetic, row: readonly Element[]): readonly Element[] {
    return this.sums.flatMap((sum) => sum.lasts(extension, row));
  }

  rowOf(balances: readonly bigint[]): readonly number[] {
    return balances.flatMap((balance, i) => digitsOf(balance, this.limbBits, this.limbCounts[i]!));
  }

  description(): ConstraintDescription {
    return { lookedUp: this.columns, sums: this.sums.flatMap((sum) => sum.describe(this.columns)), zeros: [] };
  }
}
