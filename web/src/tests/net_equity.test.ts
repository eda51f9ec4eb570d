/** Audits in which accounts have debts: hostile headers, policies, and accounts with pledges. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { openAudit, openRecord } from "../verifier/audit/open.js";
import { DEFAULT_POLICY, MERKLE_SUM_POLICY } from "../verifier/audit/policy.js";
import type { NetEquityPolicy } from "../verifier/audit/policy.js";
import type { JsonObject, JsonValue } from "../verifier/bytes/json.js";
import { concatBytes, encodeUtf8 } from "../verifier/bytes/text.js";
import { Rejected } from "../verifier/rejected.js";
import type { MarginAsset } from "../verifier/stark/constraint_system.js";
import type { Verdict } from "../verifier/verdict.js";
import { verifyAudit, verifyInclusion } from "../verifier/verify.js";
import { edit, flipped, recordedFile, recordedFolder, valueAt, withEditedManifest } from "./recorded_audits.js";
import type { FileMap, JsonPath, Plain } from "./recorded_audits.js";

const MARGIN = recordedFolder("stark-margin/public");
const CAROL = recordedFile("stark-margin/carol.polyproof");
const ALICE = recordedFile("stark-margin/alice.polyproof");

const PRICES = ["net_equity", "prices"] as const;
const COLLATERAL = ["spec", "net_equity", "collateral"] as const;
const SLICES = [...COLLATERAL, 0, "slices"] as const;

type Change = (manifest: JsonObject) => void;

const put = (path: JsonPath, to: Plain | undefined): Change => (manifest) => edit(manifest, path, to);
const all = (...changes: Change[]): Change => (manifest) => changes.forEach((change) => change(manifest));
const listAt = (manifest: JsonObject, path: JsonPath): JsonValue[] => valueAt(manifest, path) as JsonValue[];
const slices = (...found: (readonly [string, string | null])[]): Change =>
  put(SLICES, found.map(([ratio, width]) => ({ ratio, width })));

/** What is said of the recorded audit with its header changed so. */
function verdictOf(change: Change, netEquity: Partial<NetEquityPolicy> = {}): Verdict {
  const policy = { ...DEFAULT_POLICY, netEquity: { ...DEFAULT_POLICY.netEquity, ...netEquity } };
  return verifyAudit({ files: withEditedManifest(MARGIN, change), digest: null, policy });
}

