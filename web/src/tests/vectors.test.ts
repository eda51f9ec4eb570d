/** The conformance vectors of specs/vectors, whose README says what they are: this verifier says of each what it says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { openSpec } from "../verifier/audit/spec.js";
import { DEFAULT_POLICY, policyByName } from "../verifier/audit/policy.js";
import type { Policy } from "../verifier/audit/policy.js";
import { parseJson } from "../verifier/bytes/json.js";
import type { JsonObject } from "../verifier/bytes/json.js";
import { encodeUtf8 } from "../verifier/bytes/text.js";
import { BABYBEAR } from "../verifier/fields/babybear.js";
import { Extension } from "../verifier/fields/extension.js";
import type { Field } from "../verifier/fields/field.js";
import { GOLDILOCKS } from "../verifier/fields/goldilocks.js";
import type { Digest, Hash, Words } from "../verifier/hashes/hash.js";
import {
  compress,
  digestFromBytes,
  hashMessage,
  packElements,
  sameDigest,
  splitNumbers,
  wordsOfNumbers,
} from "../verifier/hashes/rows.js";
import { rootOfOpening } from "../verifier/merkle.js";
import { verifySumTree, verifySumTreeInclusion } from "../verifier/merkle_sum/sum_tree.js";
import { Rejected } from "../verifier/rejected.js";
import type { Statement } from "../verifier/statement.js";
import { verifyStarkInclusion } from "../verifier/stark/inclusion.js";
import { verifyStark } from "../verifier/stark/verify_stark.js";
import { Transcript } from "../verifier/transcript.js";
import { verifyAudit, verifyHistory, verifyInclusion } from "../verifier/verify.js";
import { digestToBytes, fromHex, hashByName } from "./digests.js";
import { marginTerms } from "./margin_terms.js";
import type { TermsCase } from "./margin_terms.js";

const VECTORS = new URL("../../../specs/vectors/", import.meta.url);

type Names = { readonly [key: string]: string };
interface Edit {
  readonly file: string;
  readonly missing?: boolean;
  readonly as?: string;
  readonly at?: number;
  readonly remove?: number;
  readonly text?: string;
  readonly hex?: string;
}

/** What a vector says must come out. */
interface Judged {
  readonly name: string;
  readonly base?: string;
  readonly verdict: "accepted" | "rejected" | "bad-input";
  readonly check: string | null;
}

interface HashVector extends Judged {
  readonly hash: string;
  readonly what: "row" | "compression" | "message" | "packed" | "split" | "digest";
  readonly domain: string;
  readonly words: readonly string[];
  readonly left: string;
  readonly right: string;
  readonly bytes: string;
  readonly field: string;
  readonly elements: readonly string[];
  readonly bits: number;
  readonly numbers: readonly string[];
  readonly digest: string;
}

interface MerkleVector extends Judged {
  readonly hash: string;
  readonly depth: number;
  readonly indices: readonly number[];
  readonly leaves: readonly string[];
  readonly siblings: readonly string[];
  readonly root: string;
}

interface Step {
  readonly absorb?: "text" | "integers" | "elements" | "digests" | "nonce";
  readonly draw?: "integers" | "element" | "indices";
  readonly grind?: string;
  readonly bytes: string;
  readonly values: readonly string[];
  readonly value: string;
  readonly count: number;
  readonly bound: string;
  readonly bits: number;
  readonly drawn: readonly (string | number)[];
  readonly holds: boolean;
}

interface TranscriptVector extends Judged {
  readonly hash: string;
  readonly field: string;
  readonly degree: number;
  readonly label: string;
  readonly steps: readonly Step[];
}

interface StatedSegment {
  readonly context: string;
  readonly audit_id: string;
  readonly segment: string;
  readonly segments: string;
  readonly assets: readonly { readonly symbol: string; readonly decimals: number; readonly bits: number }[];
  readonly backend: { readonly [key: string]: unknown };
  /** Where accounts may have debts: `assets` are then positions. */
  readonly terms?: TermsCase;
}

interface SegmentBase {
  readonly statement: StatedSegment;
  readonly totals: readonly string[];
  readonly proof: string;
  readonly inclusions: { readonly [name: string]: { readonly user: string; readonly balances: readonly string[]; readonly payload: string } };
}

interface SegmentVector extends Judged {
  readonly base: string;
  readonly inclusion?: string;
  readonly statement?: Partial<StatedSegment>;
  readonly totals?: readonly string[];
  readonly user?: string;
  readonly balances?: readonly string[];
  readonly edits?: readonly Edit[];
}

