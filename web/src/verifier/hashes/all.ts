import { NotCovered } from "../rejected.js";
import { BLAKE3 } from "./blake3.js";
import type { Hash } from "./hash.js";
import { KECCAK256 } from "./keccak256.js";
import { SHA256 } from "./sha256.js";

/** Every hash that this program has. */
export const HASHES: readonly Hash[] = [BLAKE3, SHA256, KECCAK256];

/** The hash that a spec calls so. `NotCovered` if this program does not have it. */
export function hashByName(name: string): Hash {
  const hash = HASHES.find((one) => one.name === name);
  if (hash === undefined) throw new NotCovered(`the audit uses a hash that this program does not have: ${name}`);
  return hash;
}
