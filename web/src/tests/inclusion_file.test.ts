import assert from "node:assert/strict";
import { test } from "node:test";

import { makeClaim, coinsText, unitsRoundedUp } from "../verifier/audit/balances.js";
import { parseInclusionFile, parsePledges } from "../verifier/audit/inclusion_file.js";
import { DEFAULT_POLICY } from "../verifier/audit/policy.js";
import { concatBytes, encodeUtf8, u64le } from "../verifier/bytes/text.js";
import { BadInput } from "../verifier/rejected.js";
import { recordedFile, sha256Hex } from "./recorded_audits.js";
import { checkOf } from "./stark_files.js";

const FILE = recordedFile("merkle-sum/inclusion.polyproof");

function container(auditId: Uint8Array, payload: Uint8Array, segment = 0n): Uint8Array {
  return concatBytes(
    encodeUtf8("PPROOFIN"), Uint8Array.of(1, 0, 0, 0), u64le(auditId.length), auditId, new Uint8Array(32), u64le(segment),
    u64le(payload.length), payload,
  );
}

const parsed = (data: Uint8Array): string => checkOf(() => parseInclusionFile(data, DEFAULT_POLICY));

test("an inclusion file that polyproof cut is read as it is", () => {
  const found = parseInclusionFile(FILE, DEFAULT_POLICY);
  assert.equal(found.auditId, "merkle-sum-2026-11-26-ac3e84d9");
  assert.equal(found.segment, 0n);
  assert.equal(found.manifestDigest, sha256Hex(recordedFile("merkle-sum/public/manifest.json")));
  assert.equal(new TextDecoder().decode(found.payload.slice(0, 8)), "PPSUMINC");
});

test("a container is refused for its form, by name", () => {
  const id = encodeUtf8("an-audit");
  assert.equal(parsed(container(id, new Uint8Array(3), 2n ** 64n - 1n)), "accepted");
  for (const bad of ["-x", "", "a b", "a".repeat(128).slice(0, 127) + "é".slice(0, 0) + "/"]) {
    assert.equal(parsed(container(encodeUtf8(bad), new Uint8Array(3))), "audit-id", bad);
  }
  assert.equal(parsed(container(Uint8Array.of(0xc3, 0x28), new Uint8Array(3))), "utf-8");
  assert.equal(parsed(container(new Uint8Array(129).fill(0x61), new Uint8Array(3))), "range");
  assert.equal(parsed(encodeUtf8("PPROOFIM")), "magic");
  assert.equal(parsed(concatBytes(encodeUtf8("PPROOFIN"), Uint8Array.of(2, 0, 0, 0))), "version");
  assert.equal(parsed(concatBytes(FILE, Uint8Array.of(0))), "trailing-bytes");
  for (let n = 0; n < FILE.length; n += 7) assert.ok(["truncated", "range"].includes(parsed(FILE.slice(0, n))), `${n}`);
});

test("a file is refused for its size, before and after what surrounds the proof is taken off", () => {
  const id = encodeUtf8("an-audit");
  assert.equal(parsed(container(id, new Uint8Array(DEFAULT_POLICY.maxInclusionBytes))), "accepted");
  assert.equal(parsed(container(id, new Uint8Array(DEFAULT_POLICY.maxInclusionBytes + 1))), "policy-inclusion-size");
  assert.equal(parsed(new Uint8Array(2 * DEFAULT_POLICY.maxInclusionBytes)), "policy-inclusion-size");
});

test("pledges are in their shortest form and in range", () => {
  const positions = [{ symbol: "BTC:loan", bits: 64 }, { symbol: "ETH:loan", bits: 65 }];
  const pledges = (...amounts: readonly number[][]): Uint8Array =>
    concatBytes(
      encodeUtf8("PPPLEDGE"), Uint8Array.of(1, 0, 0, 0), ...amounts.flatMap((one) => [u64le(one.length), Uint8Array.from(one)]),
      u64le(2), Uint8Array.of(7, 8),
    );
  const good = parsePledges(pledges([1, 2], []), positions);
  assert.deepEqual(good.pledged, [513n, 0n]);
  assert.deepEqual([...good.payload], [7, 8]);
  const check = (data: Uint8Array): string => checkOf(() => parsePledges(data, positions));
  assert.equal(check(pledges([1, 0], [])), "canonical");
  assert.equal(check(pledges([], [0, 0, 0, 0, 0, 0, 0, 0, 2])), "pledges");
  assert.equal(check(pledges([], [0, 0, 0, 0, 0, 0, 0, 0, 1])), "accepted");
  assert.equal(check(pledges([1, 1, 1, 1, 1, 1, 1, 1, 1], [])), "range");
  assert.equal(check(pledges([])), "truncated");
  assert.equal(check(pledges([], [], [])), "trailing-bytes");
  assert.equal(check(FILE), "magic");
});