/** Headers under which debts would count for too little, or that do not fit their spec, and what refuses them. */
const HOSTILE_HEADERS: readonly [string, string, Change][] = [
  ["a price of zero", "manifest-format", put([...PRICES, 0, "price"], "0")],
  ["a price below zero", "manifest-format", put([...PRICES, 0, "price"], "-1")],
  ["a price with an exponent", "manifest-format", put([...PRICES, 0, "price"], "9e4")],
  ["prices that are not in order", "manifest-format", (m) => listAt(m, PRICES).reverse()],
  ["a price of another currency", "manifest-prices", put([...PRICES, 0, "currency"], "EUR")],
  ["a price from after the proof was started", "manifest-prices", put([...PRICES, 0, "time"], "2999-01-01T00:00:00Z")],
  ["a price of an asset that is not audited", "manifest-prices", put([...PRICES, 0, "asset"], "AAA")],
  ["an asset without a price", "manifest-prices", (m) => listAt(m, PRICES).pop()],
  ["no prices", "manifest-prices", put(PRICES, [])],
  [
    "two prices of one source",
    "manifest-prices",
    all(put([...PRICES, 0, "source"], "one"), put([...PRICES, 0, "time"], "2025-10-30T00:00:00Z")),
  ],
  ["a price so low that it has few bits beside others", "manifest-prices", put([...PRICES, 1, "price"], `0.${"0".repeat(120)}1`)],
  ["a price so high", "manifest-prices", put([...PRICES, 0, "price"], `1${"0".repeat(60)}`)],
  ["a ratio above one", "public-spec", slices(["1.1", null])],
  ["a ratio a little above one", "public-spec", slices([`1.${"0".repeat(100)}1`, null])],
  ["a ratio that rises", "public-spec", slices(["0.5", "1"], ["0.9", null])],
  ["a ratio below zero", "public-spec", slices(["-0.1", null])],
  ["a width of zero", "public-spec", slices(["0.9", "0"], ["0.5", null])],
  ["a width that does not fit", "public-spec", slices(["0.9", "184467440737.09551616"], ["0.5", null])],
  ["a width finer than a base unit", "public-spec", slices(["0.9", "0.000000001"], ["0.5", null])],
  ["no open slice", "public-spec", slices(["0.9", "1"])],
  ["an open slice before another", "public-spec", slices(["0.9", null], ["0.5", null])],
  ["no slices", "public-spec", slices()],
  ["33 slices", "public-spec", slices(...Array.from({ length: 32 }, () => ["0.5", "1"] as const), ["0.5", null])],
  ["collateral of an asset that is not audited", "public-spec", put([...COLLATERAL, 0, "asset"], "AAA")],
  ["a category called debt", "manifest-prices", put([...COLLATERAL, 0, "category"], "debt")],
  ["a category called equity", "manifest-prices", put([...COLLATERAL, 0, "category"], "equity")],
  ["a category with a colon", "public-spec", put([...COLLATERAL, 0, "category"], "a:b")],
  ["the same pledge twice", "public-spec", (m) => listAt(m, COLLATERAL).push(valueAt(m, [...COLLATERAL, 0])!)],
  ["an issued asset that is not audited", "public-spec", put(["spec", "net_equity", "own_issued"], ["AAA"])],
  ["a way with accounts under water that there is not", "public-spec", put(["spec", "net_equity", "underwater"], "ignore")],
  ["a symbol that looks like a position", "public-spec", put(["spec", "assets", 0, "symbol"], "BTC:debt")],
  ["positions renamed", "manifest-totals", put(["net_equity", "positions"], ["BTC:equity"])],
  [
    "positions in another order",
    "manifest-net-equity",
    all(put(["net_equity", "positions", 1], "BTC:loan"), put(["net_equity", "positions", 2], "BTC:debt")),
  ],
  ["a position twice", "manifest-format", (m) => listAt(m, ["net_equity", "positions"]).push("BTC:loan")],
  ["debts as a segment without debts", "manifest-totals", put(["net_equity", "margin_segments"], 0n)],
  ["no segment without debts", "manifest-totals", put(["net_equity", "margin_segments"], 2n)],
  [
    "debts in the spec alone",
    "manifest-net-equity",
    all(
      put(["net_equity"], undefined),
      put(["position_totals"], undefined),
      put(["segments", 1, "totals"], ["0", "0"]),
      (m) => m.set("totals", valueAt(m, ["segments", 0, "totals"])!),
    ),
  ],
  [
    "debts in the manifest alone",
    "manifest-net-equity",
    all(put(["spec", "rule"], "non-negative"), put(["spec", "net_equity"], undefined), put(["spec", "margin_backend"], undefined)),
  ],
  [
    "segments with debts alone, and a total too few",
    "manifest-totals",
    all(
      (m) => listAt(m, ["segments"]).shift(),
      put(["segments", 0, "index"], 0n),
      put(["segments", 0, "file"], "proof-0000.bin"),
      (m) => listAt(m, ["totals"]).pop(),
    ),
  ],
  ["more segments with debts than segments", "manifest-format", put(["net_equity", "margin_segments"], 3n)],
  ["another rule", "public-spec", put(["spec", "rule"], "non-negative")],
  ["no settings", "public-spec", put(["spec", "net_equity"], undefined)],
  ["no backend for accounts with debts", "public-spec", put(["spec", "margin_backend"], undefined)],
  ["another backend for accounts with debts", "manifest-backend", put(["spec", "margin_backend", "name"], "merkle-sum")],
  ["debts under a system that covers none", "public-spec", put(["spec", "margin_backend", "constraints"], "accounts")],
  ["all under a system for debts", "public-spec", put(["spec", "backend", "constraints"], "margin-accounts")],
  ["totals of positions that are not the sums", "manifest-totals", put(["position_totals", 1], "10000001")],
  ["no totals of positions", "manifest-format", put(["position_totals"], undefined)],
  [
    "accounts left out that the spec refuses",
    "manifest-net-equity",
    put(["net_equity", "underwater"], { accounts: 1n, equity: ["0", "0"], debt: ["0", "0"] }),
  ],
  [
    "what was left out without an amount for each asset",
    "manifest-net-equity",
    all(
      put(["spec", "net_equity", "underwater"], "leave-out"),
      put(["net_equity", "underwater"], { accounts: 1n, equity: ["0"], debt: ["0", "0"] }),
    ),
  ],
  [
    "no accounts left out",
    "manifest-format",
    put(["net_equity", "underwater"], { accounts: 0n, equity: ["0", "0"], debt: ["0", "0"] }),
  ],
  [
    "the rule without debts, and what is said of them",
    "manifest-net-equity",
    all(
      put(["spec", "rule"], "non-negative"),
      put(["spec", "net_equity"], undefined),
      put(["spec", "margin_backend"], undefined),
    ),
  ],
  // From here on each header is one that an honest audit could have: it is not the one of these proofs.
  ["a higher price of collateral", "constraint-identity", put([...PRICES, 1, "price"], "90001")],
  ["a lower price of debts", "constraint-identity", put([...PRICES, 0, "price"], "90999")],
  ["an earlier price", "constraint-identity", put([...PRICES, 0, "time"], "2025-10-30T23:59:59Z")],
  ["another source", "constraint-identity", put([...PRICES, 0, "source"], "anybody")],
  ["a better ratio", "constraint-identity", slices(["0.95", "10"], ["0.5", null])],
  ["a wider slice", "constraint-identity", slices(["0.9", "11"], ["0.5", null])],
  [
    "accounts under water left out",
    "constraint-identity",
    all(
      put(["spec", "net_equity", "underwater"], "leave-out"),
      put(["net_equity", "underwater"], { accounts: 1n, equity: ["0", "0"], debt: ["0", "1"] }),
    ),
  ],
];

