/** The chain of months: docs/reference/report.md, "history.json" and "How a history is verified", steps 1 to 5. */
import { canonicalJsonFile, parseJson } from "../bytes/json.js";
import { decodeUtf8, sameBytes } from "../bytes/text.js";
import { Rejected } from "../rejected.js";
import { AUDIT_ID_FORM, DIGEST_FORM, Keys, hasFraction, quoted } from "./keys.js";
import { MEANT_NAME, openRecord } from "./open.js";
import type { OpenedRecord } from "./open.js";
import type { Policy } from "./policy.js";

const HISTORY_NAME = "history.json";
const MOST_HISTORY_BYTES = 8 * 2 ** 20;
const MOST_AUDITS = 8192;

/** An audit as the index lists it. Digests are 64 hexadecimal digits. */
export interface ListedAudit {
  readonly auditId: string;
  readonly created: string;
  readonly snapshot: string;
  readonly publicationDigest: string;
  readonly previous: string | null;
  readonly corrects: string | null;
}

/** The index, oldest first. Rejects `file-size`, `history-version`, `history-format` and `history-canonical`. */
export function parseHistory(data: Uint8Array): readonly ListedAudit[] {
  const check = "history-format";
  if (data.length > MOST_HISTORY_BYTES) {
    throw new Rejected("file-size", `history.json has ${data.length} bytes, more than the ${MOST_HISTORY_BYTES} allowed`);
  }
  const text = decodeUtf8(data);
  if (text === null) throw new Rejected(check, "history.json is not UTF-8");
  const value = parseJson(text, check, HISTORY_NAME);
  const history = Keys.of(value, check, "history");
  if (history.value.get("version") === 1n) {
    throw new Rejected("history-version", "the history has version 1, which polyproof 0.1 reads; this program reads version 2");
  }
  if (hasFraction(value)) history.fail("history.json has a number that is not whole");
  history.only(["format", "version", "audits"]);
  history.oneOf("format", ["polyproof/history"]);
  history.integer("version", 2, 2);
  const audits = history.objects("audits", 1, MOST_AUDITS).map(readListed);
  // On a file system that ignores case, two names that differ only in that would be one folder.
  for (const named of [audits.map((one) => one.auditId.toLowerCase()), audits.map((one) => one.publicationDigest)]) {
    if (new Set(named).size < named.length) history.fail("history.json lists an audit twice");
  }
  if (!sameBytes(canonicalJsonFile(value), data)) {
    throw new Rejected("history-canonical", "history.json is not in canonical form");
  }
  return audits;
}

/**
 * The audits of a history in order, after every check of the chain: no proof is looked at. Files are named
 * `history.json`, `audits/AUDIT_ID/publication.json` and so on. Rejects what `openRecord` rejects, and the checks
 * `history-…`, `folder` and `unlisted`.
 */
export function openHistory(
  files: ReadonlyMap<string, Uint8Array>,
  index: readonly ListedAudit[],
  policy: Policy,
  needReserves: boolean,
): readonly OpenedRecord[] {
  for (const name of ["publication.json", "public/publication.json"]) {
    if (files.has(name)) throw new Rejected("folder", `there are history.json and ${name}: a folder is a history or an audit`);
  }
  const folders = foldersOf(files);
  const audits = index.map((listed, place) => openListed(folders, listed, place, policy, needReserves));
  const digests = audits.map((audit) => audit.record.digest);
  audits.forEach((audit, place) => checkLink(audit, digests, place));
  audits.forEach((audit, place) => {
    const before = audits[place - 1];
    if (before !== undefined && audit.manifest.created < before.manifest.created) {
      throw new Rejected("history-order", `${named(audit, place)} was created before the one that it follows`);
    }
  });
  const succession = new Succession();
  audits.forEach((audit, place) => succession.add(audit, place));
  checkNothingElse(files, folders, index, digests, policy, needReserves);
  return audits;
}

function readListed(one: Keys): ListedAudit {
  one.only(["audit_id", "created", "snapshot", "publication_digest", "previous", "corrects"]);
  const digestOrNull = (key: string): string | null => (one.isNull(key) ? null : one.matching(key, DIGEST_FORM));
  return {
    auditId: one.matching("audit_id", AUDIT_ID_FORM),
    created: one.time("created"),
    snapshot: one.time("snapshot"),
    publicationDigest: one.matching("publication_digest", DIGEST_FORM),
    previous: digestOrNull("previous"),
    corrects: digestOrNull("corrects"),
  };
}

/** What lies in each folder of `audits`. */
function foldersOf(files: ReadonlyMap<string, Uint8Array>): Map<string, Map<string, Uint8Array>> {
  const folders = new Map<string, Map<string, Uint8Array>>();
  for (const [path, data] of files) {
    const [top, folder, ...rest] = path.split("/");
    if (top !== "audits" || folder === undefined || rest.length === 0) continue;
    const inside = folders.get(folder) ?? new Map<string, Uint8Array>();
    folders.set(folder, inside.set(rest.join("/"), data));
  }
  return folders;
}

