/**
 * Opening a published audit: its record, manifest and spec, before any proof is read.
 * docs/reference/audit-directory.md, "How an audit is verified", steps 1 to 4, in that order.
 */
import { toHex } from "../bytes/hex.js";
import { sha256 } from "../hashes/sha256.js";
import { BadInput, Rejected } from "../rejected.js";
import type { MarginTerms, StarkOptions } from "../stark/constraint_system.js";
import { deriveInstance } from "../stark/verify_stark.js";
import type { StatedAsset, Statement } from "../statement.js";
import { coinsText, unitsRoundedUp } from "./balances.js";
import { checkDisclosedAssets } from "./disclosures.js";
import { isMarginSegment, manifestVersion, parseManifest } from "./manifest.js";
import type { Manifest } from "./manifest.js";
import { checkNetEquityPolicy, openNetEquity } from "./net_equity.js";
import type { NetEquity } from "./net_equity.js";
import {
  checkAssetCount, checkBackend, checkComponents, checkManifestSize, checkProofSize, checkReservesPublished,
} from "./policy.js";
import type { Policy } from "./policy.js";
import { parsePublication } from "./publication.js";
import type { Publication } from "./publication.js";
import { openSpec, specDigest } from "./spec.js";
import type { BackendChoice, PublicSpec } from "./spec.js";

const RECORD_NAME = "publication.json";
const MANIFEST_NAME = "manifest.json";
const INDEX_OF_HISTORY = "history.json";
/** Names that have a meaning in an audit or a history. On some file systems case makes no difference. */
export const MEANT_NAME =
  /^((publication|manifest|history|reserves|attestation)\.json|reserves-evidence\.jsonl|proof-[0-9]+\.bin|public|private|audits)$/i;
/** By how much two clocks may differ before a time is said to be in the future. */
const CLOCKS_DIFFER_MS = 24 * 60 * 60 * 1000;

/** A record and a manifest that belong together. Nothing is known yet of what they say. */
export interface OpenedRecord {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly record: Publication;
  readonly manifest: Manifest;
  readonly reserves: "none" | "not-given" | "digests-compared";
}

/** An audit of which everything but its proofs has been checked. */
export interface OpenedAudit extends OpenedRecord {
  readonly policy: Policy;
  readonly spec: PublicSpec;
  /** What accounts with debts are weighed by; null where accounts have none. */
  readonly netEquity: NetEquity | null;
}

/**
 * Steps 1 to 3. `needReserves`: whether the files of reserves have to be there if the record names them; those that are
 * there have to be the ones that it names, in any case. `BadInput` where there is no audit.
 */
export function openRecord(
  files: ReadonlyMap<string, Uint8Array>,
  digest: string | null,
  policy: Policy,
  needReserves: boolean,
): OpenedRecord {
  const record = parsePublication(recordBytes(files));
  if (digest !== null && digest !== record.digest) {
    throw new Rejected("publication-digest", `the publication digest is ${record.digest}, not ${digest}`);
  }
  const manifestBytes = files.get(MANIFEST_NAME);
  if (manifestBytes === undefined) throw new Rejected("publication-missing", "publication.json names manifest.json, which is not there");
  checkManifestSize(policy, manifestBytes.length);
  if (toHex(sha256(manifestBytes)) !== record.manifestDigest) throw replaced(MANIFEST_NAME);
  const manifest = parseManifest(manifestBytes, policy);
  if (record.auditId !== manifest.auditId) {
    throw new Rejected("publication-manifest", `the record is of audit ${record.auditId}, its manifest of ${manifest.auditId}`);
  }
  if (record.previous !== manifest.previous) {
    throw new Rejected("publication-manifest", "record and manifest name different audits before this one");
  }
  const reserves = checkReserves(files, record, needReserves);
  checkUnlisted(files, record, manifest);
  return { files, record, manifest, reserves };
}

/**
 * Step 4, and all of what the manifest says about its spec. `now`: milliseconds since 1970, of the verifier's clock.
 * `needProofs`: whether at least one of the proofs has to be there.
 */
