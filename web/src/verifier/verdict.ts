/**
 * What a verification answers. Everything here can be copied between a page and its worker, and written as JSON: text,
 * numbers, true and false, null, lists and objects.
 */
export type Outcome =
  /** The claim holds: what was typed was counted, or the audit or history is what it says. */
  | "included"
  | "verified"
  /** A check failed; `check` names it. */
  | "rejected"
  /** What was typed or chosen cannot be understood, or a file that is needed was not given. Neither for nor against. */
  | "bad-input"
  /** This program does not have what the audit was made with. Neither for nor against. */
  | "not-covered"
  /** A fault in this program. Neither for nor against. */
  | "failed";

export interface Verdict {
  readonly outcome: Outcome;
  /** The name of the check that failed, as docs/reference/checks.md lists them; null unless `rejected`. */
  readonly check: string | null;
  /** One plain sentence, without a line end; it may quote text from the files, which is hostile. */
  readonly reason: string;
  /** What this run checked before it ended; null unless the outcome is `included` or `verified`. */
  readonly facts: Facts | null;
}

/** An exact amount: `units` are base units, `amount` the same in whole coins. Both are decimal digits. */
export interface Amount {
  readonly asset: string;
  readonly units: string;
  readonly amount: string;
}

/** A figure of security, as docs/explanation/security.md explains it. */
export interface FigureFact {
  readonly name: "binding" | "soundness" | "soundness_2025" | "inclusion" | "inclusion_2025";
  /** log2 of how many tries faking it takes, that of the weakest proof checked; unrounded. */
  readonly bits: number;
  readonly decidedBy: string;
  readonly restsOn: string;
}

export interface Facts {
  readonly auditId: string;
  /** The organisation's own word, hostile text; null where it gives none. */
  readonly organisation: string | null;
  /** When the balances were taken and when proving began, as the manifest says: `2025-01-31T23:59:59Z`. */
  readonly snapshot: string;
  readonly created: string;
  /** 64 hexadecimal digits. */
  readonly publicationDigest: string;
  readonly manifestDigest: string;
  /** Whether the publication digest was compared with one that the caller knows from elsewhere. */
  readonly digestCompared: boolean;
  /** The earlier audit that this one says it corrects, and why (hostile text). */
  readonly corrects: { readonly publicationDigest: string; readonly reason: string } | null;
  readonly backend: string;
  /** The hash, field, constraint systems and commitment that the backend's options name; what it has none of is empty. */
  readonly components: {
    readonly hash: readonly string[];
    readonly field: readonly string[];
    readonly constraints: readonly string[];
    readonly commitment: readonly string[];
  };
  readonly figures: readonly FigureFact[];
  /** How many segments the audit has, and the indices of those whose proofs this run verified. */
  readonly segments: number;
  readonly verifiedSegments: readonly number[];
  /** What the audit says is owed, asset by asset; with debts gross, nothing deducted. */
  readonly totals: readonly Amount[];
  /** Whether all balances in the verified segments are proven not to be negative, or only those along opened paths. */
  readonly nonNegative: "everybody" | "opened-paths";
  /** Of an audit in which accounts may have debts; null of any other. */
  readonly debts: DebtFacts | null;
  /** Assets of the accounts that are no part of the audit, by the organisation's word. */
  readonly leftOut: readonly string[];
  /** Whether the record names reserves. They are never judged by this program, at most compared with their digests. */
  readonly reserves: "none" | "not-given" | "digests-compared";
  /** What was checked of one account; null where none was. */
  readonly account: AccountFacts | null;
}

export interface DebtFacts {
  /** How many segments, the last ones, are of accounts with debts or pledges. */
  readonly marginSegments: number;
  /** What all accounts owe, and what they have less that, asset by asset; a net amount may begin with a minus sign. */
  readonly lent: readonly Amount[];
  readonly net: readonly Amount[];
  /** The currency of the prices, which are the organisation's word. */
  readonly currency: string;
  /** The times of the oldest and the newest price, by its word too. */
  readonly pricesFrom: string;
  readonly pricesTo: string;
  /** How many accounts were left out since their pledges do not cover their debts, by the organisation's word. */
  readonly underwaterAccounts: number | null;
}

export interface AccountFacts {
  readonly user: string;
  /** The segment that the account is in, from 0. */
  readonly segment: number;
  /** Whether that segment is one of accounts with debts. */
  readonly marginSegment: boolean;
  /** All assets of the audit in order, as they were counted: rounded up, and 0 where nothing was typed. */
  readonly balances: readonly Amount[];
  /** Those that are not 0; rounded down. */
  readonly debts: readonly Amount[];
  /** What the inclusion file says was pledged, by asset and category, where it is not 0. */
  readonly pledged: readonly (Amount & { readonly category: string })[];
}

/** What a verification of a history answers. Never `included`. */
export interface HistoryVerdict {
  readonly outcome: Outcome;
  readonly check: string | null;
  readonly reason: string;
  readonly facts: HistoryFacts | null;
}

export interface HistoryFacts {
  /** Oldest first. */
  readonly audits: readonly HistoryAuditFacts[];
  /** The newest audit's organisation; all audits name the same. Hostile text. */
  readonly organisation: string | null;
  /** Which of the audits has the publication digest that the caller knows, as an index of `audits`; null if none was given. */
  readonly digestOf: number | null;
  /** How many of the audits have published reserves, which this program does not judge. */
  readonly reservesOf: number;
  /** What this run did not check, in plain sentences: proofs that were not given, reserves, pages. */
  readonly notChecked: readonly string[];
}

export interface HistoryAuditFacts {
  readonly auditId: string;
  readonly created: string;
  readonly snapshot: string;
  readonly publicationDigest: string;
  /** The audit that this one says it corrects, and why (hostile text). */
  readonly corrects: { readonly publicationDigest: string; readonly reason: string } | null;
  /** Whether all of its proofs were verified, or only that the chain names them. */
  readonly proofsVerified: boolean;
  readonly totals: readonly Amount[];
}

/**
 * Told every now and then how far a verification is: `done` from 0 to 1, never less than before, and `step`, what it is
 * at, as one of a few words that a page can translate.
 */
export type StepProgress = (done: number, step: Step) => void;
export type Step = "files" | "proof" | "inclusion" | "history";
