/** Verifying the proof of one segment: docs/reference/protocol.md, sections 1 to 7 and 9. */
import { Reader } from "../bytes/reader.js";
import { Extension } from "../fields/extension.js";
import type { Digest } from "../hashes/hash.js";
import { sameDigest } from "../hashes/rows.js";
import { checkSiblingCount, rootOfOpening } from "../merkle.js";
import { Rejected } from "../rejected.js";
import type { Progress } from "../statement.js";
import { Transcript } from "../transcript.js";
import { makeAccounts } from "./accounts.js";
import type { ConstraintSystem, StarkStatement } from "./constraint_system.js";
import { combineOpenings } from "./combination.js";
import { systemDigest } from "./digest.js";
import type { ElementRows } from "./element_rows.js";
import { LayerDomain } from "./folding.js";
import { identityHolds } from "./identity.js";
import { checkLayerRoots, checkLowDegree, touchedLeaves } from "./low_degree.js";
import { makeMarginAccounts } from "./margin_accounts.js";
import { Meter, rowWork } from "./meter.js";
import { matrixWidths, readLogRows, readProof } from "./proof.js";
import type { MatrixWidths, StarkProof } from "./proof.js";
import { checkOptions, checkTrace, deriveShape, traceShape, unfitOptions } from "./shape.js";
import { leastQueries, reachTarget } from "./target.js";
import type { StarkShape, TraceShape, VerifiedStark } from "./verified.js";

const FORMAT_NAME = "polyproof/accounts-stark/2";

/**
 * Accepts a proof of the statement with these totals, or throws `Rejected`. Time and memory are bounded by the options and
 * the assets, whatever the proof is.
 */
export function verifyStark(
  statement: StarkStatement,
  totals: readonly bigint[],
  bytes: Uint8Array,
  progress: Progress,
): VerifiedStark {
  const { options } = statement;
  const { field, hash } = options;
  const reader = new Reader(bytes, "the proof");
  const { shape, system } = deriveInstance(statement, readLogRows(reader, options.segmentRows), bytes.length);
  const publics = system.publicValues(totals);
  const extension = new Extension(field, shape.extension);
  const widths = matrixWidths(shape, system.columns.length);
  const proof = readProof(reader, extension, hash, shape, widths);
  const meter = new Meter(workOf(shape, widths), progress);

  const transcript = new Transcript(hash);
  absorbStatement(transcript, statement, shape, system, totals, publics);
  transcript.digests([proof.traceRoot]);
  transcript.digests([proof.inclusionRoot]);
  const alpha = transcript.element(extension);
  const lambda = transcript.element(extension);
  transcript.digests([proof.argumentRoot]);
  const eta = transcript.element(extension);
  transcript.digests([proof.quotientRoot]);
  const z = transcript.element(extension);
  const { openings } = proof;
  const inOrder = [
    ...openings.base, openings.maskA, openings.maskB, ...openings.argument, ...openings.chunks,
    openings.nextTable, openings.nextSum,
  ];
  transcript.elements(field, inOrder.flat());
  const gamma = transcript.element(extension);
  transcript.digests([proof.pairRoot]);
  const delta = transcript.element(extension);
  const folds = proof.layerRoots.map((root, i) => {
    transcript.digests([root]);
    if (i > 0) transcript.digests([proof.chainRoots[i - 1]!]);
    return transcript.element(extension);
  });
  transcript.elements(field, proof.finalPolynomial.flat());

  if (!identityHolds(extension, shape, system, publics, openings, { alpha, lambda, eta, z })) {
    throw new Rejected(
      "constraint-identity",
      "the constraints do not hold at the point z: the proof is false, or of another header, other totals or other options",
    );
  }
  if (!transcript.grinds(proof.nonce, shape.grinding)) {
    const bits = shape.grinding === 1 ? "one bit" : `${shape.grinding} bits`;
    throw new Rejected("grinding", `the nonce does not show ${bits} of work`);
  }
  transcript.nonce(proof.nonce);
  const first = new LayerDomain(extension, field.generator, shape.blowup * shape.rows, shape.arities[0]!);
  const cosets = transcript.indices(shape.queries, first.leaves);
  const slots = transcript.draw(shape.queries, BigInt(first.arity));
  const queried = cosets.map((coset, i) => coset + Number(slots[i]!) * first.leaves);

  const touched = touchedLeaves(shape.arities, first.size, queried);
  checkCounts(shape, proof, queried, touched);
  checkRows(statement, shape, widths, proof, queried, meter);
  checkLayerRoots(hash, shape, proof, touched, meter);
  const points = queried.map((index) => first.point(index));
  const codeword = combineOpenings(extension, widths, shape.rows, proof, points, z, gamma, delta);
  checkLowDegree(extension, shape.arities, proof, first, queried, codeword, folds);
  meter.end();
  return {
    statement, shape, system, z, gamma, delta, folds,
    inclusionRoot: proof.inclusionRoot,
    pairRoot: proof.pairRoot,
    chainRoots: proof.chainRoots,
    witnessAtZ: openings.base.slice(0, widths.witness),
    maskAtZ: openings.maskA,
    finalPolynomial: proof.finalPolynomial,
  };
}

