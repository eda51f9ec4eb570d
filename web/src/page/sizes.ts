import { MOST_OVERHEAD } from "../verifier/audit/inclusion_file.js";
import { DEFAULT_POLICY } from "../verifier/audit/policy.js";
import { say } from "./language.js";

/** The most bytes that are read of a file of a kind, by the default policy and docs/reference/audit-directory.md. */
export const MOST_BYTES = {
  publication: 64 * 1024,
  manifest: DEFAULT_POLICY.maxManifestBytes,
  proof: DEFAULT_POLICY.maxProofBytes,
  inclusion: DEFAULT_POLICY.maxInclusionBytes + MOST_OVERHEAD,
  history: 8 * 1024 * 1024,
  // More than this page saves: the largest manifest, proof and inclusion file in base64.
  evidence: 128 * 1024 * 1024,
} as const;

/** A number of bytes in words. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return say("bytes", { number: bytes });
  if (bytes < 1024 * 1024) return say("kib", { number: (bytes / 1024).toFixed(1) });
  return say("mib", { number: (bytes / 1024 / 1024).toFixed(1) });
}
