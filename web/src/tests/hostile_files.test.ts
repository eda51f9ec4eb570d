/**
 * Audits and inclusion files that are wrong by chance: whatever is in them, a verification ends with an outcome that its
 * callers know, and nothing that was changed is accepted. What is changed is linked again, so that the checks behind the
 * digests meet it too. `HOSTILE_RUNS` makes more of them than a test run does.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { test } from "node:test";

import { DEFAULT_POLICY, type Policy } from "../verifier/audit/policy.js";
import { toHex } from "../verifier/bytes/hex.js";
import { canonicalJson, canonicalJsonFile, parseJson, type JsonObject, type JsonValue } from "../verifier/bytes/json.js";
import { concatBytes, decodeUtf8, encodeUtf8, sameBytes } from "../verifier/bytes/text.js";
import { sha256 } from "../verifier/hashes/sha256.js";
import type { HistoryVerdict } from "../verifier/verdict.js";
import { verifyAudit, verifyHistory, verifyInclusion, type Files, type InclusionInput } from "../verifier/verify.js";
import { Seeded } from "./seeded.js";

const RECORDED = new URL("../../../tests/recorded/format-2/", import.meta.url);
/** How many changes of each kind, unless told otherwise: fewer where a proof of the STARK is verified for each. */
const runsOf = (name: string): number => Number(process.env["HOSTILE_RUNS"] ?? (name.startsWith("stark") ? 10 : 60));

/** Accepts whatever holds, so that no check is met by a policy's before it. */
const LAX: Policy = {
  ...DEFAULT_POLICY,
  minimumBits: { binding: null, soundness: null, soundness_2025: null, inclusion: null, inclusion_2025: null },
  backends: null,
  constraints: null,
  commitments: null,
  hashes: null,
  fields: null,
};

const KNOWN = ["included", "verified", "rejected", "bad-input", "not-covered"];

/** An audit that the repository keeps, one customer's file, and what that customer types. */
function recorded(name: string, file: string): InclusionInput {
  const folder = new URL(`${name}/`, RECORDED);
  const read = (url: URL): Uint8Array => new Uint8Array(readFileSync(url));
  const files = readdirSync(new URL("public/", folder)).map((one) => [one, read(new URL(`public/${one}`, folder))] as const);
  const cases = JSON.parse(readFileSync(new URL("expected.json", RECORDED), "utf8")) as {
    cases: { arguments: string[]; edit: unknown; verdict: { status: number } }[];
  };
  const found = cases.cases.find(
    (one) => one.arguments[1] === `${name}/${file}` && one.edit === null && one.verdict.status === 0,
  )!.arguments;
  const typed = (option: string): Map<string, string> =>
    new Map(found.flatMap((text, i) => (found[i - 1] === option ? [text.split("=") as [string, string]] : [])));
  return {
    files: new Map(files),
    inclusion: read(new URL(file, folder)),
    user: found[found.indexOf("--user") + 1]!,
    balances: typed("--balance"),
    debts: typed("--debt"),
    digest: null,
    policy: LAX,
  };
}

const audits: [string, InclusionInput][] = (
  [
    ["merkle-sum", "inclusion.polyproof"],
    ["merkle-sum-declared", "inclusion.polyproof"],
    ["stark-blake3", "inclusion.polyproof"],
    ["stark-babybear", "inclusion.polyproof"],
    ["stark-margin", "alice.polyproof"],
    ["stark-margin", "carol.polyproof"],
  ] as const
).map(([name, file]) => [`${name}, ${file}`, recorded(name, file)]);

const jsonOf = (input: InclusionInput, name: string): JsonObject =>
  parseJson(decodeUtf8(input.files.get(name)!)!, "json", name) as JsonObject;

/** The same with other files, and the digests of the manifest, the record and the inclusion file as these require. */
function linked(input: InclusionInput, changes: { manifest?: JsonValue; proof?: Uint8Array; payload?: Uint8Array }): InclusionInput {
  const files = new Map(input.files);
  const manifest = changes.manifest ?? jsonOf(input, "manifest.json");
  if (manifest instanceof Map) {
    if (manifest.get("spec") instanceof Map && manifest.has("spec_digest")) {
      manifest.set("spec_digest", toHex(sha256(concatBytes(encodeUtf8("polyproof/spec/1\n"), canonicalJson(manifest.get("spec")!)))));
    }
    const segments = manifest.get("segments");
    const own = Array.isArray(segments) ? segments[Number(segmentOf(input.inclusion))] : undefined;
    if (changes.proof !== undefined && own instanceof Map) {
      own.set("bytes", BigInt(changes.proof.length)).set("sha256", toHex(sha256(changes.proof)));
      files.set(own.get("file") as string, changes.proof);
    }
  }
  files.set("manifest.json", canonicalJsonFile(manifest));
  const digest = sha256(files.get("manifest.json")!);
  const record = jsonOf(input, "publication.json").set("manifest_digest", toHex(digest));
  for (const key of ["audit_id", "previous"]) {
    const value = manifest instanceof Map ? manifest.get(key) : undefined;
    if (typeof value === "string" || value === null) record.set(key, value);
  }
  files.set("publication.json", canonicalJsonFile(record));

  const inclusion = input.inclusion.slice();
  const digestAt = 20 + inclusion[12]!;
  inclusion.set(digest, digestAt);
  if (changes.payload === undefined) return { ...input, files, inclusion };
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(changes.payload.length), true);
  const head = inclusion.subarray(0, digestAt + 40);
  return { ...input, files, inclusion: concatBytes(head, new Uint8Array(length.buffer), changes.payload) };
}

