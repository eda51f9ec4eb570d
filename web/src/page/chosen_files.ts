/** The files that somebody chose, dropped or had loaded, sorted by what they are. */
import { auditIdOfFile, bytesOf, kindOfFile } from "./file_kinds.js";
import type { FileKind } from "./file_kinds.js";
import { say } from "./language.js";
import { MOST_BYTES, sizeText } from "./sizes.js";
import { visibleText } from "./visible.js";

/** How many files are looked at at once: a folder can be somebody's whole disk. */
const MOST_FILES = 10_000;
/** The most bytes of all records and manifests of a chain together: all of them are read at once. */
const MOST_CHAIN_BYTES = 256 * 1024 * 1024;
const MOST_NAMES = 6;
const LONGEST_FILE_NAME = 80;

export interface ChosenFiles {
  /** Records and manifests by the audit that they say they are of: with a history, those of many months. */
  readonly publications: ReadonlyMap<string, File>;
  readonly manifests: ReadonlyMap<string, File>;
  readonly history: File | null;
  readonly inclusion: File | null;
  /** The audit that the customer's own file says it is of; empty without one. */
  readonly inclusionAudit: string;
  readonly proofs: readonly File[];
}

export const NO_FILES: ChosenFiles = {
  publications: new Map(), manifests: new Map(), history: null, inclusion: null, inclusionAudit: "", proofs: [],
};

/** The record or manifest that a check is about: that of the own file's audit, or the only one. */
export function ownOf(files: ReadonlyMap<string, File>, chosen: ChosenFiles): File | null {
  const own = chosen.inclusion === null ? undefined : files.get(chosen.inclusionAudit);
  if (own !== undefined) return own;
  const [only, second] = files.values();
  return second === undefined ? (only ?? null) : null;
}

export interface Sorted {
  readonly files: ChosenFiles;
  /** Evidence, if it is all that was added. */
  readonly evidence: File | null;
  /** What has to be said of them, each a sentence. */
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

/** Add files to those that were chosen before. A newer file of a kind takes the older one's place. */
export async function sortFiles(before: ChosenFiles, added: readonly File[]): Promise<Sorted> {
  if (added.length > MOST_FILES) {
    return { files: before, evidence: null, problems: [say("tooMany", { limit: MOST_FILES })], notes: [] };
  }
  const found: Record<FileKind, File[]> = {
    publication: [], manifest: [], proof: [], inclusion: [], history: [], evidence: [], archive: [], other: [],
  };
  const problems: string[] = [];
  for (const file of added) {
    const name = shownName(file);
    try {
      const kind = await kindOfFile(file);
      const limit = kind === "archive" || kind === "other" ? Infinity : MOST_BYTES[kind];
      if (file.size > limit) {
        problems.push(say("tooLarge", { name, size: sizeText(file.size), limit: sizeText(limit) }));
      } else {
        found[kind].push(file);
      }
    } catch {
      problems.push(say("unreadable", { name }));
    }
  }
  const publications = await byAudit(before.publications, found.publication, "publication");
  const manifests = await byAudit(before.manifests, found.manifest, "manifest");
  if (publications === null) problems.push(say("twoPublications"));
  if (manifests === null) problems.push(say("twoManifests"));
  const notes: string[] = [];
  const inclusion = found.inclusion.at(-1);
  if (inclusion !== undefined && found.inclusion.length > 1) notes.push(say("twoInclusions", { name: shownName(inclusion) }));
  // In a folder of the exchange's it would be the exchange that fills in what the customer has.
  const evidence = found.evidence.at(-1);
  if (evidence !== undefined && added.length > 1) problems.push(say("evidenceNotAlone", { name: shownName(evidence) }));
  if (found.archive.length > 0) problems.push(say("archive", { name: shownName(found.archive[0]!) }));
  if (found.other.length > 0) notes.push(ignoredNote(found.other));
  const chain = { publications: publications ?? before.publications, manifests: manifests ?? before.manifests };
  const chainBytes = [...chain.publications.values(), ...chain.manifests.values()].reduce((sum, { size }) => sum + size, 0);
  let history = found.history.at(-1) ?? before.history;
  if (history !== null && chainBytes > MOST_CHAIN_BYTES) {
    problems.push(say("chainTooLarge", { size: sizeText(chainBytes), limit: sizeText(MOST_CHAIN_BYTES) }));
    history = null;
  }
  return {
    files: {
      ...chain,
      history,
      inclusion: inclusion ?? before.inclusion,
      inclusionAudit: inclusion === undefined ? before.inclusionAudit : await auditIdOfFile(inclusion, "inclusion"),
      proofs: joined(before.proofs, found.proof),
    },
    evidence: added.length === 1 ? (evidence ?? null) : null,
    problems,
    notes,
  };
}

/** A file's name, harmless and short. */
export function shownName(file: File): string {
  return visibleText(file.name, LONGEST_FILE_NAME);
}

function ignoredNote(files: readonly File[]): string {
  const names = files.slice(0, MOST_NAMES).map(shownName).join(", ");
  const more = files.length - MOST_NAMES;
  return more > 0 ? say("ignoredMore", { names, more }) : say("ignored", { names });
}

/**
 * Files by audit, the added ones in the place of older ones; null where two of the added are of one audit and differ. A
 * folder can hold the same record twice.
 */
async function byAudit(
  before: ReadonlyMap<string, File>,
  added: readonly File[],
  kind: "publication" | "manifest",
): Promise<ReadonlyMap<string, File> | null> {
  const fresh = new Map<string, File>();
  for (const file of added) {
    const audit = await auditIdOfFile(file, kind);
    const other = fresh.get(audit);
    if (other !== undefined && !(await isSameContent(file, other))) return null;
    fresh.set(audit, file);
  }
  // What says of no audit that it is of it takes the place of all, and gives it up to any that does.
  const kept = [...before].filter(([audit]) => fresh.size === 0 || (audit !== "" && !fresh.has("")));
  return new Map([...kept, ...fresh]);
}

async function isSameContent(one: File, other: File): Promise<boolean> {
  if (one.size !== other.size) return false;
  const [bytes, otherBytes] = [await bytesOf(one), await bytesOf(other)];
  return bytes.every((byte, place) => byte === otherBytes[place]);
}

/** A file that is chosen again takes its own place. */
function joined(before: readonly File[], added: readonly File[]): File[] {
  const key = (file: File) => `${file.size} ${file.lastModified} ${file.name}`;
  const byKey = new Map([...before, ...added].map((file) => [key(file), file]));
  return [...byKey.values()].slice(-MOST_FILES);
}

/** The files in what was dropped, folders with all that is in them. */
export async function droppedFiles(items: DataTransferItemList): Promise<File[]> {
  // All entries have to be asked for before anything is awaited: then the list is emptied.
  const entries = Array.from(items).flatMap((item) => item.webkitGetAsEntry?.() ?? []);
  const files: File[] = [];
  const waiting = [...entries];
  while (waiting.length > 0 && files.length <= MOST_FILES) {
    const entry = waiting.shift()!;
    try {
      if (entry.isDirectory) waiting.push(...(await entriesOf(entry as FileSystemDirectoryEntry)));
      else files.push(await fileOf(entry as FileSystemFileEntry));
    } catch {
      // What cannot be read is as if it were not there: the page says what is missing.
    }
  }
  return files;
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  while (found.length <= MOST_FILES) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) break;
    found.push(...part);
  }
  return found;
}
