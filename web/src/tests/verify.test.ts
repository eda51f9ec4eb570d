import assert from "node:assert/strict";
import { test } from "node:test";

import { DEFAULT_POLICY, MERKLE_SUM_POLICY } from "../verifier/audit/policy.js";
import { canonicalJsonFile } from "../verifier/bytes/json.js";
import { encodeUtf8 } from "../verifier/bytes/text.js";
import { verifyAudit, verifyHistory, verifyInclusion } from "../verifier/verify.js";
import type { InclusionInput } from "../verifier/verify.js";
import {
  BOTH_BACKENDS, RECORDED_BALANCES, RECORDED_USER, edit, flipped, jsonFrom, jsonOf, recordedFile, recordedFolder, sha256Hex, withProof,
} from "./recorded_audits.js";

function inputOf(name: string, changes: Partial<InclusionInput> = {}): InclusionInput {
  return {
    files: recordedFolder(`${name}/public`),
    inclusion: recordedFile(`${name}/inclusion.polyproof`),
    user: RECORDED_USER,
    balances: RECORDED_BALANCES,
    debts: new Map(),
    digest: null,
    policy: name.startsWith("stark") ? DEFAULT_POLICY : MERKLE_SUM_POLICY,
    ...changes,
  };
}

function outcomeOfInclusion(name: string, changes: Partial<InclusionInput> = {}): string {
  const verdict = verifyInclusion(inputOf(name, changes));
  assert.equal(verdict.facts === null, verdict.outcome !== "included");
  assert.equal(verdict.check === null, verdict.outcome !== "rejected");
  return verdict.check ?? verdict.outcome;
}

const SUM_TREE = recordedFolder("merkle-sum/public");
const DIGEST = sha256Hex(SUM_TREE.get("publication.json")!);

test("accounts in recorded audits are included, with the facts that were checked", () => {
  for (const name of ["merkle-sum", "stark-blake3", "stark-babybear"]) {
    const verdict = verifyInclusion(inputOf(name));
    assert.equal(verdict.outcome, "included", `${name}: ${verdict.reason}`);
    const facts = verdict.facts!;
    assert.equal(facts.publicationDigest, sha256Hex(recordedFile(`${name}/public/publication.json`)));
    assert.equal(facts.manifestDigest, sha256Hex(recordedFile(`${name}/public/manifest.json`)));
    assert.equal(facts.digestCompared, false);
    assert.equal(facts.backend, name.startsWith("stark") ? "stark" : "merkle-sum");
    assert.equal(facts.nonNegative, name.startsWith("stark") ? "everybody" : "opened-paths");
    assert.equal(facts.figures.some((figure) => figure.name === "soundness"), name.startsWith("stark"));
    assert.deepEqual(facts.verifiedSegments, [0]);
    assert.deepEqual(facts.account!.balances.map((one) => one.amount), [...RECORDED_BALANCES.values()]);
    assert.equal(facts.totals[0]!.units, "145857754");
    // What a worker posts to its page.
    assert.deepEqual(structuredClone(verdict), verdict);
    assert.deepEqual(JSON.parse(JSON.stringify(verdict)), verdict);
  }
});

test("an account that was counted otherwise is not included", () => {
  for (const name of ["merkle-sum", "stark-blake3"]) {
    const path = name.startsWith("stark") ? ["inclusion-path", "own-row"] : ["inclusion-path"];
    const typed = (...balances: readonly (readonly [string, string])[]): string => outcomeOfInclusion(name, { balances: new Map(balances) });
    assert.ok(path.includes(typed(["BTC", "0.03150757"], ["ETH", "0.002448626410032372"])), name);
    assert.ok(path.includes(typed(["BTC", "0.03150756"])), name);
    assert.ok(path.includes(outcomeOfInclusion(name, { user: `${RECORDED_USER} ` })), name);
    assert.equal(typed(["BTC", "0.031507559999"], ["ETH", "0.0024486264100323719"]), "included");
    assert.equal(typed(["BTC", "1e99"]), "bad-input");
    assert.equal(typed(["XRP", "1"]), "bad-input");
    assert.equal(typed(), "bad-input");
    assert.equal(outcomeOfInclusion(name, { user: "" }), "bad-input");
    assert.equal(outcomeOfInclusion(name, { user: "\ud800" }), "bad-input");
    assert.equal(outcomeOfInclusion(name, { debts: new Map([["BTC", "1"]]) }), "segment-kind");
    assert.equal(outcomeOfInclusion(name, { debts: new Map([["BTC", "0"]]) }), "included");
  }
});

