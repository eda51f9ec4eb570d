/** Reads what is published from a folder, for the verifier, which takes bytes. */
import { existsSync, lstatSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { BadInput, Rejected } from "../verifier/rejected.js";

export type FolderKind = "audit" | "history";

/** The files of a folder by their path in it, with `/`. */
export interface Folder {
  readonly kind: FolderKind;
  readonly files: Map<string, Uint8Array>;
}

const DEEPEST = 32;
const MOST_FILES = 1_000_000;
/** Names of files that a verifier reads. Of any other only the name is taken. */
const READ = /^(publication|manifest|history|reserves)\.json$|^reserves-evidence\.jsonl$|^proof-[0-9]+\.bin$/;
/** Of each kind of file as many bytes as it may have and one more, so that a larger one is seen to be larger. */
const MOST_BYTES: readonly (readonly [RegExp, number])[] = [
  [/^publication\.json$/, 2 ** 16],
  [/^history\.json$/, 2 ** 23],
  [/^manifest\.json$/, 2 ** 24],
  [/^proof-/, 2 ** 26],
  [/^reserves\.json$/, 2 ** 22],
  [/^reserves-evidence/, 2 ** 30],
];

/**
 * What is in a folder: a history, the public half of an audit, or the folder of an audit, whose public half is taken.
 * Rejects a folder that is two of these (`folder`), and what is neither a file nor a folder (`file-kind`). What is
 * not there or no folder is bad input.
 */
export function readFolder(path: string): Folder {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new BadInput(`${path} does not exist.`);
  if (!found.isDirectory()) {
    throw new BadInput(`${path} is a file, not the folder of an audit or a history. An archive has to be unpacked first.`);
  }
  const kinds = ["history.json", "publication.json", "public/publication.json"].filter((name) => existsSync(join(path, name)));
  if (kinds.length > 1) {
    throw new Rejected("folder", `the folder holds ${kinds.join(" and ")}: it is a history, or an audit, or the public half of one`);
  }
  const whole = kinds[0] === "public/publication.json" || (kinds.length === 0 && existsSync(join(path, "public/manifest.json")));
  const files = new Map<string, Uint8Array>();
  readInto(files, whole ? join(path, "public") : path, "", 0);
  return { kind: kinds[0] === "history.json" ? "history" : "audit", files };
}

/** The bytes of a file, at most so many and one more. */
export function readBounded(path: string, most: number): Uint8Array {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new BadInput(`${path} does not exist.`);
  if (!found.isFile()) throw new Rejected("file-kind", "a symbolic link or special file stands where a file is expected");
  // A file that is too large is refused by its size, whatever is in it.
  return found.size > most ? new Uint8Array(most + 1) : readFileSync(path);
}

function readInto(files: Map<string, Uint8Array>, path: string, prefix: string, depth: number): void {
  if (depth > DEEPEST) throw new Rejected("unlisted", `folders are nested deeper than ${DEEPEST}`);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const [name, inner] = [prefix + entry.name, join(path, entry.name)];
    if (files.size >= MOST_FILES) throw new Rejected("unlisted", `there are more than ${MOST_FILES} files`);
    if (entry.isDirectory()) {
      readInto(files, inner, `${name}/`, depth + 1);
    } else if (READ.test(entry.name)) {
      const most = MOST_BYTES.find(([pattern]) => pattern.test(entry.name))![1];
      files.set(name, readBounded(inner, most));
    } else {
      files.set(name, new Uint8Array());
    }
  }
}
