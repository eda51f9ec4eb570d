import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  DEFAULT_POLICY,
  MERKLE_SUM_POLICY,
  POLICIES,
  checkAssetCount,
  checkBackend,
  checkComponents,
  checkFigures,
  checkInclusionSize,
  checkManifestSize,
  checkProofSize,
  checkReservesPublished,
  checkSegmentCount,
  policyByName,
} from "../verifier/audit/policy.js";
import type { ComponentNames, Policy } from "../verifier/audit/policy.js";
import { FIGURE_NAMES, sumTreeFigures } from "../verifier/audit/security.js";
import type { Figure, Figures } from "../verifier/audit/security.js";

const ROOT = new URL("../../../", import.meta.url);

/** Keys and defaults of a generated table of docs/reference/spec.md, the code marks taken off. */
function defaultsOf(table: string): Map<string, string> {
  const page = readFileSync(new URL("docs/reference/spec.md", ROOT), "utf8");
  const text = page.split(`<!-- generated: options: ${table} -->`)[1]!.split("<!-- end -->")[0]!;
  const rows = [...text.matchAll(/^\| `(\w+)` \| (.*?) \| (.*?) \|/gm)];
  return new Map(rows.map((row) => [row[1]!, row[3]!.replaceAll("`", "")]));
}

/** A value as the table has it: a list by its items, null as nothing. */
function inTable(value: number | boolean | readonly string[] | null): string {
  if (value === null) return "";
  return typeof value === "object" ? value.join(", ") : String(value);
}

test("the default policy is the one of the page", () => {
  const table = defaultsOf("policy");
  for (const name of FIGURE_NAMES) {
    assert.equal(Number(table.get(`min_${name}_bits`)), DEFAULT_POLICY.minimumBits[name], name);
  }
  const others: [string, Parameters<typeof inTable>[0]][] = [
    ["backends", DEFAULT_POLICY.backends],
    ["constraints", DEFAULT_POLICY.constraints],
    ["commitments", DEFAULT_POLICY.commitments],
    ["hashes", DEFAULT_POLICY.hashes],
    ["fields", DEFAULT_POLICY.fields],
    ["max_proof_bytes", DEFAULT_POLICY.maxProofBytes],
    ["max_inclusion_bytes", DEFAULT_POLICY.maxInclusionBytes],
    ["max_manifest_bytes", DEFAULT_POLICY.maxManifestBytes],
    ["max_assets", DEFAULT_POLICY.maxAssets],
    ["max_segments", DEFAULT_POLICY.maxSegments],
    ["reserves_required", DEFAULT_POLICY.reservesRequired],
  ];
  for (const [key, value] of others) assert.equal(table.get(key), inTable(value), key);
  const debts = defaultsOf("net equity policy");
  assert.equal(debts.get("require_covered"), inTable(DEFAULT_POLICY.netEquity.requireCovered));
  assert.equal(debts.get("allow_own_issued"), inTable(DEFAULT_POLICY.netEquity.allowOwnIssued));
  assert.equal(debts.get("own_issued"), inTable(DEFAULT_POLICY.netEquity.ownIssued));
  assert.equal(debts.get("max_price_hours"), inTable(DEFAULT_POLICY.netEquity.maxPriceHours));
  assert.equal(debts.get("allow_negative_net"), inTable(DEFAULT_POLICY.netEquity.allowNegativeNet));
});

test("the policy merkle-sum is the file that comes with polyproof, and leaves all else at the defaults", () => {
  const file = readFileSync(new URL("specs/policies/merkle-sum.yaml", ROOT), "utf8");
  const keys = file.split("\n").filter((line) => /^\w/.test(line));
  assert.deepEqual(keys, [
    "polyproof-policy: 2",
    "backends: [merkle-sum]",
    "min_soundness_bits: null",
    "min_soundness_2025_bits: null",
    "min_inclusion_bits: 100",
    "net_equity: {require_covered: false}",
  ]);
  assert.deepEqual(MERKLE_SUM_POLICY, {
    ...DEFAULT_POLICY,
    name: "merkle-sum",
    backends: ["merkle-sum"],
    minimumBits: { ...DEFAULT_POLICY.minimumBits, soundness: null, soundness_2025: null, inclusion: 100 },
    netEquity: { ...DEFAULT_POLICY.netEquity, requireCovered: false },
  });
});

test("a policy is chosen by its name", () => {
  for (const policy of POLICIES) assert.equal(policyByName(policy.name), policy);
  assert.throws(() => policyByName("insecure-grand-sum"), { name: "BadInput" });
  assert.throws(() => policyByName("toString"), { name: "BadInput" });
});

