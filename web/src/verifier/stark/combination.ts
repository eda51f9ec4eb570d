/** The two codewords as combinations of opened columns: docs/reference/protocol.md, section 5. */
import { rootOfUnity } from "../fields/arithmetic.js";
import type { Extension } from "../fields/extension.js";
import type { Element } from "../fields/field.js";
import type { MatrixWidths, StarkProof } from "./proof.js";

/** 1, γ, γ², … */
export function powersOf(extension: Extension, base: Element, count: number): Element[] {
  const powers = [extension.one];
  while (powers.length < count) powers.push(extension.mul(powers[powers.length - 1]!, base));
  return powers;
}

/** Σ weight·word, with one reduction for the whole sum. */
export function weightedSum(extension: Extension, weights: readonly Element[], words: readonly bigint[]): Element {
  const { degree, field } = extension;
  const sum = new Array<bigint>(degree).fill(0n);
  for (let j = 0; j < words.length; j++) {
    const weight = weights[j]!;
    const word = words[j]!;
    for (let i = 0; i < degree; i++) sum[i]! += weight[i]! * word;
  }
  return sum.map((coefficient) => coefficient % field.modulus);
}

/** Σ weight·value over K. */
function sumOfProducts(extension: Extension, weights: readonly Element[], values: readonly Element[]): Element {
  return values.reduce((sum, value, j) => extension.add(sum, extension.mul(weights[j]!, value)), extension.zero);
}

/** The weights of a K-valued column's e coefficients, its own being the one given: weight·θ^i. */
function coefficientWeights(extension: Extension, weight: Element): Element[] {
  return powersOf(extension, extension.one.map((_, i) => (i === 1 ? 1n : 0n)), extension.degree).map((power) =>
    extension.mul(weight, power),
  );
}

/** G_A + δ·G_B at each query: x being the point, and the rows of the proof those that were opened there. */
export function combineOpenings(
  extension: Extension,
  widths: MatrixWidths,
  rows: number,
  proof: Pick<StarkProof, "openings" | "traceRows" | "argumentRows" | "quotientRows">,
  points: readonly bigint[],
  z: Element,
  gamma: Element,
  delta: Element,
): Element[] {
  const K = extension;
  const { openings } = proof;
  const { witness, range } = widths;
  const inB = range + openings.argument.length + openings.chunks.length;
  const powers = powersOf(K, gamma, 1 + Math.max(witness, inB + 2));
  const joined = powers.slice(1, inB + 3).map((power) => K.mul(delta, power)); // δ·γ^1, δ·γ^2, …

  // Of the terms over x − z, in the order of the columns: weights of values at z, and of the words of a row.
  const ofWitness = powers.slice(1, 1 + witness);
  const ofRange = joined.slice(0, range);
  const ofArgument = joined.slice(range, range + openings.argument.length);
  const ofChunks = joined.slice(range + openings.argument.length, inB);
  const traceWeights = [
    ...ofWitness,
    ...coefficientWeights(K, K.one),
    ...ofRange,
    ...coefficientWeights(K, delta),
  ];
  const argumentWeights = ofArgument.flatMap((weight) => coefficientWeights(K, weight));
  const quotientWeights = ofChunks.flatMap((weight) => coefficientWeights(K, weight));
  const opened = sumOfProducts(
    K,
    [...ofWitness, ...ofRange, K.one, delta, ...ofArgument, ...ofChunks],
    [...openings.base, openings.maskA, openings.maskB, ...openings.argument, ...openings.chunks],
  );
  // Over x − ωz: t and acc, of whose words a row of the trace and of the argument has one and the last e.
  const ofNext = joined.slice(inB, inB + 2);
  const tableAt = witness + K.degree;
  const sumWeights = coefficientWeights(K, ofNext[1]!);
  const openedNext = sumOfProducts(K, ofNext, [openings.nextTable, openings.nextSum]);

  const nextZ = K.scale(z, rootOfUnity(K.field, rows));
  const divisors = points.flatMap((point) => [K.sub(K.fromBase(point), z), K.sub(K.fromBase(point), nextZ)]);
  const inverted = K.inverses(divisors); // none is 0: z is not in F
  return points.map((_, i) => {
    const traceRow = proof.traceRows.values(i);
    const argumentRow = proof.argumentRows.values(i);
    let here = weightedSum(K, traceWeights, traceRow);
    here = K.add(here, weightedSum(K, argumentWeights, argumentRow));
    here = K.add(here, weightedSum(K, quotientWeights, proof.quotientRows.values(i)));
    const next = K.add(
      K.scale(ofNext[0]!, traceRow[tableAt]!),
      weightedSum(K, sumWeights, argumentRow.slice(-K.degree)),
    );
    return K.add(
      K.mul(K.sub(here, opened), inverted[2 * i]!),
      K.mul(K.sub(next, openedNext), inverted[2 * i + 1]!),
    );
  });
}

/** G_A at a point of F where the witness has these limbs and this mask. */
export function witnessCombination(
  extension: Extension,
  witnessAtZ: readonly Element[],
  maskAtZ: Element,
  limbs: readonly bigint[],
  mask: Element,
  point: bigint,
  z: Element,
  gamma: Element,
): Element {
  const K = extension;
  const weights = powersOf(K, gamma, 1 + limbs.length).slice(1);
  const here = K.add(mask, weightedSum(K, weights, limbs));
  const opened = K.add(maskAtZ, sumOfProducts(K, weights, witnessAtZ));
  return K.mul(K.sub(here, opened), K.inverse(K.sub(K.fromBase(point), z)));
}
