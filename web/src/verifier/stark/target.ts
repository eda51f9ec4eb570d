/** Queries and grinding where the options state `target_bits`: docs/reference/protocol.md, section 1. */
import { starkFigures } from "../audit/security.js";
import type { ConstraintSystem, StarkOptions } from "./constraint_system.js";
import { deriveShape, groupedBy, traceShape, unfitOptions } from "./shape.js";
import type { StarkShape, TraceShape } from "./verified.js";

const MOST_QUERIES = 1024;
const MOST_GRINDING = 20;
/** How often queries are chosen, each time by the sizes that the last choice led to. */
const MOST_ROUNDS = 4;

/** Queries without which no proof reaches the target: by every bound one gives log2 β bits at the most. */
export function leastQueries(target: number, blowup: number): number {
  return Math.max(1, Math.ceil((target - MOST_GRINDING) / Math.log2(blowup)));
}

/**
 * The sizes of the trace with the fewest queries that reach the target with the most grinding, and then with no more
 * grinding than they need.
 *
 * Other queries have other blinding rows, on which the grouping of limbs can depend. So what misses the target by its own
 * grouping is chosen once more by that one. Rejects `options` where nothing reaches it.
 */
export function reachTarget(
  options: StarkOptions,
  logRows: number,
  target: number,
  systemOf: (trace: TraceShape) => ConstraintSystem,
): TraceShape {
  const candidate = (queries: number, grinding: number): TraceShape =>
    traceShape(options, logRows, { queries, grinding });
  const judgeOf = (trace: TraceShape): Judge => {
    const system = systemOf(trace);
    return { system, shape: deriveShape(trace, options, system) };
  };
  let judge = judgeOf(traceShape(options, logRows, null));
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const chosen = chooseQueries(options, judge, candidate, target);
    judge = judgeOf(chosen);
    if (reachesTarget(options, judge, chosen, target)) return chosen;
  }
  throw unfitOptions(`target_bits ${target} is missed by whatever queries are chosen for it`);
}

/** A constraint system and the grouping of its values, by which candidates are judged. */
interface Judge {
  readonly system: ConstraintSystem;
  readonly shape: StarkShape;
}

function chooseQueries(
  options: StarkOptions,
  judge: Judge,
  candidate: (queries: number, grinding: number) => TraceShape,
  target: number,
): TraceShape {
  const reached = (queries: number, grinding: number): boolean =>
    reachesTarget(options, judge, candidate(queries, grinding), target);
  const fits = (queries: number): boolean => {
    const { blinding, rows } = candidate(queries, 0);
    return 5 * blinding <= rows;
  };
  if (!fits(1)) throw unfitOptions("the blinding rows of a single query do not fit");
  const most = lastWhere(1, MOST_QUERIES, fits);
  if (!reached(most, MOST_GRINDING)) throw unfitOptions(`target_bits ${target} cannot be reached`);
  const queries = reached(1, MOST_GRINDING) ? 1 : 1 + lastWhere(1, most, (count) => !reached(count, MOST_GRINDING));
  let grinding = MOST_GRINDING;
  while (grinding > 0 && reached(queries, grinding - 1)) grinding -= 1;
  return candidate(queries, grinding);
}

function reachesTarget(options: StarkOptions, { system, shape }: Judge, trace: TraceShape, target: number): boolean {
  const tables = shape.tableOffsets.length;
  const { soundness } = starkFigures({
    hash: options.hash.name,
    modulus: options.field.modulus,
    extension: trace.extension,
    blowup: trace.blowup,
    queries: trace.queries,
    grinding: trace.grinding,
    logRows: trace.logRows,
    blinding: trace.blinding,
    arities: trace.arities,
    witnessColumns: system.columns.length,
    lookedUp: system.lookups,
    tables,
    groupSize: shape.group,
    parts: system.publics.length,
    linearConstraints: system.zeroCount,
    chunks: groupedBy(shape.group, trace.rows, trace.active, system.lookups, tables).chunks,
  });
  return soundness !== null && soundness.bits >= target;
}

/** The last number from `low`, where the condition holds, to `high` of which it holds; it holds up to some number. */
function lastWhere(low: number, high: number, holds: (number: number) => boolean): number {
  let [holding, failing] = [low, high + 1];
  while (failing - holding > 1) {
    const middle = Math.floor((holding + failing) / 2);
    if (holds(middle)) holding = middle;
    else failing = middle;
  }
  return holding;
}
