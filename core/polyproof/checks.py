"""The names of checks: what each refusal of a proof, an audit or a history is called, and what it means.

``ProofRejected.check`` is one of these names, in brackets at the end of what a command prints and as ``check`` in its
JSON. Names are stable: a verifier's scripts may compare them. A name is listed where it is raised: core's here, what a
verifier's policy refuses in ``polyproof.settings.policy.PolicyCheck``, and a plugin's own in the plugin, in a class
derived from ``CheckName``; a plugin also raises those of core that are part of its interface. A test fails for a name
that is raised and not listed, and for one that is listed and that no test expects.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

__all__ = ["CheckName", "CoreCheck"]


class CheckName(StrEnum):
    """The base of lists of names: each member is a string, and ``meaning`` says in words when it is raised."""

    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> Self:
        """A name, and what it means. Called with the name alone, the class gives the member of that name."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


class CoreCheck(CheckName):
    """What core refuses, whatever the backend; some of these names are raised by plugins for core."""

    # Folders and files
    FOLDER = "folder", "a folder could be read as more than one of a history, an audit and the public half of one"
    FILE_KIND = "file-kind", "a symbolic link or special file stands where a file or folder is expected"
    FILE_SIZE = "file-size", "a file is larger than its kind can be"
    UNLISTED = "unlisted", "something that no record names has the name of a part of an audit"

    # Binary files: proofs and inclusion files
    MAGIC = "magic", "a binary file does not begin as files of its kind do"
    VERSION = "version", "a binary file has a format version that this polyproof does not read"
    TRUNCATED = "truncated", "a binary file ends too early"
    TRAILING_BYTES = "trailing-bytes", "a binary file goes on after its end"
    RANGE = "range", "a number or a length in a binary file is out of its bounds"
    CANONICAL = "canonical", "a number in a binary file is not in its shortest form"
    UTF_8 = "utf-8", "a text in a binary file is not UTF-8"
    DIGEST_LENGTH = "digest-length", "digests take another number of bytes than there are"
    DIGEST_CANONICAL = "digest-canonical", "a word of a digest is not below the bound of its hash"
    ELEMENT_LENGTH = "element-length", "field elements take another number of bytes than there are"
    ELEMENT_CANONICAL = "element-canonical", "a field element is not below the field's modulus"

    # The publication record
    PUBLICATION_FORMAT = "publication-format", "publication.json is not a publication record of this version"
    PUBLICATION_CANONICAL = "publication-canonical", "publication.json is not in canonical form"
    PUBLICATION_DIGEST = "publication-digest", "the publication digest is not the one that the verifier knows"
    PUBLICATION_MISSING = "publication-missing", "the publication record, or a file that it names, is missing"
    PUBLICATION_FILE = "publication-file", "a file is not the one that the publication record names"
    PUBLICATION_MANIFEST = "publication-manifest", "record and manifest differ on the audit id or the audit before it"

    # The manifest
    MANIFEST_UTF_8 = "manifest-utf-8", "manifest.json is not UTF-8"
    MANIFEST_JSON = "manifest-json", "manifest.json is not JSON, or has more in it than a manifest can"
    MANIFEST_TEXT = "manifest-text", "a text in the manifest is too long or cannot be printed"
    MANIFEST_FORMAT = (
        "manifest-format",
        "manifest.json is another kind of file, or a value is not what its key requires",
    )
    MANIFEST_VERSION = "manifest-version", "the manifest has a version that this polyproof does not read"
    MANIFEST_SEGMENTS = "manifest-segments", "segments are missing, repeated or out of order"
    MANIFEST_FILE_NAME = "manifest-file-name", "a proof file does not have the name of its segment's"
    MANIFEST_SNAPSHOT = "manifest-snapshot", "balances were taken after proving began"
    MANIFEST_TIME = "manifest-time", "proving began in the future"
    MANIFEST_TOTALS = "manifest-totals", "totals are not the sums of the segments' totals, or not one for each asset"
    MANIFEST_LEFT_OUT = "manifest-left-out", "an asset that is said to be left out of the audit is one of its assets"
    MANIFEST_CONTROL = (
        "manifest-control",
        "a control sum says that more is owed than the total, or not one for each asset",
    )
    MANIFEST_DISCLOSURES = (
        "manifest-disclosures",
        "the organisation declares something about an asset that is not audited, or that the asset cannot have",
    )
    MANIFEST_NET_EQUITY = (
        "manifest-net-equity",
        "what the manifest says about accounts with debts is missing, does not belong there or does not fit its spec",
    )
    MANIFEST_PRICES = (
        "manifest-prices",
        "prices, ratios or slices in the manifest are ones by which debts would count for too little",
    )
    MANIFEST_CANONICAL = "manifest-canonical", "manifest.json is not in canonical form"
    MANIFEST_BACKEND = "manifest-backend", "the manifest names one backend and its spec another"
    PUBLIC_SPEC = "public-spec", "the spec in the manifest is not acceptable, or does not state every option"
    SPEC_DIGEST = "spec-digest", "the manifest states another digest than its spec has"

    # Proofs of segments
    PROOF_MISSING = "proof-missing", "a proof that the manifest lists is missing"
    PROOF_SIZE = (
        "proof-size",
        "a proof does not have the size that the manifest states, or has fewer bytes than any proof of so many assets",
    )
    PROOF_DIGEST = "proof-digest", "a proof is not the file that the manifest lists"
    SEGMENT = "segment", "there is no segment of this number"
    TOTALS = "totals", "a proof, or a path in it, is for other totals than those stated"
    TOTAL_COUNT = "total-count", "there are more or fewer totals than assets"
    TOTAL_RANGE = "total-range", "a total is one that accounts in range cannot add up to"
    VERIFIER_FAILED = "verifier-failed", "the backend raised an error instead of a verdict"

    # Inclusion
    AUDIT_ID = "audit-id", "the inclusion file is for another audit, or its audit id is malformed"
    MANIFEST_DIGEST = "manifest-digest", "the inclusion file was cut for another manifest"
    ACCOUNT_ID = "account-id", "the account id cannot be encoded"
    BALANCE_COUNT = "balance-count", "there are more or fewer balances than assets"
    BALANCE_RANGE = "balance-range", "a balance is negative or larger than its asset allows"
    BALANCE_PLEDGED = "balance-pledged", "more of an asset is pledged than the equity there is"
    BALANCE_COVERED = "balance-covered", "the haircut value of what an account pledges does not cover its debts"
    PLEDGES = "pledges", "the pledges in an inclusion file are not those of an account with debts, or are out of range"
    SEGMENT_KIND = "segment-kind", "a debt was typed, and the inclusion file is of a segment without debts"
    ROW_TWICE = "row-twice", "an inclusion file shows a row that another of the files shows already, or no row at all"
    INCLUSION_PATH = "inclusion-path", "account id, balances and inclusion file do not lead to the proof"

    # Reserves
    RESERVES_FORMAT = "reserves-format", "reserves.json is not a result of this version"
    RESERVES_CANONICAL = "reserves-canonical", "reserves.json is not in canonical form"
    RESERVES_AUDIT = "reserves-audit", "reserves.json belongs to another audit"
    RESERVES_SUMS = "reserves-sums", "reserves.json does not follow from its evidence"
    EVIDENCE_DIGEST = "evidence-digest", "the evidence is not the file that reserves.json names"
    EVIDENCE_FORMAT = "evidence-format", "the last line of the evidence has no line end"
    EVIDENCE_ROW = "evidence-row", "a line of the evidence is not a row"
    EVIDENCE_ROWS = "evidence-rows", "the evidence has more rows than are read, or another number than stated"
    EVIDENCE_ASSET = "evidence-asset", "a row is of an asset that is not audited"
    EVIDENCE_CHAIN = "evidence-chain", "a row calls its chain by another name than its canonical one"
    EVIDENCE_COIN = "evidence-coin", "a row is of an asset that its chain cannot have"
    EVIDENCE_COHERENCE = "evidence-coherence", "a row contradicts another, or the pinned block of its chain"
    EVIDENCE_ACCOUNT = "evidence-account", "a row's account is not spelled as its address is"
    EVIDENCE_FRESHNESS = "evidence-freshness", "a row's message is said to be something that it is not"
    EVIDENCE_STATUS = "evidence-status", "a row is said to have a status of ownership that it does not have"

    # The history
    HISTORY_FORMAT = "history-format", "history.json is not an index of this version"
    HISTORY_VERSION = "history-version", "history.json has a version that an earlier release reads"
    HISTORY_CANONICAL = "history-canonical", "history.json is not in canonical form"
    HISTORY_INDEX = "history-index", "the index contradicts the files of an audit"
    HISTORY_MISSING = "history-missing", "an audit is in the index, but its files are missing"
    HISTORY_REPLACED = "history-replaced", "an audit is not the one that the index lists"
    HISTORY_UNLISTED = "history-unlisted", "an audit is in the directory, but not in the index"
    HISTORY_LINK = "history-link", "an audit does not follow the one before it: one is missing or was replaced"
    HISTORY_ORDER = "history-order", "audits are out of order"
    HISTORY_FORK = "history-fork", "two audits follow the same one"
    HISTORY_ORGANISATION = "history-organisation", "an audit names another organisation than the one before it"
    HISTORY_SNAPSHOT = "history-snapshot", "an audit is of a time that one before it, or a correction, rules out"

    # Evidence about an audit, beside it
    ANCHOR_FILES = "anchor-files", "there is more evidence about an audit than is read"
    ANCHOR_FORMAT = "anchor-format", "evidence about an audit is not of the form that its kind has"
    ANCHOR_DIGEST = "anchor-digest", "evidence beside an audit is about another one"
    ANCHOR_EVIDENCE = "anchor-evidence", "evidence about an audit does not hold"

    # Signed statements beside an audit: what is found of them refuses no audit
    ATTESTATION_FORMAT = "attestation-format", "attestation.json is not a file of statements of this version"
    ATTESTATION_CANONICAL = "attestation-canonical", "attestation.json is not in canonical form"
    ATTESTATION_DIGEST = "attestation-digest", "a statement beside an audit is about another one"
    ATTESTATION_DATE = "attestation-date", "a statement is dated before the audit that it is about"
    ATTESTATION_KEY = "attestation-key", "the key or certificate of a statement cannot be used"
    ATTESTATION_SIGNATURE = "attestation-signature", "the signature of a statement does not hold"

    # What lies beside a history
    CHAIN_FORMAT = "chain-format", "the exchange's own list of what it published is not one of this version"
    CHAIN_CANONICAL = "chain-canonical", "the exchange's own list of what it published is not in canonical form"
    COMPARED = "compared", "a proof that a comparison made does not verify"
    PAGE = "page", "a page of the site or report.json says something other than was verified"
