/** Terms of debts as the vectors have them. */
import type { MarginTerms } from "../verifier/stark/constraint_system.js";

export type TermsCase = readonly {
  readonly symbol: string;
  readonly bits: number;
  readonly price_up: string;
  readonly categories: readonly {
    readonly name: string;
    readonly slices: readonly { readonly coefficient: string; readonly width: string | null }[];
  }[];
}[];

export function marginTerms(terms: TermsCase): MarginTerms {
  return terms.map(({ symbol, bits, price_up: priceUp, categories }) => ({
    symbol,
    bits,
    priceUp: BigInt(priceUp),
    categories: categories.map(({ name, slices }) => ({
      name,
      slices: slices.map(({ coefficient, width }) => ({
        coefficient: BigInt(coefficient),
        width: width === null ? null : BigInt(width),
      })),
    })),
  }));
}
