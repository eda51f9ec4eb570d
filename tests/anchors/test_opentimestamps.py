"""OpenTimestamps: promises show nothing, and a path to a block shows the time of a header that the verifier has."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from anchors.calendars import ADDRESS, HEIGHT, LATEST, TIME, Calendar, Node, bitcoin, mined, path, pending, up
from polyproof.anchor import MOST_EVIDENCE, Anchor, Shown, Subject
from polyproof.errors import ExecutionError, InputError, ProofRejected
from polyproof.registry import default_registry
from polyproof.testing.anchor import SUBJECTS, ServedAnchorSuite
from polyproof.testing.hostile_files import MEBIBYTE, bounded
from polyproof.testing.servers import Reply, Request, Respond, Server
from polyproof_anchors import ots_file
from polyproof_anchors.opentimestamps import OpenTimestamps, OpenTimestampsOptions
from polyproof_anchors.ots_file import (
    MAGIC,
    Attestation,
    Step,
    Timestamp,
    parse_file,
    write_file,
    write_number,
    write_timestamp,
)

ONE, TWO = SUBJECTS[:2]
HEADERS = {HEIGHT + number: mined(up(subject.digest)[1]) for number, subject in enumerate(SUBJECTS)}


def made(**options: Any) -> OpenTimestamps:
    anchor = OpenTimestamps(OpenTimestampsOptions(network="test", **options), default_registry())
    anchor.open(Path())
    return anchor


def knowing(*headers: tuple[int, bytes]) -> OpenTimestamps:
    return made(headers=tuple(f"{height}:{header.hex()}" for height, header in headers))


def stamped(subject: Subject = ONE, *ends: Attestation) -> bytes:
    """A proof with these attestations to the root of a calendar's tree."""
    proof = path(subject.digest, ends[0] if ends else bitcoin())
    return write_file(proof)


class TestConformance(ServedAnchorSuite):
    @pytest.fixture
    def noted(self) -> Mapping[Subject, bytes]:
        return {subject: stamped(subject, bitcoin(HEIGHT + number)) for number, subject in enumerate(SUBJECTS)}

    @pytest.fixture
    def anchor(self) -> Anchor:
        return knowing(*HEADERS.items())

    @pytest.fixture
    def respond(self) -> Respond:
        return Calendar().respond

    @pytest.fixture
    def connect(self) -> Callable[[str], Anchor]:
        return lambda url: made(calendars=(url,), timeout=0.3, attempts=1, backoff=0.0)


def refused(anchor: Anchor, evidence: bytes, subject: Subject = ONE) -> str:
    with pytest.raises(ProofRejected) as caught:
        anchor.check(subject, evidence)
    return caught.value.check


# A published proof

HELLO = Subject(record=b"Hello World!\n", organisation=None, previous=None)
PUBLISHED = bytes.fromhex(
    "004f70656e54696d657374616d7073000050726f6f6600bf89e2e884e89294010803ba204e50d126e4674c005e04d82e84c21366780af1f43b"
    "d54a37816b6ab34003f1c8010100000001e482f9d32ecc3ba657b69d898010857b54457a90497982ff56f97c4ec58e6f98010000006b483045"
    "022100b253add1d1cf90844338a475a04ff13fc9e7bd242b07762dea07f5608b2de367022000b268ca9c3342b3769cdd062891317cdcef87aa"
    "c310b6855e9d93898ebbe8ec0121020d8e4d107d2b339b0050efdd4b4a09245aa056048f125396374ea6a2ab0709c6ffffffff026533e60500"
    "0000001976a9140bf057d40fbba6744862515f5b55a2310de5772f88aca0860100000000001976a914f00688ac000000000808f120a987f716"
    "c533913c314c78e35d35884cac943fa42cac49d2b2c69f4003f85f880808f120dec55b3487e1e3f722a49b55a7783215862785f4a3acb39284"
    "6019f71dc64a9d0808f120b2ca18f485e080478e025dab3d464b416c0e1ecb6629c9aefce8c8214d0424320808f02011b0e90661196ff4b081"
    "3c3eda141bab5e91604837bdf7a0c9df37db0e3a11980808f020c34bc1a4a1093ffd148c016b1e664742914e939efabe4d3d356515914b26d9"
    "e20808f020c3e6e7c38c69f6af24c2be34ebac48257ede61ec0a21b9535e4443277be306460808f1200798bf8606e00024e5d5d54bf0c960f6"
    "29dfb9dad69157455b6f2652c0e8de810808f0203f9ada6d60baa244006bb0aad51448ad2fafb9d4b6487a0999cff26b91f0f5360808f120c7"
    "03019e959a8dd3faef7489bb328ba485574758e7091f01464eb65872c975c80808f020cbfefff513ff84b915e3fed6f9d799676630f8364ea2"
    "a6c7557fad94a5b5d7880808f1200be23709859913babd4460bbddf8ed213e7c8773a4b1face30f8acfdf093b7050808000588960d73d71901"
    "03f7ef15"
)
"""examples/hello-world.txt.ots of github.com/opentimestamps/opentimestamps-client, at commit cd71c760."""
BLOCK_358391 = (
    "02000000b96394585a281b7e5f438fd1c9ed492645a1fd61cb3802040000000000000000007ee445d23ad061af4a36b809501fab1ac4f2d7e7"
    "a739817dd0cbb7ec661b8a1e376755f58616186272def6"
)
"""The header of the block with the hash 000000000000000003e892881a8cdcdc117c06d444057c98b6f04a9ee75a2319."""


