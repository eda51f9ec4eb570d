"""Conformance suite for ``Anchor``: evidence shows what it shows, and nothing about any other record.

A plugin author says what evidence there is, made honestly, and how the anchor is made::

    class TestMyAnchor(AnchorSuite):
        @pytest.fixture
        def noted(self):  # two subjects or more, of different records, with evidence about each
            return {SUBJECTS[0]: b"…", SUBJECTS[1]: b"…"}

        @pytest.fixture
        def anchor(self):  # opened; believes whoever made that evidence
            ...

For an anchor that has a digest noted by a server over HTTP, ``ServedAnchorSuite`` contains this suite and puts hostile
servers in the place of an honest one, which the author supplies.
"""

# ruff: noqa: D102 - the name of a test is its claim
from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import permutations
from pathlib import Path
from typing import ClassVar

import pytest

from polyproof.anchor import MOST_EVIDENCE, Anchor, Shown, Subject, Time, Uniqueness
from polyproof.checks import CoreCheck
from polyproof.config.options import options_of
from polyproof.errors import ExecutionError, ProofRejected
from polyproof.model.names import NAME, TIME, matches
from polyproof.registry import default_registry
from polyproof.testing.hostile_files import FILES, MEBIBYTE, bounded, damaged, truncated
from polyproof.testing.servers import DRIPS, FLOODS, SECRET, Reply, Request, Respond, Server
from polyproof.testing.wrong_answers import NOT_ANSWERS

__all__ = ["SUBJECTS", "AnchorSuite", "ServedAnchorSuite"]

_REFUSALS = {CoreCheck.ANCHOR_FORMAT, CoreCheck.ANCHOR_DIGEST, CoreCheck.ANCHOR_EVIDENCE}

SUBJECTS = (
    Subject(record=b'{"record":1}\n', organisation="Example Exchange", previous=None),
    Subject(record=b'{"record":2}\n', organisation="Example Exchange", previous=bytes(range(32))),
    Subject(record=b'{"record":3}\n', organisation=None, previous=None),
)
"""Records of three places to have noted; core makes them of an audit's publication record."""


class AnchorSuite:
    """What every ``polyproof.anchor.Anchor`` promises about evidence."""

    @pytest.fixture
    def noted(self) -> Mapping[Subject, bytes]:
        """Honest evidence about two records or more; override it."""
        raise NotImplementedError("override the fixture `noted`: evidence by Subject")

    @pytest.fixture
    def anchor(self) -> Anchor:
        """The anchor under test, opened, which believes whoever made the evidence; override it."""
        raise NotImplementedError("override the fixture `anchor`: your Anchor, opened")

    @pytest.fixture
    def stranger(self, anchor: Anchor) -> Anchor:
        """An anchor of the same class that believes nobody."""
        made = type(anchor)(anchor.Options(), default_registry())
        made.open(Path())
        return made

    def test_it_states_its_name_its_suffix_and_its_options(self, anchor: Anchor) -> None:
        assert isinstance(anchor, Anchor)
        assert matches(NAME, anchor.name)
        assert matches((r"[a-z0-9]{1,8}", ""), anchor.suffix)
        assert isinstance(anchor.options, anchor.Options)
        assert not any(option.required for option in options_of(anchor.Options)), "every option has a default"

    def test_the_records_differ(self, noted: Mapping[Subject, bytes]) -> None:
        """Otherwise the tests below would show nothing."""
        assert len({subject.digest for subject in noted}) == len(noted) >= 2

    def test_evidence_that_is_believed_is_checked(self, anchor: Anchor, noted: Mapping[Subject, bytes]) -> None:
        for subject, evidence in noted.items():
            assert len(evidence) <= MOST_EVIDENCE
            shown = seen(anchor, subject, evidence)
            assert shown is not None
            assert checked(shown), "neither time nor uniqueness was checked"

    def test_whoever_believes_nobody_is_shown_claims(self, stranger: Anchor, noted: Mapping[Subject, bytes]) -> None:
        for subject, evidence in noted.items():
            shown = seen(stranger, subject, evidence)
            assert shown is not None
            assert not checked(shown)

    def test_evidence_says_the_same_each_time(self, anchor: Anchor, noted: Mapping[Subject, bytes]) -> None:
        for subject, evidence in noted.items():
            assert seen(anchor, subject, evidence) == seen(anchor, subject, evidence)

    def test_evidence_about_another_record_is_rejected(
        self, anchor: Anchor, stranger: Anchor, noted: Mapping[Subject, bytes]
    ) -> None:
        for one, other in permutations(noted, 2):
            for judge in (anchor, stranger):
                with pytest.raises(ProofRejected) as caught:
                    judge.check(one, noted[other])
                assert caught.value.check == "anchor-digest"

    def test_damaged_evidence_shows_nothing_else(self, anchor: Anchor, noted: Mapping[Subject, bytes]) -> None:
        """It is rejected, or shows what it showed, or less: never another time, and never more records."""
        subject, evidence = next(iter(noted.items()))
        truth = seen(anchor, subject, evidence)
        assert truth is not None
        for changed in flipped(evidence):
            shown = seen(anchor, subject, changed)
            if shown is not None and shown.time is not None and shown.time.checked:
                assert shown.time == truth.time
            if shown is not None and shown.uniqueness is not None and shown.uniqueness.checked:
                assert shown.uniqueness == truth.uniqueness

    def test_evidence_with_something_after_it_or_cut_short_is_rejected(
        self, anchor: Anchor, noted: Mapping[Subject, bytes]
    ) -> None:
        subject, evidence = next(iter(noted.items()))
        for changed in (evidence + b"\0", evidence + evidence, *truncated(evidence)):
            if changed != evidence:
                assert seen(anchor, subject, changed) is None, changed[-20:]

    @pytest.mark.parametrize("name", FILES)
    def test_hostile_bytes_are_rejected(self, anchor: Anchor, stranger: Anchor, name: str) -> None:
        data = FILES[name][:MOST_EVIDENCE]
        with bounded(60, 64 * MEBIBYTE):
            for judge in (anchor, stranger):
                assert seen(judge, SUBJECTS[0], data) is None


