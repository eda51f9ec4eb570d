/**
 * What a verifier accepts: docs/reference/spec.md, "The policy", and specs/policies/. It is the verifier's own and never
 * part of an audit. Each function compares one thing with its limit; checks are those of docs/reference/audit-directory.md,
 * "How an audit is verified".
 */
import { BadInput, Rejected } from "../rejected.js";
import type { Quote } from "./manifest.js";
import { FIGURE_NAMES, bitsText, figureFor } from "./security.js";
import type { FigureName, Figures } from "./security.js";
import type { NetEquitySettings } from "./spec.js";

export interface Policy {
  /** `default`, or the name of one that comes with polyproof. */
  readonly name: string;
  /** The fewest bits of each figure; null: not required. */
  readonly minimumBits: Readonly<Record<FigureName, number | null>>;
  /** Names that a proof may use; null allows every one that this program has. */
  readonly backends: readonly string[] | null;
  readonly constraints: readonly string[] | null;
  readonly commitments: readonly string[] | null;
  readonly hashes: readonly string[] | null;
  readonly fields: readonly string[] | null;
  readonly maxProofBytes: number;
  readonly maxInclusionBytes: number;
  readonly maxManifestBytes: number;
  readonly maxAssets: number;
  readonly maxSegments: number;
  readonly reservesRequired: boolean;
  readonly netEquity: NetEquityPolicy;
}

/** What is accepted where accounts have debts. */
export interface NetEquityPolicy {
  /** Whether a proof is required that what each account has pledged covers what it owes. */
  readonly requireCovered: boolean;
  /** Assets that may count as collateral although the organisation issues them; null allows any. */
  readonly allowOwnIssued: readonly string[] | null;
  /** Assets that the organisation issues, whatever it says of them. */
  readonly ownIssued: readonly string[];
  /** Assets of which more may be lent than all accounts have; null allows any. */
  readonly allowNegativeNet: readonly string[] | null;
  /** Quotes of one's own, with which those of the audit are compared; none: they are not compared. */
  readonly prices: readonly Quote[];
  /** By how much prices of an audit may be more favourable, in percent: an exact decimal. */
  readonly tolerance: string;
  /** By how many hours the time of a price may be before or after that of the balances; null allows any. */
  readonly maxPriceHours: number | null;
  /** The most that collateral may count for, of assets that are listed. */
  readonly haircuts: NetEquitySettings["collateral"];
}

export const DEFAULT_POLICY: Policy = {
  name: "default",
  minimumBits: { binding: 100, soundness: 100, soundness_2025: 100, inclusion: 60, inclusion_2025: 100 },
  backends: ["merkle-sum", "stark"],
  constraints: ["accounts", "margin-accounts"],
  commitments: ["fri", "merkle"],
  hashes: ["blake3", "keccak256", "poseidon", "poseidon2", "poseidon2-babybear", "rescue-prime-optimized", "sha256"],
  fields: ["babybear", "goldilocks"],
  maxProofBytes: 67108864,
  maxInclusionBytes: 1048576,
  maxManifestBytes: 16777216,
  maxAssets: 1024,
  maxSegments: 4096,
  reservesRequired: false,
  netEquity: {
    requireCovered: true, allowOwnIssued: [], ownIssued: [], allowNegativeNet: [], prices: [], tolerance: "2", maxPriceHours: 24,
    haircuts: [],
  },
};

/** specs/policies/merkle-sum.yaml: what it takes to accept a Merkle sum tree. */
export const MERKLE_SUM_POLICY: Policy = {
  ...DEFAULT_POLICY,
  name: "merkle-sum",
  minimumBits: { binding: 100, soundness: null, soundness_2025: null, inclusion: 100, inclusion_2025: 100 },
  backends: ["merkle-sum"],
  netEquity: { ...DEFAULT_POLICY.netEquity, requireCovered: false },
};

/** The policies that a user can name. What accepts a set-up whose secret is public is not among them. */
export const POLICIES: readonly Policy[] = [DEFAULT_POLICY, MERKLE_SUM_POLICY];

/** One of `POLICIES` by its name. Throws `BadInput` for another name. */
export function policyByName(name: string): Policy {
  const found = POLICIES.find((policy) => policy.name === name);
  if (found === undefined) {
    throw new BadInput(`there is no policy ${name}; there are ${POLICIES.map((one) => one.name).join(" and ")}`);
  }
  return found;
}

