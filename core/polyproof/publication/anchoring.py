"""Having a publication digest noted: each anchor is asked by itself, and what one cannot do keeps no other from it."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from polyproof.anchor import MOST_EVIDENCE, Anchor, Shown
from polyproof.errors import InputError, PolyproofError, ProofRejected, UsageError
from polyproof.liabilities.anchor_files import EvidenceFile, read_evidence, write_evidence
from polyproof.liabilities.record import Publication
from polyproof.plugin_faults import asking, fault
from polyproof.progress import Progress
from polyproof.publication.anchors import Evidence, shown_by, subject_of

__all__ = ["Asked", "anchor_all", "anchor_now"]


@frozen
class Asked:
    """An anchor that was asked to note a digest, and what came of it."""

    anchor: str
    evidence: Evidence | None
    """The new file; None if there is none."""
    failed: PolyproofError | None = None
    """Why there is none; None for both if what was there already is as good."""


def anchor_all(
    publication: Publication, anchors: Sequence[Anchor], *, again: bool = False, progress: Progress | None = None
) -> tuple[Asked, ...]:
    """Have an audit noted by each anchor, as ``anchor_now`` does; what an anchor raises is kept in its ``failed``."""
    progress, done = progress or Progress(), []
    for anchor in anchors:
        try:
            with progress.task(f"ask {anchor.name}"):
                file, shown = anchor_now(publication, anchor, again=again)
        except PolyproofError as error:
            done.append(Asked(anchor.name, None, error))
        except OSError as error:
            done.append(Asked(anchor.name, None, UsageError(str(error))))
        else:
            made = Evidence(file.name, file.anchor, file.sha256, len(file.data), shown) if file is not None else None
            done.append(Asked(anchor.name, made))
    return tuple(done)


def anchor_now(
    publication: Publication, anchor: Anchor, *, again: bool = False
) -> tuple[EvidenceFile | None, Shown | None]:
    """Have an audit noted, or better evidence fetched for what is there by the same anchor; the new file is written.

    Returns the file and what it shows to whoever the anchor's options believe; None for both if there is evidence by
    this anchor already and nothing better. ``again`` has it noted once more all the same. Raises ``ProofRejected`` for
    evidence that is there and does not hold, and whatever the anchor raises.
    """
    subject = subject_of(publication.record, publication.manifest)
    there = [file for file in read_evidence(publication.public) if file.anchor == anchor.name]
    may = (InputError, ProofRejected, OSError)
    if there and not again:
        with asking(anchor, "while it looked for better evidence", may=may):
            data = anchor.upgrade(subject, there[-1].data)
        if data is None or data in [file.data for file in there]:
            return None, None
    else:
        with asking(anchor, "while it had a record noted", may=may):
            data = anchor.publish(subject)
    if not isinstance(data, bytes) or len(data) > MOST_EVIDENCE:
        what = f"{len(data)} bytes" if isinstance(data, bytes) else type(data).__name__
        raise fault(anchor, f"it returned {what} as evidence, expected at most {MOST_EVIDENCE} bytes")
    try:
        shown = shown_by(anchor, subject, data)
    except ProofRejected as error:
        raise fault(anchor, f"it refuses the evidence that it got: {error}") from error
    return write_evidence(publication.public, anchor.name, anchor.suffix, data), shown
