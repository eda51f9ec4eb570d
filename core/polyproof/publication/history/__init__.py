"""The history: every published audit of an organisation, each chained to the one before.

::

    DIR/history.json                       the index: what is there, in order
    DIR/audits/AUDIT_ID/publication.json   the public half of an audit, as it was published
    DIR/audits/AUDIT_ID/manifest.json …

The index is a table of contents and proves nothing. What counts is that each publication record names all files of its
audit, that each manifest names the digest of the record before it (``previous``), and that each proof is bound to its
manifest: anyone who knows an audit's publication digest can tell whether anything of that audit, or of any before it,
has been changed since. docs/reference/report.md describes the format.

Reading order: ``index`` is the table of contents, ``succession`` what may follow what, ``links`` the checks of the
whole chain, ``verification`` those of every audit in it, and ``addition`` how the next one is published.
"""

from polyproof.publication.history.addition import CORRECTING, add_audit, check_addition, mark_published
from polyproof.publication.history.index import (
    ListedAudit,
    PublishedHistory,
    audit_directory,
    history_schema,
    history_schema_text,
    parse_history,
    read_history,
)
from polyproof.publication.history.links import ASSETS, DOWNLOADS, REPORTS, SITE, check_chain
from polyproof.publication.history.succession import organisation_problem, snapshot_problem
from polyproof.publication.history.verification import HistoryVerified, VerifiedAudit, verify_history, verify_one

__all__ = [
    "ASSETS",
    "CORRECTING",
    "DOWNLOADS",
    "REPORTS",
    "SITE",
    "HistoryVerified",
    "ListedAudit",
    "PublishedHistory",
    "VerifiedAudit",
    "add_audit",
    "audit_directory",
    "check_addition",
    "check_chain",
    "history_schema",
    "history_schema_text",
    "mark_published",
    "organisation_problem",
    "parse_history",
    "read_history",
    "snapshot_problem",
    "verify_history",
    "verify_one",
]
