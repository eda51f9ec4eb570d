import assert from "node:assert/strict";
import { test } from "node:test";

import { canonicalJsonFile } from "../verifier/bytes/json.js";
import type { JsonObject, JsonValue } from "../verifier/bytes/json.js";
import { encodeUtf8 } from "../verifier/bytes/text.js";
import { verifyHistory } from "../verifier/verify.js";
import { BOTH_BACKENDS, edit, flipped, jsonFrom, jsonOf, recordedFolder, sha256Hex } from "./recorded_audits.js";
import type { FileMap, JsonPath, Plain } from "./recorded_audits.js";

const RECORDED = recordedFolder("history");
const DIGESTS = ["history-1", "history-2"].map((id) => sha256Hex(RECORDED.get(`audits/${id}/publication.json`)!));

function checkOfHistory(files: FileMap, digest: string | null = null, proofs = true): string {
  const verdict = verifyHistory({ files, digest, policy: BOTH_BACKENDS, proofs });
  return verdict.check ?? verdict.outcome;
}

const withFile = (path: string, data: Uint8Array): FileMap => new Map([...RECORDED, [path, data]]);
const without = (path: string): FileMap => new Map([...RECORDED].filter(([name]) => name !== path));

function withIndex(path: JsonPath, to: Plain | undefined): FileMap {
  const index = jsonOf(RECORDED.get("history.json")!);
  edit(index, path, to);
  return withFile("history.json", canonicalJsonFile(index));
}

test("a recorded history is verified, and says what it did not check", () => {
  const verdict = verifyHistory({ files: RECORDED, digest: DIGESTS[0]!, policy: BOTH_BACKENDS, proofs: true });
  assert.equal(verdict.outcome, "verified");
  const facts = verdict.facts!;
  assert.deepEqual(facts.audits.map((one) => one.auditId), ["history-1", "history-2"]);
  assert.deepEqual(facts.audits.map((one) => one.publicationDigest), DIGESTS);
  assert.ok(facts.audits.every((one) => one.proofsVerified));
  assert.equal(facts.digestOf, 0);
  assert.equal(facts.reservesOf, 2);
  assert.equal(facts.organisation, "Recorded Exchange");
  assert.ok(facts.notChecked.some((one) => one.includes("Reserves")));
  assert.equal(facts.audits[1]!.totals[0]!.amount, "10.500000001");
});

test("the chain alone needs no proofs, and does not say that it had any", () => {
  const chain = new Map([...RECORDED].filter(([name]) => /(history|publication|manifest)\.json$/.test(name)));
  const verdict = verifyHistory({ files: chain, digest: null, policy: BOTH_BACKENDS, proofs: false });
  assert.equal(verdict.outcome, "verified");
  assert.ok(verdict.facts!.audits.every((one) => !one.proofsVerified));
  assert.ok(verdict.facts!.notChecked.some((one) => one.includes("No proof was verified")));
  // With proofs, each has to be there and to hold.
  assert.equal(checkOfHistory(chain), "publication-missing");
  assert.equal(checkOfHistory(without("audits/history-1/proof-0000.bin")), "proof-missing");
  const proof = RECORDED.get("audits/history-1/proof-0000.bin")!;
  assert.equal(checkOfHistory(withFile("audits/history-1/proof-0000.bin", flipped(proof, 5000))), "proof-digest");
  assert.equal(checkOfHistory(withFile("audits/history-1/proof-0000.bin", flipped(proof, 5000)), null, false), "verified");
});

test("a digest from elsewhere is that of one of the audits", () => {
  assert.equal(checkOfHistory(RECORDED, DIGESTS[1]!), "verified");
  assert.equal(checkOfHistory(RECORDED, "a".repeat(64)), "publication-digest");
  assert.equal(checkOfHistory(RECORDED, "a"), "bad-input");
});

