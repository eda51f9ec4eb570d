import assert from "node:assert/strict";
import { test } from "node:test";

import { parsePublication } from "../verifier/audit/publication.js";
import { canonicalJsonFile } from "../verifier/bytes/json.js";
import { encodeUtf8 } from "../verifier/bytes/text.js";
import { Rejected } from "../verifier/rejected.js";
import { edit, jsonOf, recordedFile, sha256Hex } from "./recorded_audits.js";
import type { JsonPath, Plain } from "./recorded_audits.js";

const RECORD = recordedFile("merkle-sum/public/publication.json");
const WITH_RESERVES = recordedFile("history/audits/history-2/publication.json");

function rejection(data: Uint8Array): string {
  try {
    parsePublication(data);
  } catch (error) {
    if (error instanceof Rejected) return error.check;
    throw error;
  }
  return "accepted";
}

function edited(path: JsonPath, to: Plain | undefined): Uint8Array {
  const record = jsonOf(RECORD);
  record.set("corrects", new Map([["publication_digest", "a".repeat(64)], ["reason", "a total was wrong"]]));
  edit(record, path, to);
  return canonicalJsonFile(record);
}

test("a record that polyproof wrote is read as it is", () => {
  const found = parsePublication(RECORD);
  assert.equal(found.digest, sha256Hex(RECORD));
  assert.equal(found.auditId, "merkle-sum-2026-11-26-ac3e84d9");
  assert.equal(found.manifestDigest, sha256Hex(recordedFile("merkle-sum/public/manifest.json")));
  assert.equal(found.reservesDigest, null);
  const other = parsePublication(WITH_RESERVES);
  assert.equal(other.reservesDigest, sha256Hex(recordedFile("history/audits/history-2/reserves.json")));
  assert.equal(other.evidenceDigest, sha256Hex(recordedFile("history/audits/history-2/reserves-evidence.jsonl")));
  assert.equal(other.previous, sha256Hex(recordedFile("history/audits/history-1/publication.json")));
});

test("a correction names an audit and a reason that can be shown", () => {
  assert.equal(parsePublication(edited(["audit_id"], "a")).corrects!.reason, "a total was wrong");
  const reasons: Plain[] = ["", " x", "x ", "a\nb", "\u202eb", "x".repeat(501), null, 5n];
  for (const reason of reasons) {
    assert.equal(rejection(edited(["corrects", "reason"], reason)), "publication-format", String(reason));
  }
  assert.equal(rejection(edited(["corrects", "reason"], "𝄞".repeat(500))), "accepted");
  assert.equal(rejection(edited(["corrects", "reason"], "𝄞".repeat(501))), "publication-format");
});

test("any other value of a key, a key that is missing and one that is unknown are refused", () => {
  const wrong: readonly (readonly [JsonPath, Plain | undefined])[] = [
    [["format"], "polyproof/manifest"], [["format"], undefined],
    [["version"], 2n], [["version"], "1"], [["version"], true], [["version"], undefined],
    [["audit_id"], "-a"], [["audit_id"], "a/b"], [["audit_id"], "a".repeat(129)], [["audit_id"], null],
    [["manifest_digest"], "A".repeat(64)], [["manifest_digest"], "a".repeat(63)], [["manifest_digest"], null],
    [["reserves_digest"], "a".repeat(64)], [["evidence_digest"], "a".repeat(64)], [["reserves_digest"], undefined],
    [["previous"], "none"], [["previous"], undefined], [["corrects"], []], [["corrects"], undefined],
    [["corrects", "publication_digest"], undefined], [["corrects", "more"], 1n], [["more"], null],
  ];
  for (const [path, to] of wrong) assert.equal(rejection(edited(path, to)), "publication-format", `${path} ${to}`);
});

test("only the canonical form is a record, and no other JSON", () => {
  const text = new TextDecoder().decode(RECORD);
  const forms: readonly (readonly [string, string])[] = [
    [text.slice(0, -1), "publication-canonical"],
    [` ${text}`, "publication-canonical"],
    [text.replace('"version":1', '"version": 1'), "publication-canonical"],
    [text.replace('"audit_id"', '"\\u0061udit_id"'), "publication-canonical"],
    [text.replace('"version":1', '"version":1.0'), "publication-format"],
    [text.replace(/"audit_id":"[^"]*"/, '"audit_id":1.5'), "publication-format"],
    [text.replace("{", '{"audit_id":"x",'), "publication-format"],
    [`\ufeff${text}`, "publication-format"],
    ["", "publication-format"], ["[]\n", "publication-format"], ["null\n", "publication-format"],
  ];
  for (const [form, check] of forms) assert.equal(rejection(encodeUtf8(form)), check, form.slice(0, 40));
  assert.equal(rejection(Uint8Array.of(...RECORD, 0xff)), "publication-format");
  assert.equal(rejection(new Uint8Array(65537).fill(0x20)), "file-size");
});