export function openAudit(opened: OpenedRecord, policy: Policy, now: number, needProofs = true): OpenedAudit {
  const { files, record, manifest } = opened;
  if (Date.parse(manifest.created) > now + CLOCKS_DIFFER_MS) {
    throw new Rejected("manifest-time", `its proof is dated ${manifest.created}, which is in the future`);
  }
  checkReservesPublished(policy, record.reservesDigest !== null);
  checkBackend(policy, manifest.backend);
  const assets = manifest.spec.get("assets");
  checkAssetCount(policy, Array.isArray(assets) ? assets.length : 0);
  for (const [key, isNeeded] of [["backend", true], ["margin_backend", false]] as const) {
    const stated = manifest.spec.get(key);
    if (!isNeeded && (stated === undefined || stated === null)) continue;
    if (!(stated instanceof Map) || stated.get("name") !== manifest.backend) {
      throw new Rejected("manifest-backend", `it names the backend ${manifest.backend}, and its spec another`);
    }
  }
  const sizes = manifest.segments.flatMap((segment) => files.get(segment.file)?.length ?? []);
  if (needProofs && sizes.length === 0) throw new Rejected("proof-missing", "none of the proofs that the manifest lists is there");
  const spec = openSpec(manifest.spec);
  const largest = needProofs ? Math.max(...sizes) : Infinity;
  if (spec.backend.name === "stark") checkServes(spec.backend.options, spec.assets, null, largest);
  checkComponents(policy, spec.backend.name, spec.backend.components);
  if ((manifest.netEquity !== null) !== (spec.margin !== null)) {
    throw new Rejected("manifest-net-equity", "its rule and what it says about accounts with debts do not go together");
  }
  const netEquity = spec.margin === null ? null : openNetEquity(manifest, spec.margin.settings, spec.assets);
  if (netEquity !== null && spec.margin !== null) {
    const { backend } = spec.margin;
    checkComponents(policy, backend.name, backend.components);
    if (backend.name === "stark") checkServes(backend.options, netEquity.positions, netEquity.terms, largest);
  }
  if (specDigest(manifest.spec) !== manifest.specDigest) {
    throw new Rejected("spec-digest", "the manifest states another digest than its spec has");
  }
  if (manifest.totals.length !== spec.assets.length) {
    throw new Rejected("manifest-totals", `there are ${manifest.totals.length} totals for ${spec.assets.length} assets`);
  }
  checkControl(manifest, spec.assets);
  checkLeftOut(manifest, spec.assets);
  if (manifest.disclosures !== null) checkDisclosedAssets(manifest.disclosures, spec.assets);
  if (spec.margin !== null && netEquity !== null) {
    const declared = [...spec.margin.settings.ownIssued, ...(manifest.disclosures?.ownIssued ?? [])];
    checkNetEquityPolicy(policy, netEquity, manifest, spec.assets, spec.margin.backend.name === "stark", declared);
  }
  return { ...opened, policy, spec, netEquity };
}

/** The backend that a segment is proved by, with its options. */
export function backendOf(audit: OpenedAudit, index: number): BackendChoice {
  return isMarginSegment(audit.manifest, index) ? audit.spec.margin!.backend : audit.spec.backend;
}

/** What the proof of a segment states. */
export function statementOf(audit: OpenedAudit, index: number): Statement {
  const { manifest, spec } = audit;
  return {
    context: manifest.context,
    auditId: manifest.auditId,
    segment: index,
    segments: manifest.segments.length,
    assets: isMarginSegment(manifest, index) ? audit.netEquity!.positions : spec.assets,
  };
}

/** The proof of a segment, whose size and digest are the manifest's. Step 5. */
export function proofOf(audit: OpenedAudit, index: number): Uint8Array {
  const segment = audit.manifest.segments[index]!;
  checkProofSize(audit.policy, Number(segment.bytes));
  const data = audit.files.get(segment.file);
  if (data === undefined) throw new Rejected("proof-missing", `the manifest lists ${segment.file}, which is not there`);
  if (BigInt(data.length) !== segment.bytes) {
    throw new Rejected("proof-size", `${segment.file} has ${data.length} bytes, and the manifest says ${segment.bytes}`);
  }
  if (toHex(sha256(data)) !== segment.sha256) {
    throw new Rejected("proof-digest", `${segment.file} is not the file that the manifest lists`);
  }
  return data;
}

/**
 * Reject options under which no full segment of these assets can be proved, and proofs all of which are smaller than one
 * of so many columns can be: before the work that as many assets take.
 */
