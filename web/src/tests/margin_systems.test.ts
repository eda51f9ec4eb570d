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
import { Seeded } from "./seeded.js";

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

/** The system of two assets in limbs of four bits, and what a prover of it can write into a row. */
class LyingRows {
  readonly one = FITTING.find((each) => each.terms?.length === 2 && each.limb_bits === 4 && each.field === "goldilocks")!;
  readonly system = made(this.one);
  readonly K = extensionOf(this.one);
  readonly modulus = this.K.field.modulus;
  readonly base = 16n;

  place(name: string): number {
    const found = this.system.columns.indexOf(name);
    assert.ok(found >= 0, name);
    return found;
  }

  /** Columns of a number, from its lowest limb up. */
  limbs(name: string): number[] {
    return this.system.columns.flatMap((column, i) => (column.startsWith(`${name}.limb`) ? [i] : []));
  }

  write(row: bigint[], name: string, value: bigint): void {
    this.limbs(name).forEach((column, j) => (row[column] = (value >> BigInt(4 * j)) & 15n));
  }

  /** Whether everything that is looked up is in range. */
  inRange(row: readonly bigint[]): boolean {
    const elements = row.map((value) => this.K.fromBase(value));
    return this.system.lookedUp(this.K, elements).every((value) => value[0]! < this.base);
  }

  places(row: readonly bigint[]): bigint[] {
    return this.system.zeros(this.K, row.map((value) => this.K.fromBase(value))).map((value) => value[0]!);
  }

  /** Carries with which every place but the last holds in the field, written into limbs in range where there are such. */
  solveCarries(row: bigint[]): void {
    const inverse = power(this.base, this.modulus - 2n, this.modulus);
    for (let n = 0; n + 1 < this.system.zeroCount; n++) {
      const limbs = this.limbs(`carry${n}`);
      assert.equal(limbs.length, 2);
      const [low, top] = limbs as [number, number];
      row[low] = row[top] = 0n;
      // The place is linear in the carry: what is missing, over B. A top limb of one takes its weight from it.
      const missing = (this.places(row)[n]! * inverse) % this.modulus;
      row[top] = 1n;
      const weight = (missing - ((this.places(row)[n]! * inverse) % this.modulus) + this.modulus) % this.modulus;
      row[top] = missing / weight < this.base ? missing / weight : this.base - 1n;
      row[low] = missing - row[top]! * weight;
    }
  }
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let b = base, e = exponent; e > 0n; e >>= 1n, b = (b * b) % modulus) if (e & 1n) result = (result * b) % modulus;
  return result;
}

test("no surplus and no carries cover debts that are not covered", () => {
  const rows = new LyingRows();
  const random = new Seeded("surplus");
  const counts = { covered: 0, uncovered: 0 };
  for (let run = 0; run < 150; run++) {
    const pledge = BigInt(random.below(4096));
    const debt = BigInt(random.below(4096)) % (pledge + 2n);
    const inFirst = pledge < 300n ? pledge : 300n;
    // Coefficients of 64 at 95 and at 60 percent; a debt counts 65.
    const surplus = 60n * inFirst + 38n * (pledge - inFirst) - 65n * debt;
    const row = rows.system.columns.map(() => 0n);
    rows.write(row, "BTC:loan:0", inFirst);
    rows.write(row, "BTC:loan:1", pledge - inFirst);
    rows.write(row, "BTC:debt", debt);
    const borrows = [rows.place("BTC:loan:0.borrow0"), rows.place("BTC:loan:0.borrow1")];
    const choice = [0, 1, 2, 3].find((bits) => {
      borrows.forEach((column, j) => (row[column] = BigInt((bits >> j) & 1)));
      return rows.system
        .lookedUp(rows.K, row.map((value) => rows.K.fromBase(value)))
        .slice(row.length)
        .every((value) => value[0]! < rows.base);
    });
    assert.notEqual(choice, undefined, "a slice no wider than its width has borrows");

    const claims = surplus >= 0n ? [surplus] : [];
    const most = 1n << BigInt(4 * rows.limbs("surplus").length);
    claims.push(((surplus % most) + most) % most, BigInt(random.below(2 ** 20)), 0n);
    for (const claim of claims) {
      rows.write(row, "surplus", claim);
      rows.solveCarries(row);
      const places = rows.places(row);
      assert.ok(places.slice(0, -1).every((value) => value === 0n));
      const accepted = places.at(-1) === 0n && rows.inRange(row);
      assert.equal(accepted, claim === surplus, JSON.stringify([pledge, debt, claim].map(String)));
    }
    counts[surplus >= 0n ? "covered" : "uncovered"] += 1;
  }
  assert.ok(counts.covered > 20 && counts.uncovered > 20, JSON.stringify(counts));
});

test("no borrows make a slice wider than it is", () => {
  const rows = new LyingRows();
  const inverse = power(rows.base, rows.modulus - 2n, rows.modulus);
  const borrows = [rows.place("BTC:loan:0.borrow0"), rows.place("BTC:loan:0.borrow1")];
  const first = rows.system.columns.length;
  const leftOver = (row: readonly bigint[]): bigint[] =>
    rows.system.lookedUp(rows.K, row.map((value) => rows.K.fromBase(value))).slice(first, first + 3).map((value) => value[0]!);
  for (let amount = 0n; amount < 4096n; amount += amount < 290n || amount > 310n ? 13n : 1n) {
    const row = rows.system.columns.map(() => 0n);
    rows.write(row, "BTC:loan:0", amount);
    let found = false;
    for (let b = 0n; b < 256n; b++) {
      row[borrows[0]!] = b % 16n;
      row[borrows[1]!] = b / 16n;
      found ||= leftOver(row).every((value) => value < rows.base);
    }
    assert.equal(found, amount <= 300n, `${amount} in a slice of 300`);
    if (amount <= 300n) continue;
    // As elements of the field there are borrows with which all that is left is 0: these are not in range.
    row[borrows[0]!] = row[borrows[1]!] = 0n;
    for (const [j, column] of borrows.entries()) {
      row[column] = ((rows.modulus - leftOver(row)[j]!) * inverse) % rows.modulus;
      assert.equal(leftOver(row)[j], 0n);
    }
    assert.ok(!rows.inRange(row), `${amount}`);
  }
});

test("a row of a balance that wraps is none", () => {
  const rows = new LyingRows();
  for (const name of ["BTC:free", "BTC:debt", "BTC:loan:0", "BTC:loan:1", "USD:free", "USD:debt", "USD:loan:0"]) {
    for (const value of [rows.base, rows.modulus - 1n]) {
      const row = rows.system.columns.map(() => 0n);
      row[rows.limbs(name).at(-1)!] = value;
      assert.ok(!rows.inRange(row), `${name} with ${value}`);
    }
  }
});
