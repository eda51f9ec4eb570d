/** Constraint systems against the vectors, and against themselves: what is evaluated is what the digest says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { toHex } from "../verifier/bytes/hex.js";
import { BABYBEAR } from "../verifier/fields/babybear.js";
import { Extension } from "../verifier/fields/extension.js";
import type { Element } from "../verifier/fields/field.js";
import { GOLDILOCKS } from "../verifier/fields/goldilocks.js";
import { HASHES } from "../verifier/hashes/all.js";
import { Rejected } from "../verifier/rejected.js";
import { makeAccounts } from "../verifier/stark/accounts.js";
import type { ConstraintSystem, StarkStatement } from "../verifier/stark/constraint_system.js";
import { systemDigest } from "../verifier/stark/digest.js";
import { makeMarginAccounts } from "../verifier/stark/margin_accounts.js";
import { marginTerms } from "./margin_terms.js";
import type { TermsCase } from "./margin_terms.js";

interface SystemCase {
  assets: { symbol: string; decimals: number; bits: number }[];
  field: string;
  limb_bits: number;
  active: number;
  terms: TermsCase | null;
  system: {
    columns: number;
    looked_up: number;
    digests: Record<string, string>;
    totals: string[];
    publics: Record<string, string>;
    accounts: { balances: string[]; row?: number[]; check?: string }[];
  } | null;
}

const CASES = JSON.parse(
  readFileSync(new URL("../../../specs/vectors/systems.json", import.meta.url), "utf8"),
) as SystemCase[];
const FITTING = CASES.filter((one) => one.system !== null);

function made(one: SystemCase): ConstraintSystem {
  const field = one.field === "babybear" ? BABYBEAR : GOLDILOCKS;
  const terms = one.terms === null ? null : marginTerms(one.terms);
  const statement: StarkStatement = {
    context: new Uint8Array(32),
    auditId: "audit",
    segment: 0,
    segments: 1,
    assets: one.assets,
    terms,
    options: {
      profile: "standard", field, hash: HASHES[0]!, constraints: terms === null ? "accounts" : "margin-accounts",
      extension: 3, blowup: null, queries: null, grinding: null, targetBits: null, arity: 8, limbBits: one.limb_bits,
      segmentRows: 2 ** 24, blinding: null,
    },
  };
  return (terms === null ? makeAccounts : makeMarginAccounts)(statement, one.active, one.limb_bits);
}

function extensionOf(one: SystemCase): Extension {
  return new Extension(one.field === "babybear" ? BABYBEAR : GOLDILOCKS, 3);
}

/** The value of a prefix expression of columns, each a number. */
function evaluated(expression: string, columns: ReadonlyMap<string, bigint>): bigint {
  const tokens = expression.match(/[()]|[^() ]+/g)!;
  let at = 0;
  const next = (): bigint => {
    const token = tokens[at++]!;
    if (token !== "(") return /^[0-9]+$/.test(token) ? BigInt(token) : columns.get(token)!;
    const sign = tokens[at++]!;
    const [left, right] = [next(), next()];
    at++; // the closing bracket
    return sign === "+" ? left + right : sign === "-" ? left - right : left * right;
  };
  return next();
}

test("columns, values that are looked up and digests are those of the vectors", () => {
  for (const one of FITTING) {
    const system = made(one);
    assert.equal(system.columns.length, one.system!.columns);
    assert.equal(system.lookups, one.system!.looked_up);
    for (const [group, digest] of Object.entries(one.system!.digests)) {
      assert.equal(toHex(systemDigest(system, Number(group))), digest, JSON.stringify([one.field, one.limb_bits, one.active]));
    }
  }
  assert.ok(FITTING.length > 80);
});

test("numbers that do not fit the field are rejected as options", () => {
  const unfit = CASES.filter((one) => one.system === null);
  for (const one of unfit) assert.throws(() => made(one), { check: "options" });
  assert.ok(unfit.length > 2);
});

test("public values of totals are those of the vectors", () => {
  for (const one of FITTING) {
    const system = made(one);
    const values = system.publicValues(one.system!.totals.map(BigInt));
    const named = Object.fromEntries(system.publics.map((name, i) => [name, String(values[i]!)]));
    assert.deepEqual(named, one.system!.publics);
  }
});

test("totals that no accounts add up to are rejected", () => {
  const system = made(FITTING.find((one) => one.terms?.length === 2)!);
  // BTC:equity, BTC:debt, BTC:loan, USD:equity, USD:debt, USD:loan
  assert.throws(() => system.publicValues([5n, 0n, 6n, 0n, 0n, 0n]), { check: "total-range" }, "pledged beyond equity");
  assert.throws(() => system.publicValues([0n, -1n, 0n, 0n, 0n, 0n]), { check: "total-range" });
  assert.throws(() => system.publicValues([0n, 1n << 64n, 0n, 0n, 0n, 0n]), { check: "total-range" });
  assert.throws(() => system.publicValues([0n, 0n, 0n, 0n, 0n]), { check: "total-count" });
});

