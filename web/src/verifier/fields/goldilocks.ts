import type { Field } from "./field.js";

export const GOLDILOCKS: Field = {
  name: "goldilocks",
  modulus: 2n ** 64n - 2n ** 32n + 1n,
  generator: 7n,
  twoAdicity: 32,
  bytes: 8,
};
