import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  FIGURE_NAMES,
  bitsText,
  figureFor,
  starkFigures,
  sumTreeFigures,
  weakestFigures,
} from "../verifier/audit/security.js";
import type { Figures, StarkNumbers } from "../verifier/audit/security.js";
import { BABYBEAR } from "../verifier/fields/babybear.js";
import type { Field } from "../verifier/fields/field.js";
import { GOLDILOCKS } from "../verifier/fields/goldilocks.js";
import { Rejected } from "../verifier/rejected.js";
import type { StarkStatement } from "../verifier/stark/constraint_system.js";
import { deriveInstance } from "../verifier/stark/verify_stark.js";
import { hashByName } from "./digests.js";
import { marginTerms } from "./margin_terms.js";
import type { TermsCase } from "./margin_terms.js";

interface FigureCase {
  backend: {
    name: string;
    hash: string;
    field: string;
    extension: number;
    arity: number;
    profile: "standard" | "small";
    blowup: number | null;
    queries: number | null;
    grinding: number | null;
    target_bits: number | null;
    blinding: number | null;
    limb_bits: number;
    segment_rows: number;
    constraints: "accounts" | "margin-accounts";
  };
  assets: { symbol: string; decimals: number; bits: number }[];
  terms: TermsCase | null;
  log_rows: number;
  numbers: {
    queries: number;
    grinding: number;
    blinding: number;
    arities: number[];
    witness_columns: number;
    looked_up: number;
    tables: number;
    group: number;
    helpers: number;
    parts: number;
    constraints: number;
    chunks: number;
  } | null;
  figures: Record<string, string | null> | null;
}

const CASES = JSON.parse(
  readFileSync(new URL("../../../specs/vectors/figures.json", import.meta.url), "utf8"),
) as FigureCase[];

function fieldOf(name: string): Field {
  return name === "babybear" ? BABYBEAR : GOLDILOCKS;
}

function statementOfCase({ backend, assets, terms }: FigureCase): StarkStatement {
  return {
    context: new Uint8Array(32), auditId: "audit", segment: 0, segments: 1, assets,
    terms: terms === null ? null : marginTerms(terms),
    options: {
      profile: backend.profile, field: fieldOf(backend.field), hash: hashByName(backend.hash),
      constraints: backend.constraints, extension: backend.extension, blowup: backend.blowup, queries: backend.queries,
      grinding: backend.grinding, targetBits: backend.target_bits, arity: backend.arity, limbBits: backend.limb_bits,
      segmentRows: backend.segment_rows, blinding: backend.blinding,
    },
  };
}

function numbersOf({ backend, log_rows: logRows, numbers }: FigureCase): StarkNumbers {
  return {
    hash: backend.hash,
    modulus: fieldOf(backend.field).modulus,
    extension: backend.extension,
    blowup: backend.blowup ?? (backend.profile === "small" ? 8 : 4),
    queries: numbers!.queries,
    grinding: numbers!.grinding,
    logRows,
    blinding: numbers!.blinding,
    arities: numbers!.arities,
    witnessColumns: numbers!.witness_columns,
    lookedUp: numbers!.looked_up,
    tables: numbers!.tables,
    groupSize: numbers!.group,
    parts: numbers!.parts,
    linearConstraints: numbers!.constraints - numbers!.helpers - 7,
    chunks: numbers!.chunks,
  };
}

function shown(figures: Figures): Record<string, string | null> {
  const texts = FIGURE_NAMES.map((name) => {
    const figure = figureFor(figures, name);
    return [name, figure === null ? null : bitsText(figure.bits)];
  });
  return { ...Object.fromEntries(texts), estimated: null } as Record<string, string | null>;
}

test("figures are those of the vectors, rounded down to a tenth", () => {
  let compared = 0;
  for (const one of CASES) {
    if (one.figures === null) continue;
    const figures = one.backend.name === "stark" ? starkFigures(numbersOf(one)) : sumTreeFigures(one.backend.hash);
    assert.deepEqual(shown(figures), one.figures, JSON.stringify(one));
    compared += 1;
  }
  assert.ok(compared > 150, `${compared} cases were compared`);
});

