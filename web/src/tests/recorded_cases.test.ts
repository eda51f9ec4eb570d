/**
 * Every case of tests/recorded/format-2/expected.json: what `polyproof verify` and `verify-inclusion` said of audits, and of
 * many changes to them, is what this verifier says. tests/recorded/verdicts.py has the changes in Python.
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Policy } from "../verifier/audit/policy.js";
import { concatBytes, encodeUtf8 } from "../verifier/bytes/text.js";
import { verifyAudit, verifyHistory, verifyInclusion } from "../verifier/verify.js";
import { BOTH_BACKENDS, flipped, recordedFile, recordedFolder, sha256Hex } from "./recorded_audits.js";
import type { FileMap } from "./recorded_audits.js";

interface Edit {
  readonly kind: "flip" | "cut" | "add" | "replace" | "copy" | "new" | "remove";
  readonly file: string;
  readonly offset?: number;
  readonly old?: string;
  readonly new?: string;
  readonly source?: string;
  readonly rehash?: readonly string[];
}

interface Case {
  readonly name: string;
  readonly arguments: readonly string[];
  readonly edit: Edit | null;
  readonly verdict: { readonly status: number; readonly type?: string; readonly check?: string | null };
}

const RECORD = recordedFolder(".");
const CASES = (JSON.parse(new TextDecoder().decode(recordedFile("expected.json"))) as { cases: Case[] }).cases;

/** Policies that judge what this verifier does not: statements, prices of one's own, holdings. */
const NOT_HERE = ["attested.yaml", "prices.yaml", "covered.yaml"];
/** What Python finds in the files of reserves, which this verifier only compares with their digests. */
const OF_RESERVES = ["reserves-sums", "evidence-status"];
const STRICT: Policy = { ...BOTH_BACKENDS, minimumBits: { ...BOTH_BACKENDS.minimumBits, binding: 200 } };
const ANY_BACKEND: Policy = { ...BOTH_BACKENDS, backends: null };

/** One file changed, and those that name it by its digest after it. */
function applied(files: FileMap, edit: Edit): FileMap {
  const made = new Map(files);
  if (edit.kind === "remove") made.delete(edit.file);
  if (edit.kind === "new") made.set(edit.file, new Uint8Array());
  if (edit.kind === "remove" || edit.kind === "new") return made;
  let before = files.get(edit.file)!;
  let after = changed(before, files, edit);
  made.set(edit.file, after);
  const digests: [string, string][] = [];
  for (const name of edit.rehash ?? []) {
    digests.push([sha256Hex(before), sha256Hex(after)]);
    before = made.get(name)!;
    after = encodeUtf8(digests.reduce((text, [old, now]) => text.replaceAll(old, now), new TextDecoder().decode(before)));
    made.set(name, after);
  }
  return made;
}

function changed(data: Uint8Array, files: FileMap, edit: Edit): Uint8Array {
  switch (edit.kind) {
    case "flip":
      return flipped(data, edit.offset!);
    case "cut":
      return data.slice(0, -1);
    case "add":
      return concatBytes(data, Uint8Array.of(0));
    case "copy":
      return files.get(edit.source!)!;
    default:
      return encodeUtf8(new TextDecoder().decode(data).replaceAll(edit.old!, edit.new!));
  }
}

function below(files: FileMap, folder: string): FileMap {
  return new Map([...files].flatMap(([name, data]) => (name.startsWith(`${folder}/`) ? [[name.slice(folder.length + 1), data]] : [])));
}

/** The outcome, or the name of the check that failed. */
function judged({ arguments: words, edit }: Case, policy: Policy): string {
  const files = edit === null ? RECORD : applied(RECORD, edit);
  const option = (name: string): string | null => (words.includes(name) ? words[words.indexOf(name) + 1]! : null);
  const typed = (name: string): Map<string, string> =>
    new Map(words.flatMap((word, i) => (words[i - 1] === name ? [word.split("=") as [string, string]] : [])));
  const digest = option("--digest");
  if (words[0] === "verify-inclusion") {
    const verdict = verifyInclusion({
      files: below(files, option("--audit")!), inclusion: files.get(words[1]!)!, user: option("--user")!,
      balances: typed("--balance"), debts: typed("--debt"), digest, policy,
    });
    return verdict.check ?? verdict.outcome;
  }
  const folder = below(files, words[1]!);
  const verdict = folder.has("history.json") || words[1] === "history"
    ? verifyHistory({ files: folder, digest, policy, proofs: true })
    : verifyAudit({ files: folder, digest, policy });
  return verdict.check ?? verdict.outcome;
}

test("every recorded verdict comes out again", () => {
  let count = 0;
  for (const one of CASES) {
    const { status, check } = one.verdict;
    const words = one.arguments;
    if (words.includes("--prices") || words.some((word) => NOT_HERE.includes(word))) continue;
    if (words[1]!.startsWith("grand-sum/")) {
      // Neither for nor against: what is before the proof is the same for every backend.
      const found = judged(one, ANY_BACKEND);
      assert.ok(found === "not-covered" || found === check, `${one.name}: ${found}`);
      assert.equal(judged(one, BOTH_BACKENDS) === "verified", false, one.name);
      count++;
      continue;
    }
    const strict = words.includes("strict.yaml");
    let expected = status === 0 ? (words[0] === "verify" ? "verified" : "included") : check;
    if (status === 0 && strict) throw new Error(`${one.name}: a strict policy accepts nothing here`);
    if (strict) expected = "policy-binding";
    if (OF_RESERVES.includes(check ?? "")) expected = "verified";
    if (status === 2) expected = "bad-input";
    assert.equal(judged(one, strict ? STRICT : BOTH_BACKENDS), expected, one.name);
    count++;
  }
  assert.ok(count > 100, `${count} cases`);
});
