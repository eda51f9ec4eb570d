/** What a chosen file is: by what is in it. Its name counts only where the content says nothing, as in a damaged file. */
import { MOST_BYTES } from "./sizes.js";

export type FileKind = "publication" | "manifest" | "proof" | "inclusion" | "history" | "evidence" | "archive" | "other";

const MAGICS: readonly (readonly [FileKind, string])[] = [
  ["inclusion", "PPROOFIN"],
  ["proof", "PPSTARK\0"],
  ["proof", "PPSUMPRF"],
  ["proof", "PPGRSPRF"],
  ["archive", "PK\x03\x04"],
  ["archive", "\x1f\x8b"],
];
const NAMES: readonly (readonly [FileKind, RegExp])[] = [
  ["publication", /^publication\b.*\.json$/i],
  ["manifest", /^manifest\b.*\.json$/i],
  ["history", /^history\b.*\.json$/i],
  ["proof", /^proof-\d.*\.bin$/i],
  ["inclusion", /\.polyproof$/i],
];
/** The first key of a record and of a manifest in canonical JSON. */
const AUDIT_ID_KEY = /^\{"audit_id":"([A-Za-z0-9][A-Za-z0-9._-]{0,127})"/;
/** Where an inclusion file has the length of the audit id: after the magic and the version. */
const INCLUSION_ID_AT = 12;
/** In canonical JSON a quotation mark inside a text has a backslash before it, so that no text can be taken for this key. */
const FORMAT_KEY = /"format"\s*:\s*"polyproof\/([a-z-]+)"/;

/** Reads no more of a file than is needed, and no more than a file of these kinds can have. */
export async function kindOfFile(file: File): Promise<FileKind> {
  const beginning = latin1(await bytesOf(file.slice(0, 16)));
  const magic = MAGICS.find(([, text]) => beginning.startsWith(text));
  if (magic !== undefined) return magic[0];
  if (/^(\xef\xbb\xbf)?\s*\{/.test(beginning) && file.size <= MOST_BYTES.evidence) {
    const format = FORMAT_KEY.exec(await file.slice(0, MOST_BYTES.manifest).text())?.[1];
    if (format === "publication" || format === "manifest" || format === "history" || format === "evidence") return format;
  }
  return NAMES.find(([, pattern]) => pattern.test(file.name))?.[0] ?? "other";
}

/** A file's bytes. Fails as the browser does where it cannot be read. */
export async function bytesOf(file: Blob): Promise<Uint8Array> {
  return new Uint8Array(await file.arrayBuffer());
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** The audit that a record, a manifest or an inclusion file says it is of; empty where it says none in the usual place. */
export async function auditIdOfFile(file: File, kind: "publication" | "manifest" | "inclusion"): Promise<string> {
  const beginning = await bytesOf(file.slice(0, 256));
  if (kind !== "inclusion") return AUDIT_ID_KEY.exec(latin1(beginning))?.[1] ?? "";
  const length = beginning[INCLUSION_ID_AT] ?? 0;
  const start = INCLUSION_ID_AT + 8;
  return latin1(beginning.subarray(start, start + length));
}
