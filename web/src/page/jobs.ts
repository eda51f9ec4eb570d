/**
 * What the page has its worker do, and what comes back. A worker runs the same script as the page, and reads all files:
 * one that is made to be slow to read keeps nobody from stopping it.
 */
import type { HistoryVerdict, Step, Verdict } from "../verifier/verdict.js";

export type Job =
  | { readonly kind: "outline"; readonly files: OutlineFiles }
  | { readonly kind: "check"; readonly check: Check };

export interface OutlineFiles {
  readonly publication: Uint8Array | null;
  readonly manifest: Uint8Array | null;
  readonly inclusion: Uint8Array | null;
  /** Not read here but those that can be the wanted one by their size. */
  readonly proofs: readonly File[];
}

/** What the page has to know of the files before anything is checked. Texts are as the files have them: hostile. */
export interface Outline {
  /** SHA-256 of the publication record. */
  readonly publicationDigest: string | null;
  readonly audit: AuditOutline | null;
  /** Why the manifest or the customer's own file cannot be read. */
  readonly manifestProblem: string | null;
  readonly inclusionProblem: string | null;
  /** The name of the wanted proof in the audit, if manifest and own file say it. */
  readonly proofName: string | null;
  /** Which of the given files it is; null if none of them. */
  readonly proof: number | null;
}

export interface AuditOutline {
  readonly auditId: string;
  readonly snapshot: string;
  readonly backend: string;
  readonly assets: readonly AssetOutline[];
  /** Whether accounts may have debts. */
  readonly debts: boolean;
}

export interface AssetOutline {
  readonly symbol: string;
  readonly decimals: number;
}

export interface Check {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly inclusion: Uint8Array;
  readonly user: string;
  readonly balances: ReadonlyMap<string, string>;
  readonly debts: ReadonlyMap<string, string>;
  readonly digest: string | null;
  /** The name of one of the verifier's policies. */
  readonly policy: string;
  /** The chain of audits, if its files were chosen: `history.json`, `audits/AUDIT_ID/manifest.json` and so on. */
  readonly history: ReadonlyMap<string, Uint8Array> | null;
}

/** What came of a check. The chain is only looked at where the balance was counted. */
export interface Checked {
  readonly verdict: Verdict;
  readonly history: HistoryVerdict | null;
}

export type Answer =
  | { readonly kind: "progress"; readonly done: number; readonly step: Step }
  | { readonly kind: "outline"; readonly outline: Outline }
  | { readonly kind: "checked"; readonly checked: Checked };