for (const [name, check, change] of HOSTILE_HEADERS) {
  test(`refused by ${check}: ${name}`, () => {
    const verdict = verdictOf(change);
    assert.equal(verdict.check, check, verdict.reason);
  });
}

test("collateral that the organisation issues itself is refused, whoever says that it does", () => {
  const issued = put(["spec", "net_equity", "own_issued"], ["USDT"]);
  assert.equal(verdictOf(issued).check, "policy-own-issued");
  // Allowed, the header is still another than that of the proofs.
  for (const allowOwnIssued of [["USDT"], null]) assert.equal(verdictOf(issued, { allowOwnIssued }).check, "constraint-identity");
  assert.equal(verdictOf(issued, { allowOwnIssued: ["BTC"] }).check, "policy-own-issued");
  assert.equal(verdictOf(() => undefined, { ownIssued: ["USDT"] }).check, "policy-own-issued");
  assert.equal(verdictOf(() => undefined, { ownIssued: ["DOGE"] }).outcome, "verified");
  const declared = put(["disclosures"], { own_issued: [{ asset: "BTC" }] });
  assert.equal(verdictOf(declared).check, "policy-own-issued");
  assert.equal(verdictOf(declared, { allowOwnIssued: ["BTC"] }).check, "constraint-identity");
  // Of what has ratio 0 in all slices, nothing counts.
  const worthless = all(put([...COLLATERAL, 1, "slices", 0, "ratio"], "0"), issued);
  assert.equal(verdictOf(worthless).check, "constraint-identity");
});

test("an asset of which more is lent than all accounts have is refused unless it is allowed", () => {
  const lent = all(
    put(["segments", 1, "totals", 1], "475000001"),
    put(["position_totals", 1], "475000001"),
  );
  assert.equal(verdictOf(lent).check, "policy-net");
  assert.equal(verdictOf(lent, { allowNegativeNet: ["USDT"] }).check, "policy-net");
  for (const allowNegativeNet of [["BTC"], null]) {
    assert.equal(verdictOf(lent, { allowNegativeNet }).check, "constraint-identity");
  }
});

