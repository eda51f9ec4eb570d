// Written by tests/page/rejections.py from core's table, which commands and the documentation show too.

/** Checks whose failure means the same to a customer. A name that ends in a star stands for any ending. */
export interface RejectionText {
  readonly title: string;
  readonly checks: readonly string[];
  readonly meaning: string;
  readonly advice: string;
}

export const REJECTION_TEXTS: readonly RejectionText[] = [
  {
    title: "Not shown to be counted",
    checks: ["inclusion-path", "own-row"],
    meaning: "With the account id and the balances that you typed, your file does not lead to the proof: the audit counted something else for you, or the file is somebody else's or damaged.",
    advice: "Type again: every asset, all decimals, as of the time of the audit. If it stays, ask the exchange what it counted, and keep both files.",
  },
  {
    title: "Not a possible balance",
    checks: ["account-id", "balance-*", "limb-range", "pledges"],
    meaning: "What you typed cannot be in this audit at all: an id that cannot be written down, an amount that is negative or larger than any that it counts, or a debt that what your file says you have pledged does not cover.",
    advice: "Type again. If your balance really is that large, the audit cannot have counted it: ask the exchange.",
  },
  {
    title: "One account, shown twice",
    checks: ["row-twice"],
    meaning: "Two of your files show the same account, which is counted once: the exchange may have left the other one out.",
    advice: "Check which file is whose. If you have several accounts, each has a file of its own: ask the exchange for it.",
  },
  {
    title: "Another audit",
    checks: ["publication-digest"],
    meaning: "You were given a different audit from the one whose digest you know from elsewhere, or copied that digest wrongly.",
    advice: "Compare all 64 characters. If they differ, stop, and trust neither: ask other customers which digest they see, and keep the files.",
  },
  {
    title: "File and audit do not belong together",
    checks: ["audit-id", "manifest-digest", "segment", "segment-kind", "row"],
    meaning: "Your file was made for another audit, for a place in the list that this audit does not have, or for a part of it in which nobody owes anything, and you typed a debt.",
    advice: "Get your file and the audit again, both for the same audit. If they still do not fit, the exchange's files contradict each other.",
  },
  {
    title: "Published files are missing, changed or too many",
    checks: ["publication-missing", "publication-file", "publication-manifest", "publication-format", "publication-canonical", "proof-missing", "proof-digest", "proof-size", "file-size", "file-kind", "folder", "unlisted"],
    meaning: "The files in the folder are not exactly those that the audit names: one is missing, was changed, or could be taken for another.",
    advice: "Download the whole audit again, into an empty folder. If it stays, the exchange published something else than it says.",
  },
  {
    title: "The description of the audit contradicts itself",
    checks: ["manifest-*", "public-spec", "spec-digest", "options", "total-count", "total-range"],
    meaning: "The exchange's own description of the audit (which assets, which totals, which method, of when) is malformed or contradicts itself.",
    advice: "Nothing that you typed matters here. Ask the exchange, and other customers whether they see the same.",
  },
  {
    title: "The proof does not show what is stated",
    checks: ["constraint-identity", "fold", "final-polynomial", "grinding", "coset-count", "merkle-*", "root", "totals", "sum-*"],
    meaning: "The mathematics of the proof does not come out: it was made for another description of the audit or other totals, or it is false, or your file or the proof was damaged.",
    advice: "Download both again. If it stays, verify the audit without your file, with polyproof verify: if that fails too, the published totals are not proven, for anybody, so tell others; if not, your file is wrong, so ask for another.",
  },
  {
    title: "A file is not of the right form",
    checks: ["magic", "version", "truncated", "range", "canonical", "utf-8", "trailing-bytes", "digest-length", "digest-canonical", "element-length", "element-canonical"],
    meaning: "Your file or the proof is not a file of this kind and version, or is damaged. The line begins with which.",
    advice: "Download it again, and check that your version of polyproof reads it: the line says which one does.",
  },
  {
    title: "Refused by your own policy",
    checks: ["policy-*"],
    meaning: "The audit may be in order, but it is weaker, larger or made differently than the policy that you gave, or the default one, accepts.",
    advice: "The line says what is required and what there is. It is for you to decide whether that is enough.",
  },
  {
    title: "The program failed on it",
    checks: ["verifier-failed"],
    meaning: "The program that checks proofs of this kind stopped at something that it did not expect. Nothing is accepted.",
    advice: "Report it to the authors of that program, with the files. Until then nothing is shown, for or against.",
  },
];
