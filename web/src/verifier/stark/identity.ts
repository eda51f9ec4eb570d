/** The constraint identity at z: docs/reference/protocol.md, sections 3 and 5. */
import { power, rootOfUnity } from "../fields/arithmetic.js";
import type { Extension } from "../fields/extension.js";
import type { Element } from "../fields/field.js";
import type { ConstraintSystem } from "./constraint_system.js";
import type { Openings } from "./proof.js";
import type { StarkShape } from "./verified.js";

export interface IdentityChallenges {
  readonly alpha: Element;
  readonly lambda: Element;
  readonly eta: Element;
  readonly z: Element;
}

/** Whether Σ η^k·C_k(z)/divisor_k(z) = Σ z^{i(N−d)}·chunk_i(z). */
export function identityHolds(
  extension: Extension,
  shape: StarkShape,
  system: ConstraintSystem,
  publics: readonly bigint[],
  openings: Openings,
  { alpha, lambda, eta, z }: IdentityChallenges,
): boolean {
  const { field } = extension;
  const { rows, active } = shape;
  const K = extension;
  const width = system.columns.length;
  const row = openings.base.slice(0, width);
  const table = openings.base[width]!;
  const multiplicities = openings.base.slice(width + 1);
  const lookupHelpers = openings.argument.slice(0, shape.lookupHelpers);
  const tableHelpers = openings.argument.slice(shape.lookupHelpers, -1);
  const sum = openings.argument[openings.argument.length - 1]!;

  // 1/divisor for each set of rows.
  const omega = rootOfUnity(field, rows);
  const minusPoint = (point: bigint): Element => K.sub(z, K.fromBase(point)); // never 0: z is not in F
  let blinded = K.one; // ∏ over the rows r ≥ U
  for (let point = power(field, omega, BigInt(active)), r = active; r < rows; r++) {
    blinded = K.mul(blinded, minusPoint(point));
    point = (point * omega) % field.modulus;
  }
  const lastPoint = power(field, omega, BigInt(active - 1));
  const [vanishing, first, last, end] = K.inverses([
    K.sub(K.power(z, BigInt(rows)), K.one),
    minusPoint(1n),
    minusPoint(lastPoint),
    minusPoint(power(field, omega, BigInt(active))),
  ]) as [Element, Element, Element, Element];
  const onAll = K.mul(blinded, vanishing);
  const onSteps = K.mul(onAll, minusPoint(lastPoint));

  let quotient = K.zero;
  let weight = K.one; // η^k
  const constrain = (value: Element, divided: Element): void => {
    quotient = K.add(quotient, K.mul(K.mul(weight, value), divided));
    weight = K.mul(weight, eta);
  };

  for (const value of system.zeros(K, row)) constrain(value, onSteps);
  // 1 to 3: the table begins with 0, ends with V − 1, and rises by 0 or 1.
  constrain(table, first);
  constrain(K.sub(table, K.fromBase(BigInt(shape.tableLength - 1))), last);
  const step = K.sub(openings.nextTable, table);
  constrain(K.mul(step, K.sub(step, K.one)), onSteps);
  // 4 and 5: h = Σ 1/(α − ℓ_j) and h′ = Σ μ_i/(α − t − o_i) over each group, denominators cleared.
  const looked = system.lookedUp(K, row).map((value) => K.sub(alpha, value));
  lookupHelpers.forEach((helper, g) => {
    const terms = looked.slice(g * shape.group, (g + 1) * shape.group);
    constrain(clearedFractions(K, helper, terms, null), onAll);
  });
  const fromTable = K.sub(alpha, table);
  const entries = shape.tableOffsets.map((offset) => K.sub(fromTable, K.fromBase(BigInt(offset))));
  tableHelpers.forEach((helper, g) => {
    const [from, to] = [g * shape.group, (g + 1) * shape.group];
    constrain(clearedFractions(K, helper, entries.slice(from, to), multiplicities.slice(from, to)), onAll);
  });
  // 6 to 9: the running sum.
  constrain(sum, first);
  let helped = K.sub(openings.nextSum, sum);
  for (const helper of lookupHelpers) helped = K.sub(helped, helper);
  for (const helper of tableHelpers) helped = K.add(helped, helper);
  const weighted = (terms: readonly Element[]): Element => {
    // Σ_{i≥1} λ^i·term_i
    let total = K.zero;
    for (let i = terms.length - 1; i >= 0; i--) total = K.mul(K.add(total, terms[i]!), lambda);
    return total;
  };
  constrain(K.sub(helped, weighted(system.bodies(K, row))), onSteps);
  constrain(K.sub(helped, weighted(system.lasts(K, row))), last);
  constrain(K.sub(sum, weighted(publics.map((value) => K.fromBase(value)))), end);

  const chunkStep = K.power(z, BigInt(active));
  let claimed = K.zero;
  for (let i = openings.chunks.length - 1; i >= 0; i--) {
    claimed = K.add(K.mul(claimed, chunkStep), openings.chunks[i]!);
  }
  return K.equal(quotient, claimed);
}

/** helper·∏ terms − Σ_i weight_i·∏_{j≠i} terms_j; without weights they are 1. */
function clearedFractions(
  K: Extension,
  helper: Element,
  terms: readonly Element[],
  weights: readonly Element[] | null,
): Element {
  let product = K.one;
  let numerator = K.zero; // of Σ weight/term over the terms so far, product being its denominator
  terms.forEach((term, i) => {
    numerator = K.add(K.mul(numerator, term), weights === null ? product : K.mul(product, weights[i]!));
    product = K.mul(product, term);
  });
  return K.sub(K.mul(helper, product), numerator);
}
