"""What evidence beside an audit shows to this verifier: every file is checked, and every sentence follows from that.

A file that is about another audit, or that does not hold, is a rejection, like any other file that is not what it says.
A file that nobody here can judge (its anchor is not installed, or the verifier believes nobody that it leads to) shows
nothing and is said to be a claim.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from polyproof.anchor import Anchor, Shown, Subject, Time, Uniqueness
from polyproof.config.reader import component_options
from polyproof.errors import ExtraMissing, InputError, PluginError, PluginFault, PolicyRejected, ProofRejected
from polyproof.liabilities.anchor_files import EvidenceFile, read_evidence
from polyproof.liabilities.artifacts import ANCHORS
from polyproof.liabilities.record import Publication, PublicationRecord
from polyproof.model.manifest import Manifest
from polyproof.model.names import TIME, matches
from polyproof.model.timestamps import CLOCKS_DIFFER, is_ahead, is_timestamp
from polyproof.model.timestamps import FORMAT as TIMESTAMP
from polyproof.plugin_faults import asking, fault, told
from polyproof.registry import Registry
from polyproof.settings.anchors import AnchorChoice, AnchorsPolicy
from polyproof.settings.policy import PolicyCheck
from polyproof.toolkit.endpoint import lend
from polyproof.toolkit.json_object import LONGEST_SENTENCE
from polyproof.toolkit.secrets import NO_SECRETS, Secrets

if TYPE_CHECKING:
    from polyproof.liabilities.verification import PublishedAudit

__all__ = [
    "AnchorsAccepted",
    "Evidence",
    "check_anchors",
    "evidence_sentences",
    "open_anchor",
    "open_anchors",
    "shown_by",
    "subject_of",
]


def subject_of(record: PublicationRecord, manifest: Manifest) -> Subject:
    """What is anchored of an audit."""
    return Subject(record=record.to_bytes(), organisation=manifest.organisation, previous=manifest.previous)


# Whom a verifier believes


@frozen
class AnchorsAccepted:
    """A verifier's policy on evidence, with whom it believes ready to be asked."""

    policy: AnchorsPolicy
    believed: tuple[Anchor, ...]

    def check(self, found: Sequence[Evidence], where: Path) -> None:
        """Raise ``PolicyRejected`` unless the evidence about an audit, at ``where``, is what the policy requires."""
        for name in self.policy.require:
            of_kind = [one for one in found if one.anchor == name]
            if not any(one.checked for one in of_kind):
                why = "; ".join(f"{one.file}: {one.why}" for one in of_kind) or "no such evidence lies beside it"
                raise PolicyRejected(
                    PolicyCheck.ANCHORS,
                    f"no evidence by {name} was checked, and the policy requires it: {why}",
                    file=where,
                )
        if self.policy.require_unique:
            several = [one.file for one in found if one.others]
            if several or not any(one.only for one in found):
                why = (
                    f"{several[0]} shows that it is not" if several else "no evidence that was checked shows that it is"
                )
                raise PolicyRejected(
                    PolicyCheck.UNIQUE,
                    f"{why} the only record of its place in the history, and the policy requires that",
                    file=where,
                )


def open_anchors(policy: AnchorsPolicy, base: Path, secrets: Secrets, registry: Registry) -> AnchorsAccepted:
    """A policy with everybody whom it believes ready; nothing is sent. Raises ``InputError``."""
    return AnchorsAccepted(policy, tuple(open_anchor(one, base, secrets, registry) for one in policy.believe))


def open_anchor(choice: AnchorChoice, base: Path, secrets: Secrets, registry: Registry) -> Anchor:
    """An anchor ready to be asked; nothing is sent. ``base``: where relative paths in its options start from."""
    anchor: Anchor = evolve(choice, options=lend(choice.options, secrets)).create(registry)
    with asking(anchor, "while it was opened", may=(InputError,)):
        anchor.open(base)
    return anchor


# What is found