test("what is lent, net totals and prices' currency are told of an audit with debts", () => {
  const { outcome, facts } = verdictOf(() => undefined);
  assert.equal(outcome, "verified");
  assert.deepEqual(facts!.debts, {
    marginSegments: 1,
    lent: [
      { asset: "BTC", units: "10000000", amount: "0.1" },
      { asset: "USDT", units: "50000000000", amount: "50000" },
    ],
    net: [
      { asset: "BTC", units: "465000000", amount: "4.65" },
      { asset: "USDT", units: "20100000000", amount: "20100" },
    ],
    currency: "USD",
    pricesFrom: "2025-10-31T00:00:00Z",
    pricesTo: "2025-10-31T00:00:00Z",
    underwaterAccounts: null,
  });
});

test("a policy for sum trees refuses the STARK of this audit, by its backend", () => {
  assert.equal(verifyAudit({ files: MARGIN, digest: null, policy: MERKLE_SUM_POLICY }).check, "policy-backend");
});

function included(
  inclusion: Uint8Array,
  user: string,
  balances: Record<string, string>,
  debts: Record<string, string>,
  files: FileMap = MARGIN,
): Verdict {
  return verifyInclusion({
    files, inclusion, user, balances: new Map(Object.entries(balances)), debts: new Map(Object.entries(debts)), digest: null,
    policy: DEFAULT_POLICY,
  });
}

test("an account with a debt is included, and what it has pledged is told", () => {
  const verdict = included(CAROL, "carol", { USDT: "20000" }, { BTC: "0.1" });
  assert.equal(verdict.outcome, "included", verdict.reason);
  assert.deepEqual(verdict.facts!.account, {
    user: "carol",
    segment: 1,
    marginSegment: true,
    balances: [
      { asset: "BTC", units: "0", amount: "0" },
      { asset: "USDT", units: "20000000000", amount: "20000" },
    ],
    debts: [{ asset: "BTC", units: "10000000", amount: "0.1" }],
    pledged: [{ asset: "USDT", category: "loan", units: "10000000000", amount: "10000" }],
  });
});

test("debts and balances other than those counted are not included", () => {
  const typed: [string, Record<string, string>, Record<string, string>][] = [
    ["inclusion-path", { USDT: "20000" }, { BTC: "0.09999999" }],
    ["inclusion-path", { USDT: "20000" }, {}],
    ["inclusion-path", { USDT: "20000.000001" }, { BTC: "0.1" }],
    ["inclusion-path", { USDT: "20000" }, { BTC: "0.1", USDT: "0.000001" }],
    ["balance-covered", { USDT: "20000" }, { BTC: "0.11" }],
    ["pledges", { USDT: "9999.999999" }, { BTC: "0.1" }],
    ["pledges", { USDT: "0" }, {}],
  ];
  for (const [check, balances, debts] of typed) {
    const verdict = included(CAROL, "carol", balances, debts);
    assert.equal(verdict.check, check, JSON.stringify([balances, debts, verdict.reason]));
  }
  assert.equal(included(CAROL, "bob", { USDT: "20000" }, { BTC: "0.1" }).check, "inclusion-path");
});

test("a debt is rounded down, as in the snapshot", () => {
  assert.equal(included(CAROL, "carol", { USDT: "19999.9999999" }, { BTC: "0.100000009" }).outcome, "included");
});

test("an account of a part without debts has none", () => {
  assert.equal(included(ALICE, "alice", { BTC: "0.25", USDT: "100" }, {}).facts!.account!.marginSegment, false);
  assert.equal(included(ALICE, "alice", { BTC: "0.25", USDT: "100" }, { BTC: "0" }).outcome, "included");
  assert.equal(included(ALICE, "alice", { BTC: "0.25", USDT: "100" }, { BTC: "0.00000001" }).check, "segment-kind");
});

