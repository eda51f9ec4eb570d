import assert from "node:assert/strict";
import { test } from "node:test";

import { MERKLE_SUM_POLICY } from "../verifier/audit/policy.js";
import { canonicalJsonFile } from "../verifier/bytes/json.js";
import type { JsonObject, JsonValue } from "../verifier/bytes/json.js";
import { encodeUtf8 } from "../verifier/bytes/text.js";
import { verifyAudit } from "../verifier/verify.js";
import {
  BOTH_BACKENDS, edit, jsonFrom, jsonOf, recordedFolder, valueAt, withEditedManifest, withManifest,
} from "./recorded_audits.js";
import type { FileMap, JsonPath, Plain } from "./recorded_audits.js";

const SUM_TREE = recordedFolder("merkle-sum/public");
const DECLARED = recordedFolder("merkle-sum-declared/public");
const STARK = recordedFolder("stark-blake3/public");
const TWO_SEGMENTS = recordedFolder("merkle-sum-keccak256/public");

function checkOfFiles(files: FileMap): string {
  const verdict = verifyAudit({ files, digest: null, policy: BOTH_BACKENDS });
  return verdict.check ?? verdict.outcome;
}

/** The name of the check that refuses an audit whose manifest was edited so, and linked again. */
function refused(path: JsonPath, to: Plain | undefined, files = SUM_TREE, seal = true): string {
  return checkOfFiles(withEditedManifest(files, (manifest) => edit(manifest, path, to), seal && path[0] === "spec"));
}

function refusedForm(text: string): string {
  return checkOfFiles(withManifest(SUM_TREE, encodeUtf8(text)));
}

function cases(check: string, files: FileMap, list: readonly (readonly [JsonPath, Plain | undefined])[]): void {
  for (const [path, to] of list) {
    const told = `${path.join(".")} = ${JSON.stringify(jsonFrom(to ?? null), (_, v) => (typeof v === "bigint" ? `${v}` : v))}`;
    assert.equal(refused(path, to, files), check, told);
  }
}

const text = new TextDecoder().decode(SUM_TREE.get("manifest.json"));

test("recorded manifests are accepted as they are", () => {
  for (const files of [SUM_TREE, DECLARED, STARK, TWO_SEGMENTS]) assert.equal(checkOfFiles(files), "verified");
});

test("a value that its key does not allow is refused", () => {
  cases("manifest-format", SUM_TREE, [
    [["format"], "polyproof/publication"], [["format"], undefined], [["version"], "2"], [["version"], undefined],
    [["audit_id"], "a b"], [["audit_id"], "a".repeat(129)], [["audit_id"], undefined],
    [["created"], "2025-02-29T00:00:00Z"], [["created"], "2025-01-01T24:00:00Z"], [["created"], "2025-01-01 00:00:00"],
    [["snapshot"], "0999-01-01T00:00:00Z"], [["snapshot"], "2025-01-01T00:00:60Z"], [["snapshot"], undefined],
    [["organisation"], ""], [["organisation"], " x"], [["organisation"], "x".repeat(201)], [["organisation"], 1n], [["organisation"], undefined],
    [["spec"], null], [["spec"], []], [["spec_digest"], "a"], [["backend"], "Merkle"], [["backend"], null],
    [["segments"], {}], [["segments", 0], "x"], [["segments", 0, "index"], "0"], [["segments", 0, "bytes"], -1n],
    [["segments", 0, "bytes"], 10n ** 18n], [["segments", 0, "sha256"], "A".repeat(64)], [["segments", 0, "more"], 1n],
    [["segments", 0, "sha256"], undefined], [["segments", 0, "totals", 0], "01"], [["segments", 0, "totals", 0], 1n],
    [["totals", 0], "1".repeat(161)], [["totals", 0], "-1"], [["totals", 0], "1.5"], [["totals"], undefined],
    [["previous"], "a"], [["previous"], undefined], [["more"], 1n], [["position_totals"], ["1"]],
    [["verifier"], null], [["verifier"], { name: "x" }],
    [["left_out"], []], [["control"], ["01", "1"]], [["control"], null], [["net_equity"], {}], [["disclosures"], {}],
  ]);
});

