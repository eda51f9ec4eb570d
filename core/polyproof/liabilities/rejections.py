"""What each rejection means to a customer, in plain words: by the name in brackets at the end of the line.

Whoever checks their own balance can meet the name of any check that stands between their file and the totals. The page
"Check your own balance", the site and ``verify-inclusion`` all say what is here. A name that ends in ``*`` stands for
all that begin so.
"""

from __future__ import annotations

from attrs import frozen

from polyproof.errors import ProofRejected

__all__ = ["REJECTIONS", "Rejection", "explain", "meaning_of"]


@frozen
class Rejection:
    """Checks whose failure means the same to a customer."""

    title: str
    checks: tuple[str, ...]
    meaning: str
    advice: str

    def covers(self, check: str) -> bool:
        """Whether a check is one of these."""
        return any(check == name or (name.endswith("*") and check.startswith(name[:-1])) for name in self.checks)


REJECTIONS = (
    Rejection(
        "Not shown to be counted",
        ("inclusion-path", "own-row"),
        "With the account id and the balances that you typed, your file does not lead to the proof: the audit counted "
        "something else for you, or the file is somebody else's or damaged.",
        "Type again: every asset, all decimals, as of the time of the audit. If it stays, ask the exchange what it "
        "counted, and keep both files.",
    ),
    Rejection(
        "Not a possible balance",
        ("account-id", "balance-*", "limb-range", "pledges"),
        "What you typed cannot be in this audit at all: an id that cannot be written down, an amount that is negative "
        "or larger than any that it counts, or a debt that what your file says you have pledged does not cover.",
        "Type again. If your balance really is that large, the audit cannot have counted it: ask the exchange.",
    ),
    Rejection(
        "One account, shown twice",
        ("row-twice",),
        "Two of your files show the same account, which is counted once: the exchange may have left the other one out.",
        "Check which file is whose. If you have several accounts, each has a file of its own: ask the exchange for it.",
    ),
    Rejection(
        "Another audit",
        ("publication-digest",),
        "You were given a different audit from the one whose digest you know from elsewhere, or copied that digest "
        "wrongly.",
        "Compare all 64 characters. If they differ, stop, and trust neither: ask other customers which digest they "
        "see, and keep the files.",
    ),
    Rejection(
        "File and audit do not belong together",
        ("audit-id", "manifest-digest", "segment", "segment-kind", "row"),
        "Your file was made for another audit, for a place in the list that this audit does not have, or for a part of "
        "it in which nobody owes anything, and you typed a debt.",
        "Get your file and the audit again, both for the same audit. If they still do not fit, the exchange's files "
        "contradict each other.",
    ),
    Rejection(
        "Published files are missing, changed or too many",
        (
            "publication-missing",
            "publication-file",
            "publication-manifest",
            "publication-format",
            "publication-canonical",
            "proof-missing",
            "proof-digest",
            "proof-size",
            "file-size",
            "file-kind",
            "folder",
            "unlisted",
        ),
        "The files in the folder are not exactly those that the audit names: one is missing, was changed, or could be "
        "taken for another.",
        "Download the whole audit again, into an empty folder. If it stays, the exchange published something else than "
        "it says.",
    ),
    Rejection(
        "The description of the audit contradicts itself",
        ("manifest-*", "public-spec", "spec-digest", "options", "total-count", "total-range"),
        "The exchange's own description of the audit (which assets, which totals, which method, of when) is malformed "
        "or contradicts itself.",
        "Nothing that you typed matters here. Ask the exchange, and other customers whether they see the same.",
    ),
    Rejection(
        "The proof does not show what is stated",
        (
            "constraint-identity",
            "fold",
            "final-polynomial",
            "grinding",
            "coset-count",
            "merkle-*",
            "root",
            "totals",
            "sum-*",
        ),
        "The mathematics of the proof does not come out: it was made for another description of the audit or other "
        "totals, or it is false, or your file or the proof was damaged.",
        "Download both again. If it stays, verify the audit without your file, with polyproof verify: if that fails "
        "too, the published totals are not proven, for anybody, so tell others; if not, your file is wrong, so ask for "
        "another.",
    ),
    Rejection(
        "A file is not of the right form",
        (
            "magic",
            "version",
            "truncated",
            "range",
            "canonical",
            "utf-8",
            "trailing-bytes",
            "digest-length",
            "digest-canonical",
            "element-length",
            "element-canonical",
        ),
        "Your file or the proof is not a file of this kind and version, or is damaged. The line begins with which.",
        "Download it again, and check that your version of polyproof reads it: the line says which one does.",
    ),
    Rejection(
        "Refused by your own policy",
        ("policy-*",),
        "The audit may be in order, but it is weaker, larger or made differently than the policy that you gave, or the "
        "default one, accepts.",
        "The line says what is required and what there is. It is for you to decide whether that is enough.",
    ),
    Rejection(
        "The program failed on it",
        ("verifier-failed",),
        "The program that checks proofs of this kind stopped at something that it did not expect. Nothing is accepted.",
        "Report it to the authors of that program, with the files. Until then nothing is shown, for or against.",
    ),
)
"""Every rejection that ``verify-inclusion`` can print, the ones about customers' own data first."""


def meaning_of(check: str) -> Rejection | None:
    """What a check's failure means; None for one that a plugin of others invented."""
    return next((item for item in REJECTIONS if item.covers(check)), None)


def explain(error: ProofRejected) -> None:
    """Note on an error what a rejection means to a customer, unless something is noted already."""
    if (meaning := meaning_of(error.check)) and not getattr(error, "__notes__", ()):
        error.add_note(f"{meaning.title}. {meaning.meaning} {meaning.advice}")
