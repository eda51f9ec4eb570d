"""The anchor ``opentimestamps``: calendars put the digest into a tree whose root a block of Bitcoin commits to.

The evidence is a proof as every client of OpenTimestamps reads it (``polyproof_anchors.ots_file``), of the publication
record: ``ots verify -f publication.json FILE``. At first it holds promises of calendars, which show nothing; once a
block commits to it, ``upgrade`` fetches the path to that block from the calendars that promised it.

A path to a block is checked against the block's header, from the verifier's own node, from an explorer, or given by
hand. Without a header it is a claim: the path can be followed, and where it leads to is not known.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from attrs import evolve, frozen

from polyproof.anchor import Anchor, Shown, Subject, Time
from polyproof.config.options import option
from polyproof.errors import ExecutionError, InputError, Problem, ProofRejected
from polyproof.model.timestamps import FORMAT
from polyproof.toolkit.endpoint import EndpointOptions, open_endpoint
from polyproof_anchors.bitcoin_headers import HEADER, Header, ask_for_header, known_headers
from polyproof_anchors.ots_file import (
    Attestation,
    Step,
    Timestamp,
    applied,
    parse_file,
    parse_timestamp,
    write_file,
)
from polyproof_anchors.unavailable import Unavailable

__all__ = ["OpenTimestamps", "OpenTimestampsOptions"]

_LARGEST_ANSWER = 10_000
"""Bytes of a calendar's answer, as clients read them."""
_APPEND, _SHA256 = 0xF0, 0x08
_MOST_BLOCKS = 16
"""In one proof, so that a hostile one does not have a node asked thousands of times. Each calendar adds one."""
_SLACK = timedelta(hours=2)
"""By how much the time of a block may be off: nodes refuse one further ahead of their own clock, and the median of
eleven blocks, which it must be above, lies an hour back on average (Bitcoin Core, validation.cpp)."""
_ADDRESS = (r"https?://[A-Za-z0-9._/:-]{1,200}", "an address such as https://calendar.example")


@frozen(kw_only=True)
class OpenTimestampsOptions(EndpointOptions):
    """Which calendars stamp, and where headers of blocks come from."""

    url: str | None = option(
        default=None, doc="URL of your own node of Bitcoin, or of an explorer, if it needs no password."
    )
    api: str = option(
        default="bitcoin-core",
        choices=("bitcoin-core", "esplora"),
        doc="How that is asked for headers: JSON-RPC of Bitcoin Core, or HTTP as Esplora has it.",
    )
    network: str = option(
        default="main",
        choices=("main", "test"),
        doc="The network of the blocks. On a test network work costs nothing, and so does a header that is made up.",
    )
    confirmations: int = option(
        default=6, least=1, most=10_000, doc="How many blocks must be there, the one of the proof included."
    )
    headers: tuple[str, ...] = option(
        default=(),
        pattern=HEADER,
        items=(0, 1000),
        doc="Headers that you know, each `HEIGHT:HEADER`, the 80 bytes in hexadecimal: nobody is asked for those.",
    )
    calendars: tuple[str, ...] = option(
        default=(), pattern=_ADDRESS, items=(0, 16), doc="Calendars that stamp: each is sent a salted digest."
    )
    keepers: tuple[str, ...] = option(
        default=(),
        pattern=_ADDRESS,
        items=(0, 64),
        doc="Further calendars that may be asked for what was promised: pools pass digests on to them. Evidence can "
        "name any address, and none is asked that stands neither here nor in calendars.",
    )