test("the index has its form, and no other", () => {
  const wrong: readonly (readonly [JsonPath, Plain | undefined])[] = [
    [["format"], "x"], [["version"], 3n], [["version"], "2"], [["audits"], []], [["audits"], {}], [["audits"], undefined], [["more"], 1n],
    [["audits", 0, "audit_id"], "a/b"], [["audits", 0, "created"], "2025-02-30T00:00:00Z"], [["audits", 0, "snapshot"], null],
    [["audits", 0, "publication_digest"], "A".repeat(64)], [["audits", 0, "previous"], 1n], [["audits", 0, "corrects"], undefined],
    [["audits", 0, "more"], 1n], [["audits", 1, "audit_id"], "history-1"], [["audits", 1, "audit_id"], "HISTORY-1"],
    [["audits", 1, "publication_digest"], DIGESTS[0]!],
  ];
  for (const [path, to] of wrong) assert.equal(checkOfHistory(withIndex(path, to)), "history-format", path.join("."));
  assert.equal(checkOfHistory(withIndex(["version"], 1n)), "history-version");
  const text = new TextDecoder().decode(RECORDED.get("history.json"));
  for (const [form, check] of [
    [text.slice(0, -1), "history-canonical"], [` ${text}`, "history-canonical"], ["", "history-format"], ["[]", "history-format"],
    [text.replace("{", '{"version":2,'), "history-format"], [text.replace('"history-1"', "1.5"), "history-format"],
  ] as const) {
    assert.equal(checkOfHistory(withFile("history.json", encodeUtf8(form))), check, form.slice(0, 20));
  }
  assert.equal(checkOfHistory(withFile("history.json", Uint8Array.of(...encodeUtf8(text), 0xc3))), "history-format");
  assert.equal(checkOfHistory(withFile("history.json", new Uint8Array(2 ** 23 + 1).fill(0x20))), "file-size");
  assert.equal(checkOfHistory(without("history.json")), "bad-input");
});

test("the index says of each audit what its own files say", () => {
  for (const [path, to] of [
    [["audits", 0, "created"], "2026-11-26T19:45:41Z"], [["audits", 1, "snapshot"], "2025-11-29T00:00:00Z"],
    [["audits", 0, "previous"], "a".repeat(64)], [["audits", 1, "previous"], null], [["audits", 1, "corrects"], DIGESTS[0]!],
  ] as const) {
    assert.equal(checkOfHistory(withIndex(path, to)), "history-index", path.join("."));
  }
  assert.equal(checkOfHistory(withIndex(["audits", 1, "audit_id"], "history-3")), "history-missing");
  assert.equal(checkOfHistory(withIndex(["audits", 1, "publication_digest"], "b".repeat(64))), "history-replaced");
});

test("no file of any audit can be missing or another", () => {
  for (const [path, data] of RECORDED) {
    if (path === "history.json") continue;
    assert.notEqual(checkOfHistory(without(path)), "verified", path);
    for (const place of [0, data.length >> 1, data.length - 1]) {
      assert.notEqual(checkOfHistory(withFile(path, flipped(data, place))), "verified", path);
    }
  }
});

test("nothing beside the audits can be taken for one", () => {
  const x = encodeUtf8("x");
  for (const path of [
    "manifest.json", "sub/manifest.json", "audits/x/manifest.json", "audits/manifest.json", "audits/history-1/proof-0001.bin",
    "audits/history-1/sub/Manifest.JSON", "private/x", "reports/manifest.json", "downloads/history.json", "proof-0000.bin",
  ]) {
    assert.equal(checkOfHistory(withFile(path, x)), "unlisted", path);
  }
  for (const path of ["publication.json", "public/publication.json"]) assert.equal(checkOfHistory(withFile(path, x)), "folder", path);
  for (const path of ["note.txt", "index.html", "audits/x/note", "audits/history-1/anchors/rfc3161-0001.tsr"]) {
    assert.equal(checkOfHistory(withFile(path, x)), "verified", path);
  }
});

// Chains of one's own: copies of a recorded manifest, linked anew. No proof of them holds, so that none is looked at.

interface Month {
  readonly manifest?: Readonly<Record<string, Plain>>;
  readonly previous?: (digests: readonly string[]) => string | null;
  readonly corrects?: (digests: readonly string[]) => string;
}