test("pledges of the file that are not those counted, or in another form, are rejected", () => {
  // Magic, version, audit id and its length, manifest digest, segment, length of the payload; then the container.
  const container = 8 + 4 + 8 + encodeUtf8("stark-margin-2026-11-26-e1875089").length + 32 + 8 + 8;
  const [loanOfBtc, loanOfUsdt] = [container + 12, container + 12 + 8];
  assert.equal(CAROL[loanOfBtc], 0, "carol has pledged no BTC");
  assert.equal(CAROL[loanOfUsdt], 5, "10^10 units have five bytes");
  const check = (inclusion: Uint8Array): string | null =>
    included(inclusion, "carol", { USDT: "20000" }, { BTC: "0.1" }).check;
  assert.equal(check(flipped(CAROL, loanOfUsdt + 8, 1)), "inclusion-path", "one unit more");
  assert.equal(check(flipped(CAROL, loanOfUsdt + 8 + 4, 3)), "balance-covered", "too little");
  assert.equal(check(flipped(CAROL, loanOfUsdt + 8 + 4, 8)), "pledges", "more than she has");
  assert.equal(check(flipped(CAROL, loanOfUsdt, 8)), "range", "13 bytes of a balance of 64 bits");
  assert.equal(check(flipped(CAROL, container)), "magic");
  assert.equal(check(flipped(CAROL, container + 8)), "version");
  const longer = concatBytes(CAROL.slice(0, loanOfUsdt), Uint8Array.of(6), CAROL.slice(loanOfUsdt + 1, loanOfUsdt + 13), Uint8Array.of(0), CAROL.slice(loanOfUsdt + 13));
  longer[container - 8]! += 1;
  assert.equal(check(longer), "canonical", "a zero byte at the end of a pledge");
});

test("a file of one part does not pass for one of the other", () => {
  const place = 8 + 4 + 8 + encodeUtf8("stark-margin-2026-11-26-e1875089").length + 32;
  assert.equal(included(flipped(CAROL, place), "carol", { USDT: "20000" }, {}).check, "magic");
  assert.equal(included(flipped(ALICE, place), "alice", { BTC: "0.25", USDT: "100" }, {}).check, "magic");
});

test("prices are of the time of the balances, as far as the policy lets them be of another", () => {
  // Where they pass, the header is still another than that of the proofs.
  const cases: [string, string, Partial<NetEquityPolicy>][] = [
    ["constraint-identity", "2025-10-30T00:00:00Z", {}],
    ["policy-price-times", "2025-10-29T23:59:59Z", {}],
    ["constraint-identity", "2025-11-01T00:00:00Z", {}],
    ["policy-price-times", "2025-11-01T00:00:01Z", {}],
    ["constraint-identity", "2001-01-01T00:00:00Z", { maxPriceHours: null }],
    ["policy-price-times", "2025-10-30T23:59:59Z", { maxPriceHours: 0 }],
  ];
  for (const [expected, time, policy] of cases) {
    assert.equal(verdictOf(put([...PRICES, 0, "time"], time), policy).check, expected, time);
  }
});

/** Quotes in dollars: of each asset `lowest-highest` or one price. */
function quotes(prices: Record<string, string>, currency = "USD"): NetEquityPolicy["prices"] {
  return Object.entries(prices).flatMap(([asset, range]) =>
    range.split("-").map((price, i) => ({ asset, price, currency, source: `source ${i}`, time: "2025-10-31T00:00:00Z" })),
  );
}

/** The check by which a policy refuses the recorded header, before any proof is read, or `accepted`. */
function judgedBy(netEquity: Partial<NetEquityPolicy>): string {
  const policy = { ...DEFAULT_POLICY, netEquity: { ...DEFAULT_POLICY.netEquity, ...netEquity } };
  try {
    openAudit(openRecord(MARGIN, null, policy, true), policy, Date.now());
    return "accepted";
  } catch (error) {
    if (error instanceof Rejected) return error.check;
    throw error;
  }
}

test("debts count by the highest price rounded up, pledges by the lowest rounded down", () => {
  const files = withEditedManifest(
    MARGIN,
    all(put([...PRICES, 0, "price"], "91000.000000000000000001"), put([...PRICES, 1, "price"], "89999.999999999999999999")),
  );
  const { netEquity, spec } = openAudit(openRecord(files, null, DEFAULT_POLICY, true), DEFAULT_POLICY, Date.now());
  // One USDT is 10^6 base units, and has to have 20 bits: a value unit is 10^−12 USD.
  assert.deepEqual(spec.assets.map(({ decimals }) => decimals), [8, 6]);
  const [btc, usdt] = netEquity!.terms as [MarginAsset, MarginAsset];
  assert.deepEqual([btc.priceUp, usdt.priceUp], [91000n * 10n ** 4n + 1n, 10n ** 6n]);
  // 0.9 and 0.5 of 899999999, rounded down once more.
  assert.deepEqual(btc.categories[0]!.slices.map(({ coefficient }) => coefficient), [809999999n, 449999999n]);
});