test("a manifest of another version, in pieces or out of order is refused by name", () => {
  cases("manifest-version", SUM_TREE, [[["version"], 1n], [["version"], 3n], [["version"], 0n]]);
  cases("manifest-segments", TWO_SEGMENTS, [[["segments"], []], [["segments", 1, "index"], 2n], [["segments", 0, "index"], 1n]]);
  const [first, second] = [0, 1].map((i) => valueAt(jsonOf(TWO_SEGMENTS.get("manifest.json")!), ["segments", i])!);
  const swapped = withEditedManifest(TWO_SEGMENTS, (manifest) => manifest.set("segments", [second!, first!]));
  assert.equal(checkOfFiles(swapped), "manifest-segments");
  cases("manifest-file-name", SUM_TREE, [
    [["segments", 0, "file"], "proof-0001.bin"], [["segments", 0, "file"], "proof-00000.bin"],
    [["segments", 0, "file"], "../proof-0000.bin"],
  ]);
  cases("manifest-snapshot", SUM_TREE, [[["created"], "2025-10-30T23:59:59Z"]]);
  const ahead = new Date(Date.now() + 2 * 86_400_000).toISOString().replace(/\.\d+Z/, "Z");
  cases("manifest-time", SUM_TREE, [[["created"], ahead]]);
  cases("manifest-backend", SUM_TREE, [[["spec", "backend", "name"], "stark"], [["spec", "backend"], "merkle-sum"], [["spec"], {}]]);
  cases("publication-manifest", SUM_TREE, [[["audit_id"], "another"], [["previous"], "a".repeat(64)]]);
});

test("totals that are not the sums are refused, in whichever place", () => {
  for (const [files, paths] of [
    [SUM_TREE, [["totals", 0], ["segments", 0, "totals", 1]]],
    [TWO_SEGMENTS, [["totals", 1], ["segments", 0, "totals", 0], ["segments", 1, "totals", 0]]],
  ] as const) {
    for (const path of paths) {
      const stated = valueAt(jsonOf(files.get("manifest.json")!), path) as string;
      for (const other of [BigInt(stated) + 1n, BigInt(stated) - 1n, 0n]) {
        assert.equal(refused(path, String(other), files), "manifest-totals", path.join("."));
      }
    }
  }
  cases("manifest-totals", SUM_TREE, [[["totals"], ["145857754"]], [["segments", 0, "totals"], ["145857754"]], [["totals"], []]]);
  const more = withEditedManifest(SUM_TREE, (manifest) => {
    for (const path of [["totals"], ["segments", 0, "totals"]]) (valueAt(manifest, path) as JsonValue[]).push("0");
  });
  assert.equal(checkOfFiles(more), "manifest-totals");
});

test("only the canonical form is a manifest", () => {
  for (const form of [
    text.slice(0, -1), `${text}\n`, text.replace('"version":2', '"version": 2'), text.replace('"audit_id"', '"\\u0061udit_id"'),
    text.replace('"index":0', '"index":-0'), text.replace('"min_depth":0', '"min_depth":0.0'),
    `{"version":2,${text.slice(1).replace(',"version":2', "")}`, text.replace("Recorded Exchange", "a\\/b"),
  ]) {
    assert.equal(refusedForm(form), "manifest-canonical", form.slice(-80));
  }
  for (const form of ["", "{", `${text}x`, `\ufeff${text}`, text.replace("{", '{"version":2,'), text.replace('"version":2', '"version":NaN')]) {
    assert.equal(refusedForm(form), "manifest-json", form.slice(0, 40));
  }
  assert.equal(refusedForm(`${"[".repeat(13)}${"]".repeat(13)}`), "manifest-json");
  assert.equal(refusedForm(`${"[".repeat(12)}${"]".repeat(12)}`), "manifest-format");
  assert.equal(checkOfFiles(withManifest(SUM_TREE, Uint8Array.of(...encodeUtf8(text), 0xc3))), "manifest-utf-8");
});

test("a text that could command a terminal, or hide in one, is refused wherever it stands", () => {
  for (const bad of ["\\u0000", "\\u001b[2J", "\\n", "\u007f", "\u0085", "\u00a0", "\u00ad", "\u200b", "\u202e", "\u2028", "\\ud800", "\ufeff", "\ue000"]) {
    assert.equal(refusedForm(text.replace("Recorded Exchange", `a${bad}b`)), "manifest-text", bad);
    assert.equal(refusedForm(text.replace('"organisation"', `"organ${bad}isation"`)), "manifest-text", bad);
  }
  assert.equal(refused(["organisation"], "x".repeat(1025)), "manifest-text");
  for (const good of ["Börse 日本", "𝄞"]) assert.equal(refused(["organisation"], good), "root", good);
});