/** A history of these months; the index lists those at `listed`. */
function chain(months: readonly Month[], listed = months.map((_, i) => i)): FileMap {
  const files: FileMap = new Map();
  const digests: string[] = [];
  const index: JsonValue[] = months.map((month, i) => {
    const id = `month-${i + 1}`;
    const previous = month.previous === undefined ? (digests[i - 1] ?? null) : month.previous(digests);
    const corrects = month.corrects === undefined ? null : month.corrects(digests);
    const manifest = jsonOf(RECORDED.get("audits/history-2/manifest.json")!);
    const facts: Record<string, Plain> = {
      audit_id: id, previous, snapshot: `2025-0${i + 1}-01T00:00:00Z`, created: `2025-0${i + 1}-02T00:00:00Z`, ...month.manifest,
    };
    for (const [key, value] of Object.entries(facts)) manifest.set(key, jsonFrom(value));
    const manifestBytes = canonicalJsonFile(manifest);
    const record = jsonFrom({
      format: "polyproof/publication", version: 1n, audit_id: id, manifest_digest: sha256Hex(manifestBytes), reserves_digest: null,
      evidence_digest: null, previous, corrects: corrects === null ? null : { publication_digest: corrects, reason: "a total was wrong" },
    });
    const recordBytes = canonicalJsonFile(record);
    digests.push(sha256Hex(recordBytes));
    files.set(`audits/${id}/manifest.json`, manifestBytes).set(`audits/${id}/publication.json`, recordBytes);
    return jsonFrom({
      audit_id: id, created: facts["created"]!, snapshot: facts["snapshot"]!, publication_digest: digests[i]!, previous, corrects,
    });
  });
  const head: JsonObject = new Map<string, JsonValue>([["format", "polyproof/history"], ["version", 2n]]);
  return files.set("history.json", canonicalJsonFile(head.set("audits", listed.map((i) => index[i]!))));
}

const checkOfChain = (months: readonly Month[], listed?: number[]): string => checkOfHistory(chain(months, listed), null, false);

test("reserves are said to be unchecked where there are any", () => {
  const verdict = verifyHistory({ files: chain([{}, {}]), digest: null, policy: BOTH_BACKENDS, proofs: false });
  assert.equal(verdict.facts!.reservesOf, 0);
  assert.ok(!verdict.facts!.notChecked.some((one) => one.includes("Reserves")));
});

test("each audit follows the one before it", () => {
  assert.equal(checkOfChain([{}, {}, {}]), "verified");
  assert.equal(checkOfChain([{}, { previous: () => null }, {}]), "history-link");
  assert.equal(checkOfChain([{}, { previous: () => "b".repeat(64) }]), "history-link");
  assert.equal(checkOfChain([{ previous: () => "b".repeat(64) }, {}]), "history-link");
  assert.equal(checkOfChain([{}, {}, { previous: ([first]) => first! }]), "history-fork");
});

test("an audit that is taken out, put elsewhere or not listed is missed", () => {
  assert.equal(checkOfChain([{}, {}, {}], [0, 2]), "history-link");
  assert.equal(checkOfChain([{}, {}, {}], [1, 2]), "history-link");
  assert.equal(checkOfChain([{}, {}, {}], [0, 2, 1]), "history-order");
  assert.equal(checkOfChain([{}, {}, {}], [0, 1]), "history-unlisted");
  assert.equal(checkOfChain([{}, {}, { previous: ([first]) => first! }], [0, 1]), "history-fork");
  assert.equal(checkOfChain([{}, {}, { previous: () => null }], [0, 1]), "history-fork");
});

test("times do not go back, and a time is audited once unless it is corrected", () => {
  const at = (snapshot: string): Month => ({ manifest: { snapshot } });
  const january = "2025-01-01T00:00:00Z";
  assert.equal(checkOfChain([{}, { manifest: { created: "2025-01-01T12:00:00Z", snapshot: january } }]), "history-order");
  assert.equal(checkOfChain([{}, at(january)]), "history-snapshot");
  assert.equal(checkOfChain([{}, at("2024-12-01T00:00:00Z")]), "history-snapshot");
  const first: Month = { ...at(january), corrects: ([one]) => one! };
  assert.equal(checkOfChain([{}, first]), "verified");
  assert.equal(checkOfChain([{}, { corrects: ([one]) => one! }]), "verified");
  assert.equal(checkOfChain([{}, {}, first, first]), "history-snapshot");
  assert.equal(checkOfChain([{}, {}, { ...at("2025-02-01T00:00:00Z"), corrects: ([one]) => one! }]), "history-snapshot");
  assert.equal(checkOfChain([{}, { corrects: () => "c".repeat(64) }]), "history-snapshot");
  assert.equal(checkOfChain([{ corrects: () => "c".repeat(64) }]), "history-snapshot");
  assert.equal(checkOfChain([{}, {}, first, at("2025-01-15T00:00:00Z")]), "history-snapshot");
  assert.equal(checkOfChain([{}, first, { ...at(january), corrects: (digests) => digests[1]! }]), "verified");
});

test("a history is of one organisation", () => {
  for (const organisation of ["Another", null]) assert.equal(checkOfChain([{}, { manifest: { organisation } }]), "history-organisation");
});