const COMPONENTS: ComponentNames = {
  constraints: ["accounts"],
  commitment: ["merkle"],
  hash: ["blake3"],
  field: ["goldilocks"],
};

test("names that a policy does not list are refused, each by its check", () => {
  checkComponents(DEFAULT_POLICY, "stark", COMPONENTS);
  checkComponents(DEFAULT_POLICY, "merkle-sum", { constraints: [], commitment: [], hash: ["sha256"], field: [] });
  const refused: [string, Partial<ComponentNames>][] = [
    ["policy-constraints", { constraints: ["accounts", "anything-goes"] }],
    ["policy-commitment", { commitment: ["kzg"] }],
    ["policy-hash", { hash: ["md5"] }],
    ["policy-hash", { hash: [] }],
    ["policy-field", { field: ["mersenne31"] }],
  ];
  for (const [check, names] of refused) {
    assert.throws(() => checkComponents(DEFAULT_POLICY, "stark", { ...COMPONENTS, ...names }), { check });
  }
  assert.throws(() => checkBackend(DEFAULT_POLICY, "grand-sum"), { check: "policy-backend" });
  assert.throws(() => checkComponents(MERKLE_SUM_POLICY, "stark", COMPONENTS), { check: "policy-backend" });
});

test("a limit of size is the last that passes", () => {
  const limits: [string, (policy: Policy, count: number) => void, number][] = [
    ["policy-assets", checkAssetCount, DEFAULT_POLICY.maxAssets],
    ["policy-segments", checkSegmentCount, DEFAULT_POLICY.maxSegments],
    ["policy-manifest-size", checkManifestSize, DEFAULT_POLICY.maxManifestBytes],
    ["policy-proof-size", checkProofSize, DEFAULT_POLICY.maxProofBytes],
    ["policy-inclusion-size", checkInclusionSize, DEFAULT_POLICY.maxInclusionBytes],
  ];
  for (const [check, compare, most] of limits) {
    compare(DEFAULT_POLICY, most);
    assert.throws(() => compare(DEFAULT_POLICY, most + 1), { check });
  }
  checkReservesPublished(DEFAULT_POLICY, false);
  checkReservesPublished({ ...DEFAULT_POLICY, reservesRequired: true }, true);
  assert.throws(() => checkReservesPublished({ ...DEFAULT_POLICY, reservesRequired: true }, false), {
    check: "policy-reserves-required",
  });
});

const figureOfBits = (bits: number): Figure => ({ bits, decidedBy: "queries", restsOn: "a theorem" });
const ENOUGH: Figures = {
  binding: figureOfBits(100),
  soundness: figureOfBits(100),
  soundness_2025: figureOfBits(100),
  inclusion: figureOfBits(60),
  inclusion_2025: figureOfBits(100),
};

test("a figure equal to its minimum passes, and one a billionth below does not", () => {
  checkFigures(DEFAULT_POLICY, ENOUGH);
  for (const name of FIGURE_NAMES) {
    const check = `policy-${name.replace("_", "-")}`;
    const least = DEFAULT_POLICY.minimumBits[name]!;
    // What older theorems prove counts by the newer ones too: so the older figure must not make up for it here.
    const older = name === "soundness_2025" ? { soundness: null } : {};
    const policy =
      name === "soundness_2025"
        ? { ...DEFAULT_POLICY, minimumBits: { ...DEFAULT_POLICY.minimumBits, soundness: null } }
        : DEFAULT_POLICY;
    for (const bits of [least - 1e-9, 0, -5, NaN, Infinity]) {
      assert.throws(() => checkFigures(policy, { ...ENOUGH, ...older, [name]: figureOfBits(bits) }), { check });
    }
    assert.throws(() => checkFigures(policy, { ...ENOUGH, ...older, [name]: null, ...(name === "inclusion_2025" ? { inclusion: figureOfBits(99) } : {}) }), { check });
  }
});

test("what older theorems prove counts for those who accept newer ones", () => {
  checkFigures(DEFAULT_POLICY, {
    ...ENOUGH,
    soundness_2025: null,
    inclusion: figureOfBits(100),
    inclusion_2025: figureOfBits(40),
  });
});

test("the default policy refuses a sum tree for its soundness, and the policy for sum trees accepts it", () => {
  const tree = sumTreeFigures("sha256");
  assert.throws(() => checkFigures(DEFAULT_POLICY, tree), { check: "policy-soundness" });
  checkFigures(MERKLE_SUM_POLICY, tree);
});
