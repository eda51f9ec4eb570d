/**
 * The numbers of a proof that follow from its statement and its number of rows: docs/reference/protocol.md, sections 1 to 3
 * and 6. A verifier derives them all itself and believes none of a proof but n.
 */
import { Rejected } from "../rejected.js";
import type { ConstraintSystem, StarkOptions, StarkStatement } from "./constraint_system.js";
import type { StarkShape, TraceShape } from "./verified.js";

/** The final polynomial has so many coefficients: folding ends at this bound (section 6). */
const FINAL_LENGTH = 32;
const MOST_COLUMNS = 2 ** 14;

/** What the profiles choose for options that a spec leaves to them (section 1). */
const PROFILES = {
  standard: { blowup: 4, queries: 88, grinding: 16 },
  small: { blowup: 8, queries: 56, grinding: 20 },
} as const;

/** e, of each field. */
const EXTENSIONS: ReadonlyMap<string, readonly number[]> = new Map([
  ["goldilocks", [2, 3]],
  ["babybear", [2, 3, 4, 5, 6]],
]);

/** What `options` rejects. */
export function unfitOptions(reason: string): Rejected {
  return new Rejected("options", `the published options do not fit together: ${reason}`);
}

/** The sizes of a trace of 2^logRows rows, fit or not. `chosen` are queries and grinding that `target_bits` asks for. */
export function traceShape(
  options: StarkOptions,
  logRows: number,
  chosen: { readonly queries: number; readonly grinding: number } | null,
): TraceShape {
  const profile = PROFILES[options.profile];
  const rows = 2 ** logRows;
  const queries = chosen?.queries ?? options.queries ?? profile.queries;
  const blinding = options.blinding ?? 2 * queries + 2 * options.extension;
  const arities = [];
  let bound = rows;
  while (bound > FINAL_LENGTH) {
    const fold = Math.min(options.arity, bound / FINAL_LENGTH);
    arities.push(fold);
    bound /= fold;
  }
  return {
    logRows,
    rows,
    blinding,
    active: rows - blinding,
    blowup: options.blowup ?? profile.blowup,
    extension: options.extension,
    queries,
    grinding: chosen?.grinding ?? options.grinding ?? profile.grinding,
    limbBits: options.limbBits,
    arity: options.arity,
    arities,
    finalLength: bound,
  };
}

/** Rejects `options` that do not fit one another or these assets, whatever the trace. Makes nothing of them. */
export function checkOptions({ options, assets }: StarkStatement): void {
  const { field, hash, extension, limbBits } = options;
  if (!EXTENSIONS.get(field.name)?.includes(extension)) {
    throw unfitOptions(`no extension of degree ${extension} over ${field.name} is used`);
  }
  if (hash.wordBound < field.modulus) {
    throw unfitOptions(`a word of ${hash.name} does not hold an element of ${field.name}`);
  }
  if (options.targetBits !== null && (options.queries !== null || options.grinding !== null)) {
    throw unfitOptions("target_bits chooses queries and grinding, and they are given");
  }
  if (!Number.isInteger(Math.log2(options.segmentRows))) throw unfitOptions("segment_rows is no power of two");
  const limbs = assets.reduce((sum, asset) => sum + Math.ceil(asset.bits / limbBits), 0);
  if (limbs > MOST_COLUMNS) throw unfitOptions(`${limbs} limbs are more than ${MOST_COLUMNS} columns`);
}

/**
 * Rejects `options` whose trace does not hold what hides it, or has no domain. That there are q different cosets follows:
 * folds have an arity of 16 at most, so there are N/8 cosets at least, and q is at most N/10.
 */
export function checkTrace(trace: TraceShape, options: StarkOptions): void {
  const { rows, blinding, blowup, queries, extension } = trace;
  const needed = 2 * queries + 2 * extension;
  if (blinding < needed) throw unfitOptions(`${blinding} blinding rows are less than the ${needed} that hide openings`);
  if (5 * blinding > rows) throw unfitOptions(`${blinding} blinding rows are more than a fifth of ${rows}`);
  if (rows * blowup > 2 ** options.field.twoAdicity) {
    throw unfitOptions(`${options.field.name} has no domain of ${rows * blowup} points`);
  }
}

/**
 * The whole shape, once the constraint system of the trace is known. Rejects `options` where they do not fit.
 *
 * That the quotient is not too long follows. Systems here have no constraint of a higher degree than s + 1, that of
 * helpers, and for s = β it makes deg Q + 1 ≤ βN + d − β.
 */
export function deriveShape(trace: TraceShape, options: StarkOptions, system: ConstraintSystem): StarkShape {
  const { rows, active, blowup, limbBits } = trace;
  const values = 2 ** limbBits;
  const tables = Math.ceil(values / active);
  if (system.lookups + tables > MOST_COLUMNS) {
    throw unfitOptions(`${system.lookups} limbs and ${tables} tables are more than ${MOST_COLUMNS} columns`);
  }
  const tableLength = Math.ceil(values / tables);
  const tableOffsets = Array.from({ length: tables }, (_, i) => Math.min(i * tableLength, values - tableLength));
  if (BigInt(active) * BigInt(system.lookups) >= options.field.modulus) {
    throw unfitOptions("multiplicities of limbs could wrap around the field");
  }

  const columns = (choice: Grouping): number => choice.lookupHelpers + choice.tableHelpers + choice.chunks;
  const small = groupedBy(blowup - 1, rows, active, system.lookups, tables);
  const large = groupedBy(blowup, rows, active, system.lookups, tables);
  return { ...trace, tableOffsets, tableLength, ...(columns(large) < columns(small) ? large : small) };
}

type Grouping = Pick<StarkShape, "group" | "lookupHelpers" | "tableHelpers" | "quotientDegree" | "chunks">;

/** What follows from s values to a helper column (section 3). */
export function groupedBy(group: number, rows: number, active: number, lookups: number, tables: number): Grouping {
  // A helper times the product over its group: one degree more than the group has values.
  const degree = Math.min(group, Math.max(lookups, tables)) + 1;
  const quotientDegree = Math.max(
    rows - 2, // a column on a single row
    2 * (rows - 1) - active + 1, // the step of the table, on rows 0 … U−2
    degree * (rows - 1) - active, // helpers, on rows 0 … U−1
  );
  return {
    group,
    lookupHelpers: Math.ceil(lookups / group),
    tableHelpers: Math.ceil(tables / group),
    quotientDegree,
    chunks: Math.ceil((quotientDegree + 1) / active),
  };
}