function openListed(
  folders: ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>,
  listed: ListedAudit,
  place: number,
  policy: Policy,
  needReserves: boolean,
): OpenedRecord {
  const files = folders.get(listed.auditId);
  if (files === undefined || !files.has("publication.json")) {
    throw new Rejected("history-missing", `audit ${place + 1}, ${listed.auditId}, is in the index, but its files are missing`);
  }
  const audit = openReplaced(files, listed, policy, needReserves);
  const { manifest, record } = audit;
  const pairs: readonly (readonly [string, string | null, string | null])[] = [
    ["audit id", listed.auditId, manifest.auditId],
    ["time", listed.created, manifest.created],
    ["snapshot", listed.snapshot, manifest.snapshot],
    ["audit before it", listed.previous, manifest.previous],
    ["correction", listed.corrects, record.corrects?.publicationDigest ?? null],
  ];
  for (const [what, stated, actual] of pairs) {
    if (stated !== actual) {
      throw new Rejected("history-index", `${named(audit, place)} has another ${what} in the index than in its own files`);
    }
  }
  return audit;
}

function openReplaced(
  files: ReadonlyMap<string, Uint8Array>,
  listed: ListedAudit,
  policy: Policy,
  needReserves: boolean,
): OpenedRecord {
  try {
    return openRecord(files, listed.publicationDigest, policy, needReserves);
  } catch (error) {
    if (error instanceof Rejected && error.check === "publication-digest") {
      throw new Rejected("history-replaced", `${listed.auditId}: ${error.message}, which the index says`);
    }
    throw error;
  }
}

/** Each manifest names the record before it, and the first one none. */
function checkLink(audit: OpenedRecord, digests: readonly string[], place: number): void {
  const { previous } = audit.manifest;
  if (previous === (digests[place - 1] ?? null)) return;
  const told = named(audit, place);
  if (previous === null) {
    throw new Rejected("history-link", `${told} names no audit before it: the chain is broken and starts again there`);
  }
  const found = digests.indexOf(previous);
  if (found >= 0 && found < place) {
    throw new Rejected("history-fork", `${told} follows audit ${found + 1}, and so does audit ${found + 2}: a fork`);
  }
  if (found >= 0) throw new Rejected("history-order", `${told} follows audit ${found + 1}, which is listed after it`);
  throw new Rejected("history-link", `${told} follows an audit that is not there: one is missing or was replaced`);
}

/**
 * What the audits so far say that the next ones are held against. A history is of one organisation, and audits a time
 * twice only to correct itself. Each audit is looked at once, however many there are.
 */
class Succession {
  private last: OpenedRecord | null = null;
  private latest = "";
  private readonly snapshots = new Set<string>();
  /** The snapshot of each audit, by its publication digest. */
  private readonly snapshotOf = new Map<string, string>();
  private readonly corrected = new Set<string>();

  /** Rejects `history-organisation` and `history-snapshot`. */
  add(audit: OpenedRecord, place: number): void {
    const { manifest, record } = audit;
    if (this.last !== null && this.last.manifest.organisation !== manifest.organisation) {
      throw new Rejected("history-organisation", `${named(audit, place)} is of another organisation than the one before it`);
    }
    const wrong = this.wrongSnapshot(manifest.snapshot, record.corrects?.publicationDigest ?? null);
    if (wrong !== null) throw new Rejected("history-snapshot", `${named(audit, place)} ${wrong}`);
    this.last = audit;
    if (manifest.snapshot > this.latest) this.latest = manifest.snapshot;
    this.snapshots.add(manifest.snapshot);
    this.snapshotOf.set(record.digest, manifest.snapshot);
    if (record.corrects !== null) this.corrected.add(record.corrects.publicationDigest);
  }

  private wrongSnapshot(snapshot: string, corrects: string | null): string | null {
    if (corrects === null) {
      return this.latest >= snapshot ? "is of the time of an audit before it, or an earlier one, and corrects none" : null;
    }
    const target = this.snapshotOf.get(corrects);
    if (target === undefined) return "is said to correct an audit that is not before it";
    if (this.corrected.has(corrects)) return "is said to correct an audit that another before it corrects";
    if (snapshot !== target && this.snapshots.has(snapshot)) {
      return "is said to correct one audit, and is of the snapshot of another";
    }
    return null;
  }
}

/** Reject an audit beside those that are listed, and whatever else is named like a part of one. */
function checkNothingElse(
  files: ReadonlyMap<string, Uint8Array>,
  folders: ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>,
  index: readonly ListedAudit[],
  digests: readonly string[],
  policy: Policy,
  needReserves: boolean,
): void {
  const listed = new Set(index.map((one) => one.auditId));
  for (const folder of [...folders.keys()].sort()) {
    const inside = folders.get(folder)!;
    if (listed.has(folder) || !inside.has("publication.json")) continue;
    const { previous } = openRecord(inside, null, policy, needReserves).manifest;
    const isFork = previous === null || digests.slice(0, -1).includes(previous);
    throw new Rejected(
      isFork ? "history-fork" : "history-unlisted",
      `the audit in audits/${quoted(folder)} is not in the index${isFork ? ", and is a fork" : ""}`,
    );
  }
  for (const path of files.keys()) {
    const [top, folder, ...rest] = path.split("/");
    if (path === HISTORY_NAME) continue;
    let names = path.split("/");
    // What lies in the folder of a listed audit was looked at with it.
    if (top === "audits" && folder !== undefined) names = listed.has(folder) ? [] : [folder, ...rest];
    // An audit may have any id, and its pages have a folder of that name.
    if (top === "reports" && folder !== undefined && listed.has(folder)) names = rest;
    if (names.some((name) => MEANT_NAME.test(name))) {
      throw new Rejected("unlisted", "a file is named like a part of an audit or a history, and none names it");
    }
  }
}

function named(audit: OpenedRecord, place: number): string {
  return `audit ${place + 1} (${audit.manifest.auditId})`;
}
