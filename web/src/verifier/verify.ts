/**
 * What a program that checks an audit calls. Nothing here throws: whatever goes wrong is an outcome, and files are hostile.
 *
 * docs/reference/audit-directory.md, "How an audit is verified", has the steps and their order.
 */
import { coinsText, makeClaim } from "./audit/balances.js";
import type { Claim } from "./audit/balances.js";
import { openHistory, parseHistory } from "./audit/history.js";
import { checkBelongs, parseInclusionFile, parsePledges } from "./audit/inclusion_file.js";
import { isMarginSegment } from "./audit/manifest.js";
import type { Manifest } from "./audit/manifest.js";
import { categoriesOf, lentTotals, netTotals, positionBalances } from "./audit/net_equity.js";
import type { NetEquity } from "./audit/net_equity.js";
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
import type { AccountFacts, Amount, DebtFacts, Facts, HistoryVerdict, Outcome, StepProgress, Verdict } from "./verdict.js";

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
  /**
   * Whether every proof is verified too; if not, only records and manifests have to be there, and what the answer shows
   * is that they form one chain, not that any proof holds.
   */
  readonly proofs: boolean;
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
    const account = accountOf(audit, index, claim, file.payload);
    const segment = verifySegment(audit, index, proof, (done) => progress(0.01 + 0.97 * done, "proof"));
    progress(0.98, "inclusion");
    segment.verifyAccount(account.payload, claim.user, account.balances);
    checkFigures(audit.policy, segment.figures);
    progress(1, "inclusion");
    const facts = factsOf(audit, input.digest !== null, [index], segment.figures, account.facts);
    return { outcome: "included", check: null, reason: "What was typed was counted in this audit.", facts };
  });
}

/** Whether a published audit is what it says: every proof of it. */
export function verifyAudit(input: AuditInput, progress: StepProgress = () => undefined): Verdict {
  return answered(() => {
    progress(0, "files");
    const audit = openAudit(openRecord(input.files, digestOf(input.digest), input.policy, true), input.policy, Date.now());
    const figures = verifySegments(audit, (done) => progress(done, "proof"));
    progress(1, "proof");
    const indices = audit.manifest.segments.map(({ index }) => index);
    const facts = factsOf(audit, input.digest !== null, indices, figures, null);
    return { outcome: "verified", check: null, reason: "Every proof of this audit holds.", facts };
  });
}

/** Whether a chain of audits is whole, each following the one before it, and with `proofs` whether each proof of it holds. */
export function verifyHistory(input: HistoryInput, progress: StepProgress = () => undefined): HistoryVerdict {
  try {
    return historyVerdict(input, progress);
  } catch (error) {
    return { ...outcomeOf(error), facts: null };
  }
}

function historyVerdict(input: HistoryInput, progress: StepProgress): HistoryVerdict {
  progress(0, "history");
  const index = input.files.get("history.json");
  if (index === undefined) throw new BadInput("There is no history: history.json is missing.");
  const audits = openHistory(input.files, parseHistory(index), input.policy, input.proofs);
  const digest = digestOf(input.digest);
  const digestPlace = digest === null ? null : audits.findIndex((audit) => audit.record.digest === digest);
  if (digestPlace === -1) throw new Rejected("publication-digest", `no audit of the history has the digest ${digest}`);
  const facts = audits.map((opened, place) => {
    const audit = openAudit(opened, input.policy, Date.now(), input.proofs);
    if (input.proofs) {
      const [from, to] = [place / audits.length, (place + 1) / audits.length];
      verifySegments(audit, (done) => progress(from + (to - from) * done, "proof"));
    }
    return {
      auditId: audit.manifest.auditId,
      created: audit.manifest.created,
      snapshot: audit.manifest.snapshot,
      publicationDigest: audit.record.digest,
      corrects: audit.record.corrects,
      proofsVerified: input.proofs,
      totals: amountsOf(audit.spec.assets, audit.manifest.totals),
    };
  });
  progress(1, "history");
  const notChecked = ["The pages and archives of the site were not compared with what was verified."];
  if (!input.proofs) notChecked.push("No proof was verified: totals are what the organisation states.");
  const reservesOf = audits.filter((audit) => audit.record.reservesDigest !== null).length;
  if (reservesOf > 0) {
    notChecked.push("Reserves were not checked: what is held, and by whom, is not shown.");
  }
  return {
    outcome: "verified",
    check: null,
    reason: input.proofs ? "Every audit of the history holds, and each follows the one before it." : "Each audit of the history follows the one before it.",
    facts: { audits: facts, organisation: audits.at(-1)!.manifest.organisation, digestOf: digestPlace, reservesOf, notChecked },
  };
}

