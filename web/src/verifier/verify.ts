/**
 * What a program that checks an audit calls. Nothing here throws: whatever goes wrong is an outcome, and files are hostile.
 *
 * docs/reference/audit-directory.md, "How an audit is verified", has the steps and their order.
 */
import { coinsText, makeClaim } from "./audit/balances.js";
import { checkBelongs, parseInclusionFile } from "./audit/inclusion_file.js";
import { isMarginSegment } from "./audit/manifest.js";
import { backendOf, openAudit, openRecord, proofOf, statementOf } from "./audit/open.js";
import type { OpenedAudit } from "./audit/open.js";
import { checkFigures } from "./audit/policy.js";
import type { Policy } from "./audit/policy.js";
import { FIGURE_NAMES, starkFigures, sumTreeFigures, weakestFigures } from "./audit/security.js";
import type { Figures, StarkNumbers } from "./audit/security.js";
import { verifySumTree, verifySumTreeInclusion } from "./merkle_sum/sum_tree.js";
import { BadInput, NotCovered, Rejected } from "./rejected.js";
import { verifyStarkInclusion } from "./stark/inclusion.js";
import type { VerifiedStark } from "./stark/verified.js";
import { verifyStark } from "./stark/verify_stark.js";
import type { StatedAsset } from "./statement.js";
import type { AccountFacts, Amount, Facts, Outcome, StepProgress, Verdict } from "./verdict.js";

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

/** Whether one account, as its owner states it, was counted in a published audit. */
export function verifyInclusion(input: InclusionInput, progress: StepProgress = () => undefined): Verdict {
  return answered(() => {
    progress(0, "files");
    const audit = openAudit(openRecord(input.files, digestOf(input.digest), input.policy, false), input.policy, Date.now());
    const file = parseInclusionFile(input.inclusion, input.policy);
    const claim = makeClaim(audit.spec.assets, input.user, input.balances, input.debts);
    const index = checkBelongs(file, audit.manifest);
    const proof = proofOf(audit, index);
    if (claim.debts.some((debt) => debt > 0n)) {
      throw new Rejected("segment-kind", "a debt was typed, and the file is of a part of the audit in which no account has any");
    }
    const segment = verifySegment(audit, index, proof, within(progress, "proof", 0.01, 0.98));
    progress(0.98, "inclusion");
    segment.verifyAccount(file.payload, claim.user, claim.balances);
    checkFigures(audit.policy, segment.figures);
    progress(1, "inclusion");
    const account: AccountFacts = {
      user: claim.user,
      segment: index,
      marginSegment: isMarginSegment(audit.manifest, index),
      balances: amountsOf(audit.spec.assets, claim.balances),
      debts: [],
      pledged: [],
    };
    const facts = factsOf(audit, input.digest !== null, [index], segment.figures, account);
    return { outcome: "included", check: null, reason: "What was typed was counted in this audit.", facts };
  });
}

/** Whether a published audit is what it says: every proof of it. */
export function verifyAudit(input: AuditInput, progress: StepProgress = () => undefined): Verdict {
  return answered(() => {
    progress(0, "files");
    const audit = openAudit(openRecord(input.files, digestOf(input.digest), input.policy, true), input.policy, Date.now());
    const count = audit.manifest.segments.length;
    const figures = audit.manifest.segments.map(({ index }) => {
      const proof = proofOf(audit, index);
      const segment = verifySegment(audit, index, proof, within(progress, "proof", index / count, (index + 1) / count));
      checkFigures(audit.policy, segment.figures);
      return segment.figures;
    });
    progress(1, "proof");
    const indices = audit.manifest.segments.map(({ index }) => index);
    const facts = factsOf(audit, input.digest !== null, indices, weakestFigures(figures), null);
    return { outcome: "verified", check: null, reason: "Every proof of this audit holds.", facts };
  });
}

/** What is known of a segment whose proof was accepted. */
interface VerifiedSegment {
  readonly figures: Figures;
  /** Rejects an account that this inclusion proof does not show in the segment. */
  verifyAccount(payload: Uint8Array, user: string, balances: readonly bigint[]): void;
}

