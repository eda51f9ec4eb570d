/** Folds of cosets, on D and on H alike: docs/reference/protocol.md, section 6. */
import { inverse, power, rootOfUnity } from "../fields/arithmetic.js";
import type { Extension } from "../fields/extension.js";
import type { Element } from "../fields/field.js";

/** The domain of one layer: the points shift·ω^k, of which one leaf has those of k + j·(size/arity). */
export class LayerDomain {
  readonly leaves: number;
  private readonly root: bigint;
  /** 1/ω_a^j. */
  private readonly inverseRoots: readonly bigint[];
  private readonly inverseArity: bigint;

  constructor(
    private readonly extension: Extension,
    private readonly shift: bigint,
    readonly size: number,
    readonly arity: number,
  ) {
    const { field } = extension;
    this.leaves = size / arity;
    this.root = rootOfUnity(field, size);
    const back = inverse(field, rootOfUnity(field, arity));
    this.inverseRoots = Array.from({ length: arity }, (_, j) => power(field, back, BigInt(j)));
    this.inverseArity = inverse(field, BigInt(arity));
  }

  /** The domain that this one folds to. */
  next(arity: number): LayerDomain {
    const { extension, shift, leaves } = this;
    return new LayerDomain(extension, power(extension.field, shift, BigInt(this.arity)), leaves, arity);
  }

  point(index: number): bigint {
    const { field } = this.extension;
    return (this.shift * power(field, this.root, BigInt(index))) % field.modulus;
  }

  /**
   * The value at the challenge of the polynomial of degree < arity that has these values on the leaf's points; `challenges`
   * are its powers c, c², c⁴, …
   *
   * By halves: with f(X) = E(X²) + X·O(X²), 2·E(x²) = f(x) + f(−x) and 2·O(x²) = (f(x) − f(−x))/x, and on the squares of
   * the points E + c·O is what is left to evaluate at c². The twos are divided by at the end.
   */
  fold(values: readonly Element[], inversePoint: bigint, challenges: readonly Element[]): Element {
    const K = this.extension;
    const { modulus } = K.field;
    let folded = values;
    let back = inversePoint;
    let stride = 1;
    for (const challenge of challenges) {
      const half = folded.length / 2;
      const next: Element[] = [];
      for (let j = 0; j < half; j++) {
        const one = folded[j]!;
        const other = folded[j + half]!;
        const odd = K.scale(K.sub(one, other), (back * this.inverseRoots[stride * j]!) % modulus);
        next.push(K.add(K.add(one, other), K.mul(challenge, odd)));
      }
      folded = next;
      back = (back * back) % modulus;
      stride *= 2;
    }
    return K.scale(folded[0]!, this.inverseArity);
  }
}

/** c, c², c⁴, …: as many as an arity has halvings. */
export function foldPowers(extension: Extension, challenge: Element, arity: number): Element[] {
  const powers = [challenge];
  while (2 ** powers.length < arity) {
    const last = powers[powers.length - 1]!;
    powers.push(extension.mul(last, last));
  }
  return powers;
}

/** A polynomial over K, constant first, at a point of F. */
export function evaluateAtBase(extension: Extension, coefficients: readonly Element[], point: bigint): Element {
  let value = extension.zero;
  for (let i = coefficients.length - 1; i >= 0; i--) {
    value = extension.add(extension.scale(value, point), coefficients[i]!);
  }
  return value;
}