test("the row of an account is that of the vectors, or there is none for the same reason", () => {
  const counts = { rows: 0, refused: 0 };
  for (const one of FITTING) {
    const system = made(one);
    for (const { balances, row, check } of one.system!.accounts) {
      if (row !== undefined) {
        assert.deepEqual([...system.rowOf(balances.map(BigInt))], row, JSON.stringify([one.limb_bits, balances]));
        counts.rows += 1;
      } else {
        assert.throws(() => system.rowOf(balances.map(BigInt)), { check: check! });
        counts.refused += 1;
      }
    }
  }
  assert.ok(counts.rows > 200 && counts.refused > 20, JSON.stringify(counts));
});

test("more pledged than there is makes no row", () => {
  const system = made(FITTING.find((one) => one.terms?.length === 2)!);
  assert.throws(() => system.rowOf([5n, 0n, 6n, 0n, 0n, 0n]), { check: "balance-pledged" });
});

test("on an account's row every constraint holds, and what is evaluated is what the digest describes", () => {
  for (const one of FITTING.filter((each) => each.active < 1000)) {
    const system = made(one);
    const K = extensionOf(one);
    const { modulus } = K.field;
    const account = one.system!.accounts.filter(({ row }) => row !== undefined).at(-1)!;
    const limbs = account.row!.map(BigInt);
    const row = limbs.map((limb) => K.fromBase(limb));
    const base = (element: Element): bigint => {
      assert.ok(element.slice(1).every((coefficient) => coefficient === 0n));
      return element[0]!;
    };
    const columns = new Map(system.columns.map((name, i) => [name, limbs[i]!]));
    const residue = (expression: string): bigint => ((evaluated(expression, columns) % modulus) + modulus) % modulus;
    const { lookedUp, sums, zeros } = system.description();

    const looked = system.lookedUp(K, row).map(base);
    assert.deepEqual(looked, lookedUp.map(residue));
    assert.ok(looked.every((value) => value < 1n << BigInt(one.limb_bits)));
    const places = system.zeros(K, row).map(base);
    assert.deepEqual(places, zeros.map(({ expression }) => residue(expression)));
    assert.ok(places.every((value) => value === 0n));
    assert.deepEqual(system.bodies(K, row).map(base), sums.map(({ body }) => residue(body)));
    assert.deepEqual(system.lasts(K, row).map(base), sums.map(({ last }) => residue(last)));
    assert.equal(looked.length, system.lookups);
    assert.equal(places.length, system.zeroCount);
    assert.equal(sums.length, system.publics.length);
  }
});

test("a row with any limb changed by one breaks a constraint, a range or a sum", () => {
  const one = FITTING.find((each) => each.terms?.length === 4 && each.limb_bits === 8)!;
  const system = made(one);
  const K = extensionOf(one);
  const limbs = one.system!.accounts.filter(({ row }) => row !== undefined).at(-1)!.row!;
  const stated = (row: readonly number[]) => {
    const elements = row.map((limb) => K.fromBase(BigInt(limb)));
    return {
      sums: system.bodies(K, elements).map(String),
      holds:
        system.zeros(K, elements).every((value) => K.equal(value, K.zero)) &&
        system.lookedUp(K, elements).every((value) => value[0]! < 1n << BigInt(one.limb_bits)),
    };
  };
  const honest = stated(limbs);
  assert.ok(honest.holds);
  limbs.forEach((limb, column) => {
    const changed = [...limbs];
    changed[column] = limb === 2 ** one.limb_bits - 1 ? limb - 1 : limb + 1;
    const found = stated(changed);
    assert.ok(!found.holds || String(found.sums) !== String(honest.sums), system.columns[column]!);
  });
});

test("terms of too many slices at dear prices are refused for the work that they are", () => {
  const one = FITTING.find((each) => each.terms?.length === 3 && each.limb_bits === 4)!;
  const slices = Array.from({ length: 32 }, (_, t) => ({ coefficient: String(2n ** 191n), width: t < 31 ? "1" : null }));
  const asset = { ...one.terms![0]!, bits: 256, categories: Array.from({ length: 16 }, (_, c) => ({ name: `c${c}`, slices })) };
  assert.throws(() => made({ ...one, terms: [asset] }), (error) => error instanceof Rejected && error.check === "options");
});
