/** A sum tree of accounts with debts: it carries the positions, and covers no debt. The audit is made here, by the page. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { DEFAULT_POLICY, MERKLE_SUM_POLICY } from "../verifier/audit/policy.js";
import { canonicalJson, canonicalJsonFile } from "../verifier/bytes/json.js";
import { concatBytes, encodeUtf8, u64le } from "../verifier/bytes/text.js";
import { sha256 } from "../verifier/hashes/sha256.js";
import { verifyAudit, verifyInclusion } from "../verifier/verify.js";
import type { InclusionInput } from "../verifier/verify.js";
import { fromHex, hashByName } from "./digests.js";
import { digestOfSpec, edit, jsonFrom, sha256Hex } from "./recorded_audits.js";
import type { FileMap } from "./recorded_audits.js";
import { forgeTree, leafOf } from "./sum_tree_prover.js";

const POSITIONS = ["BTC:equity", "BTC:debt", "BTC:loan"];
/** What the only account has, owes and has pledged. */
const HELD = [1000n, 30n, 50n];

interface Made {
  readonly files: FileMap;
  readonly input: InclusionInput;
}

/** An audit of one account, "carol"; `leaf` is what her leaf holds, `pledged` what her file says that she has pledged. */
function make(leaf: readonly bigint[], pledged: Uint8Array): Made {
  const spec = jsonFrom({
    polyproof: 1n,
    assets: [{ symbol: "BTC", decimals: 0n, bits: 64n }],
    rule: "net-equity",
    backend: { name: "merkle-sum", hash: "sha256", accounts_per_segment: 4n, min_depth: 0n },
    margin_backend: { name: "merkle-sum", hash: "sha256", accounts_per_segment: 4n, min_depth: 0n },
    net_equity: { collateral: [{ asset: "BTC", category: "loan", slices: [{ ratio: "0.9", width: null }] }], own_issued: [], underwater: "refuse" },
  });
  const header = jsonFrom({
    format: "polyproof/manifest", version: 2n, audit_id: "tree", created: "2025-02-01T00:00:00Z", snapshot: "2025-01-31T00:00:00Z",
    organisation: null, backend: "merkle-sum", previous: null, spec_digest: digestOfSpec(spec),
    net_equity: {
      margin_segments: 1n, positions: POSITIONS,
      prices: [{ asset: "BTC", source: "one", time: "2025-01-31T00:00:00Z", price: "90000", currency: "USD" }],
    },
  });
  edit(header, ["spec"], null);
  const manifest = header as Extract<typeof header, Map<string, unknown>>;
  manifest.set("spec", spec);
  const context = sha256(concatBytes(encodeUtf8("polyproof/audit-context/1\n"), canonicalJson(manifest), encodeUtf8("\n")));
  const statement = {
    context, auditId: "tree", segment: 0, segments: 1, assets: POSITIONS.map((symbol) => ({ symbol, decimals: 0, bits: 64 })),
    options: { hash: hashByName("sha256"), accountsPerSegment: 4, minDepth: 0 },
  };
  const tree = forgeTree(statement, [{ leaf: leafOf(statement, "carol", leaf, 0), sums: leaf }], HELD);
  const totals = HELD.map(String);
  manifest.set("segments", jsonFrom([
    { index: 0n, file: "proof-0000.bin", bytes: BigInt(tree.proof.length), sha256: sha256Hex(tree.proof), totals },
  ]));
  manifest.set("totals", jsonFrom([totals[0]!])).set("position_totals", jsonFrom(totals));
  const manifestBytes = canonicalJsonFile(manifest);
  const record = jsonFrom({
    format: "polyproof/publication", version: 1n, audit_id: "tree", manifest_digest: sha256Hex(manifestBytes), reserves_digest: null,
    evidence_digest: null, previous: null, corrects: null,
  });
  const files: FileMap = new Map([
    ["publication.json", canonicalJsonFile(record)], ["manifest.json", manifestBytes], ["proof-0000.bin", tree.proof],
  ]);
  const proof = tree.inclusionOf(0);
  const payload = concatBytes(
    encodeUtf8("PPPLEDGE"), Uint8Array.of(1, 0, 0, 0), u64le(pledged.length), pledged, u64le(proof.length), proof,
  );
  const inclusion = concatBytes(
    encodeUtf8("PPROOFIN"), Uint8Array.of(1, 0, 0, 0), u64le(4), encodeUtf8("tree"), fromHex(sha256Hex(manifestBytes)), u64le(0),
    u64le(payload.length), payload,
  );
  const input = {
    files, inclusion, user: "carol", balances: new Map([["BTC", "1000"]]), debts: new Map([["BTC", "30"]]), digest: null,
    policy: MERKLE_SUM_POLICY,
  };
  return { files, input };
}

const HONEST = make(HELD, Uint8Array.of(50));

function outcomeOf(input: InclusionInput): string {
  const verdict = verifyInclusion(input);
  return verdict.check ?? verdict.outcome;
}

test("positions are committed to, and nothing shows that debts are covered", () => {
  const verdict = verifyAudit({ files: HONEST.files, digest: null, policy: MERKLE_SUM_POLICY });
  assert.equal(verdict.outcome, "verified", verdict.reason);
  assert.equal(verdict.facts!.totals[0]!.amount, "1000");
  assert.equal(verdict.facts!.debts!.lent[0]!.amount, "30");
  assert.equal(verdict.facts!.debts!.net[0]!.amount, "970");
  assert.equal(verdict.facts!.nonNegative, "opened-paths");
  assert.equal(verifyAudit({ files: HONEST.files, digest: null, policy: DEFAULT_POLICY }).check, "policy-debts-covered");
});

test("an account is included with what it has, owes and has pledged, and with nothing else", () => {
  const facts = verifyInclusion(HONEST.input).facts!.account!;
  assert.equal(facts.marginSegment, true);
  assert.deepEqual(facts.debts.map((one) => one.amount), ["30"]);
  assert.deepEqual(facts.pledged.map((one) => [one.category, one.amount]), [["loan", "50"]]);
  for (const [balance, debt] of [["1000", "29"], ["1000", "31"], ["999", "30"], ["1001", "30"]]) {
    const typed = { ...HONEST.input, balances: new Map([["BTC", balance!]]), debts: new Map([["BTC", debt!]]) };
    assert.equal(outcomeOf(typed), "inclusion-path", `${balance} ${debt}`);
  }
  assert.equal(outcomeOf({ ...HONEST.input, debts: new Map() }), "inclusion-path");
  assert.equal(outcomeOf({ ...HONEST.input, balances: new Map([["BTC", "49"]]) }), "pledges");
});

test("a file that says another pledge than the leaf, or an impossible one, is refused", () => {
  assert.equal(outcomeOf(make(HELD, Uint8Array.of(51)).input), "inclusion-path");
  assert.equal(outcomeOf(make(HELD, Uint8Array.of(0)).input), "canonical");
  assert.equal(outcomeOf(make(HELD, Uint8Array.of(0xe9, 3)).input), "pledges");
  // A debt that nobody typed, in the leaf: the account's owner sees that it is not theirs.
  assert.equal(outcomeOf(make([1000n, 31n, 50n], Uint8Array.of(50)).input), "inclusion-path");
});
