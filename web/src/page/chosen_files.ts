/** The files that somebody chose, dropped or had loaded, sorted by what they are. */
import { bytesOf, kindOfFile } from "./file_kinds.js";
import type { FileKind } from "./file_kinds.js";
import { say } from "./language.js";
import { MOST_BYTES, sizeText } from "./sizes.js";
import { visibleText } from "./visible.js";

/** How many files are looked at at once: a folder can be somebody's whole disk. */
const MOST_FILES = 10_000;
const MOST_NAMES = 6;
const LONGEST_FILE_NAME = 80;

export interface ChosenFiles {
  readonly publication: File | null;
  readonly manifest: File | null;
  readonly inclusion: File | null;
  readonly proofs: readonly File[];
}

export const NO_FILES: ChosenFiles = { publication: null, manifest: null, inclusion: null, proofs: [] };

export interface Sorted {
  readonly files: ChosenFiles;
  /** Evidence among them; the last, if there are several. */
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
    publication: [], manifest: [], proof: [], inclusion: [], evidence: [], archive: [], other: [],
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
  const [publication, secondPublication] = await distinct(found.publication);
  const [manifest, secondManifest] = await distinct(found.manifest);
  if (secondPublication !== undefined) problems.push(say("twoPublications"));
  if (secondManifest !== undefined) problems.push(say("twoManifests"));
  const notes: string[] = [];
  const inclusion = found.inclusion.at(-1);
  if (inclusion !== undefined && found.inclusion.length > 1) notes.push(say("twoInclusions", { name: shownName(inclusion) }));
  if (found.archive.length > 0) problems.push(say("archive", { name: shownName(found.archive[0]!) }));
  if (found.other.length > 0) notes.push(ignoredNote(found.other));
  return {
    files: {
      publication: secondPublication === undefined ? (publication ?? before.publication) : null,
      manifest: secondManifest === undefined ? (manifest ?? before.manifest) : null,
      inclusion: inclusion ?? before.inclusion,
      proofs: joined(before.proofs, found.proof),
    },
    evidence: found.evidence.at(-1) ?? null,
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

/** The first file and the first that differs from it. A folder can hold the same record twice. */
async function distinct(files: readonly File[]): Promise<File[]> {
  const [first, ...others] = files;
  if (first === undefined) return [];
  const bytes = await bytesOf(first);
  for (const other of others) {
    if (other.size !== first.size) return [first, other];
    const otherBytes = await bytesOf(other);
    if (!bytes.every((byte, place) => byte === otherBytes[place])) return [first, other];
  }
  return [first];
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
