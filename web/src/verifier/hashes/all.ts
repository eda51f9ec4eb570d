import { BLAKE3 } from "./blake3.js";
import type { Hash } from "./hash.js";
import { KECCAK256 } from "./keccak256.js";
import { POSEIDON } from "./poseidon.js";
import { POSEIDON2 } from "./poseidon2.js";
import { POSEIDON2_BABYBEAR } from "./poseidon2_babybear.js";
import { RESCUE_PRIME_OPTIMIZED } from "./rescue_prime_optimized.js";
import { SHA256 } from "./sha256.js";

/** Every hash that this program has. */
export const HASHES: readonly Hash[] = [
  BLAKE3,
  SHA256,
  KECCAK256,
  POSEIDON,
  POSEIDON2,
  RESCUE_PRIME_OPTIMIZED,
  POSEIDON2_BABYBEAR,
];
