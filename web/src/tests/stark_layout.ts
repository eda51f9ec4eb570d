/** Where the parts of a proof of the STARK lie in its file: docs/reference/protocol.md, section 9, for tests that change one. */
import type { StarkShape } from "../verifier/stark/verified.js";

export interface Region {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** What the region is made of: a number of eight bytes, digests, elements of the field, or other bytes. */
  readonly kind: "bytes" | "count" | "digests" | "elements";
}

/** All regions in order. Counts of siblings and cosets are read from the file. */
export function proofRegions(proof: Uint8Array, shape: StarkShape, witness: number, elementBytes: number): Region[] {
  const view = new DataView(proof.buffer, proof.byteOffset, proof.byteLength);
  const regions: Region[] = [];
  let at = 0;
  const region = (name: string, kind: Region["kind"], bytes: number): void => {
    regions.push({ name, start: at, end: at + bytes, kind });
    at += bytes;
  };
  const elements = (name: string, count: number): void => region(name, "elements", count * elementBytes);
  const count = (name: string): number => {
    const value = Number(view.getBigUint64(at, true));
    region(name, "count", 8);
    return value;
  };
  const siblings = (name: string): void => {
    const items = count(`number of siblings of ${name}`);
    region(`siblings of ${name}`, "digests", 32 * items);
  };
  const e = shape.extension;
  const range = 1 + shape.tableOffsets.length;
  const argument = shape.lookupHelpers + shape.tableHelpers + 1;
  region("magic", "bytes", 8);
  region("version", "bytes", 4);
  region("n", "count", 8);
  for (const name of ["trace", "inclusion", "argument", "quotient", "pair"]) region(`root of ${name}`, "digests", 32);
  elements("witness at z", witness * e);
  elements("table and multiplicities at z", range * e);
  elements("masks at z", 2 * e);
  elements("argument at z", argument * e);
  elements("chunks at z", shape.chunks * e);
  elements("table and sum at the next point", 2 * e);
  elements("rows of trace", shape.queries * (witness + range + 2 * e));
  elements("rows of argument", shape.queries * argument * e);
  elements("rows of quotient", shape.queries * shape.chunks * e);
  for (const name of ["trace", "argument", "quotient"]) siblings(name);
  region("roots of layers", "digests", 32 * shape.arities.length);
  region("roots of the chain", "digests", 32 * (shape.arities.length - 1));
  elements("final polynomial", shape.finalLength * e);
  region("nonce", "bytes", 8);
  shape.arities.forEach((arity, i) => {
    const cosets = count(`number of cosets of layer ${i}`);
    elements(`cosets of layer ${i}`, cosets * arity * e);
    siblings(`layer ${i}`);
  });
  return regions;
}