@frozen
class Evidence:
    """A file of evidence beside an audit, and what this run found."""

    file: str
    """Its name in the folder ``anchors``."""
    anchor: str
    sha256: str
    size: int
    shown: Shown | None
    """None if it was not looked at."""
    claimed: Shown | None = None
    """What it shows to anyone who believes nobody; None if it was not looked at."""
    not_looked_at: str = ""
    """Why it was not; fits after "not looked at:"."""

    @property
    def as_anyone(self) -> Evidence:
        """The same as anyone sees it who believes nobody."""
        return evolve(self, shown=self.claimed)

    @property
    def time_checked(self) -> bool:
        """Whether it shows a time, by a clock that the verifier named."""
        return self.shown is not None and self.shown.time is not None and self.shown.time.checked

    @property
    def others(self) -> int:
        """How many other records of this place were found, where the verifier said to look."""
        found = self.shown.uniqueness if self.shown else None
        return (found.others or 0) if found is not None and found.checked else 0

    @property
    def only(self) -> bool:
        """Whether it shows that this is the only record of its place, where the verifier said to look."""
        found = self.shown.uniqueness if self.shown else None
        return found is not None and found.checked and found.others == 0

    @property
    def checked(self) -> bool:
        """Whether this run followed it to something that the verifier named."""
        unique = self.shown.uniqueness if self.shown else None
        return self.time_checked or (unique is not None and unique.checked)

    @property
    def why(self) -> str:
        """Why it was not checked; empty if it was."""
        if self.shown is None:
            return self.not_looked_at
        if self.checked:
            return ""
        reasons = [one.why for one in (self.shown.time, self.shown.uniqueness) if one is not None]
        return "; ".join(dict.fromkeys(filter(None, reasons))) or "nothing is noted yet"


def check_anchors(
    publication: Publication | PublishedAudit, accepted: AnchorsAccepted | None, registry: Registry
) -> tuple[Evidence, ...]:
    """Check all evidence beside an audit that has been opened, and hold it against the verifier's policy.

    Raises ``ProofRejected`` for evidence that is malformed, about another audit, or does not hold, and
    ``PolicyRejected`` where the policy requires more than was shown.
    """
    subject = subject_of(publication.record, publication.manifest)
    believed = accepted.believed if accepted else ()
    found = tuple(_judged(file, subject, believed, registry) for file in read_evidence(publication.public))
    for one in found:
        _check_later(one, publication)
    if accepted is not None:
        accepted.check(found, publication.public)
    return found


def _judged(file: EvidenceFile, subject: Subject, believed: Sequence[Anchor], registry: Registry) -> Evidence:
    made = Evidence(file.name, file.anchor, file.sha256, len(file.data), None)
    try:
        bare = _bare(file.anchor, registry)
    except PluginFault:
        raise
    except ExtraMissing as error:
        extras = " and ".join(error.extras)
        return evolve(made, not_looked_at=f"it takes the extra {extras}, which is not installed")
    except PluginError:
        return evolve(made, not_looked_at=f"no anchor {file.anchor!r} is installed")
    if file.suffix != bare.suffix:
        raise ProofRejected("anchor-format", f"evidence by {file.anchor} ends in .{bare.suffix}", file=file.path)
    try:
        claimed = shown_by(bare, subject, file.data)
        if any(found is not None and found.checked for found in (claimed.time, claimed.uniqueness)):
            raise fault(bare, "it says that it followed evidence to somebody, and nobody was named")
        found = [shown_by(anchor, subject, file.data) for anchor in believed if anchor.name == file.anchor]
    except ProofRejected as error:
        raise error.at(file.path) from error
    # Of several that are believed, whoever shows most: each was asked, and none rejected it.
    return evolve(made, shown=max((*found, claimed), key=_worth), claimed=claimed)


def _check_later(one: Evidence, publication: Publication | PublishedAudit) -> None:
    """Raise ``ProofRejected`` where a clock that is believed shows the record earlier than it can have been made."""
    created = publication.manifest.created
    latest = one.shown.time.latest if one.time_checked and one.shown and one.shown.time else None
    if latest is not None and _parsed(latest) + CLOCKS_DIFFER < _parsed(created):
        raise ProofRejected(
            "anchor-evidence",
            f"by it the record existed by {latest}, before its proof is said to have been started, {created}",
            file=publication.public / ANCHORS / one.file,
        )


def _parsed(time: str) -> datetime:
    return datetime.strptime(time, TIMESTAMP)


def _bare(name: str, registry: Registry) -> Anchor:
    """An anchor that believes nobody."""
    choice = AnchorChoice(name, component_options(registry, "anchor", name)())
    return open_anchor(choice, Path(), NO_SECRETS, registry)


