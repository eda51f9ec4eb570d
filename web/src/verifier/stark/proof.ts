/** The file of a proof: docs/reference/protocol.md, section 9. All lengths are those of the verifier's own shape, or bounded by it. */
import type { Reader } from "../bytes/reader.js";
import type { Extension } from "../fields/extension.js";
import type { Element } from "../fields/field.js";
import type { Digest, Hash } from "../hashes/hash.js";
import { Rejected } from "../rejected.js";
import { NONCE_BITS } from "../transcript.js";
import { ElementRows } from "./element_rows.js";
import type { StarkShape } from "./verified.js";

const PROOF_MAGIC = "PPSTARK\0";
const PROOF_VERSION = 2;
const LEAST_LOG_ROWS = 10;

/** Columns of each matrix: base elements of a row of the trace, K-valued columns of the others. */
export interface MatrixWidths {
  readonly witness: number;
  /** t and the multiplicities. */
  readonly range: number;
  readonly trace: number;
  readonly argument: number;
}

export interface Openings {
  /** At z: witness columns, t, μ_0, …; then both masks, the argument, the chunks. */
  readonly base: readonly Element[];
  readonly maskA: Element;
  readonly maskB: Element;
  readonly argument: readonly Element[];
  readonly chunks: readonly Element[];
  /** At ωz. */
  readonly nextTable: Element;
  readonly nextSum: Element;
}

export interface LayerOpening {
  /** By ascending leaf, each in order of its points: the coefficients of their values. */
  readonly cosets: ElementRows;
  readonly siblings: readonly Digest[];
}

export interface StarkProof {
  readonly traceRoot: Digest;
  readonly inclusionRoot: Digest;
  readonly argumentRoot: Digest;
  readonly quotientRoot: Digest;
  readonly pairRoot: Digest;
  readonly openings: Openings;
  /** Rows at the queries, in the order drawn, as coefficients. */
  readonly traceRows: ElementRows;
  readonly argumentRows: ElementRows;
  readonly quotientRows: ElementRows;
  readonly traceSiblings: readonly Digest[];
  readonly argumentSiblings: readonly Digest[];
  readonly quotientSiblings: readonly Digest[];
  readonly layerRoots: readonly Digest[];
  /** Of the layers 1, 2, … */
  readonly chainRoots: readonly Digest[];
  readonly finalPolynomial: readonly Element[];
  readonly nonce: bigint;
  readonly layers: readonly LayerOpening[];
}

export function matrixWidths(shape: StarkShape, witness: number): MatrixWidths {
  const range = 1 + shape.tableOffsets.length;
  return {
    witness,
    range,
    trace: witness + range + 2 * shape.extension,
    argument: shape.lookupHelpers + shape.tableHelpers + 1,
  };
}

/** n, which decides all else, for traces of at most so many rows. Checks `magic`, `version`, `range`. */
export function readLogRows(reader: Reader, mostRows: number): number {
  reader.magic(PROOF_MAGIC);
  reader.version(PROOF_VERSION);
  const logRows = reader.count(Math.floor(Math.log2(mostRows)), "the logarithm of its rows");
  if (logRows < LEAST_LOG_ROWS) throw new Rejected("range", `the proof is of 2^${logRows} rows, fewer than any has`);
  return logRows;
}

/** The rest of the file, to its end. Checks those of `Reader`. */
export function readProof(
  reader: Reader,
  extension: Extension,
  hash: Hash,
  shape: StarkShape,
  widths: MatrixWidths,
): StarkProof {
  const { field, degree } = extension;
  const { queries } = shape;
  const elements = (count: number): Element[] => readElements(reader, extension, count);
  const rows = (width: number): ElementRows => new ElementRows(reader, field, queries, width);
  const siblings = (leaves: number, depth: number): Digest[] =>
    reader.digests(hash, reader.count(leaves * depth, "the number of siblings"));
  const depth = Math.log2(shape.blowup * shape.rows);

  const traceRoot = reader.digest(hash);
  const inclusionRoot = reader.digest(hash);
  const argumentRoot = reader.digest(hash);
  const quotientRoot = reader.digest(hash);
  const pairRoot = reader.digest(hash);
  const openings: Openings = {
    base: elements(widths.witness + widths.range),
    maskA: elements(1)[0]!,
    maskB: elements(1)[0]!,
    argument: elements(widths.argument),
    chunks: elements(shape.chunks),
    nextTable: elements(1)[0]!,
    nextSum: elements(1)[0]!,
  };
  const traceRows = rows(widths.trace);
  const argumentRows = rows(widths.argument * degree);
  const quotientRows = rows(shape.chunks * degree);
  const traceSiblings = siblings(queries, depth);
  const argumentSiblings = siblings(queries, depth);
  const quotientSiblings = siblings(queries, depth);
  const layerRoots = reader.digests(hash, shape.arities.length);
  const chainRoots = reader.digests(hash, shape.arities.length - 1);
  const finalPolynomial = elements(shape.finalLength);
  const nonce = reader.u64();
  if (nonce >> BigInt(NONCE_BITS) !== 0n) throw new Rejected("range", "the proof's nonce is larger than any is");
  let leaves = shape.blowup * shape.rows;
  const layers = shape.arities.map((arity) => {
    leaves /= arity;
    const count = reader.count(Math.min(queries, leaves), "the number of opened cosets");
    const cosets = new ElementRows(reader, field, count, arity * degree);
    return { cosets, siblings: siblings(count, Math.log2(leaves)) };
  });
  reader.end();
  return {
    traceRoot, inclusionRoot, argumentRoot, quotientRoot, pairRoot, openings, traceRows, argumentRows, quotientRows,
    traceSiblings, argumentSiblings, quotientSiblings, layerRoots, chainRoots, finalPolynomial, nonce, layers,
  };
}

/** So many elements of K. */
export function readElements(reader: Reader, extension: Extension, count: number): Element[] {
  const coefficients = reader.elements(extension.field, count * extension.degree);
  return splitElements(coefficients, extension.degree);
}

/** A list of coefficients as elements of K. */
export function splitElements(coefficients: readonly bigint[], degree: number): Element[] {
  return Array.from({ length: coefficients.length / degree }, (_, i) =>
    coefficients.slice(i * degree, (i + 1) * degree),
  );
}
