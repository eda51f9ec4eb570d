/**
 * The numbers of a proof that follow from its statement and its number of rows: docs/reference/protocol.md, sections 1 to 3
 * and 6. A verifier derives them all itself and believes none of a proof but n.
 */
import { Rejected } from "../rejected.js";
import type { ConstraintSystem, StarkOptions } from "./constraint_system.js";
import type { StarkShape } from "./verified.js";

/** The final polynomial has so many coefficients: folding ends at this bound (section 6). */
const FINAL_LENGTH = 32;
const MOST_COLUMNS = 2 ** 14;
const LEAST_LOG_ROWS = 10;

/** What the profiles choose for options that a spec leaves to them (section 1). */
const PROFILES = {
  standard: { blowup: 4, queries: 88, grinding: 16 },
  small: { blowup: 8, queries: 56, grinding: 20 },
} as const;

/** The sizes that do not depend on a constraint system: enough to make one, which then decides the rest. */
export interface TraceShape {
  readonly logRows: number;
  readonly rows: number;
  readonly blinding: number;
  readonly active: number;
  readonly blowup: number;
  readonly extension: number;
  readonly queries: number;
  readonly grinding: number;
  readonly limbBits: number;
  readonly arity: number;
  readonly arities: readonly number[];
  readonly finalLength: number;
}

function optionsUnfit(reason: string): Rejected {
  return new Rejected("options", `The published options do not fit together: ${reason}.`);
}

/** Queries and grinding of options that state `target_bits`, for a trace of so many rows; see `deriveTrace`. */
export type ChooseQueries = (options: StarkOptions, rows: number) => { readonly queries: number; readonly grinding: number };

/**
 * The trace of 2^logRows rows under these options. Rejects `options` where they do not fit.
 *
 * `chosen` are queries and grinding where the options leave them to `target_bits`.
 */
export function deriveTrace(
  options: StarkOptions,
  logRows: number,
  chosen: { readonly queries: number; readonly grinding: number } | null,
): TraceShape {
  const { field, hash, extension, limbBits, arity } = options;
  const profile = PROFILES[options.profile];
  const blowup = options.blowup ?? profile.blowup;
  const queries = options.queries ?? chosen?.queries ?? profile.queries;
  const grinding = options.grinding ?? chosen?.grinding ?? profile.grinding;
  const blinding = options.blinding ?? 2 * queries + 2 * extension;

  const degrees = field.twoAdicity === 32 ? [2, 3] : [2, 3, 4, 5, 6];
  if (!degrees.includes(extension)) throw optionsUnfit(`no extension of degree ${extension} over ${field.name} is used`);
  if (hash.wordBound < field.modulus) throw optionsUnfit(`a word of ${hash.name} does not hold an element of ${field.name}`);
  if (logRows < LEAST_LOG_ROWS || 2 ** logRows > options.segmentRows) {
    throw optionsUnfit(`a trace has 2^${LEAST_LOG_ROWS} to ${options.segmentRows} rows, not 2^${logRows}`);
  }
  const rows = 2 ** logRows;
  if (rows * blowup > 2 ** field.twoAdicity) throw optionsUnfit(`${field.name} has no domain of ${rows * blowup} points`);
  if (blinding < 2 * queries + 2 * extension) {
    throw optionsUnfit(`${blinding} random rows do not hide ${queries} queries with challenges of degree ${extension}`);
  }
  if (5 * blinding > rows) throw optionsUnfit(`${blinding} random rows are more than a fifth of ${rows}`);
  const arities = [];
  let bound = rows;
  while (bound > FINAL_LENGTH) {
    const fold = Math.min(arity, bound / FINAL_LENGTH);
    arities.push(fold);
    bound /= fold;
  }
  if ((blowup * rows) / arities[0]! < queries) throw optionsUnfit(`${queries} different cosets are more than there are`);
  return {
    logRows, rows, blinding, active: rows - blinding, blowup, extension, queries, grinding, limbBits, arity, arities,
    finalLength: bound,
  };
}

/** The whole shape, once the constraint system of the trace is known. Rejects `options` where they do not fit. */
export function deriveShape(trace: TraceShape, options: StarkOptions, system: ConstraintSystem): StarkShape {
  const { rows, active, blinding, blowup, limbBits } = trace;
  const values = 2 ** limbBits;
  const tables = Math.ceil(values / active);
  const tableLength = Math.ceil(values / tables);
  const tableOffsets = Array.from({ length: tables }, (_, i) => Math.min(i * tableLength, values - tableLength));

  if (system.lookups + tables > MOST_COLUMNS) {
    throw optionsUnfit(`${system.lookups} limbs and ${tables} tables are more than ${MOST_COLUMNS} columns`);
  }
  if (BigInt(active) * BigInt(system.lookups) >= options.field.modulus) {
    throw optionsUnfit("multiplicities of limbs could wrap around the field");
  }

  const grouped = (group: number) => {
    const lookupHelpers = Math.ceil(system.lookups / group);
    const tableHelpers = Math.ceil(tables / group);
    // A helper times the product over its group: one degree more than the group has values.
    const lookupDegree = Math.min(group, system.lookups) + 1;
    const tableDegree = Math.min(group, tables) + 1;
    const quotientDegree = Math.max(
      rows - 2, // a column on a single row
      2 * (rows - 1) - active + 1, // the step of the table, on rows 0 … U−2
      Math.max(lookupDegree, tableDegree) * (rows - 1) - active,
    );
    const chunks = Math.ceil((quotientDegree + 1) / active);
    return { group, lookupHelpers, tableHelpers, quotientDegree, chunks };
  };
  type Grouped = ReturnType<typeof grouped>;
  const columns = (choice: Grouped): number => choice.lookupHelpers + choice.tableHelpers + choice.chunks;
  const fits = (choice: Grouped): boolean => choice.quotientDegree + 1 <= blowup * rows + blinding - 2;
  const small = grouped(blowup - 1);
  const large = grouped(blowup);
  const chosen = columns(large) < columns(small) && fits(large) ? large : small;
  if (!fits(chosen)) throw optionsUnfit(`the quotient of these constraints is too long for a blowup of ${blowup}`);
  return { ...trace, tableOffsets, tableLength, ...chosen };
}
