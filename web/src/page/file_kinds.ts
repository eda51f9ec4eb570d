/** What a chosen file is: by what is in it. Its name counts only where the content says nothing, as in a damaged file. */
import { MOST_BYTES } from "./sizes.js";

export type FileKind = "publication" | "manifest" | "proof" | "inclusion" | "evidence" | "archive" | "other";

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
  ["proof", /^proof-\d.*\.bin$/i],
  ["inclusion", /\.polyproof$/i],
];
/** In canonical JSON a quotation mark inside a text has a backslash before it, so that no text can be taken for this key. */
const FORMAT_KEY = /"format"\s*:\s*"polyproof\/([a-z-]+)"/;

/** Reads no more of a file than is needed, and no more than a file of these kinds can have. */
export async function kindOfFile(file: File): Promise<FileKind> {
  const beginning = latin1(await bytesOf(file.slice(0, 16)));
  const magic = MAGICS.find(([, text]) => beginning.startsWith(text));
  if (magic !== undefined) return magic[0];
  if (/^(\xef\xbb\xbf)?\s*\{/.test(beginning) && file.size <= MOST_BYTES.evidence) {
    const format = FORMAT_KEY.exec(await file.slice(0, MOST_BYTES.manifest).text())?.[1];
    if (format === "publication" || format === "manifest" || format === "evidence") return format;
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
