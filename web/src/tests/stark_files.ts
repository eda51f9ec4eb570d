/** Proofs of the STARK that polyproof made and the repository keeps, opened for tests. */
import { readFileSync, readdirSync } from "node:fs";

import { checkBelongs, parseInclusionFile } from "../verifier/audit/inclusion_file.js";
import { backendOf, openAudit, openRecord, proofOf, statementOf } from "../verifier/audit/open.js";
import { isMarginSegment } from "../verifier/audit/manifest.js";
import { DEFAULT_POLICY } from "../verifier/audit/policy.js";
import { Rejected } from "../verifier/rejected.js";
import type { StarkStatement } from "../verifier/stark/constraint_system.js";

const RECORDED = new URL("../../../tests/recorded/format-2/", import.meta.url);

export interface RecordedSegment {
  readonly statement: StarkStatement;
  readonly totals: readonly bigint[];
  readonly proof: Uint8Array;
  /** The backend's part of an inclusion file. */
  payload(file: string): Uint8Array;
}

export function recordedSegment(name: string, index = 0): RecordedSegment {
  const folder = new URL(`${name}/`, RECORDED);
  const files = new Map(
    readdirSync(new URL("public/", folder)).map((file) => [file, bytesOf(new URL(`public/${file}`, folder))]),
  );
  const audit = openAudit(openRecord(files, null, DEFAULT_POLICY, false), DEFAULT_POLICY, Date.now());
  const backend = backendOf(audit, index);
  if (backend.name !== "stark") throw new Error(`${name} is not proved by the STARK`);
  const terms = isMarginSegment(audit.manifest, index) ? audit.netEquity!.terms : null;
  return {
    statement: { ...statementOf(audit, index), options: backend.options, terms },
    totals: audit.manifest.segments[index]!.totals,
    proof: proofOf(audit, index),
    payload: (file) => {
      const opened = parseInclusionFile(bytesOf(new URL(file, folder)), DEFAULT_POLICY);
      if (checkBelongs(opened, audit.manifest) !== index) throw new Error(`${file} is of another segment`);
      return opened.payload;
    },
  };
}

/** The name of the check that rejects, or `accepted`. Anything else that is thrown is a fault, and fails the test. */
export function checkOf(verification: () => void): string {
  try {
    verification();
  } catch (error) {
    if (error instanceof Rejected) return error.check;
    throw error;
  }
  return "accepted";
}

/** A copy with other bytes from an offset on. */
export function withBytes(data: Uint8Array, offset: number, bytes: Iterable<number>): Uint8Array {
  const copy = Uint8Array.from(data);
  copy.set([...bytes], offset);
  return copy;
}

/** A copy in which the lowest bit of one byte is changed. */
export function withBit(data: Uint8Array, offset: number): Uint8Array {
  return withBytes(data, offset, [data[offset]! ^ 1]);
}

/** A number in eight bytes, or fewer, the lowest first. */
export function littleEndian(value: bigint, count = 8): number[] {
  return Array.from({ length: count }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

function bytesOf(url: URL): Uint8Array {
  return new Uint8Array(readFileSync(url));
}
