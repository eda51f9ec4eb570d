"""The head of the chain, kept where the work is, so that losing the published folder does not start a new chain.

``chain.json`` lies in the output directory, beside the audits and their private halves. It lists the publication digest
of every audit that was published from here, the oldest first. It proves nothing and is not published: it is what the
next audit's history is compared with.
"""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from polyproof.config.options import option, plain
from polyproof.errors import ArtifactError, Problem, ProofRejected
from polyproof.formats.files import read_bounded, write_durably
from polyproof.formats.strict_json import canonical_line
from polyproof.liabilities.artifacts import PUBLISHED_MARK
from polyproof.liabilities.folder import present
from polyproof.model.names import DIGEST
from polyproof.settings.documents import read_document

__all__ = ["CHAIN", "PUBLISHED", "Chain", "check_head", "keep_head"]

PUBLISHED = "published"
"""Name of the published history within the output directory."""
CHAIN = "chain.json"
FORMAT = "polyproof/chain"
VERSION = 1
_MOST_BYTES = 4 << 20


@frozen(kw_only=True)
class Chain:
    """Every audit that was published from an output directory."""

    format: str = option(choices=(FORMAT,), doc="What kind of file this is.")
    version: int = option(choices=(VERSION,), doc="Version of the format.")
    organisation: str | None = option(doc="Whose audits they are.")
    audits: tuple[str, ...] = option(pattern=DIGEST, doc="Their publication digests, the oldest first.")

    def to_bytes(self) -> bytes:
        """The file, in canonical form."""
        return canonical_line(plain(self))


def check_head(output: Path, published: Path, audits: tuple[bytes, ...], *, new_chain: bool = False) -> None:
    """Raise ``ArtifactError`` unless a published history goes on where the last audit from this directory ended.

    ``audits``: the publication digests of the history, none if there is no history. ``new_chain`` says that a chain is
    to begin although one is known; a history that is there is then in the way.
    """
    if new_chain:
        if audits:
            raise ArtifactError(
                Problem(f"{published} holds a history", hint="move it away: a new chain begins in an empty folder")
            )
        return
    known = _known(output)
    if known is None:
        if not audits and (marked := sorted(output.glob(f"*/private/{PUBLISHED_MARK}"))):
            raise _missing(published, f"audits that were published lie beside it, such as {marked[0].parents[1]}")
        return
    found = [digest.hex() for digest in audits]
    if not found and known:
        raise _missing(published, f"{output / CHAIN} lists {len(known)}")
    if found[: len(known)] != known:
        raise _missing(
            published,
            f"its {len(found)} audits do not begin with the {len(known)} in {output / CHAIN}",
        )


def _missing(published: Path, why: str) -> ArtifactError:
    return ArtifactError(
        Problem(
            f"the history in {published} is missing or has lost audits: {why}",
            hint="put the published folder back as it was, for instance from the server or a backup; "
            "--new-chain begins another chain, which customers will notice",
        )
    )


def keep_head(output: Path, organisation: str | None, audits: tuple[str, ...]) -> None:
    """Write the head after an audit was added to the history."""
    chain = Chain(format=FORMAT, version=VERSION, organisation=organisation, audits=audits)
    write_durably(output / CHAIN, chain.to_bytes())


def _known(output: Path) -> list[str] | None:
    path = output / CHAIN
    if not present(path):
        return None
    try:
        return list(read_document(read_bounded(path, _MOST_BYTES), Chain, "chain", str(path)).audits)
    except ProofRejected as error:
        raise ArtifactError(
            Problem(f"{path} cannot be read: {error.reason}", hint="put it back from a backup, or remove it")
        ) from error
