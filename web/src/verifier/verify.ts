/**
 * What a program that checks an audit calls. Nothing here throws: whatever goes wrong is an outcome, and files are hostile.
 *
 * docs/reference/audit-directory.md, "How an audit is verified", has the steps and their order.
 */
import type { Policy } from "./audit/policy.js";

/** Published files by name, as they lie in the public folder: `publication.json`, `manifest.json`, `proof-0000.bin`. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** What one customer checks. */
export interface InclusionInput {
  /**
   * The record, the manifest and the proof of one's own segment. Other proofs may be missing, and so may the files of
   * reserves; those that are there have to be the ones that the record and the manifest name.
   */
  readonly files: Files;
  /** The customer's own file. */
  readonly inclusion: Uint8Array;
  /** The account id, exactly as the exchange has it: nothing is trimmed. */
  readonly user: string;
  /** What was typed, by symbol: `1.25`. What is not there counts as 0; what is finer than the asset is rounded up. */
  readonly balances: ReadonlyMap<string, string>;
  /** The same for what the customer owes, rounded down. */
  readonly debts: ReadonlyMap<string, string>;
  /** The publication digest that the customer knows from elsewhere, 64 hexadecimal digits; null if none. */
  readonly digest: string | null;
  readonly policy: Policy;
}

/** What an auditor checks: all proofs have to be there. */
export interface AuditInput {
  readonly files: Files;
  readonly digest: string | null;
  readonly policy: Policy;
}

/** A chain of months. */
export interface HistoryInput {
  /** `history.json`, and the files of each audit as `audits/AUDIT_ID/manifest.json` and so on. */
  readonly files: Files;
  /** The publication digest of one of the audits, as known from elsewhere; null if none. */
  readonly digest: string | null;
  readonly policy: Policy;
}