class ServedAnchorSuite(AnchorSuite):
    """The promises of ``AnchorSuite``, kept by an anchor that has a digest noted by a server over HTTP."""

    patience: ClassVar[float] = 30.0
    """Seconds within which it must give up on a server that never answers."""

    @pytest.fixture
    def respond(self) -> Respond:
        """What an honest server answers; override it."""
        raise NotImplementedError("override the fixture `respond`: a function from Request to Reply")

    @pytest.fixture
    def connect(self) -> Callable[[str], Anchor]:
        """How to make the anchor for a URL, opened, with a timeout near 0.3 s, one attempt, no waits; override it."""
        raise NotImplementedError("override the fixture `connect`: a function from URL to your Anchor, opened")

    @pytest.fixture
    def server(self, respond: Respond) -> Iterator[tuple[Server, str]]:
        """A running server that is honest until a test replaces its ``respond``, and its URL."""
        server = Server(respond)
        with server.listening() as url:
            yield server, url

    def test_a_server_notes_a_record(self, server: tuple[Server, str], connect: Callable[[str], Anchor]) -> None:
        anchor = connect(server[1])
        assert server[0].requests == [], "nothing is sent before it is asked to"
        for subject in SUBJECTS:
            evidence = anchor.publish(subject)
            assert isinstance(evidence, bytes)
            assert len(evidence) <= MOST_EVIDENCE
            assert seen(anchor, subject, evidence) is not None
            for other in SUBJECTS:
                assert other == subject or seen(anchor, other, evidence) is None

    @pytest.mark.parametrize("name", [*NOT_ANSWERS, *(f"drips {name}" for name in DRIPS)])
    def test_what_is_no_answer_gives_no_evidence(
        self, server: tuple[Server, str], connect: Callable[[str], Anchor], name: str
    ) -> None:
        server[0].respond = lambda request: NOT_ANSWERS.get(name) or DRIPS[name.removeprefix("drips ")]
        start = time.perf_counter()
        fails(connect(server[1]))
        assert time.perf_counter() - start < self.patience

    @pytest.mark.parametrize("name", FLOODS)
    def test_a_server_that_floods_takes_no_memory(
        self, server: tuple[Server, str], connect: Callable[[str], Anchor], name: str
    ) -> None:
        server[0].respond = lambda request: FLOODS[name]
        with bounded(self.patience, 64 * MEBIBYTE):
            fails(connect(server[1]))

    def test_an_answer_that_was_changed_gives_no_evidence_about_this_record_that_is_false(
        self, server: tuple[Server, str], connect: Callable[[str], Anchor]
    ) -> None:
        honest, anchor = server[0].respond, connect(server[1])
        answers: list[bytes] = []

        def keeping(request: Request) -> Reply:
            answer = honest(request)
            assert isinstance(answer, Reply)
            answers.append(answer.body)
            return answer

        server[0].respond = keeping
        truth = seen(anchor, SUBJECTS[0], anchor.publish(SUBJECTS[0]))
        assert truth is not None
        for changed in damaged(answers[0]):
            server[0].respond = lambda request, body=changed: Reply(body)  # type: ignore[misc]
            try:
                evidence = anchor.publish(SUBJECTS[0])
            except ExecutionError:
                continue
            assert seen(anchor, SUBJECTS[0], evidence) is not None

    def test_the_answer_to_another_request_gives_no_evidence(
        self, server: tuple[Server, str], connect: Callable[[str], Anchor], respond: Respond
    ) -> None:
        anchor = connect(server[1])
        kept: list[Reply] = []

        def keeping(request: Request) -> Reply:
            answer = respond(request)
            assert isinstance(answer, Reply)
            kept.append(answer)
            return answer

        server[0].respond = keeping
        anchor.publish(SUBJECTS[0])
        again = iter(kept)
        server[0].respond = lambda request: next(again, Reply(b"", 404))
        try:
            evidence = anchor.publish(SUBJECTS[1])
        except ExecutionError:
            return
        shown = seen(anchor, SUBJECTS[1], evidence)
        assert shown is not None
        assert not checked(shown), "the answer to another request was taken for one about this record"

    def test_the_url_is_neither_told_nor_logged(
        self, server: tuple[Server, str], connect: Callable[[str], Anchor], caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        for name in ("malformed headers", "a connection closed", "status 500", "HTML"):
            server[0].respond = lambda request, name=name: NOT_ANSWERS[name]  # type: ignore[misc]
            assert SECRET not in fails(connect(server[1]))
        assert SECRET not in caplog.text


def fails(anchor: Anchor) -> str:
    """Assert that nothing can be noted now; what the error says."""
    with pytest.raises(ExecutionError) as caught:
        anchor.publish(SUBJECTS[0])
    return str(caught.value)


def seen(anchor: Anchor, subject: Subject, evidence: bytes) -> Shown | None:
    """What evidence shows, of the declared form; None if it is rejected, by a name that it may be rejected by."""
    refused = None
    try:
        shown = anchor.check(subject, evidence)
    except ProofRejected as error:
        refused = error
    if refused is not None:
        assert refused.check in _REFUSALS, refused
        return None
    assert isinstance(shown, Shown)
    found, unique = shown.time, shown.uniqueness
    if found is not None:
        assert isinstance(found, Time)
        assert found.latest is None or matches(TIME, found.latest)
        assert type(found.checked) is bool
        assert found.checked == (not found.why), "a reason exactly where it was not checked"
        assert found.latest is not None or not found.checked
        words(found.clock, found.why)
    if unique is not None:
        assert isinstance(unique, Uniqueness)
        assert unique.others is None or (type(unique.others) is int and unique.others >= 0)
        assert unique.checked == (not unique.why), "a reason exactly where it was not checked"
        assert unique.others is not None or not unique.checked
        words(unique.where, unique.why)
    assert isinstance(shown.pending, tuple)
    assert isinstance(shown.rests_on, tuple)
    words(*shown.pending, *shown.rests_on)
    return shown


def checked(shown: Shown) -> bool:
    """Whether something was followed to what the verifier named."""
    return any(found is not None and found.checked for found in (shown.time, shown.uniqueness))


def words(*texts: str) -> None:
    """Such texts are printed and published: short, printable, without the URL of a server."""
    for text in texts:
        assert len(text) <= 500
        assert text.isprintable()
        assert SECRET not in text


def flipped(data: bytes) -> Iterator[bytes]:
    """Evidence with one bit changed, at places all over it, and as ``damaged`` does."""
    for place in range(0, len(data), max(1, len(data) // 200)):
        yield data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :]
    yield from damaged(data)