def _worth(shown: Shown) -> tuple[int, bool, bool]:
    unique, time = shown.uniqueness, shown.time
    others = unique.others or 0 if unique is not None and unique.checked else -1
    # Whoever looked counts for more than whoever did not, and whoever found other records is not to be hidden.
    return others, time is not None and time.checked, unique is not None


def shown_by(anchor: Anchor, subject: Subject, data: bytes) -> Shown:
    """What an anchor makes of evidence. Whatever goes wrong inside it, nothing is shown."""
    try:
        shown = anchor.check(subject, data)
    except (ProofRejected, PluginError, ExtraMissing):
        raise
    except (Exception, SystemExit) as error:
        raise ProofRejected("anchor-evidence", f"{anchor.name} failed on it: {told(error)}") from error
    _check_shown(anchor, shown)
    if shown.time is not None and shown.time.latest is not None and is_ahead(shown.time.latest):
        raise ProofRejected(
            "anchor-evidence", f"by it the record existed by {shown.time.latest}, which is in the future"
        )
    return shown


def _check_shown(anchor: Anchor, shown: object) -> None:
    """Raise ``PluginFault`` for an answer that is not of the declared types, or contradicts itself."""

    def require(holds: bool, how: str) -> None:
        if not holds:
            raise fault(anchor, f"it returned {how}; nothing is shown")

    require(isinstance(shown, Shown), f"{type(shown).__name__} instead of Shown")
    assert isinstance(shown, Shown)
    texts: list[object] = []
    for found, kind in ((shown.time, Time), (shown.uniqueness, Uniqueness)):
        if found is None:
            continue
        require(isinstance(found, kind), f"{type(found).__name__} instead of {kind.__name__}")
        require(type(found.checked) is bool, "checked that is not a bool")
        require(isinstance(found.why, str) and found.checked == (not found.why), "a reason for what it did check")
        texts += [found.why, found.clock if isinstance(found, Time) else found.where]
    if shown.time is not None:
        latest = shown.time.latest
        sound = latest is None or (isinstance(latest, str) and matches(TIME, latest) and is_timestamp(latest))
        require(sound, "a time that is none")
        require(latest is not None or not shown.time.checked, "a checked time that it does not know")
    if shown.uniqueness is not None:
        others = shown.uniqueness.others
        require(others is None or (type(others) is int and others >= 0), "a number of records that is none")
        require(others is not None or not shown.uniqueness.checked, "a checked number that it does not know")
    for many in (shown.pending, shown.rests_on):
        require(isinstance(many, tuple), "a list that is not a tuple")
        texts += many
    require(
        all(isinstance(text, str) and len(text) <= LONGEST_SENTENCE and text.isprintable() for text in texts),
        "a text that cannot be shown",
    )


# In words


def evidence_sentences(one: Evidence) -> tuple[str, ...]:
    """What a file of evidence shows, in whole sentences."""
    return tuple(_sentences(one))


def _sentences(one: Evidence) -> Iterator[str]:
    if one.shown is None:
        yield f"It was NOT LOOKED AT: {one.not_looked_at}."
        return
    time, unique = one.shown.time, one.shown.uniqueness
    if time is not None:
        when = f"by {time.latest}" if time.latest else "at some time"
        if time.checked:
            yield f"The publication digest existed {when}, by the clock of {time.clock}."
        else:
            claim = f"It claims that the digest existed {when}, by the clock of {time.clock}"
            yield f"{claim}; NOT CHECKED here: {time.why}."
    for promised in one.shown.pending:
        yield f"It holds a promise of {promised} to note the digest, which so far shows nothing."
    if unique is None:
        yield "Whether other records were made for the same place in the history, evidence of this kind cannot show."
    elif not unique.checked:
        yield (
            f"It claims that the digest is noted at {unique.where}; whether others are noted there for the same place "
            f"in the history was NOT CHECKED here: {unique.why}."
        )
    elif unique.others:
        more = "another record is" if unique.others == 1 else f"{unique.others} other records are"
        yield f"At {unique.where} {more} noted for the same place in the history: NOT UNIQUE."
    else:
        yield f"It is the only record noted at {unique.where} for its place in the history."
    yield from one.shown.rests_on