test("the numbers that figures follow from are those that a verifier derives from options, assets and rows", () => {
  const counts = { fitting: 0, unfit: 0 };
  for (const one of CASES.filter(({ backend }) => backend.name === "stark")) {
    const told = JSON.stringify([one.backend, one.log_rows]);
    const derive = () => deriveInstance(statementOfCase(one), one.log_rows, Infinity);
    if (one.numbers === null) {
      assert.throws(derive, { check: "options" }, told);
      counts.unfit += 1;
      continue;
    }
    const { shape, system } = derive();
    const derived: typeof one.numbers = {
      queries: shape.queries,
      grinding: shape.grinding,
      blinding: shape.blinding,
      arities: [...shape.arities],
      witness_columns: system.columns.length,
      looked_up: system.lookups,
      tables: shape.tableOffsets.length,
      group: shape.group,
      helpers: shape.lookupHelpers + shape.tableHelpers,
      parts: system.publics.length,
      constraints: system.zeroCount + shape.lookupHelpers + shape.tableHelpers + 7,
      chunks: shape.chunks,
    };
    assert.deepEqual(derived, one.numbers, told);
    counts.fitting += 1;
  }
  assert.ok(counts.fitting > 150 && counts.unfit > 3, JSON.stringify(counts));
});

test("one query gives the bits of one query, and no field or hash makes up for it", () => {
  const one = CASES.find((each) => each.numbers?.queries === 1 && each.numbers.grinding === 0)!;
  const figures = starkFigures(numbersOf(one));
  for (const name of ["soundness", "soundness_2025", "inclusion", "inclusion_2025"] as const) {
    assert.ok(figures[name]!.bits < 1.5, `${name}: ${figures[name]!.bits}`);
  }
  assert.equal(figures.soundness!.decidedBy, "queries and grinding");
  // For inclusion within unique decoding −log2((1 + ρ)/2), less what makes up for errors of doubles.
  const bits = -Math.log2((1 + 1 / numbersOf(one).blowup) / 2);
  assert.ok(Math.abs(bits - figures.inclusion!.bits - 1e-9) < 1e-12, `${bits - figures.inclusion!.bits}`);
  assert.equal(figures.binding!.bits, 128); // as it is claimed
});

test("no figure is above what exact arithmetic gives for it", () => {
  // Within unique decoding the queries' term is −q·log2((1 + ρ)/2) + g: 2^bits·(1 + ρ)^q·2^−q ≤ 2^g in whole numbers,
  // checked at the tenth that is shown: 2^(10·bits) ≤ (2β)^(10q)·2^(10g)/(β + 1)^(10q).
  for (const one of CASES) {
    if (one.backend.name !== "stark" || one.numbers === null) continue;
    const numbers = numbersOf(one);
    const figure = starkFigures(numbers).inclusion!;
    if (!figure.decidedBy.startsWith("queries")) continue;
    const tenths = BigInt(Math.round(Number(bitsText(figure.bits)) * 10));
    const power = BigInt(10 * numbers.queries);
    const left = 2n ** tenths * BigInt(numbers.blowup + 1) ** power;
    assert.ok(left <= BigInt(2 * numbers.blowup) ** power * 2n ** BigInt(10 * numbers.grinding), JSON.stringify(one));
  }
});

test("of several proofs each figure is the least, and one that a proof does not give is missing", () => {
  const [first, second] = CASES.filter((one) => one.numbers?.queries === 88).map((one) => starkFigures(numbersOf(one)));
  const together = weakestFigures([first!, second!]);
  for (const name of FIGURE_NAMES) {
    assert.equal(together[name]!.bits, Math.min(first![name]!.bits, second![name]!.bits));
  }
  assert.equal(weakestFigures([first!, sumTreeFigures("sha256")]).soundness, null);
});

test("bits are shown with one decimal, rounded down", () => {
  assert.deepEqual([102.49, 99.999999, 100, 128, -3.01, 0.05].map(bitsText), ["102.4", "99.9", "100.0", "128.0", "-3.1", "0.0"]);
});

test("a hash of which nothing is known has no figures", () => {
  assert.throws(() => sumTreeFigures("md5"), (error) => !(error instanceof Rejected) && /md5/.test(String(error)));
});
