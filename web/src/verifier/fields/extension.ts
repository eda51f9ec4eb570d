import { inverse, power } from "./arithmetic.js";
import type { Element, Field } from "./field.js";

/** K = F[θ]/(θ^e − g_F). Elements are canonical and never changed: every operation gives a new one. */
export class Extension {
  readonly zero: Element;
  readonly one: Element;
  /** ζ^0 … ζ^(e−1), ζ = g_F^((p−1)/e): θ^p = ζ·θ, since θ^e = g_F. */
  private readonly frobenius: readonly bigint[];

  constructor(
    readonly field: Field,
    readonly degree: number,
  ) {
    const e = BigInt(degree);
    if (degree < 1 || (field.modulus - 1n) % e !== 0n) {
      throw new RangeError(`no extension of ${field.name} of degree ${degree}`);
    }
    const zeta = power(field, field.generator, (field.modulus - 1n) / e);
    this.frobenius = Array.from({ length: degree }, (_, i) => power(field, zeta, BigInt(i)));
    this.zero = new Array<bigint>(degree).fill(0n);
    this.one = this.fromBase(1n);
  }

  /** The element of F, as one of K. */
  fromBase(x: bigint): Element {
    const element = new Array<bigint>(this.degree).fill(0n);
    element[0] = x;
    return element;
  }

  isBase(x: Element): boolean {
    return x.every((coefficient, i) => i === 0 || coefficient === 0n);
  }

  equal(x: Element, y: Element): boolean {
    return x.every((coefficient, i) => coefficient === y[i]);
  }

  add(x: Element, y: Element): Element {
    const p = this.field.modulus;
    return x.map((coefficient, i) => {
      const sum = coefficient + y[i]!;
      return sum < p ? sum : sum - p;
    });
  }

  sub(x: Element, y: Element): Element {
    const p = this.field.modulus;
    return x.map((coefficient, i) => {
      const difference = coefficient - y[i]!;
      return difference < 0n ? difference + p : difference;
    });
  }

  mul(x: Element, y: Element): Element {
    const { degree, field } = this;
    const product = new Array<bigint>(degree);
    for (let k = 0; k < degree; k++) {
      let low = 0n; // x_i·y_j with i + j = k
      let high = 0n; // with i + j = k + e, times g_F
      for (let i = 0; i < degree; i++) {
        if (i <= k) low += x[i]! * y[k - i]!;
        else high += x[i]! * y[k + degree - i]!;
      }
      product[k] = (low + high * field.generator) % field.modulus;
    }
    return product;
  }

  /** f·x for an element f of F. */
  scale(x: Element, f: bigint): Element {
    return x.map((coefficient) => (coefficient * f) % this.field.modulus);
  }

  /** x^n for n ≥ 0. */
  power(x: Element, n: bigint): Element {
    let result = this.one;
    let square = x;
    for (let rest = n; rest > 0n; rest >>= 1n) {
      if (rest & 1n) result = this.mul(result, square);
      if (rest > 1n) square = this.mul(square, square);
    }
    return result;
  }

  /** 1/x: the product of x's other conjugates over its norm, which is in F. A `RangeError` of zero. */
  inverse(x: Element): Element {
    let conjugate = x;
    let others = this.one;
    for (let i = 1; i < this.degree; i++) {
      conjugate = conjugate.map((coefficient, j) => (coefficient * this.frobenius[j]!) % this.field.modulus);
      others = this.mul(others, conjugate);
    }
    return this.scale(others, inverse(this.field, this.mul(x, others)[0]!));
  }

  /** 1/x of each, for the price of one inversion and three products for each. */
  inverses(xs: readonly Element[]): Element[] {
    const before: Element[] = [];
    let product = this.one;
    for (const x of xs) {
      before.push(product);
      product = this.mul(product, x);
    }
    let rest = this.inverse(product);
    const results = new Array<Element>(xs.length);
    for (let i = xs.length - 1; i >= 0; i--) {
      results[i] = this.mul(rest, before[i]!);
      rest = this.mul(rest, xs[i]!);
    }
    return results;
  }
}