def test_a_proof_that_others_published_leads_to_its_block() -> None:
    anchor = OpenTimestamps(OpenTimestampsOptions(headers=(f"358391:{BLOCK_358391}",)), default_registry())
    anchor.open(Path())
    found = anchor.check(HELLO, PUBLISHED)
    assert found.time is not None
    # The block's time is 15:41:18 (README of opentimestamps-client: "as of 2015-05-28").
    assert (found.time.latest, found.time.checked) == ("2015-05-28T17:41:18Z", True)
    assert "000000000000000003e892881a8cdcdc117c06d444057c98b6f04a9ee75a2319" in found.time.clock
    assert write_file(parse_file(PUBLISHED)) == PUBLISHED


# What is shown


def test_a_path_to_a_block_shows_its_time_with_two_hours_added_and_nothing_of_uniqueness() -> None:
    found = knowing((HEIGHT, HEADERS[HEIGHT])).check(ONE, stamped())
    assert found.time is not None
    assert (found.time.latest, found.time.checked) == (LATEST, True)
    assert found.uniqueness is None
    assert any("two hours" in sentence for sentence in found.rests_on)


def test_without_a_header_the_block_is_a_claim() -> None:
    found = made().check(ONE, stamped())
    assert found.time is not None
    assert (found.time.latest, found.time.checked) == (None, False)
    assert found.time.clock == f"the miners of Bitcoin, in block {HEIGHT}"
    assert found.time.why == "you named no node of Bitcoin and no header of that block"


def test_a_promise_shows_nothing() -> None:
    found = knowing(*HEADERS.items()).check(ONE, stamped(ONE, pending()))
    assert found == Shown(time=None, uniqueness=None, pending=(f"the calendar {ADDRESS}",))


def test_a_path_that_leads_to_another_root_is_rejected() -> None:
    other = mined(bytes(32))
    assert refused(knowing((HEIGHT, other)), stamped()) == "anchor-evidence"


def test_of_several_blocks_each_must_fit_and_the_earliest_counts() -> None:
    root = up(ONE.digest)[1]
    early = mined(root, TIME - 3600)
    proof = path(ONE.digest, bitcoin())
    (first,) = proof.steps
    (second,) = first.result.steps
    both = Timestamp(root, (bitcoin(), bitcoin(HEIGHT - 6)))
    proof = Timestamp(
        proof.message, (), (Step(0xF0, first.argument, Timestamp(first.result.message, (), (Step(8, b"", both),))),)
    )
    assert second.tag == 8
    known = knowing((HEIGHT, HEADERS[HEIGHT]), (HEIGHT - 6, early))
    found = known.check(ONE, write_file(proof))
    assert found.time is not None
    assert found.time.latest == "2026-01-31T13:00:00Z"
    assert refused(knowing((HEIGHT, mined(bytes(32))), (HEIGHT - 6, early)), write_file(proof)) == "anchor-evidence"


@pytest.mark.parametrize("api", ["bitcoin-core", "esplora"])
def test_the_verifiers_own_node_is_asked_for_the_header(api: str) -> None:
    server = Server(Node(dict(HEADERS)).respond)
    with server.listening() as url:
        anchor = made(url=url, api=api, attempts=1)
        assert server.requests == []
        found = anchor.check(ONE, stamped())
        asked = len(server.requests)
        assert anchor.check(ONE, stamped()) == found
    assert found.time is not None
    assert (found.time.latest, found.time.checked) == (LATEST, True)
    assert len(server.requests) == asked, "a block is asked for once"


class Lying(Node):
    """Gives the header of another block than it was asked for."""

    def respond(self, request: Any) -> Reply:
        other = mined(up(ONE.digest)[1], TIME - 86_400)
        answer = super().respond(request)
        return Reply(answer.body.replace(HEADERS[HEIGHT].hex().encode(), other.hex().encode()), answer.status)