function segmentOf(inclusion: Uint8Array): bigint {
  return new DataView(inclusion.buffer, inclusion.byteOffset).getBigUint64(52 + inclusion[12]!, true);
}

const payloadOf = (inclusion: Uint8Array): Uint8Array => inclusion.subarray(68 + inclusion[12]!);

function proofOf(input: InclusionInput): Uint8Array {
  return input.files.get(`proof-${segmentOf(input.inclusion).toString().padStart(4, "0")}.bin`)!;
}

/** Bytes with something wrong in them. */
function spoiled(random: Seeded, bytes: Uint8Array): Uint8Array {
  const at = random.below(bytes.length);
  const few = 1 + random.below(random.of([2, 9, 40]));
  const copy = bytes.slice();
  return random.of([
    () => copy.fill(random.of([0, 255, 128]), at, at + few),
    () => bytes.subarray(0, at),
    () => concatBytes(bytes, random.bytes(few)),
    () => concatBytes(bytes.subarray(0, at), random.bytes(few), bytes.subarray(at)),
    () => concatBytes(bytes.subarray(0, at), bytes.subarray(at + few)),
    () => {
      copy.set(random.bytes(few).subarray(0, bytes.length - at), at);
      return copy;
    },
    () => {
      copy[at]! ^= 1 << random.below(8);
      return copy;
    },
    () => {
      copy.copyWithin(at, random.below(bytes.length), bytes.length);
      return copy;
    },
    () => {
      // One of the counts that are written in eight bytes.
      const place = 8 * random.below(Math.floor(bytes.length / 8));
      new DataView(copy.buffer).setBigUint64(place, random.of([0n, 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]), true);
      return copy;
    },
    () => random.bytes(random.below(300)),
  ])();
}

/** The value with something else somewhere in it. */
function twisted(random: Seeded, value: JsonValue): JsonValue {
  const keys = value instanceof Map ? [...value.keys()] : Array.isArray(value) ? [...value.keys()] : [];
  if (keys.length === 0 || random.below(6) === 0) return strange(random, value);
  if (value instanceof Map) {
    const key = random.of(keys as string[]);
    const copy = new Map(value);
    const change = random.below(12);
    if (change === 0) copy.delete(key);
    else if (change === 1) copy.set(random.of(["", "x", "__proto__", "constructor", key.toUpperCase()]), strange(random, null));
    else copy.set(key, twisted(random, value.get(key)!));
    return copy;
  }
  const list = value as JsonValue[];
  const at = random.of(keys as number[]);
  const change = random.below(12);
  if (change === 0) return list.filter((_, i) => i !== at);
  if (change === 1) return [...list, list[at]!];
  if (change === 2) return [...list].reverse();
  return list.map((item, i) => (i === at ? twisted(random, item) : item));
}

function strange(random: Seeded, value: JsonValue): JsonValue {
  if (typeof value === "bigint" && random.below(3) > 0) {
    return random.of([value + 1n, value - 1n, 2n * value, -value, value << 20n]) % 10n ** 18n;
  }
  if (typeof value === "string" && random.below(3) > 0) {
    return random.of([`${value}0`, `0${value}`, value.slice(1), value.slice(0, -1), value.toUpperCase(), ` ${value}`, `-${value}`]);
  }
  return random.of<JsonValue>([
    null, true, false, 0n, 1n, 2n, 3n, 64n, 255n, 1024n, -1n, 2n ** 31n, 10n ** 18n, "", "0", "1", "-1", "1.5", "9".repeat(160),
    "9".repeat(161), "constructor", "__proto__", "stark", "merkle-sum", "grand-sum", "blake3", "babybear", "é", "\u202e",
    "2025-02-30T00:00:00Z", "9999-12-31T23:59:59Z", "a".repeat(1025), [], new Map(), [[]], new Map([["", null]]), [null], [0n],
  ]);
}

/** Verifies; anything but a known outcome fails the test, and so does an acceptance. */
function refuses(input: InclusionInput, what: string): void {
  const verdict = verifyInclusion(input);
  assert.ok(KNOWN.includes(verdict.outcome), `${what}: ${verdict.outcome}, ${verdict.reason}`);
  assert.notEqual(verdict.outcome, "included", what);
  assert.equal(verdict.facts, null, what);
}