interface FolderBase {
  readonly folder: string;
  readonly files: readonly string[];
  readonly inclusions: { readonly [name: string]: { readonly file: string; readonly user: string; readonly balances: Names; readonly debts: Names } };
}

interface FolderVector extends Judged {
  readonly base: string;
  readonly inclusion?: string;
  readonly policy: string | { readonly [key: string]: unknown };
  readonly digest?: string;
  readonly user?: string;
  readonly balances?: Names;
  readonly debts?: Names;
  readonly edits?: readonly Edit[];
  readonly needs?: string;
  readonly facts?: {
    readonly publication_digest?: string;
    readonly publication_digests?: readonly string[];
    readonly totals?: readonly string[];
    readonly figures?: { readonly [name: string]: number };
  };
}

function readVectors<V, B = never>(kind: string): { readonly vectors: readonly V[]; readonly bases: { readonly [name: string]: B } } {
  return JSON.parse(readFileSync(new URL(`${kind}.json`, VECTORS), "utf8"));
}

function vectorFile(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(path, VECTORS)));
}

/** Files with the edits of a vector, one after the other. */
function edited(files: ReadonlyMap<string, Uint8Array>, edits: readonly Edit[] = []): Map<string, Uint8Array> {
  const made = new Map(files);
  for (const { file, missing, as, at, remove, text, hex } of edits) {
    if (missing === true) {
      made.delete(file);
    } else if (as !== undefined) {
      made.set(file, vectorFile(as));
    } else {
      const before = made.get(file) ?? new Uint8Array();
      const inserted = text === undefined ? fromHex(hex!) : encodeUtf8(text);
      const after = new Uint8Array(before.length - remove! + inserted.length);
      after.set(before.subarray(0, at!));
      after.set(inserted, at!);
      after.set(before.subarray(at! + remove!), at! + inserted.length);
      made.set(file, after);
    }
  }
  return made;
}

/** What a verification by an exception comes to: `accepted`, or the name of the check. */
function outcomeOf(verification: () => void): string {
  try {
    verification();
  } catch (error) {
    if (error instanceof Rejected) return error.check;
    throw error;
  }
  return "accepted";
}

/** What a vector wants: `accepted`, `bad-input`, or the name of the check. */
function wanted({ verdict, check }: Judged): string {
  return check ?? verdict;
}

/** Fails with all vectors whose outcome is another. */
function agree<V extends Judged>(vectors: readonly V[], found: (vector: V) => string): void {
  const wrong = vectors.flatMap((vector) => {
    const outcome = found(vector);
    return outcome === wanted(vector) ? [] : [`${vector.base ?? ""} ${vector.name}: ${outcome}, and not ${wanted(vector)}`];
  });
  assert.deepEqual(wrong, []);
}

function digestOf(hash: Hash, hex: string): Digest {
  return digestFromBytes(hash, fromHex(hex));
}

function hexOf(digest: Digest): string {
  return Buffer.from(digestToBytes(digest)).toString("hex");
}

function fieldByName(name: string): Field {
  return name === "babybear" ? BABYBEAR : GOLDILOCKS;
}

function textsOfWords(words: Words): string[] {
  const texts: string[] = [];
  for (let i = 0; i < words.length; i += 2) texts.push(((BigInt(words[i + 1]!) << 32n) | BigInt(words[i]!)).toString());
  return texts;
}

test("hashes of rows, messages and pairs, and numbers as words", () => {
  const { vectors } = readVectors<HashVector>("hashes");
  for (const vector of vectors) {
    const hash = hashByName(vector.hash);
    const name = vector.name;
    switch (vector.what) {
      case "row":
        assert.equal(hexOf(hash.hashRow(vector.domain, wordsOfNumbers(vector.words.map(BigInt)))), vector.digest, name);
        break;
      case "compression": {
        const [left, right] = [digestOf(hash, vector.left), digestOf(hash, vector.right)];
        assert.equal(hexOf(compress(hash, vector.domain, left, right)), vector.digest, name);
        break;
      }
      case "message":
        assert.equal(hexOf(hashMessage(hash, vector.domain, fromHex(vector.bytes))), vector.digest, name);
        break;
      case "packed": {
        const packed = packElements(fieldByName(vector.field), vector.elements.map(BigInt), hash);
        assert.deepEqual(textsOfWords(packed), vector.words, name);
        break;
      }
      case "split":
        assert.deepEqual(textsOfWords(splitNumbers(vector.numbers.map(BigInt), vector.bits, hash)), vector.words, name);
        break;
      case "digest":
        assert.equal(outcomeOf(() => digestOf(hash, vector.bytes)), wanted(vector), name);
    }
  }
});

