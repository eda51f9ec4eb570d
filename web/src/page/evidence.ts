/**
 * Evidence: one JSON file with all that was checked and what came of it, which `polyproof verify-inclusion` reads. The
 * verdict in it is never believed, here or there.
 */
import type { Verdict } from "../verifier/verdict.js";
import type { Check } from "./jobs.js";
import { PAGE_VERSION } from "./version.js";

const EVIDENCE_FORMAT = "polyproof/evidence";
const EVIDENCE_VERSION = 1;
/** The longest text that evidence may have. */
const LONGEST_EVIDENCE_TEXT = 4096;
/** A multiple of three bytes, so that parts of base64 can be joined. */
const BASE64_PART = 3 * 8192;
/** Names that a file in evidence can have: those of a check. */
const EVIDENCE_FILE = /^(publication\.json|manifest\.json|proof-\d{4,9}\.bin)$/;

export function evidenceName(auditId: string | null): string {
  const id = auditId !== null && /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(auditId) ? auditId : "unknown";
  return `evidence-${id}.polyproof-evidence.json`;
}

/** The file. `saved`: when. */
export function evidenceBlob(check: Check, verdict: Verdict, saved: Date): Blob {
  const content = {
    format: EVIDENCE_FORMAT,
    version: EVIDENCE_VERSION,
    saved: `${saved.toISOString().slice(0, 19)}Z`,
    program: { name: "polyproof-page", version: PAGE_VERSION },
    files: Object.fromEntries([...check.files].map(([name, data]) => [name, base64(data)])),
    inclusion: base64(check.inclusion),
    claim: {
      user: check.user,
      balances: Object.fromEntries(check.balances),
      debts: Object.fromEntries(check.debts),
      digest: check.digest,
      policy: check.policy,
    },
    verdict: { outcome: verdict.outcome, check: verdict.check, reason: verdict.reason.slice(0, LONGEST_EVIDENCE_TEXT) },
  };
  return new Blob([`${JSON.stringify(content, null, 1)}\n`], { type: "application/json" });
}

/** What is taken from evidence. Its digest, its policy and its verdict are not: whoever checks says these anew. */
export type SavedInput = Pick<Check, "files" | "inclusion" | "user" | "balances" | "debts">;

/** What a file of evidence holds; null if it is none. Nothing of it is believed. */
export function readEvidence(text: string): SavedInput | null {
  try {
    const found: unknown = JSON.parse(text);
    const { format, version, files, inclusion, claim } = objectOf(found);
    if (format !== EVIDENCE_FORMAT || version !== EVIDENCE_VERSION) return null;
    const { user, balances, debts } = objectOf(claim);
    const named = Object.entries(objectOf(files)).filter(([name]) => EVIDENCE_FILE.test(name));
    return {
      files: new Map(named.map(([name, data]) => [name, fromBase64(textOf(data))])),
      inclusion: fromBase64(textOf(inclusion)),
      user: textOf(user),
      balances: textsOf(balances),
      debts: textsOf(debts),
    };
  } catch {
    return null;
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError("not an object");
  return value as Record<string, unknown>;
}

function textOf(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("not a text");
  return value;
}

function textsOf(value: unknown): Map<string, string> {
  return new Map(Object.entries(objectOf(value)).map(([key, text]) => [key, textOf(text)]));
}

function base64(data: Uint8Array): string {
  const parts: string[] = [];
  for (let start = 0; start < data.length; start += BASE64_PART) {
    parts.push(btoa(String.fromCharCode(...data.subarray(start, start + BASE64_PART))));
  }
  return parts.join("");
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
