/** What the proof of one segment states about its accounts, as the STARK of docs/reference/protocol.md needs to know it. */
import type { Element, Field } from "../fields/field.js";
import type { Hash } from "../hashes/hash.js";
import type { Statement } from "../statement.js";

/** The options of a spec's `backend`, each with its own value: null where the spec leaves one to the profile. */
export interface StarkOptions {
  readonly profile: "standard" | "small";
  readonly field: Field;
  readonly hash: Hash;
  readonly constraints: "accounts" | "margin-accounts";
  readonly extension: number;
  readonly blowup: number | null;
  readonly queries: number | null;
  readonly grinding: number | null;
  readonly targetBits: number | null;
  readonly arity: number;
  readonly limbBits: number;
  readonly segmentRows: number;
  readonly blinding: number | null;
}

/** A statement that the backend `stark` proves. */
export interface StarkStatement extends Statement {
  readonly options: StarkOptions;
  /** The terms of debts, for each asset in order, in a segment whose constraints are `margin-accounts`; otherwise null. */
  readonly terms: MarginTerms | null;
}

/** Section 2 of docs/reference/net-equity.md. Its conditions have been checked on them. */
export type MarginTerms = readonly MarginAsset[];

export interface MarginAsset {
  readonly symbol: string;
  readonly bits: number;
  /** Whole value units that one base unit of debt counts for. */
  readonly priceUp: bigint;
  readonly categories: readonly { readonly name: string; readonly slices: readonly MarginSlice[] }[];
}

export interface MarginSlice {
  /** q_t: whole value units that one base unit in this slice counts for. */
  readonly coefficient: bigint;
  /** W_t in base units; null for the last slice of a category. */
  readonly width: bigint | null;
}

/** What a constraint system does with elements of K: everything in it is linear. `Extension` is one. */
export interface LinearArithmetic {
  readonly zero: Element;
  readonly one: Element;
  fromBase(x: bigint): Element;
  add(x: Element, y: Element): Element;
  sub(x: Element, y: Element): Element;
  scale(x: Element, factor: bigint): Element;
}

/**
 * The witness columns of a trace with U rows under constraints, and what holds on them, each constraint of degree one
 * but for the lookups, which are the engine's.
 *
 * Whoever makes one checks that nothing can wrap, and rejects with `options` what does not fit: v ≥ 1, room for the
 * carries, columns. A *row* below is the witness columns in order as elements of K, at whatever point.
 */
export interface ConstraintSystem {
  /** As the digest and a spec have it, such as `accounts`. */
  readonly name: string;
  /** Names of the witness columns in order, masks not among them. Every one is a limb of `limbBits` bits. */
  readonly columns: readonly string[];
  readonly limbBits: number;
  /** How many values are looked up in [0, 2^limbBits) on rows 0 … U−1: what `lookedUp` returns. */
  readonly lookups: number;
  /** How many constraints there are before the protocol's line 1, on rows 0 … U−2: what `zeros` returns. */
  readonly zeroCount: number;
  /** Names of the public values τ in order, one for each part of each sum: what `bodies`, `lasts` and `publicValues` return. */
  readonly publics: readonly string[];

  /** τ in order. Rejects `total-count` and `total-range`. */
  publicValues(totals: readonly bigint[]): bigint[];
  /** The looked-up values ℓ_j in order (each linear in the row). May return the row itself. */
  lookedUp(extension: LinearArithmetic, row: readonly Element[]): readonly Element[];
  /** The constraints on rows 0 … U−2 that come before line 1. */
  zeros(extension: LinearArithmetic, row: readonly Element[]): readonly Element[];
  /** For each part of each sum what is summed over rows 0 … U−2 (part_i in line 7). */
  bodies(extension: LinearArithmetic, row: readonly Element[]): readonly Element[];
  /** For each part of each sum what stands for it on row U−1 (c_{i−1} − 2^{wv}·c_i in line 8). */
  lasts(extension: LinearArithmetic, row: readonly Element[]): readonly Element[];
  /**
   * The limbs of the row of an account with these balances, one for each of the statement's assets (or positions), each
   * of which is in [0, 2^bits): the caller has checked that. Rejects those that no row can hold.
   */
  rowOf(balances: readonly bigint[]): readonly number[];
  /** What the digest is of, but for `group` and `name`, which the engine adds. Expressions are prefix strings. */
  description(): ConstraintDescription;
}

export interface ConstraintDescription {
  /** The looked-up values as expressions, in order. */
  readonly lookedUp: readonly string[];
  readonly sums: readonly { readonly name: string; readonly body: string; readonly last: string; readonly total: string }[];
  /** The constraints on rows 0 … U−2 before line 1. */
  readonly zeros: readonly { readonly name: string; readonly expression: string }[];
}