test("the spec states every option, and nothing that is not one", () => {
  cases("public-spec", SUM_TREE, [
    [["spec", "polyproof"], 2n], [["spec", "polyproof"], true], [["spec", "rule"], "any"], [["spec", "rule"], undefined],
    [["spec", "rule"], "net-equity"], [["spec", "more"], 1n], [["spec", "margin_backend"], null], [["spec", "name"], "x"],
    [["spec", "assets"], []], [["spec", "assets"], undefined], [["spec", "assets", 0, "bits"], undefined],
    [["spec", "assets", 0, "bits"], 257n], [["spec", "assets", 0, "bits"], 0n], [["spec", "assets", 0, "decimals"], 78n],
    [["spec", "assets", 0, "symbol"], "A:B"], [["spec", "assets", 0, "symbol"], "ETH"], [["spec", "assets", 0, "symbol"], "eth"],
    [["spec", "assets", 0, "aliases"], []], [["spec", "backend", "hash"], "md5"], [["spec", "backend", "hash"], undefined],
    [["spec", "backend", "min_depth"], 33n], [["spec", "backend", "min_depth"], null], [["spec", "backend", "min_depth"], undefined],
    [["spec", "backend", "accounts_per_segment"], 0n], [["spec", "backend", "more"], 1n],
  ]);
  const open = ["hash", "extension", "limb_bits", "segment_rows"].map((key) => [["spec", "backend", key], null] as const);
  cases("public-spec", STARK, [
    ...open, [["spec", "backend", "profile"], "fast"], [["spec", "backend", "field"], "f7"], [["spec", "backend", "commitment"], "fri"],
    [["spec", "backend", "constraints"], "margin-accounts"], [["spec", "backend", "constraints"], { name: "accounts" }],
    [["spec", "backend", "extension"], 4n], [["spec", "backend", "blowup"], 3n], [["spec", "backend", "queries"], 1025n],
    [["spec", "backend", "blinding"], 100n], [["spec", "backend", "segment_rows"], 2049n], [["spec", "backend", "arity"], 32n],
    [["spec", "backend", "queries"], undefined],
  ]);
  assert.equal(refused(["spec", "assets", 0, "symbol"], "XBT", SUM_TREE, false), "spec-digest");
  assert.equal(refused(["spec_digest"], "a".repeat(64), SUM_TREE, false), "spec-digest");
});

test("every change of the header that leaves it well-formed breaks the proof", () => {
  const header: readonly (readonly [JsonPath, Plain])[] = [
    [["organisation"], "Another"], [["organisation"], null], [["created"], "2026-11-26T19:45:05Z"],
    [["snapshot"], "2025-10-30T00:00:00Z"], [["spec", "assets", 0, "symbol"], "XBT"], [["spec", "assets", 0, "decimals"], 9n],
    [["spec", "assets", 0, "bits"], 65n], [["spec", "backend", "hash"], "sha256"], [["spec", "backend", "accounts_per_segment"], 4194305n],
    [["verifier"], { name: "x", url: "https://e.org/x", sha256: "a".repeat(64) }],
    [["left_out"], [{ asset: "DOGE", owed: "1.5", debts: "0", units: "decimal" }]], [["control"], ["1.4", "369"]],
    [["disclosures"], { exceptions: [] }],
  ];
  cases("root", SUM_TREE, header);
  const ofStark = header.filter(([path]) => path[1] !== "backend" && path[3] !== "bits");
  cases("constraint-identity", STARK, ofStark);
});

test("the program that is named has an address in which people can trust what they read", () => {
  const named = (url: string): string => refused(["verifier"], { name: "x 1", url, sha256: "a".repeat(64) });
  for (const url of ["https://e.org", "https://e.org:8080/a@b?c=d#e", "https://a-b.e.org/%20'"]) assert.equal(named(url), "root", url);
  for (const url of [
    "http://e.org/", "https://", "https:///x", "https://E.org/", "https://e.org@evil.org/", "https://e.org?@x", "https://е.org/",
    "https://e.org/\"", "https://e.org/<", "https://e.org/a&b", "https://e.org/a b", "https://e.org/`", "https://e.org/\\", "https://[::1]/",
  ]) {
    assert.equal(named(url), "manifest-format", url);
  }
});

test("what is left out is listed in order, each once, and is no asset of the audit", () => {
  const item = { asset: "DOGE", owed: "1.5", debts: "0", units: "decimal" };
  const other = { ...item, asset: "XRP" };
  assert.equal(refused(["left_out"], [item, other]), "root");
  for (const asset of ["BTC", "btc", "eTh"]) assert.equal(refused(["left_out"], [{ ...item, asset }]), "manifest-left-out", asset);
  const named = (symbol: string, asset: string): string =>
    checkOfFiles(withEditedManifest(SUM_TREE, (manifest) => {
      edit(manifest, ["spec", "assets", 0, "symbol"], symbol);
      edit(manifest, ["left_out"], [{ ...item, asset }]);
    }));
  for (const asset of ["\u212ais", "ki\u017f", "KIS"]) assert.equal(named("KIS", asset), "manifest-left-out", asset);
  assert.equal(named("KIS", "k\u0131s"), "root");
  assert.equal(named("STIFF", "\ufb06i\ufb00"), "manifest-left-out");
  for (const asset of ["bo\u00df", "BO\u1e9e"]) assert.equal(named("BOSS", asset), "manifest-left-out", asset);
  const wrong: Plain[] = [
    [other, item], [item, item], [{ ...item, units: "coins" }], [{ ...item, owed: "1.50" }], [{ ...item, owed: "-1" }],
    [{ ...item, owed: ".5" }], [{ ...item, owed: "00.5" }], [{ ...item, debts: 1n }], [{ ...item, more: 1n }], [{ asset: "DOGE" }],
    [{ ...item, asset: "A".repeat(65) }], [{ ...item, asset: "" }],
  ];
  for (const list of wrong) assert.equal(refused(["left_out"], list), "manifest-format");
});