class OpenTimestamps(Anchor):
    """Calendars, and Bitcoin."""

    name = "opentimestamps"
    suffix = "ots"
    Options = OpenTimestampsOptions
    options: OpenTimestampsOptions

    def open(self, base: Path) -> None:
        """Read the headers that are given. Raises ``InputError`` for one that is none."""
        self._known = known_headers(self.options.headers, self.options.network)
        self._asked: dict[int, Header | Unavailable] = {}
        self._down: Unavailable | None = None

    # Publishing

    def publish(self, subject: Subject) -> bytes:
        """Promises of all calendars that answer; at least one must.

        They see a hash of the digest and sixteen random bytes, so that nobody learns the digest before it is published.
        """
        if not self.options.calendars:
            raise InputError(Problem("nothing says which calendars stamp", hint="calendars: [https://…]"))
        salt = secrets.token_bytes(16)
        salted = applied(_APPEND, salt, subject.digest)
        message = applied(_SHA256, b"", salted)
        found, failed = Timestamp(message), []
        for calendar in self.options.calendars:
            try:
                answer = self._ask(calendar, "/digest", message)
                assert answer is not None, "only a question about what was promised may have no answer"
                found = _merged(found, parse_timestamp(answer, message))
            except ExecutionError as error:
                failed.append(str(error))
            except ProofRejected as error:
                failed.append(f"its answer is no timestamp: {error.reason}")
        if not list(found.attested()):
            raise ExecutionError(f"no calendar has stamped the digest: {'; '.join(dict.fromkeys(failed))}")
        hashed = Timestamp(salted, (), (Step(_SHA256, b"", found),))
        return _written(Timestamp(subject.digest, (), (Step(_APPEND, salt, hashed),)))

    def upgrade(self, subject: Subject, evidence: bytes) -> bytes | None:
        """The same proof, and in it the paths to Bitcoin that its calendars have by now."""
        proof = self._parsed(subject, evidence)
        promised = [one.address for _, one in proof.attested() if one.address is not None]
        allowed = {_plain(one) for one in (*self.options.calendars, *self.options.keepers)}
        if promised and not allowed.intersection(map(_plain, promised)):
            raise ExecutionError(
                Problem(
                    f"its promises are by {', '.join(dict.fromkeys(promised))}, which the options do not name",
                    hint="keepers: [https://…], if you know them",
                )
            )
        upgraded = _written(self._upgraded(proof, allowed))
        return None if upgraded == write_file(proof) else upgraded

    def _upgraded(self, timestamp: Timestamp, allowed: set[str]) -> Timestamp:
        steps = tuple(evolve(step, result=self._upgraded(step.result, allowed)) for step in timestamp.steps)
        found = evolve(timestamp, steps=steps)
        if any(one.height is not None for _, one in found.attested()):
            return found
        for one in timestamp.attestations:
            if one.address is not None and _plain(one.address) in allowed:
                answer = self._ask(one.address, f"/timestamp/{timestamp.message.hex()}", None)
                if answer is not None:
                    try:
                        found = _merged(found, parse_timestamp(answer, timestamp.message))
                    except ProofRejected as error:
                        raise ExecutionError(f"a calendar's answer is no timestamp: {error.reason}") from error
        return found

    def _ask(self, calendar: str, path: str, body: bytes | None) -> bytes | None:
        """A calendar's answer; None if it has nothing yet. Raises ``ExecutionError``."""
        from polyproof.toolkit.http import Failed, HttpClient, Response

        class Client(HttpClient):
            sends: ClassVar[str] = "application/octet-stream"
            accepts: ClassVar[str] = "application/vnd.opentimestamps.v1"

        def read(response: Response) -> bytes | None:
            if body is None and response.status == 404:
                return None
            response.check()
            return response.body

        own = self.options
        options = EndpointOptions(
            url=calendar,
            timeout=own.timeout,
            attempts=own.attempts,
            backoff=own.backoff,
            max_response_bytes=_LARGEST_ANSWER,
        )
        client = Client(open_endpoint(options), options)
        asking: Callable[[], bytes | None] = (
            (lambda: client.get(path, read)) if body is None else (lambda: client.post(body, read, path))
        )
        try:
            return asking()
        except Failed as error:
            raise ExecutionError(f"a calendar gave no answer: {str(error).replace('the node', 'it')}") from None
        finally:
            client.close()

    # Checking

    def check(self, subject: Subject, evidence: bytes) -> Shown:
        """The earliest block that a path leads to; every block whose header is known must fit its path."""
        proof = self._parsed(subject, evidence)
        attested = list(proof.attested())
        blocks = [(one.height, message) for message, one in attested if one.height is not None]
        pending = tuple(dict.fromkeys(f"the calendar {one.address}" for _, one in attested if one.address is not None))
        if len(blocks) > _MOST_BLOCKS:
            raise ProofRejected("anchor-format", f"it names {len(blocks)} blocks of Bitcoin, more than {_MOST_BLOCKS}")
        times = [self._time(height, message) for height, message in blocks]
        time = min(times, key=lambda one: (not one.checked, one.latest or ""), default=None)
        if time is None:
            return Shown(time=None, uniqueness=None, pending=pending)
        rests_on: tuple[str, ...] = ()
        if time.checked:
            rests_on = (
                "The miner of a block sets its time, and the rules of Bitcoin let it be some two hours off: two hours "
                "were added.",
                "That the block is part of Bitcoin's chain is the word of whoever gave you its header.",
            )
        # What was promised has been kept, as the proof says.
        return Shown(time=time, uniqueness=None, rests_on=rests_on)

    def _parsed(self, subject: Subject, evidence: bytes) -> Timestamp:
        proof = parse_file(evidence)
        if proof.message != subject.digest:
            raise ProofRejected("anchor-digest", f"it is for {proof.message.hex()}, not {subject.digest.hex()}")
        return proof

    def _time(self, height: int, message: bytes) -> Time:
        clock = f"the miners of Bitcoin, in block {height}"
        try:
            header = self._header(height)
        except Unavailable as error:
            return Time(latest=None, clock=clock, checked=False, why=str(error))
        if header.merkle_root != message:
            raise ProofRejected(
                "anchor-evidence",
                f"its path does not lead to block {height} of Bitcoin, whose Merkle root is another",
            )
        latest = datetime.fromtimestamp(header.time, UTC) + _SLACK
        return Time(latest=latest.strftime(FORMAT), clock=f"{clock}, {header.hash}", checked=True)

    def _header(self, height: int) -> Header:
        if height in self._known:
            return self._known[height]
        if self.options.url is None and self.options.lent is None:
            raise Unavailable("you named no node of Bitcoin and no header of that block")
        if self._down is not None:
            raise self._down
        if height not in self._asked:
            try:
                self._asked[height] = ask_for_header(
                    self.options, self.options.api, self.options.network, height, self.options.confirmations
                )
            except Unavailable as error:
                self._asked[height] = error
                self._down = error if error.down else None
        found: Any = self._asked[height]
        if isinstance(found, Unavailable):
            raise found
        header: Header = found
        return header


def _written(proof: Timestamp) -> bytes:
    """The file. Raises ``ExecutionError`` for one that a calendar's answer has made larger than is read."""
    data = write_file(proof)
    try:
        parse_file(data)
    except ProofRejected as error:
        raise ExecutionError(f"with a calendar's answer the proof is none that is read: {error.reason}") from error
    return data


def _merged(one: Timestamp, other: Timestamp) -> Timestamp:
    """All that two timestamps say about one message; what both say stands once."""
    attestations: tuple[Attestation, ...] = tuple(dict.fromkeys((*one.attestations, *other.attestations)))
    steps = {(step.tag, step.argument): step for step in one.steps}
    for step in other.steps:
        key = step.tag, step.argument
        steps[key] = evolve(step, result=_merged(steps[key].result, step.result)) if key in steps else step
    return Timestamp(one.message, attestations, tuple(steps.values()))


def _plain(address: str) -> str:
    return address.rstrip("/")
