/** Reading the files as far as the page needs it to ask its questions. Nothing is checked by that. */
import { parseInclusionFile } from "../verifier/audit/inclusion_file.js";
import { parseManifest } from "../verifier/audit/manifest.js";
import type { Manifest, ManifestSegment } from "../verifier/audit/manifest.js";
import { DEFAULT_POLICY } from "../verifier/audit/policy.js";
import { toHex } from "../verifier/bytes/hex.js";
import { sha256 } from "../verifier/hashes/sha256.js";
import { bytesOf } from "./file_kinds.js";
import type { AssetOutline, AuditOutline, Outline, OutlineFiles } from "./jobs.js";
import { MOST_BYTES } from "./sizes.js";

export async function outlineOf(files: OutlineFiles): Promise<Outline> {
  const manifest = attempt(files.manifest, (data) => parseManifest(data, DEFAULT_POLICY));
  const inclusion = attempt(files.inclusion, (data) => parseInclusionFile(data, DEFAULT_POLICY));
  const index = inclusion.found === null ? null : Number(inclusion.found.segment);
  const wanted = (index === null ? null : manifest.found?.segments[index]) ?? null;
  return {
    publicationDigest: files.publication === null ? null : toHex(sha256(files.publication)),
    audit: manifest.found === null ? null : auditOutline(manifest.found),
    manifestProblem: manifest.problem,
    inclusionProblem: inclusion.problem,
    proofName: wanted?.file ?? null,
    proof: await findProof(files.proofs, wanted, inclusion.found === null ? [] : (manifest.found?.segments ?? [])),
  };
}

/**
 * The file with the wanted digest. Without one, what a check should see is a file of the wanted name, or the only one if it
 * is of no other part, so that it can say what is wrong with it.
 */
async function findProof(
  proofs: readonly File[],
  wanted: ManifestSegment | null,
  segments: readonly ManifestSegment[],
): Promise<number | null> {
  if (wanted !== null) {
    for (const [place, file] of proofs.entries()) {
      if (BigInt(file.size) === wanted.bytes && (await isProofOf(file, [wanted]))) return place;
    }
    const named = proofs.findIndex((file) => file.name === wanted.file);
    if (named >= 0) return named;
  }
  const [only, second] = proofs;
  return only === undefined || second !== undefined || (await isProofOf(only, segments)) ? null : 0;
}

/** Whether a file is the proof of one of these parts. */
async function isProofOf(file: File, segments: readonly ManifestSegment[]): Promise<boolean> {
  if (file.size > MOST_BYTES.proof) return false;
  const digest = toHex(sha256(await bytesOf(file)));
  return segments.some((segment) => segment.sha256 === digest);
}

function auditOutline(manifest: Manifest): AuditOutline {
  return {
    auditId: manifest.auditId,
    snapshot: manifest.snapshot,
    backend: manifest.backend,
    assets: assetOutlines(manifest.spec.get("assets")),
    debts: manifest.netEquity !== null,
  };
}

/** The assets of a spec; those of a malformed one are left out, since checking it will refuse it. */
function assetOutlines(stated: unknown): AssetOutline[] {
  if (!Array.isArray(stated)) return [];
  return stated.slice(0, DEFAULT_POLICY.maxAssets).flatMap((one: unknown) => {
    if (!(one instanceof Map)) return [];
    const symbol: unknown = one.get("symbol");
    const decimals: unknown = one.get("decimals");
    return typeof symbol === "string" && typeof decimals === "bigint" ? [{ symbol, decimals: Number(decimals) }] : [];
  });
}

function attempt<Found>(
  data: Uint8Array | null,
  read: (data: Uint8Array) => Found,
): { readonly found: Found | null; readonly problem: string | null } {
  if (data === null) return { found: null, problem: null };
  try {
    return { found: read(data), problem: null };
  } catch (error) {
    return { found: null, problem: error instanceof Error ? error.message : String(error) };
  }
}
