import type { Field } from "./field.js";

export const BABYBEAR: Field = {
  name: "babybear",
  modulus: 2n ** 31n - 2n ** 27n + 1n,
  generator: 31n,
  twoAdicity: 27,
  bytes: 4,
};