const ASSETS = [{ symbol: "BTC", decimals: 8, bits: 64 }, { symbol: "usdt", decimals: 2, bits: 16 }];

function typed(text: string, kind: "balances" | "debts" = "balances"): string {
  const amounts = new Map([["BTC", text]]);
  try {
    const claim = makeClaim(ASSETS, "me", kind === "balances" ? amounts : new Map(), kind === "debts" ? amounts : new Map());
    return claim[kind][0]!.toString();
  } catch (error) {
    if (error instanceof BadInput) return "bad-input";
    throw error;
  }
}

test("amounts are exact: balances are rounded up and debts down", () => {
  const amounts: readonly (readonly [string, string, string])[] = [
    ["1", "100000000", "100000000"], ["0.5", "50000000", "50000000"], [".5", "50000000", "50000000"], ["5.", "500000000", "500000000"],
    ["+2e-8", "2", "2"], [" 1E2\t", "10000000000", "10000000000"], ["0.000000001", "1", "0"], ["0.000000019", "2", "1"],
    ["1e-999999999999", "1", "0"], ["-0.000000001", "0", "bad-input"], ["0e99999999999", "0", "0"], ["0".repeat(999) + "7", "700000000", "700000000"],
    ["184467440737.09551615", "18446744073709551615", "18446744073709551615"], ["0.1000000000000000000000000000001", "10000001", "10000000"],
  ];
  for (const [text, up, down] of amounts) {
    assert.equal(typed(text), up, text.slice(0, 30));
    assert.equal(typed(text, "debts"), down, text.slice(0, 30));
  }
});

test("what is no amount, or one that the audit cannot have counted, is neither for nor against it", () => {
  for (const text of [
    "", " ", ".", "1,5", "1 000", "1_000", "0x1", "nan", "inf", "１", "٣", "--1", "1e", "e5", "1.2.3", "-1", "-0.00000001",
    "184467440737.09551616", "1e400", "1e99999999999999999999999", "0".repeat(1001), "\u00a01", "\ufeff1", "1\n", "1\v",
  ]) {
    assert.equal(typed(text), "bad-input", text.slice(0, 30));
  }
  // Forms and command lines take off what is copied with a number; of an amount only these may be part.
  assert.equal(typed(" \t1\t "), "100000000");
});

test("symbols are found whatever their case, each once, and unknown ones are said to be unknown", () => {
  const claim = (...balances: readonly (readonly [string, string])[]) => makeClaim(ASSETS, "me", new Map(balances), new Map());
  assert.deepEqual(claim(["btc", "1"], ["USDT", "1.001"]).balances, [100000000n, 101n]);
  assert.deepEqual(claim(["BTC", "0"]).balances, [0n, 0n]);
  assert.throws(() => claim(), BadInput);
  assert.throws(() => claim(["BTC", "1"], ["btc", "1"]), BadInput);
  assert.throws(() => claim(["XRP", "0"]), BadInput);
  for (const symbol of ["BTC ", "\ufeffBTC", "B\u200bTC", "__proto__", "constructor", ""]) {
    assert.throws(() => claim([symbol, "1"]), BadInput, symbol);
  }
  assert.throws(() => claim(["usdt", "655.36"]), BadInput);
});

test("an account id is taken as it is typed", () => {
  assert.equal(makeClaim(ASSETS, " Me\u200d ", new Map([["BTC", "1"]]), new Map()).user, " Me\u200d ");
  assert.throws(() => makeClaim(ASSETS, "", new Map([["BTC", "1"]]), new Map()), BadInput);
  assert.throws(() => makeClaim(ASSETS, "a\ud800", new Map([["BTC", "1"]]), new Map()), BadInput);
});

test("amounts are shown exactly", () => {
  const shown: readonly (readonly [bigint, number, string])[] = [
    [0n, 0, "0"], [0n, 8, "0"], [1n, 8, "0.00000001"], [150000000n, 8, "1.5"], [100000000n, 8, "1"], [-5n, 1, "-0.5"], [12n, 0, "12"],
    [2n ** 255n, 0, (2n ** 255n).toString()],
  ];
  for (const [units, decimals, text] of shown) {
    assert.equal(coinsText(units, decimals), text);
    if (units >= 0n) assert.equal(unitsRoundedUp(text, decimals), units);
  }
});
