/** The publication record: docs/reference/audit-directory.md, "publication.json". */
import { canonicalJsonFile, parseJson } from "../bytes/json.js";
import { toHex } from "../bytes/hex.js";
import { decodeUtf8, sameBytes } from "../bytes/text.js";
import { sha256 } from "../hashes/sha256.js";
import { Rejected } from "../rejected.js";
import { AUDIT_ID_FORM, DIGEST_FORM, Keys, hasFraction } from "./keys.js";

const MOST_RECORD_BYTES = 65536;
const LONGEST_CORRECTION = 500;

/** Digests are 64 lower-case hexadecimal digits. */
export interface Publication {
  /** The publication digest: SHA-256 of the record. */
  readonly digest: string;
  readonly auditId: string;
  readonly manifestDigest: string;
  /** Both, or neither, of an audit of liabilities alone. */
  readonly reservesDigest: string | null;
  readonly evidenceDigest: string | null;
  readonly previous: string | null;
  readonly corrects: { readonly publicationDigest: string; readonly reason: string } | null;
}

/** Rejects anything but the canonical form of a record: `file-size`, `publication-format`, `publication-canonical`. */
export function parsePublication(data: Uint8Array): Publication {
  const check = "publication-format";
  const what = "publication.json";
  if (data.length > MOST_RECORD_BYTES) {
    throw new Rejected("file-size", `${what} has ${data.length} bytes, more than the ${MOST_RECORD_BYTES} allowed`);
  }
  const text = decodeUtf8(data);
  if (text === null) throw new Rejected(check, `${what} is not UTF-8`);
  const value = parseJson(text, check, what);
  if (hasFraction(value)) throw new Rejected(check, `${what} has a number that is not whole`);

  const record = Keys.of(value, check, "publication");
  record.only([
    "format", "version", "audit_id", "manifest_digest", "reserves_digest", "evidence_digest", "previous", "corrects",
  ]);
  record.oneOf("format", ["polyproof/publication"]);
  record.integer("version", 1, 1);
  const digestOrNull = (key: string): string | null => (record.isNull(key) ? null : record.matching(key, DIGEST_FORM));
  const found: Publication = {
    digest: toHex(sha256(data)),
    auditId: record.matching("audit_id", AUDIT_ID_FORM),
    manifestDigest: record.matching("manifest_digest", DIGEST_FORM),
    reservesDigest: digestOrNull("reserves_digest"),
    evidenceDigest: digestOrNull("evidence_digest"),
    previous: digestOrNull("previous"),
    corrects: record.isNull("corrects") ? null : correction(record.inner("corrects")),
  };
  if ((found.reservesDigest === null) !== (found.evidenceDigest === null)) {
    record.fail("publication names reserves without their evidence, or evidence without reserves");
  }
  if (!sameBytes(canonicalJsonFile(value), data)) {
    throw new Rejected("publication-canonical", `${what} is not in canonical form`);
  }
  return found;
}

function correction(found: Keys): { publicationDigest: string; reason: string } {
  found.only(["publication_digest", "reason"]);
  return {
    publicationDigest: found.matching("publication_digest", DIGEST_FORM),
    reason: found.shown("reason", LONGEST_CORRECTION),
  };
}