test("openings of Merkle trees", () => {
  agree(readVectors<MerkleVector>("merkle").vectors, (vector) => {
    const hash = hashByName(vector.hash);
    const [leaves, siblings] = [vector.leaves, vector.siblings].map((all) => all.map((one) => digestOf(hash, one)));
    return outcomeOf(() => {
      const root = rootOfOpening(hash, vector.depth, vector.indices, leaves!, siblings!);
      if (!sameDigest(root, digestOf(hash, vector.root))) throw new Rejected("merkle-root", "another root");
    });
  });
});

test("transcripts", () => {
  for (const vector of readVectors<TranscriptVector>("transcript").vectors) {
    const hash = hashByName(vector.hash);
    const extension = new Extension(fieldByName(vector.field), vector.degree);
    const transcript = new Transcript(hash);
    transcript.text(vector.label);
    vector.steps.forEach((step, number) => {
      const place = `${vector.name}, step ${number}`;
      if (step.absorb === "text") transcript.text(fromHex(step.bytes));
      if (step.absorb === "integers") transcript.integers(step.values.map(BigInt));
      if (step.absorb === "elements") transcript.elements(extension.field, step.values.map(BigInt));
      if (step.absorb === "digests") transcript.digests(step.values.map((one) => digestOf(hash, one)));
      if (step.absorb === "nonce") transcript.nonce(BigInt(step.value));
      if (step.draw === "integers") {
        assert.deepEqual(transcript.draw(step.count, BigInt(step.bound)).map(String), step.drawn, place);
      }
      if (step.draw === "element") assert.deepEqual(transcript.element(extension).map(String), step.drawn, place);
      if (step.draw === "indices") assert.deepEqual(transcript.indices(step.count, Number(step.bound)), step.drawn, place);
      if (step.grind !== undefined) assert.equal(transcript.grinds(BigInt(step.grind), step.bits), step.holds, place);
    });
  }
});

test("proofs of segments, and of accounts in them", () => {
  const { vectors, bases } = readVectors<SegmentVector, SegmentBase>("segments");
  agree(vectors, (vector) => {
    const base = bases[vector.base]!;
    const own = vector.inclusion === undefined ? null : base.inclusions[vector.inclusion]!;
    const stated = { ...base.statement, ...vector.statement };
    const honest = new Map([["proof.bin", vectorFile(base.proof)]]);
    if (own !== null) honest.set("payload.bin", vectorFile(own.payload));
    const files = edited(honest, vector.edits);
    const proof = files.get("proof.bin")!;
    const totals = (vector.totals ?? base.totals).map(BigInt);
    const balances = own === null ? [] : (vector.balances ?? own.balances).map(BigInt);
    const user = vector.user ?? own?.user ?? "";
    return outcomeOf(() => {
      // A spec has the assets that positions are of, and the backend of accounts without debts.
      const { terms } = stated;
      const listed = terms?.map(({ symbol, bits }) => ({ symbol, decimals: 0, bits })) ?? stated.assets;
      const chosen = terms === undefined ? stated.backend : { ...stated.backend, constraints: "accounts" };
      const spec = { polyproof: 1, assets: listed, rule: "non-negative", backend: chosen };
      const { backend, assets } = openSpec(parseJson(JSON.stringify(spec), "json", "the spec") as JsonObject);
      const statement: Statement = {
        context: fromHex(stated.context),
        auditId: stated.audit_id,
        segment: Number(stated.segment),
        segments: Number(stated.segments),
        assets: terms === undefined ? assets : stated.assets,
      };
      if (backend.name === "merkle-sum") {
        const verified = verifySumTree({ ...statement, options: backend.options }, totals, proof);
        if (own !== null) verifySumTreeInclusion(verified, files.get("payload.bin")!, user, balances);
        return;
      }
      const weighed = terms === undefined
        ? { options: backend.options, terms: null }
        : { options: { ...backend.options, constraints: "margin-accounts" as const }, terms: marginTerms(terms) };
      const verified = verifyStark({ ...statement, ...weighed }, totals, proof, () => undefined);
      if (own !== null) verifyStarkInclusion(verified, files.get("payload.bin")!, user, balances);
    });
  });
});