test("a control sum is at most the total, which was rounded up, to the last digit", () => {
  assert.equal(refused(["control"], ["1.45857754", "0"]), "root");
  assert.equal(refused(["control"], ["1.458577539999999999999999", "0"]), "root");
  for (const control of [["1.45857755", "0"], [`1.45857754${"0".repeat(30)}1`, "0"], ["1"], ["1", "1", "1"], []]) {
    assert.equal(refused(["control"], control), "manifest-control", control.join());
  }
});

test("disclosures have their form, are of audited assets, and are written in one way", () => {
  const declared = (value: Plain): string => refused(["disclosures"], value);
  const good: Plain[] = [
    { entity: { name: "Example Ltd", lei: "529900T8BM49AURSDO55" } }, { in_scope: [] }, { cut_off: "x" },
    { custodians: [{ name: "x", assets: ["BTC"] }] }, { encumbered: [{ asset: "BTC", amount: "0.00000001", reason: "x" }] },
    { own_issued: [{ asset: "ETH", note: "x" }] }, { affiliates: [{ name: "x", relation: "y", accounts: "none" }] },
    { statement: { text: ["a"], by: "b", date: "2024-02-29" } },
  ];
  for (const value of good) assert.equal(declared(value), "root");
  const format: Plain[] = [
    {}, { exceptions: null }, { entity: {} }, { entity: { name: "x", lei: "529900T8BM49AURSDO56" } }, { entity: { name: "x", more: "y" } },
    { in_scope: ["a\u200d".slice(0, 1), ""] }, { cut_off: "x".repeat(1001) }, { own_issued: [{ asset: "BTC" }, { asset: "BTC" }] },
    { affiliates: [{ name: "x" }] }, { affiliates: [{ name: "x", relation: "y", accounts: "some" }] },
    { statement: { text: [], by: "b" } }, { statement: { text: ["a"], by: "b", date: "2025-02-29" } }, { encumbered: [{ asset: "BTC", amount: "1.50", reason: "x" }] },
  ];
  for (const value of format) assert.equal(declared(value), "manifest-format");
  const unaudited: Plain[] = [
    { custodians: [{ name: "x", assets: ["XRP"] }] }, { encumbered: [{ asset: "XRP", reason: "x" }] }, { own_issued: [{ asset: "btc" }] },
    { encumbered: [{ asset: "BTC", amount: "0.000000001", reason: "x" }] },
  ];
  for (const value of unaudited) assert.equal(declared(value), "manifest-disclosures");
  for (const value of [{ in_scope: "a" }, { cut_off: "x", exceptions: null }, { own_issued: { asset: "BTC" } }] as Plain[]) {
    assert.equal(declared(value), "manifest-canonical");
  }
});

test("a manifest is refused for its size and its segments before it is read further", () => {
  const large = withManifest(SUM_TREE, new Uint8Array(16777217).fill(0x20));
  assert.equal(checkOfFiles(large), "policy-manifest-size");
  const small = { ...MERKLE_SUM_POLICY, maxSegments: 1, maxAssets: 1 };
  assert.equal(verifyAudit({ files: TWO_SEGMENTS, digest: null, policy: small }).check, "policy-segments");
  assert.equal(verifyAudit({ files: SUM_TREE, digest: null, policy: small }).check, "policy-assets");
});

test("whatever stands in the place of any value, an audit that was changed is not verified", () => {
  const places = (value: unknown, path: JsonPath): JsonPath[] => {
    const inner: (readonly [string | number, unknown])[] =
      value instanceof Map ? [...(value as JsonObject)] : Array.isArray(value) ? [...value.entries()] : [];
    return [path, ...inner.flatMap(([step, one]) => places(one, [...path, step]))];
  };
  const found = places(jsonOf(SUM_TREE.get("manifest.json")!), []).slice(1);
  const others: Plain[] = [null, true, 7n, -1n, "zz", "", [], {}, "a".repeat(64), "1.5", ["x"], { name: "x" }];
  for (const path of found) {
    const before = canonicalJsonFile([valueAt(jsonOf(SUM_TREE.get("manifest.json")!), path)!]);
    for (const other of others) {
      if (Buffer.compare(before, canonicalJsonFile([jsonFrom(other)])) === 0) continue;
      assert.notEqual(refused(path, other), "verified", `${path.join(".")}`);
    }
  }
});