@pytest.mark.parametrize("api", ["bitcoin-core", "esplora"])
@pytest.mark.parametrize(
    ("node", "why"),
    [
        (Node({}), ""),
        (Node(dict(HEADERS), tip=HEIGHT + 4), "has 5 of the 6 confirmations"),
        (Node(dict(HEADERS), tip=HEIGHT - 1), "has 0 of the 6 confirmations"),
        (Node({HEIGHT: b"\0" * 80}), "too little work was done for it"),
        (Lying(dict(HEADERS)), "the header of another block"),
    ],
)
def test_a_node_that_does_not_have_the_block_leaves_a_claim(node: Node, why: str, api: str) -> None:
    with Server(node.respond).listening() as url:
        found = made(url=url, api=api, attempts=1).check(ONE, stamped())
    assert found.time is not None
    assert not found.time.checked
    assert why in found.time.why


@pytest.mark.parametrize("api", ["bitcoin-core", "esplora"])
@pytest.mark.parametrize("body", [b"", b"null", b"-1", b"1e5", b"[]", b'{"result":"x"}', b"\xff", b"9" * 5000])
def test_a_node_that_answers_nonsense_leaves_a_claim(body: bytes, api: str) -> None:
    with Server(lambda request: Reply(body)).listening() as url:
        found = made(url=url, api=api, attempts=1, backoff=0.0).check(ONE, stamped())
    assert found.time is not None
    assert not found.time.checked


def test_a_header_that_cost_no_work_is_none_on_the_main_network() -> None:
    """Otherwise whoever serves headers could make one up for any time."""
    for height in (300_000, HEIGHT):
        options = OpenTimestampsOptions(headers=(f"{height}:{mined(up(ONE.digest)[1]).hex()}",))
        with pytest.raises(InputError, match="too little work"):
            OpenTimestamps(options, default_registry()).open(Path())


# From promise to path


def deep(message: bytes, depth: int, end: Attestation) -> Timestamp:
    """So many operations one after the other, each within the one before."""
    messages = [message]
    for _ in range(depth):
        messages.append(hashlib.sha256(messages[-1]).digest())
    found = Timestamp(messages[-1], (end,))
    for one in reversed(messages[:-1]):
        found = Timestamp(one, (), (Step(0x08, b"", found),))
    return found


def test_answers_that_make_a_proof_deeper_than_is_read_are_the_calendars_fault() -> None:
    most = ots_file.DEEPEST

    def respond(request: Request) -> Reply:
        path = request.path.removeprefix("/timestamp/")
        message = request.body if request.method == "POST" else bytes.fromhex(path)
        return Reply(write_timestamp(deep(message, most, bitcoin())))

    with Server(respond).listening() as url:
        anchor = made(calendars=(url,), attempts=1)
        with pytest.raises(ExecutionError, match=f"with a calendar's answer .* deeper than {most} operations"):
            anchor.publish(ONE)
        promised = write_file(deep(ONE.digest, most, pending(url)))
        with pytest.raises(ExecutionError, match=f"with a calendar's answer .* deeper than {most} operations"):
            anchor.upgrade(ONE, promised)


def test_promises_are_kept_later_and_nothing_is_lost() -> None:
    calendar = Calendar()
    with Server(calendar.respond).listening() as url:
        anchor = made(calendars=(url,), attempts=1)
        first = anchor.publish(ONE)
        (message,) = calendar.asked
        assert ONE.digest not in message, "the calendar is not told the digest"
        with pytest.raises(ExecutionError, match="which the options do not name"):
            anchor.upgrade(ONE, first)
        patient = made(calendars=(url,), keepers=(ADDRESS,), attempts=1, timeout=0.2)
        with pytest.raises(ExecutionError, match="gave no answer"):
            patient.upgrade(ONE, first)
        # As if the calendar's own address were the one that it is reached at.
        promised = renamed(parse_file(first), url)
        assert anchor.upgrade(ONE, promised) is None
        calendar.block = HEIGHT
        second = anchor.upgrade(ONE, promised)
        assert second is not None
        assert anchor.upgrade(ONE, second) is None, "there is nothing better than a block"
    found = list(parse_file(second).attested())
    assert [one.height for _, one in found] == [None, HEIGHT]
    root = up(message)[1]
    time = knowing((HEIGHT, mined(root))).check(ONE, second).time
    assert time is not None
    assert time.checked


def renamed(timestamp: Timestamp, address: str) -> bytes:
    """The same proof with promises by another address."""
    return write_file(_renamed(timestamp, address))


def _renamed(timestamp: Timestamp, address: str) -> Timestamp:
    attestations = tuple(pending(address) for _ in timestamp.attestations)
    steps = tuple(Step(step.tag, step.argument, _renamed(step.result, address)) for step in timestamp.steps)
    return Timestamp(timestamp.message, attestations, steps)


def test_an_address_that_only_the_evidence_names_is_not_asked() -> None:
    server = Server(Calendar().respond)
    with server.listening() as url:
        evidence = stamped(ONE, pending(url))
        with pytest.raises(ExecutionError, match="which the options do not name"):
            made(calendars=(ADDRESS,)).upgrade(ONE, evidence)
    assert server.requests == []