/** The figures of all segments together, each of whose proofs holds. */
function verifySegments(audit: OpenedAudit, progress: (done: number) => void): Figures {
  const { segments } = audit.manifest;
  const figures = segments.map(({ index }) => {
    const proof = proofOf(audit, index);
    const segment = verifySegment(audit, index, proof, (done) => progress((index + done) / segments.length));
    checkFigures(audit.policy, segment.figures);
    return segment.figures;
  });
  return weakestFigures(figures);
}

/** A claim as the segment that it is about has accounts. */
interface ClaimedAccount {
  /** One amount for each of the segment's assets or positions. */
  readonly balances: readonly bigint[];
  /** The backend's inclusion proof. */
  readonly payload: Uint8Array;
  readonly facts: AccountFacts;
}

/** Rejects a debt in a segment without debts (`segment-kind`), and pledges that the account cannot have made. */
function accountOf(audit: OpenedAudit, index: number, claim: Claim, payload: Uint8Array): ClaimedAccount {
  const { assets } = audit.spec;
  const facts = {
    user: claim.user,
    segment: index,
    marginSegment: isMarginSegment(audit.manifest, index),
    balances: amountsOf(assets, claim.balances),
    debts: amountsOf(assets, claim.debts).filter(({ units }) => units !== "0"),
    pledged: [],
  };
  if (audit.netEquity === null || !facts.marginSegment) {
    if (facts.debts.length > 0) {
      throw new Rejected("segment-kind", "a debt was typed, and the file is of a part of the audit in which no account has any");
    }
    return { balances: claim.balances, payload, facts };
  }
  const categories = categoriesOf(audit.netEquity);
  const pledges = parsePledges(payload, categories);
  const balances = positionBalances(audit.netEquity, assets, claim, pledges);
  const pledged = categories.map(({ asset, decimals, kind }, k) => ({
    asset: assets[asset]!.symbol,
    category: kind,
    units: pledges.pledged[k]!.toString(),
    amount: coinsText(pledges.pledged[k]!, decimals),
  }));
  return { balances, payload: pledges.payload, facts: { ...facts, pledged: pledged.filter(({ units }) => units !== "0") } };
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
  const terms = isMarginSegment(audit.manifest, index) ? audit.netEquity!.terms : null;
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
    debts: audit.netEquity === null ? null : debtFacts(audit.netEquity, manifest, spec.assets),
    leftOut: manifest.leftOut.map((one) => one.asset),
    reserves,
    account,
  };
}

function debtFacts(netEquity: NetEquity, manifest: Manifest, assets: readonly StatedAsset[]): DebtFacts {
  const { marginSegments, underwater, prices } = manifest.netEquity!;
  const times = prices.map(({ time }) => time).sort();
  return {
    marginSegments,
    lent: amountsOf(assets, lentTotals(netEquity, manifest, assets)),
    net: amountsOf(assets, netTotals(netEquity, manifest, assets)),
    currency: netEquity.currency,
    pricesFrom: times[0]!,
    pricesTo: times[times.length - 1]!,
    underwaterAccounts: underwater === null ? null : Number(underwater.accounts),
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

/** What a verification answers, whatever it throws. */
function answered(verification: () => Verdict): Verdict {
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
