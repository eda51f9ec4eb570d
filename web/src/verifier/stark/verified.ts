/** What is known of a proof of the STARK after it was accepted. */
import type { Element } from "../fields/field.js";
import type { Digest } from "../hashes/hash.js";
import type { ConstraintSystem, StarkStatement } from "./constraint_system.js";

/** The sizes that do not depend on a constraint system: enough to make one, which then decides the rest. */
export interface TraceShape {
  /** n and N: the trace has N = 2^n rows. */
  readonly logRows: number;
  readonly rows: number;
  /** d: random rows at the end of the trace. */
  readonly blinding: number;
  /** U = N − d. */
  readonly active: number;
  /** β. */
  readonly blowup: number;
  /** e. */
  readonly extension: number;
  readonly queries: number;
  readonly grinding: number;
  /** w. */
  readonly limbBits: number;
  /** a, the option. */
  readonly arity: number;
  /** a_i of each layer. */
  readonly arities: readonly number[];
  /** B_last, coefficients of the final polynomial. */
  readonly finalLength: number;
}

/** Every number that follows from the statement and the number of rows, by docs/reference/protocol.md, sections 1 to 6. */
export interface StarkShape extends TraceShape {
  /** Offsets o_i of the tables of limbs, and their common length V. */
  readonly tableOffsets: readonly number[];
  readonly tableLength: number;
  /** s. */
  readonly group: number;
  /** Helpers of lookups and helpers of tables: columns of the argument but for the running sum. */
  readonly lookupHelpers: number;
  readonly tableHelpers: number;
  /** The bound on deg Q. */
  readonly quotientDegree: number;
  /** c. */
  readonly chunks: number;
}

export interface VerifiedStark {
  readonly statement: StarkStatement;
  readonly shape: StarkShape;
  readonly system: ConstraintSystem;
  readonly inclusionRoot: Digest;
  readonly pairRoot: Digest;
  /** Roots of the chain's layers 1, 2, … */
  readonly chainRoots: readonly Digest[];
  readonly z: Element;
  readonly gamma: Element;
  readonly delta: Element;
  /** Challenge of each fold. */
  readonly folds: readonly Element[];
  /** Witness columns in order at z, and the mask m_A. */
  readonly witnessAtZ: readonly Element[];
  readonly maskAtZ: Element;
  /** In K, constant first. */
  readonly finalPolynomial: readonly Element[];
}