function same(a: InclusionInput, b: InclusionInput): boolean {
  const unchanged = (x: Uint8Array, y: Uint8Array | undefined): boolean => y !== undefined && sameBytes(x, y);
  return sameBytes(a.inclusion, b.inclusion) && [...a.files].every(([name, bytes]) => unchanged(bytes, b.files.get(name)));
}

for (const [name, input] of audits) {
  test(`${name}: the audit holds, and is linked again as it was`, () => {
    assert.equal(verifyInclusion(input).outcome, "included", verifyInclusion(input).reason);
    assert.ok(same(linked(input, {}), input));
    assert.ok(same(linked(input, { payload: payloadOf(input.inclusion) }), input));
  });

  test(`${name}: a proof or an inclusion proof with other bytes is refused`, () => {
    const random = new Seeded(`bytes ${name}`);
    for (let run = 0; run < runsOf(name); run++) {
      const proof = linked(input, { proof: spoiled(random, proofOf(input)) });
      if (!same(proof, input)) refuses(proof, `proof, run ${run}`);
      const payload = linked(input, { payload: spoiled(random, payloadOf(input.inclusion)) });
      if (!same(payload, input)) refuses(payload, `inclusion proof, run ${run}`);
    }
  });

  test(`${name}: a manifest that says something else is refused, although all digests fit`, () => {
    const random = new Seeded(`manifest ${name}`);
    for (let run = 0; run < 2 * runsOf(name); run++) {
      let manifest: JsonValue = jsonOf(input, "manifest.json");
      // Most of a manifest is its spec.
      if (run % 2 === 0) (manifest as JsonObject).set("spec", twisted(random, (manifest as JsonObject).get("spec")!));
      else manifest = twisted(random, manifest);
      const changed = linked(input, { manifest });
      if (same(changed, input)) continue;
      refuses(changed, `manifest, run ${run}`);
      assert.notEqual(verifyAudit(changed).outcome, "verified", `manifest, run ${run}`);
    }
  });

  test(`${name}: files that are any bytes, and claims that are any text, are refused`, () => {
    const random = new Seeded(`files ${name}`);
    const texts = ["", " ", "-", "1", "0", "1e5", "1e999999999", "-1", "NaN", "0x1", "1,5", ".", "9".repeat(400), "\ud800", "é", "BTC", "__proto__"];
    for (let run = 0; run < runsOf(name); run++) {
      const file = random.of([...input.files.keys()]);
      const files = new Map(input.files).set(file, spoiled(random, input.files.get(file)!));
      const changed = { ...input, files };
      if (!same(changed, input) && file !== "attestation.json" && file !== otherProof(input, file)) refuses(changed, `${file}, run ${run}`);
      const inclusion = { ...input, inclusion: spoiled(random, input.inclusion) };
      if (!same(inclusion, input)) refuses(inclusion, `inclusion file, run ${run}`);
      const symbol = random.of([...input.balances.keys(), ...texts]);
      const claim = {
        ...input,
        user: random.of([input.user, ...texts]),
        balances: new Map([...input.balances, [symbol, random.of(texts)]]),
        debts: new Map([[random.of([...input.balances.keys(), ...texts]), random.of(["1", ...texts])]]),
        digest: random.of([null, ...texts]),
      };
      refuses(claim, `claim, run ${run}`);
    }
  });
}

test("a history whose index or whose audits say something else is refused", () => {
  const random = new Seeded("history");
  const folder = new URL("history/", RECORDED);
  const names = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => statSync(new URL(name, folder)).isFile());
  const files: Files = new Map(names.map((name) => [name, new Uint8Array(readFileSync(new URL(name, folder)))]));
  const verdictOf = (changed: Files, proofs: boolean): HistoryVerdict =>
    verifyHistory({ files: changed, digest: null, policy: LAX, proofs });
  assert.equal(verdictOf(files, true).outcome, "verified", verdictOf(files, true).reason);
  for (let run = 0; run < 2 * runsOf("history"); run++) {
    const name = run % 2 === 0 ? "history.json" : random.of(names);
    const bytes = files.get(name)!;
    const twist = name.endsWith(".json") && random.below(3) > 0;
    const other: Uint8Array = twist
      ? canonicalJsonFile(twisted(random, parseJson(decodeUtf8(bytes)!, "json", name)))
      : spoiled(random, bytes);
    if (sameBytes(other, bytes)) continue;
    const verdict = verdictOf(new Map(files).set(name, other), true);
    assert.ok(KNOWN.includes(verdict.outcome) && verdict.outcome !== "verified", `${name}, run ${run}: ${verdict.reason}`);
    const chain = verdictOf(new Map(files).set(name, other), false);
    assert.ok(KNOWN.includes(chain.outcome), `${name}, run ${run}: ${chain.reason}`);
  }
});

/** The name, if it is that of another segment's proof: an inclusion check does not need it. */
function otherProof(input: InclusionInput, name: string): string | null {
  return name.startsWith("proof-") && input.files.get(name) !== proofOf(input) ? name : null;
}
