/** The digest of a constraint system: docs/reference/protocol.md, section 3. */
import { encodeUtf8 } from "../bytes/text.js";
import { sha256 } from "../hashes/sha256.js";
import type { ConstraintSystem } from "./constraint_system.js";

/** SHA-256 of the JSON that describes the system, `group` being s. Names and expressions are ASCII without `"` and `\`. */
export function systemDigest(system: ConstraintSystem, group: number): Uint8Array {
  const { lookedUp, sums, zeros } = system.description();
  // JSON.stringify keeps the order of keys, which is that of the alphabet here.
  const text = JSON.stringify({
    columns: system.columns,
    group,
    name: system.name,
    publics: system.publics,
    ranges: [[system.limbBits, lookedUp]],
    sums: sums.map(({ name, body, last, total }) => [name, body, last, total]),
    zeros: zeros.map(({ name, expression }) => [name, expression, "transition"]),
  });
  return sha256(encodeUtf8(text));
}