function verifySegment(audit: OpenedAudit, index: number, proof: Uint8Array, progress: (done: number) => void): VerifiedSegment {
  const backend = backendOf(audit, index);
  const statement = statementOf(audit, index);
  const { totals } = audit.manifest.segments[index]!;
  progress(0);
  if (backend.name === "merkle-sum") {
    const verified = verifySumTree({ ...statement, options: backend.options }, totals, proof);
    progress(1);
    return {
      figures: sumTreeFigures(backend.options.hash.name),
      verifyAccount: (payload, user, balances) => verifySumTreeInclusion(verified, payload, user, balances),
    };
  }
  const terms = isMarginSegment(audit.manifest, index) ? audit.terms : null;
  const verified = verifyStark({ ...statement, options: backend.options, terms }, totals, proof, progress);
  return {
    figures: starkFigures(numbersOf(verified)),
    verifyAccount: (payload, user, balances) => verifyStarkInclusion(verified, payload, user, balances),
  };
}

/** What the figures of a verified proof follow from. */
function numbersOf({ statement, shape, system }: VerifiedStark): StarkNumbers {
  const { hash, field } = statement.options;
  return {
    hash: hash.name,
    modulus: field.modulus,
    extension: shape.extension,
    blowup: shape.blowup,
    queries: shape.queries,
    grinding: shape.grinding,
    logRows: shape.logRows,
    blinding: shape.blinding,
    arities: shape.arities,
    witnessColumns: system.columns.length,
    lookedUp: system.lookups,
    tables: shape.tableOffsets.length,
    groupSize: shape.group,
    parts: system.publics.length,
    linearConstraints: system.zeroCount,
    chunks: shape.chunks,
  };
}

function factsOf(
  audit: OpenedAudit,
  digestCompared: boolean,
  verifiedSegments: readonly number[],
  figures: Figures,
  account: AccountFacts | null,
): Facts {
  const { record, manifest, spec, reserves } = audit;
  return {
    auditId: manifest.auditId,
    organisation: manifest.organisation,
    snapshot: manifest.snapshot,
    created: manifest.created,
    publicationDigest: record.digest,
    manifestDigest: manifest.digest,
    digestCompared,
    corrects: record.corrects,
    backend: spec.backend.name,
    components: {
      hash: namesOf(audit, "hash"),
      field: namesOf(audit, "field"),
      constraints: namesOf(audit, "constraints"),
      commitment: namesOf(audit, "commitment"),
    },
    figures: FIGURE_NAMES.flatMap((name) => {
      const figure = figures[name];
      return figure === null ? [] : [{ name, ...figure }];
    }),
    segments: manifest.segments.length,
    verifiedSegments,
    totals: amountsOf(spec.assets, manifest.totals),
    nonNegative: spec.backend.name === "stark" ? "everybody" : "opened-paths",
    debts: null,
    leftOut: manifest.leftOut.map((one) => one.asset),
    reserves,
    account,
  };
}

/** The components of a kind that the options of all backends name, each once. */
function namesOf(audit: OpenedAudit, kind: "hash" | "field" | "constraints" | "commitment"): string[] {
  const { backend, margin } = audit.spec;
  return [...new Set([...backend.components[kind], ...(margin?.backend.components[kind] ?? [])])];
}

function amountsOf(assets: readonly StatedAsset[], amounts: readonly bigint[]): Amount[] {
  return assets.map(({ symbol, decimals }, i) => ({
    asset: symbol,
    units: amounts[i]!.toString(),
    amount: coinsText(amounts[i]!, decimals),
  }));
}

/** A publication digest as somebody types it: 64 hexadecimal digits of either case, with spaces around. */
function digestOf(typed: string | null): string | null {
  if (typed === null) return null;
  const digest = typed.trim().toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(digest)) throw new BadInput("A publication digest has 64 hexadecimal digits.");
  return digest;
}

/** Progress of a part of the work, from one fraction of the whole to another. */
function within(progress: StepProgress, step: "proof", from: number, to: number): (done: number) => void {
  return (done) => progress(from + (to - from) * done, step);
}

/** What a verification answers, whatever it throws. */
function answered<T extends Verdict>(verification: () => T): T | Verdict {
  try {
    return verification();
  } catch (error) {
    return { ...outcomeOf(error), facts: null };
  }
}

function outcomeOf(error: unknown): { outcome: Outcome; check: string | null; reason: string } {
  if (error instanceof Rejected) return { outcome: "rejected", check: error.check, reason: error.message };
  if (error instanceof BadInput) return { outcome: "bad-input", check: null, reason: error.message };
  if (error instanceof NotCovered) return { outcome: "not-covered", check: null, reason: error.message };
  const told = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { outcome: "failed", check: null, reason: `This program failed: ${told}` };
}