/**
 * The constraint system and the sizes of a proof of 2^logRows rows. Checks `options` and `proof-size`.
 *
 * Whoever opens an audit asks this of its longest trace, before any proof is read.
 */
export function deriveInstance(
  statement: StarkStatement,
  logRows: number,
  proofBytes: number,
): { readonly shape: StarkShape; readonly system: ConstraintSystem } {
  const { options } = statement;
  const systemOf = (trace: TraceShape): ConstraintSystem => {
    if (trace.active < 2) throw unfitOptions("the blinding rows leave none for accounts");
    const make = options.constraints === "accounts" ? makeAccounts : makeMarginAccounts;
    return make(statement, trace.active, trace.limbBits);
  };
  checkOptions(statement);
  let trace = traceShape(options, logRows, null);
  let system = systemOf(trace);
  // A file that cannot be a proof of these assets costs no more than this.
  const queries = options.targetBits === null ? trace.queries : leastQueries(options.targetBits, trace.blowup);
  const least = system.columns.length * (trace.extension + queries) * options.field.bytes;
  if (proofBytes < least) {
    throw new Rejected("proof-size", `${proofBytes} bytes, and a proof of these assets has at least ${least}`);
  }
  if (options.targetBits !== null) {
    trace = reachTarget(options, logRows, options.targetBits, systemOf);
    system = systemOf(trace);
  }
  checkTrace(trace, options);
  return { shape: deriveShape(trace, options, system), system };
}

/** Everything public, in the order of section 7, step 1. */
function absorbStatement(
  transcript: Transcript,
  statement: StarkStatement,
  shape: StarkShape,
  system: ConstraintSystem,
  totals: readonly bigint[],
  publics: readonly bigint[],
): void {
  const { options } = statement;
  const integers = (...values: readonly number[]): void => transcript.integers(values.map((value) => BigInt(value)));
  transcript.text(FORMAT_NAME);
  transcript.text(statement.context);
  transcript.text(systemDigest(system, shape.group));
  transcript.text(options.hash.name);
  transcript.text(options.field.name);
  integers(
    shape.extension, shape.blowup, shape.queries, shape.grinding, shape.arity, shape.blinding, shape.chunks,
  );
  integers(shape.limbBits, shape.tableOffsets.length, shape.group);
  transcript.text(statement.auditId);
  integers(statement.segment, statement.segments);
  integers(shape.logRows, shape.active);
  transcript.text(system.columns.join("\n"));
  transcript.integers(totals);
  transcript.integers(publics);
}

/** As many cosets, and in all trees as many siblings, as these queries have: before anything is hashed. */
function checkCounts(
  shape: StarkShape,
  proof: StarkProof,
  queried: readonly number[],
  touched: readonly (readonly number[])[],
): void {
  proof.layers.forEach(({ cosets }, i) => {
    const leaves = touched[i]!.length;
    if (cosets.count !== leaves) {
      throw new Rejected("coset-count", `layer ${i} opens ${cosets.count} cosets, and the queries touch ${leaves}`);
    }
  });
  let depth = Math.log2(shape.blowup * shape.rows);
  for (const siblings of [proof.traceSiblings, proof.argumentSiblings, proof.quotientSiblings]) {
    checkSiblingCount(depth, queried, siblings);
  }
  proof.layers.forEach(({ siblings }, i) => {
    depth -= Math.log2(shape.arities[i]!);
    checkSiblingCount(depth, touched[i]!, siblings);
  });
}

/** The rows at the queries lead to the roots of their trees. */
function checkRows(
  statement: StarkStatement,
  shape: StarkShape,
  widths: MatrixWidths,
  proof: StarkProof,
  queried: readonly number[],
  meter: Meter,
): void {
  const { hash } = statement.options;
  const depth = Math.log2(shape.blowup * shape.rows);
  const check = (
    domain: string,
    rows: ElementRows,
    width: number,
    siblings: readonly Digest[],
    root: Digest,
  ): void => {
    const leaves = queried.map((_, i) => {
      const leaf = hash.hashRow(domain, rows.words(i, hash));
      meter.did(rowWork(width));
      return leaf;
    });
    if (!sameDigest(rootOfOpening(hash, depth, queried, leaves, siblings), root)) {
      throw new Rejected("merkle-root", `rows of ${domain} and their siblings do not lead to the root`);
    }
    meter.did(queried.length * depth);
  };
  check("stark/trace", proof.traceRows, widths.trace, proof.traceSiblings, proof.traceRoot);
  check("stark/argument", proof.argumentRows, widths.argument * shape.extension, proof.argumentSiblings, proof.argumentRoot);
  check("stark/quotient", proof.quotientRows, shape.chunks * shape.extension, proof.quotientSiblings, proof.quotientRoot);
}

/** How much work a whole verification is, as the meter counts it. */
function workOf(shape: StarkShape, widths: MatrixWidths): number {
  const { queries, extension } = shape;
  const depth = Math.log2(shape.blowup * shape.rows);
  const rowsOfTrees = [widths.trace, widths.argument * extension, shape.chunks * extension];
  let parts = rowsOfTrees.reduce((sum, width) => sum + rowWork(width) + depth, 0);
  let layerDepth = depth;
  for (const arity of shape.arities) {
    layerDepth -= Math.log2(arity);
    parts += rowWork(arity * extension) + layerDepth;
  }
  return queries * parts;
}