/** The names of components that the options of a backend have; empty where it has no such option. */
export interface ComponentNames {
  readonly constraints: readonly string[];
  readonly commitment: readonly string[];
  readonly hash: readonly string[];
  readonly field: readonly string[];
}

/** Refuse a backend, before anything of the audit is read for it. */
export function checkBackend(policy: Policy, backend: string): void {
  checkNames("policy-backend", "backend", [backend], policy.backends);
}

/** Refuse the components that the options of a backend name. */
export function checkComponents(policy: Policy, backend: string, components: ComponentNames): void {
  checkBackend(policy, backend);
  checkNames("policy-constraints", "constraint system", components.constraints, policy.constraints);
  checkNames("policy-commitment", "commitment", components.commitment, policy.commitments);
  checkNames("policy-hash", "hash", components.hash, policy.hashes);
  checkNames("policy-field", "field", components.field, policy.fields);
  if (policy.hashes !== null && components.hash.length === 0) {
    throw new Rejected("policy-hash", `the backend ${backend} does not say which hash it uses`);
  }
}

/** Refuse an audit for its number of assets, before anything is made for each of them. */
export function checkAssetCount(policy: Policy, count: number): void {
  if (count > policy.maxAssets) {
    throw new Rejected("policy-assets", `the audit has ${count} assets, the policy allows ${policy.maxAssets}`);
  }
}

/** Refuse an audit for its number of segments. */
export function checkSegmentCount(policy: Policy, count: number): void {
  if (count > policy.maxSegments) {
    throw new Rejected("policy-segments", `the audit has ${count} segments, the policy allows ${policy.maxSegments}`);
  }
}

/** Refuse a manifest of so many bytes. */
export function checkManifestSize(policy: Policy, bytes: number): void {
  checkSize("policy-manifest-size", "the manifest", bytes, policy.maxManifestBytes);
}

/** Refuse the proof of a segment of so many bytes. */
export function checkProofSize(policy: Policy, bytes: number): void {
  checkSize("policy-proof-size", "the proof", bytes, policy.maxProofBytes);
}

/** Refuse an inclusion file, or the payload in it, of so many bytes. */
export function checkInclusionSize(policy: Policy, bytes: number): void {
  checkSize("policy-inclusion-size", "the inclusion file", bytes, policy.maxInclusionBytes);
}

/** Refuse an audit of liabilities alone where the policy requires reserves. */
export function checkReservesPublished(policy: Policy, published: boolean): void {
  if (policy.reservesRequired && !published) {
    throw new Rejected("policy-reserves-required", "the audit has no reserves, and the policy requires them");
  }
}

/** Refuse a proof for one of its figures; one equal to its minimum passes. */
export function checkFigures(policy: Policy, figures: Figures): void {
  for (const name of FIGURE_NAMES) {
    const least = policy.minimumBits[name];
    if (least === null) continue;
    const check = `policy-${name.replace("_", "-")}`;
    const figure = figureFor(figures, name);
    if (figure === null) {
      throw new Rejected(check, `it gives no ${figureLabel(name)}; the policy requires ${least} bits`);
    }
    // Written so that a figure that is no number is refused.
    if (!(figure.bits >= least && Number.isFinite(figure.bits))) {
      throw new Rejected(
        check,
        `${figureLabel(name)}: ${bitsText(figure.bits)} bits (${figure.decidedBy}), the policy requires ${least}`,
      );
    }
  }
}

function figureLabel(name: FigureName): string {
  if (name === "binding") return name;
  return name.endsWith("_2025")
    ? `${name.replace("_2025", "")}, by theorems of 2025`
    : `${name}, by long-proven bounds`;
}

function checkNames(check: string, kind: string, names: readonly string[], allowed: readonly string[] | null): void {
  for (const name of names) {
    if (allowed !== null && !allowed.includes(name)) {
      throw new Rejected(check, `the ${kind} ${name} is not one that the policy allows: ${allowed.join(", ")}`);
    }
  }
}

function checkSize(check: string, what: string, bytes: number, most: number): void {
  if (bytes > most) throw new Rejected(check, `${what} has ${bytes} bytes, the policy allows ${most}`);
}