/** A policy by its name or by the keys of a policy file. */
function policyOf(given: FolderVector["policy"]): Policy {
  if (typeof given === "string") return policyByName(given);
  const key = <T>(name: string, otherwise: T): T => (name in given ? (given[name] as T) : otherwise);
  const { minimumBits: bits, netEquity } = DEFAULT_POLICY;
  const debts = key<{ readonly [name: string]: unknown }>("net_equity", {});
  return {
    ...DEFAULT_POLICY,
    minimumBits: {
      binding: key("min_binding_bits", bits.binding),
      soundness: key("min_soundness_bits", bits.soundness),
      soundness_2025: key("min_soundness_2025_bits", bits.soundness_2025),
      inclusion: key("min_inclusion_bits", bits.inclusion),
      inclusion_2025: key("min_inclusion_2025_bits", bits.inclusion_2025),
    },
    backends: key("backends", DEFAULT_POLICY.backends),
    constraints: key("constraints", DEFAULT_POLICY.constraints),
    commitments: key("commitments", DEFAULT_POLICY.commitments),
    hashes: key("hashes", DEFAULT_POLICY.hashes),
    fields: key("fields", DEFAULT_POLICY.fields),
    maxProofBytes: key("max_proof_bytes", DEFAULT_POLICY.maxProofBytes),
    maxInclusionBytes: key("max_inclusion_bytes", DEFAULT_POLICY.maxInclusionBytes),
    maxManifestBytes: key("max_manifest_bytes", DEFAULT_POLICY.maxManifestBytes),
    maxAssets: key("max_assets", DEFAULT_POLICY.maxAssets),
    maxSegments: key("max_segments", DEFAULT_POLICY.maxSegments),
    reservesRequired: key("reserves_required", DEFAULT_POLICY.reservesRequired),
    netEquity: {
      ...netEquity,
      maxPriceHours: "max_price_hours" in debts ? (debts["max_price_hours"] as number | null) : netEquity.maxPriceHours,
      requireCovered: (debts["require_covered"] as boolean | undefined) ?? netEquity.requireCovered,
      ownIssued: (debts["own_issued"] as readonly string[] | undefined) ?? netEquity.ownIssued,
    },
  };
}

function filesOf({ folder, files }: FolderBase): Map<string, Uint8Array> {
  return new Map(files.map((name) => [name, vectorFile(`${folder}/${name}`)]));
}

/** What must come out of a folder: this program has no pairings, and says so. */
function expectedOf(vector: FolderVector): FolderVector {
  return vector.needs === "pairings" ? { ...vector, verdict: "not-covered" as never, check: null, facts: {} } : vector;
}

test("published audits, and accounts in them", () => {
  const { vectors, bases } = readVectors<FolderVector, FolderBase>("audits");
  agree(vectors.map(expectedOf), (vector) => {
    const base = bases[vector.base]!;
    const own = vector.inclusion === undefined ? null : base.inclusions[vector.inclusion]!;
    const honest = filesOf(base);
    if (own !== null) honest.set("inclusion.polyproof", vectorFile(own.file));
    const files = edited(honest, vector.edits);
    const [digest, policy] = [vector.digest ?? null, policyOf(vector.policy)];
    if (own === null) {
      const found = verifyAudit({ files, digest, policy });
      if (found.facts !== null && vector.facts?.figures !== undefined) {
        assert.equal(found.facts.publicationDigest, vector.facts.publication_digest, vector.name);
        assert.deepEqual(found.facts.totals.map(({ units }) => units), vector.facts.totals, vector.name);
        const figures = found.facts.figures.map(({ name, bits }) => [name, Number(bits.toFixed(3))]);
        assert.deepEqual(Object.fromEntries(figures), vector.facts.figures, vector.name);
      }
      return found.check ?? (found.outcome === "verified" ? "accepted" : found.outcome);
    }
    const inclusion = files.get("inclusion.polyproof")!;
    files.delete("inclusion.polyproof");
    const found = verifyInclusion({
      files,
      inclusion,
      user: vector.user ?? own.user,
      balances: new Map(Object.entries(vector.balances ?? own.balances)),
      debts: new Map(Object.entries(vector.debts ?? own.debts)),
      digest,
      policy,
    });
    return found.check ?? (found.outcome === "included" ? "accepted" : found.outcome);
  });
});

test("chains of months", () => {
  const { vectors, bases } = readVectors<FolderVector, FolderBase>("histories");
  agree(vectors, (vector) => {
    const files = edited(filesOf(bases[vector.base]!), vector.edits);
    const found = verifyHistory({ files, digest: vector.digest ?? null, policy: policyOf(vector.policy), proofs: true });
    if (found.facts !== null) {
      const digests = found.facts.audits.map(({ publicationDigest }) => publicationDigest);
      assert.deepEqual(digests, vector.facts?.publication_digests, vector.name);
    }
    return found.check ?? (found.outcome === "verified" ? "accepted" : found.outcome);
  });
});