function checkServes(options: StarkOptions, assets: readonly StatedAsset[], terms: MarginTerms | null, largest: number): void {
  const statement = { context: new Uint8Array(32), auditId: "", segment: 0, segments: 1, assets, options, terms };
  try {
    deriveInstance(statement, Math.log2(options.segmentRows), largest);
  } catch (error) {
    if (error instanceof Rejected && error.check === "options") throw new Rejected("public-spec", error.message);
    throw error;
  }
}

function recordBytes(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const data = files.get(RECORD_NAME);
  if (data !== undefined && files.has(INDEX_OF_HISTORY)) {
    throw new Rejected("folder", "the files could be read as one audit, and as a history of several");
  }
  if (data !== undefined) return data;
  const manifest = files.get(MANIFEST_NAME);
  if (manifest !== undefined) {
    if (manifestVersion(manifest) === 1n) {
      throw new Rejected("manifest-version", "the manifest has version 1, which polyproof 0.1 reads; this program reads version 2");
    }
    throw new Rejected("publication-missing", "publication.json is missing beside manifest.json");
  }
  throw new BadInput("There is no audit: publication.json and manifest.json are missing.");
}

function checkReserves(
  files: ReadonlyMap<string, Uint8Array>,
  record: Publication,
  needed: boolean,
): OpenedRecord["reserves"] {
  if (record.reservesDigest === null || record.evidenceDigest === null) return "none";
  let compared = 0;
  for (const [name, digest] of [["reserves.json", record.reservesDigest], ["reserves-evidence.jsonl", record.evidenceDigest]] as const) {
    const data = files.get(name);
    if (data === undefined) {
      if (needed) throw new Rejected("publication-missing", `publication.json names ${name}, which is not there`);
      continue;
    }
    if (toHex(sha256(data)) !== digest) throw replaced(name);
    compared++;
  }
  return compared === 2 ? "digests-compared" : "not-given";
}

/** Reject a file that no record names and that has the name of a part of an audit, wherever below the folder it lies. */
function checkUnlisted(files: ReadonlyMap<string, Uint8Array>, record: Publication, manifest: Manifest): void {
  const listed = new Set([RECORD_NAME, MANIFEST_NAME, "attestation.json", ...manifest.segments.map((segment) => segment.file)]);
  if (record.reservesDigest !== null) listed.add("reserves.json").add("reserves-evidence.jsonl");
  for (const path of files.keys()) {
    if (!listed.has(path) && path.split("/").some((name) => MEANT_NAME.test(name))) {
      throw new Rejected("unlisted", "a file is named like a part of an audit, and the record and the manifest do not name it");
    }
  }
}

function replaced(name: string): Rejected {
  return new Rejected("publication-file", `${name} is not the file that publication.json names`);
}

/** Balances are rounded up and never down, so that a control sum is no more than the total of those that it is of. */
function checkControl(manifest: Manifest, assets: readonly StatedAsset[]): void {
  const { control, totals } = manifest;
  if (control === null) return;
  if (control.length !== assets.length) {
    throw new Rejected("manifest-control", `there are ${control.length} control sums for ${assets.length} assets`);
  }
  assets.forEach((asset, i) => {
    // The query is of all accounts, those that were left out for their debts among them.
    const total = totals[i]! + (manifest.netEquity?.underwater?.equity[i] ?? 0n);
    if (unitsRoundedUp(control[i]!, asset.decimals) > total) {
      const stated = coinsText(total, asset.decimals);
      throw new Rejected("manifest-control", `the control sum of ${asset.symbol} is ${control[i]}, more than its total, ${stated}`);
    }
  });
}

function checkLeftOut(manifest: Manifest, assets: readonly StatedAsset[]): void {
  const audited = new Set(assets.map((asset) => withoutCase(asset.symbol)));
  for (const { asset } of manifest.leftOut) {
    if (audited.has(withoutCase(asset))) {
      throw new Rejected("manifest-left-out", "an asset that is said to be left out is an asset of the spec");
    }
  }
}

/**
 * Unicode's full case folding, as far as its outcome can be a symbol: ẞ, a capital already, is ss like ß, and of the letter
 * ı the capital is I, but i is not its fold.
 */
function withoutCase(text: string): string {
  const fold = (letter: string): string => letter.toLowerCase().toUpperCase().toLowerCase();
  return [...text].map((letter) => (letter === "ı" ? letter : fold(letter))).join("");
}