test("the digest that is known from elsewhere is compared first", () => {
  assert.equal(verifyInclusion(inputOf("merkle-sum", { digest: ` ${DIGEST.toUpperCase()}\n` })).facts!.digestCompared, true);
  for (const digest of [DIGEST, null]) {
    assert.equal(verifyAudit({ files: SUM_TREE, digest, policy: BOTH_BACKENDS }).facts!.digestCompared, digest !== null);
  }
  assert.equal(outcomeOfInclusion("merkle-sum", { digest: "a".repeat(64) }), "publication-digest");
  for (const digest of ["", "a".repeat(63), `${DIGEST}0`, "g".repeat(64)]) assert.equal(outcomeOfInclusion("merkle-sum", { digest }), "bad-input");
  const broken = new Map([...SUM_TREE, ["manifest.json", new Uint8Array(3)]]);
  assert.equal(outcomeOfInclusion("merkle-sum", { digest: "a".repeat(64), files: broken }), "publication-digest");
});

test("files of one audit are no files of another", () => {
  assert.equal(outcomeOfInclusion("merkle-sum", { inclusion: recordedFile("merkle-sum-declared/inclusion.polyproof") }), "audit-id");
  assert.equal(outcomeOfInclusion("stark-blake3", { inclusion: recordedFile("stark-babybear/inclusion.polyproof") }), "audit-id");
  assert.equal(outcomeOfInclusion("merkle-sum", { inclusion: new Uint8Array() }), "truncated");
  assert.equal(outcomeOfInclusion("merkle-sum", { inclusion: recordedFile("merkle-sum/public/proof-0000.bin") }), "magic");
  const proofs = new Map([...SUM_TREE, ["proof-0000.bin", recordedFile("merkle-sum-declared/public/proof-0000.bin")]]);
  assert.equal(outcomeOfInclusion("merkle-sum", { files: proofs }), "proof-digest");
  assert.equal(outcomeOfInclusion("merkle-sum", { files: withProof(SUM_TREE, proofs.get("proof-0000.bin")!) }), "manifest-digest");
});

test("what is missing is said to be missing, and what is too much is refused", () => {
  const without = (...names: readonly string[]) => new Map([...SUM_TREE].filter(([name]) => !names.includes(name)));
  assert.equal(outcomeOfInclusion("merkle-sum", { files: new Map() }), "bad-input");
  assert.equal(outcomeOfInclusion("merkle-sum", { files: without("publication.json") }), "publication-missing");
  assert.equal(outcomeOfInclusion("merkle-sum", { files: without("manifest.json") }), "publication-missing");
  for (const name of ["merkle-sum", "stark-blake3"]) {
    const files = new Map([...recordedFolder(`${name}/public`)].filter(([file]) => file !== "proof-0000.bin"));
    assert.equal(outcomeOfInclusion(name, { files }), "proof-missing", name);
  }
  const old = new Map([["manifest.json", encodeUtf8('{"version":1}')]]);
  assert.equal(outcomeOfInclusion("merkle-sum", { files: old }), "manifest-version");
  const beside = (name: string) => new Map([...SUM_TREE, [name, encodeUtf8("x")]]);
  for (const name of ["reserves.json", "proof-0001.bin", "PROOF-0001.BIN", "sub/manifest.json", "private/x", "anchors/publication.json"]) {
    assert.equal(outcomeOfInclusion("merkle-sum", { files: beside(name) }), "unlisted", name);
  }
  assert.equal(outcomeOfInclusion("merkle-sum", { files: beside("history.json") }), "folder");
  for (const name of ["note.txt", "anchors/rfc3161-0001.tsr", "attestation.json", "proof-x.bin"]) {
    assert.equal(outcomeOfInclusion("merkle-sum", { files: beside(name) }), "included", name);
  }
});

test("of several proofs a customer needs the own one, and an auditor all", () => {
  const files = recordedFolder("merkle-sum-keccak256/public");
  const inclusion = recordedFile("merkle-sum-keccak256/inclusion.polyproof");
  const balances = new Map([["BTC", "0.00151395"], ["ETH", "0.142601753785617887"]]);
  const own = Number(new DataView(inclusion.buffer, inclusion.byteOffset).getBigUint64(20 + inclusion[12]! + 32, true));
  const only = new Map([...files].filter(([name]) => name !== `proof-000${1 - own}.bin`));
  const input = inputOf("merkle-sum", { files: only, inclusion, user: "u-af8a4316d6664cb5", balances });
  const verdict = verifyInclusion(input);
  assert.equal(verdict.outcome, "included", verdict.reason);
  assert.deepEqual(verdict.facts!.verifiedSegments, [own]);
  assert.equal(verdict.facts!.segments, 2);
  assert.equal(verifyAudit({ files: only, digest: null, policy: MERKLE_SUM_POLICY }).check, "proof-missing");
  assert.deepEqual(verifyAudit({ files, digest: null, policy: MERKLE_SUM_POLICY }).facts!.verifiedSegments, [0, 1]);
  const other = new Map([...files].filter(([name]) => name !== `proof-000${own}.bin`));
  assert.equal(verifyInclusion({ ...input, files: other }).check, "proof-missing");
});