test("prices of one's own are compared to the last digit of the tolerance", () => {
  // The audit has BTC at 90000 to 91000 and USDT at 1. Both are owed, and both are collateral.
  const cases: [string, Record<string, string>, string][] = [
    ["accepted", { BTC: "90000-91000", USDT: "1" }, "0"],
    ["accepted", { BTC: "90000-91000", USDT: "1" }, "2"],
    ["policy-prices", { BTC: "90000-91000.01", USDT: "1" }, "0"],
    ["policy-prices", { BTC: "89999.99-91000", USDT: "1" }, "0"],
    // 91000/0.98 = 92857.142857…, 90000/1.02 = 88235.294117…
    ["accepted", { BTC: "90000-92857.142857", USDT: "1" }, "2"],
    ["policy-prices", { BTC: "90000-92857.142858", USDT: "1" }, "2"],
    ["accepted", { BTC: "88235.294118-91000", USDT: "1" }, "2"],
    ["policy-prices", { BTC: "88235.294117-91000", USDT: "1" }, "2"],
    ["accepted", { BTC: "90000-92857.142858", USDT: "1" }, "2.000001"],
    ["policy-prices", { BTC: "90000-91000" }, "2"],
    ["policy-prices", { BTC: "90000-91000", USDT: "1.1" }, "2"],
    ["policy-prices", { BTC: "90000-91000", USDT: "0.9" }, "2"],
    ["accepted", { BTC: "90000-91000", USDT: "0.9", DOGE: "7" }, "20"],
  ];
  for (const [expected, prices, tolerance] of cases) {
    assert.equal(judgedBy({ prices: quotes(prices), tolerance }), expected, JSON.stringify([prices, tolerance]));
  }
  assert.equal(judgedBy({ prices: quotes({ BTC: "90000-91000", USDT: "1" }, "EUR") }), "policy-prices");
});

test("collateral counts for no more than the policy's haircuts, at any size of a pledge", () => {
  const BTC = (...found: (readonly [string, string | null])[]) => ({
    asset: "BTC", category: "loan", slices: found.map(([ratio, width]) => ({ ratio, width })),
  });
  // The audit lets the first 10 BTC count for 0.9 and the others for 0.5; USDT for 1.
  const cases: [string, NetEquityPolicy["haircuts"]][] = [
    ["accepted", []],
    ["accepted", [BTC(["0.9", "10"], ["0.5", null])]],
    ["accepted", [BTC(["0.9", null])]],
    ["policy-haircuts", [BTC(["0.9", "9.99999999"], ["0.5", null])]],
    ["policy-haircuts", [BTC(["0.8999999", "10"], ["0.5", null])]],
    ["policy-haircuts", [BTC(["0.9", "10"], ["0.4999999", null])]],
    ["policy-haircuts", [BTC(["0.9", "1000"], ["0", null])]],
    ["accepted", [BTC(["0.95", "10"], ["0.5", null])]],
    // More for the first coins makes up for less later on, but not for ever.
    ["policy-haircuts", [BTC(["1", "10"], ["0.4", null])]],
    ["accepted", [BTC(["1", "1"], ["0.9", "9"], ["0.5", null])]],
    ["policy-haircuts", [{ ...BTC(["1", null]), category: "margin" }]],
    ["accepted", [{ ...BTC(["0", null]), asset: "DOGE" }]],
    ["policy-haircuts", [{ asset: "USDT", category: "loan", slices: [{ ratio: "0.99", width: null }] }]],
  ];
  for (const [expected, haircuts] of cases) assert.equal(judgedBy({ haircuts }), expected, JSON.stringify(haircuts));
});