def test_one_calendar_that_answers_is_enough() -> None:
    with Server(Calendar().respond).listening() as good, Server(lambda request: Reply(b"junk")).listening() as bad:
        evidence = made(calendars=(bad, good), attempts=1, backoff=0.0).publish(ONE)
    assert len(list(parse_file(evidence).attested())) == 1


def test_without_a_calendar_nobody_is_asked() -> None:
    with pytest.raises(InputError, match="nothing says which calendars"):
        made().publish(ONE)


# Hostile files

_HEAD = MAGIC + b"\1\x08" + ONE.digest


@pytest.mark.parametrize(
    "data",
    [
        MAGIC + b"\2\x08" + ONE.digest + b"\0" + bitcoin().tag + b"\1\1",
        MAGIC + b"\1\x02" + ONE.digest + b"\0" + bitcoin().tag + b"\1\1",
        _HEAD,
        _HEAD + b"\xff",
        _HEAD + b"\xff\xff\0" + bitcoin().tag + b"\1\1",
        _HEAD + b"\x67\0" + bitcoin().tag + b"\1\1",
        _HEAD + b"\0" + bitcoin().tag + b"\2\1\1",
        _HEAD + b"\0" + bitcoin().tag + b"\5\xff\xff\xff\xff\x7f",
        _HEAD + b"\0" + bitcoin().tag + b"\xff" * 12,
        _HEAD + b"\0" + bitcoin().tag + write_number(8193) + b"x" * 8193,
        _HEAD + b"\0" + pending("https://calendar.example/?x=1").tag + b"\4\3a?b",
        _HEAD + b"\0" + pending().tag + b"\1\0",
        _HEAD + b"\xf0" + write_number(4097) + b"x" * 4097 + b"\0" + bitcoin().tag + b"\1\1",
        _HEAD + b"\xf0" + write_number(4096) + b"x" * 4096 + b"\0" + bitcoin().tag + b"\1\1",
        _HEAD + b"\xf3" * 8 + b"\0" + bitcoin().tag + b"\1\1",
        _HEAD + b"\x08" * (ots_file.DEEPEST + 1) + b"\0" + bitcoin().tag + b"\1\1",
        _HEAD + (b"\xff\0" + bitcoin().tag + b"\1\1") * ots_file.MOST_STEPS + b"\0" + bitcoin().tag + b"\1\1",
        _HEAD + b"\x08" * (MOST_EVIDENCE - len(_HEAD)),
        _HEAD + b"\xff\xf3" * ((MOST_EVIDENCE - len(_HEAD)) // 2),
    ],
)
def test_a_file_beyond_the_bounds_of_the_format_is_rejected(data: bytes) -> None:
    with bounded(20, 64 * MEBIBYTE):
        assert refused(made(), data) == "anchor-format"


def test_a_proof_that_names_many_blocks_has_no_node_asked() -> None:
    many = tuple(bitcoin(HEIGHT + number) for number in range(17))
    server = Server(Node(dict(HEADERS)).respond)
    with server.listening() as url:
        assert refused(made(url=url), write_file(Timestamp(ONE.digest, many))) == "anchor-format"
    assert server.requests == []


def test_a_node_that_does_not_answer_is_asked_once() -> None:
    several = write_file(Timestamp(ONE.digest, tuple(bitcoin(HEIGHT + number) for number in range(16))))
    server = Server(lambda request: Reply(b"", 500))
    with server.listening() as url:
        found = made(url=url, attempts=1, backoff=0.0).check(ONE, several)
    assert found.time is not None
    assert not found.time.checked
    assert len(server.requests) == 1


def test_the_largest_file_of_the_format_takes_little() -> None:
    step = b"\xff\xf0" + write_number(40) + b"x" * 40 + b"\x08\0" + pending().tag + b"\4\3abc"
    data = _HEAD + step * 300 + b"\0" + bitcoin().tag + write_number(len(write_number(7))) + write_number(7)
    assert len(data) < MOST_EVIDENCE
    with bounded(20, 64 * MEBIBYTE):
        found = made().check(ONE, data)
    assert found.time is not None


def test_operations_are_those_of_the_format() -> None:
    assert ots_file.applied(0xF1, b"a", b"b") == b"ab"
    assert ots_file.applied(0xF2, b"", b"ab") == b"ba"
    assert ots_file.applied(0xF3, b"", b"\xab") == b"ab"
    assert ots_file.applied(0x02, b"", b"abc").hex() == "a9993e364706816aba3e25717850c26c9cd0d89d"
    assert ots_file.applied(0x03, b"", b"abc").hex() == "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"
    assert ots_file.applied(0x08, b"", b"abc") == hashlib.sha256(b"abc").digest()