test("files of reserves need not be there, and are those of the record if they are", () => {
  const folder = recordedFolder("history/audits/history-2");
  const check = (files: ReadonlyMap<string, Uint8Array>, inclusion = false): string => {
    const input = inputOf("merkle-sum", { files, balances: new Map([["ETH", "1"]]) });
    const verdict = inclusion ? verifyInclusion(input) : verifyAudit({ files, digest: null, policy: MERKLE_SUM_POLICY });
    return verdict.check ?? verdict.facts!.reserves;
  };
  assert.equal(check(folder), "digests-compared");
  for (const name of ["reserves.json", "reserves-evidence.jsonl"]) {
    const without = new Map([...folder].filter(([one]) => one !== name));
    assert.equal(check(without), "publication-missing", name);
    assert.equal(check(without, true), "audit-id", name);
    assert.equal(check(new Map([...folder, [name, encodeUtf8("x")]]), true), "publication-file", name);
  }
});

test("a policy is the verifier's own: the default one accepts no sum tree, and that of sum trees no STARK", () => {
  assert.equal(outcomeOfInclusion("merkle-sum", { policy: DEFAULT_POLICY }), "policy-soundness");
  assert.equal(outcomeOfInclusion("stark-blake3", { policy: MERKLE_SUM_POLICY }), "policy-backend");
  const minimum = { ...DEFAULT_POLICY.minimumBits, inclusion: 76 };
  assert.equal(outcomeOfInclusion("stark-blake3", { policy: { ...DEFAULT_POLICY, minimumBits: minimum } }), "policy-inclusion");
  assert.equal(outcomeOfInclusion("stark-blake3", { policy: { ...DEFAULT_POLICY, hashes: ["poseidon"] } }), "policy-hash");
  assert.equal(outcomeOfInclusion("stark-blake3", { policy: { ...DEFAULT_POLICY, reservesRequired: true } }), "policy-reserves-required");
  // A weak audit whose proof does not hold is refused for the proof, so that nobody takes it for weak alone.
  const broken = withProof(SUM_TREE, flipped(SUM_TREE.get("proof-0000.bin")!, 20));
  assert.equal(verifyAudit({ files: broken, digest: null, policy: DEFAULT_POLICY }).check, "root");
});

test("an audit of a backend that this program does not have is not covered, unless the policy refuses it first", () => {
  const files = recordedFolder("grand-sum/public");
  assert.equal(verifyAudit({ files, digest: null, policy: DEFAULT_POLICY }).check, "policy-backend");
  const any = { ...BOTH_BACKENDS, backends: null };
  const verdict = verifyAudit({ files, digest: null, policy: any });
  assert.equal(verdict.outcome, "not-covered");
  assert.match(verdict.reason, /pairing/);
});

test("progress goes from 0 to 1 and never back", () => {
  for (const name of ["merkle-sum", "stark-blake3"]) {
    const seen: number[] = [];
    verifyInclusion(inputOf(name), (done) => seen.push(done));
    assert.ok(seen.length >= 3, name);
    assert.equal(seen[0], 0);
    assert.equal(seen.at(-1), 1);
    seen.forEach((done, i) => assert.ok(i === 0 || done >= seen[i - 1]!, name));
  }
});

test("nothing is thrown, whatever goes wrong inside", () => {
  const thrower = (): never => {
    throw new TypeError("broken");
  };
  const files = new Map(SUM_TREE);
  files.get = thrower;
  for (const verdict of [
    verifyInclusion(inputOf("merkle-sum", { files })),
    verifyAudit({ files, digest: null, policy: MERKLE_SUM_POLICY }),
    verifyHistory({ files, digest: null, policy: MERKLE_SUM_POLICY, proofs: true }),
    verifyInclusion(inputOf("merkle-sum"), thrower),
  ]) {
    assert.deepEqual([verdict.outcome, verdict.check, verdict.facts], ["failed", null, null]);
    assert.match(verdict.reason, /broken/);
  }
});

test("an audit that says it corrects another shows which and why", () => {
  const record = jsonOf(SUM_TREE.get("publication.json")!);
  const corrects = { publication_digest: "a".repeat(64), reason: "<b>a total</b> was wrong" };
  edit(record, ["corrects"], corrects);
  const files = new Map([...SUM_TREE, ["publication.json", canonicalJsonFile(record)]]);
  const verdict = verifyAudit({ files, digest: null, policy: MERKLE_SUM_POLICY });
  assert.deepEqual(verdict.facts!.corrects, { publicationDigest: "a".repeat(64), reason: corrects.reason });
  assert.ok(jsonFrom(corrects) instanceof Map);
});
