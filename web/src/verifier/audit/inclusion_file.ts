/** A customer's own file: docs/reference/audit-directory.md, "Inclusion files". */
import { toHex } from "../bytes/hex.js";
import { Reader } from "../bytes/reader.js";
import { decodeUtf8 } from "../bytes/text.js";
import { Rejected } from "../rejected.js";
import { AUDIT_ID_FORM } from "./keys.js";
import type { Manifest } from "./manifest.js";
import { checkInclusionSize } from "./policy.js";
import type { Policy } from "./policy.js";

const INCLUSION_FILE_VERSION = 1;
const PLEDGES_VERSION = 1;
/** The most bytes of what surrounds the backend's inclusion proof. */
export const MOST_OVERHEAD = 512;

export interface InclusionFile {
  readonly auditId: string;
  readonly manifestDigest: string;
  readonly segment: bigint;
  /** The backend's inclusion proof; with pledges around it in a segment of accounts with debts. */
  readonly payload: Uint8Array;
}

/** Rejects what is no such file, and one that is larger than the policy allows. */
export function parseInclusionFile(data: Uint8Array, policy: Policy): InclusionFile {
  if (data.length > policy.maxInclusionBytes + MOST_OVERHEAD) checkInclusionSize(policy, data.length);
  const reader = new Reader(data, "the inclusion file");
  reader.magic("PPROOFIN");
  reader.version(INCLUSION_FILE_VERSION);
  const auditId = decodeUtf8(reader.take(reader.count(128, "the bytes of the audit id")));
  if (auditId === null) throw new Rejected("utf-8", "the audit id in the inclusion file is not UTF-8");
  if (!AUDIT_ID_FORM.pattern.test(auditId)) {
    throw new Rejected("audit-id", "the inclusion file has a malformed audit id");
  }
  const manifestDigest = toHex(reader.take(32));
  const segment = reader.u64();
  const payload = reader.take(reader.count(data.length, "the bytes of the inclusion proof"));
  reader.end();
  checkInclusionSize(policy, payload.length);
  return { auditId, manifestDigest, segment, payload };
}

/** The index of the segment that the file is for. Rejects a file of another audit, another manifest, or no segment. */
export function checkBelongs(file: InclusionFile, manifest: Manifest): number {
  if (file.auditId !== manifest.auditId) {
    throw new Rejected("audit-id", `the inclusion file is for audit ${file.auditId}, not ${manifest.auditId}`);
  }
  if (file.manifestDigest !== manifest.digest) {
    throw new Rejected("manifest-digest", "the inclusion file was cut for a different manifest of this audit");
  }
  if (file.segment >= BigInt(manifest.segments.length)) {
    throw new Rejected("segment", `the inclusion file is for segment ${file.segment} of ${manifest.segments.length}`);
  }
  return Number(file.segment);
}

/** What an account with debts has pledged, in the order of the positions, and the backend's inclusion proof. */
export interface Pledges {
  readonly pledged: readonly bigint[];
  readonly payload: Uint8Array;
}

/** `positions` are those that pledges are of, in order: neither what accounts have nor what they owe. Rejects `pledges` too. */
export function parsePledges(data: Uint8Array, positions: readonly { symbol: string; bits: number }[]): Pledges {
  const reader = new Reader(data, "the inclusion proof of an account with debts");
  reader.magic("PPPLEDGE");
  reader.version(PLEDGES_VERSION);
  const pledged = positions.map(({ symbol, bits }) => {
    const bytes = reader.take(reader.count(8 * Math.ceil(bits / 64), `the bytes of the pledge of ${symbol}`));
    if (bytes.length > 0 && bytes[bytes.length - 1] === 0) {
      throw new Rejected("canonical", `the pledge of ${symbol} is not in its shortest form`);
    }
    const amount = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    if (amount >> BigInt(bits) !== 0n) {
      throw new Rejected("pledges", `the pledge of ${symbol} is not below 2^${bits} base units`);
    }
    return amount;
  });
  const payload = reader.take(reader.count(data.length, "the bytes of the inclusion proof"));
  reader.end();
  return { pledged, payload };
}
