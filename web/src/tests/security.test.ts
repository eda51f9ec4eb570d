import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  FIGURE_NAMES,
  bitsText,
  figureFor,
  reachTarget,
  starkFigures,
  sumTreeFigures,
  weakestFigures,
} from "../verifier/audit/security.js";
import type { Figures, ProofNumbers, StarkNumbers, SystemNumbers } from "../verifier/audit/security.js";
import { Rejected } from "../verifier/rejected.js";

interface FigureCase {
  backend: {
    name: string;
    hash: string;
    field: string;
    extension: number;
    arity: number;
    profile: string;
    blowup: number | null;
    queries: number | null;
    grinding: number | null;
    target_bits: number | null;
    blinding: number | null;
  };
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
  } | null;
  figures: Record<string, string | null> | null;
}

const CASES = JSON.parse(
  readFileSync(new URL("../../../specs/vectors/figures.json", import.meta.url), "utf8"),
) as FigureCase[];

const MODULI: Record<string, bigint> = { goldilocks: 2n ** 64n - 2n ** 32n + 1n, babybear: 2n ** 31n - 2n ** 27n + 1n };

function proofNumbers(one: FigureCase, queries: number, grinding: number): ProofNumbers {
  const { backend } = one;
  return {
    hash: backend.hash,
    modulus: MODULI[backend.field]!,
    extension: backend.extension,
    blowup: backend.blowup ?? (backend.profile === "small" ? 8 : 4),
    queries,
    grinding,
    logRows: one.log_rows,
    blinding: backend.blinding ?? 2 * queries + 2 * backend.extension,
    arities: one.numbers!.arities,
  };
}

function systemOf(one: FigureCase): SystemNumbers {
  const { numbers } = one;
  return {
    witnessColumns: numbers!.witness_columns,
    lookedUp: numbers!.looked_up,
    tables: numbers!.tables,
    groupSize: numbers!.group,
    parts: numbers!.parts,
    linearConstraints: numbers!.constraints - numbers!.helpers - 7,
  };
}

function numbersOf(one: FigureCase): StarkNumbers {
  return { ...proofNumbers(one, one.numbers!.queries, one.numbers!.grinding), ...systemOf(one) };
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

test("a target is reached with the queries and the grinding of the vectors", () => {
  let compared = 0;
  for (const one of CASES.filter((each) => each.backend.name === "stark" && each.backend.target_bits !== null)) {
    if (one.numbers === null) continue;
    const usual = one.backend.profile === "small" ? [56, 20] : [88, 16];
    const chosen = reachTarget(
      one.backend.target_bits!,
      proofNumbers(one, usual[0]!, usual[1]!),
      (queries, grinding) => proofNumbers(one, queries, grinding),
      () => systemOf(one),
    );
    assert.deepEqual(chosen, { queries: one.numbers.queries, grinding: one.numbers.grinding }, JSON.stringify(one));
    compared += 1;
  }
  assert.ok(compared > 30);
});

test("a target that no queries reach is rejected", () => {
  const one = CASES.find((each) => each.backend.field === "babybear" && each.backend.target_bits === 123)!;
  const aim = (target: number) =>
    reachTarget(
      target,
      proofNumbers(one, 88, 16),
      (queries, grinding) => proofNumbers(one, queries, grinding),
      () => systemOf(one),
    );
  assert.ok(aim(123).queries > 0);
  assert.throws(() => aim(124), { check: "options" });
});

test("one query gives the bits of one query, and no field or hash makes up for it", () => {
  const one = CASES.find((each) => each.numbers?.queries === 1 && each.numbers.grinding === 0)!;
  const figures = starkFigures(numbersOf(one));
  for (const name of ["soundness", "soundness_2025", "inclusion", "inclusion_2025"] as const) {
    assert.ok(figures[name]!.bits < 1.5, `${name}: ${figures[name]!.bits}`);
  }
  assert.equal(figures.soundness!.decidedBy, "queries and grinding");
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
