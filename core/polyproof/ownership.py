"""Who owns an address: a claim, the scheme that judges it, and the one status it ends in.

A row of a reserves file says «this address is ours» and brings a message with signatures. An ownership scheme
checks that the signatures are by the keys that control *this address*: it derives the address from the key or
the script and compares. Whatever is not established is not proven; there is no default that counts.
"""

from __future__ import annotations

import pickle
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from enum import Enum
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import field, frozen

from polyproof.engine import thread_count
from polyproof.errors import InputError, PluginError
from polyproof.progress import Progress

if TYPE_CHECKING:
    from polyproof.registry import Registry

__all__ = [
    "AccountControl",
    "Kind",
    "OwnershipClaim",
    "OwnershipResult",
    "OwnershipScheme",
    "Status",
    "load_schemes",
    "verify_ownership",
]


class Status(Enum):
    """How a claim ended. Only ``PROVEN`` says that the address is under the claimant's control."""

    PROVEN = "proven"
    """The signatures are by the keys that this very address is derived from, or that its chain was read to name."""
    KEY_ONLY = "key-only"
    """A valid signature by the key given, but an address of this chain is a name and says nothing about its key."""
    UNBOUND = "unbound"
    """Valid signatures, but nothing known here binds their keys to the address: its chain has to be asked."""
    CUSTODIAL = "custodial"
    """Declared to be held by somebody else; no signature is looked at."""
    UNSUPPORTED = "unsupported"
    """No scheme here can judge this chain, address or kind of signature. Nothing was checked."""
    FAILED = "failed"
    """Something that could be checked does not hold."""


class Kind(Enum):
    """What the claimant says a holding is."""

    OWN = "own"
    CUSTODIAL = "custodial"
    STAKED = "staked"


def _text(claim: object, attribute: Any, value: Any) -> None:
    if not isinstance(value, str):
        raise InputError(f"{attribute.name} of a claim is {type(value).__name__}; it must be text")


def _texts(claim: object, attribute: Any, value: tuple[Any, ...]) -> None:
    if not all(isinstance(item, str) for item in value):
        raise InputError(f"{attribute.name} of a claim holds something that is not text")


def _tuple(value: Sequence[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        raise InputError("a claim's signatures, keys and owners are sequences of texts, not one text")
    return tuple(value)


@frozen
class AccountControl:
    """Who controls an account, as its chain says at the snapshot. Whoever asked the chain fills it in.

    Where it is given it decides, even against the key an address was first derived from: keys get rotated.
    """

    source: str
    """What was asked, and at which block; printed with the result."""
    owners: tuple[str, ...] = field(default=(), converter=_tuple)
    """Addresses (Safe owners, Tron permissions), authentication key (Aptos) or withdrawal credentials (validator)."""
    threshold: int = 1
    """How many of ``owners`` must sign."""
    accepted: tuple[bytes, ...] = ()
    """Digests that the contract accepted with this row's signatures (EIP-1271 ``isValidSignature``)."""


@frozen
class OwnershipClaim:
    """One row: «this address is ours». Texts are as published, without the blanks around them."""

    asset: str = field(validator=_text)
    chain: str = field(validator=_text)
    """Name of the chain, or of a token on it as exchanges spell it: ``ethereum``, ``ETH-ARBITRUM``, ``USDT-TRC20``."""
    address: str = field(validator=_text)
    message: str = field(default="", validator=_text)
    signatures: tuple[str, ...] = field(default=(), converter=_tuple, validator=_texts)
    """As many as were given; absent ones are left out, not blank."""
    keys: tuple[str, ...] = field(default=(), converter=_tuple, validator=_texts)
    """Public keys, or the redeem or witness script, whichever the scheme wants."""
    owners: tuple[str, ...] = field(default=(), converter=_tuple, validator=_texts)
    """For a contract, multisignature or rotated account: who is said to control it (eoa1, eoa2)."""
    kind: Kind = Kind.OWN
    scheme: str | None = None
    """Name of the scheme, where the file says it; it must serve the claim. Otherwise the one that does is found."""
    control: AccountControl | None = None
    """What the chain itself says about who controls the address; None where nobody asked."""


@frozen
class OwnershipResult:
    """How a claim ended, and why, for people."""

    status: Status
    reason: str
    """One sentence in plain words."""
    scheme: str = ""
    """The scheme that judged it; empty where none did."""
    chain: str = ""
    """The one name of the chain, whatever the row called it; empty if unknown."""
    address: str = ""
    """The one spelling of the address, so that two spellings of one account are seen to be equal; empty if it does
    not decode."""


class OwnershipScheme(ABC):
    """Judges the claims of some chains.

    A scheme never raises for what a row says. It may be pickled and work in several processes.
    """

    name: ClassVar[str]
    """The name it is registered under."""
    chains: ClassVar[frozenset[str]]
    """The chains it serves, by their one name."""

    @abstractmethod
    def serves(self, claim: OwnershipClaim) -> bool:
        """Whether the claim is written in this scheme: chain, and form of address and signature.

        At most one installed scheme should serve a claim; where several do, the claim must name its scheme.
        """

    @abstractmethod
    def verify(self, rows: Sequence[OwnershipClaim]) -> list[OwnershipResult]:
        """Judge a batch; one result a row, in order."""

    def account(self, claim: OwnershipClaim) -> tuple[str, str]:
        """The one name of the claim's chain and the one spelling of its address; each empty where it is not known.

        Nothing is verified: this is for finding an account twice and for asking its chain.
        """
        return "", ""

    def digests(self, claim: OwnershipClaim) -> tuple[bytes, ...]:
        """The digests that a signature of this claim may sign; for asking a contract (EIP-1271)."""
        return ()


def load_schemes(registry: Registry | None = None, names: Sequence[str] | None = None) -> list[OwnershipScheme]:
    """The installed schemes, or those named; raises ``PluginError`` as the registry does."""
    if registry is None:
        from polyproof.registry import default_registry

        registry = default_registry()
    return [registry.create("ownership", name) for name in (registry.names("ownership") if names is None else names)]


BLOCK = 512
"""Rows handed to a scheme at once: enough for batch verification, few enough for progress to move."""
MANY = 8192
"""Rows from which on processes are worth their start."""


def verify_ownership(
    rows: Sequence[OwnershipClaim],
    schemes: Sequence[OwnershipScheme],
    progress: Progress | None = None,
    processes: int | None = None,
) -> list[OwnershipResult]:
    """Judge every row by the scheme that serves it; one result a row, in order.

    A row declared custodial is custodial whatever else it says. One that no scheme serves, or that several serve
    while it names none, is unsupported. A scheme that raises has established nothing: its row failed.

    ``processes``: how many share the work; by default as many as there are threads to use, if there are many rows. They
    are processes since a signature takes as long in Python as in the library that checks it, so that threads gain
    nothing. Where they cannot be had the work is done here.
    """
    results: list[OwnershipResult | None] = [None] * len(rows)
    numbers_of: dict[str, list[int]] = {}
    by_name = {scheme.name: scheme for scheme in schemes}
    for number, claim in enumerate(rows):
        chosen = _choose(claim, schemes, by_name)
        if isinstance(chosen, OwnershipResult):
            results[number] = chosen
        else:
            numbers_of.setdefault(chosen.name, []).append(number)
    blocks = [
        (by_name[name], numbers[start : start + BLOCK])
        for name, numbers in numbers_of.items()
        for start in range(0, len(numbers), BLOCK)
    ]
    work = [(scheme, [rows[number] for number in numbers]) for scheme, numbers in blocks]
    if processes is None:
        processes = thread_count() if len(rows) >= MANY else 1
    with (progress or Progress()).task("verify ownership", len(rows)) as task:
        task.advance(len(rows) - sum(len(numbers) for _, numbers in blocks))
        for (_, numbers), judged in zip(blocks, _judge_all(work, processes), strict=True):
            for number, result in zip(numbers, judged, strict=True):
                results[number] = result
            task.advance(len(numbers))
    return [result for result in results if result is not None]


Work = list[tuple[OwnershipScheme, list[OwnershipClaim]]]


def _judge_all(work: Work, processes: int) -> Iterator[list[OwnershipResult]]:
    done = 0
    if min(processes, len(work)) > 1 and _can_be_sent(work):
        # Spawned: a fork of a process that has threads may find their locks held for ever.
        pool = ProcessPoolExecutor(min(processes, len(work)), get_context("spawn"))
        try:
            for judged in pool.map(_judge, *zip(*work, strict=True)):
                yield judged
                done += 1
        except BrokenProcessPool:
            pass  # What is left is done here.
        finally:
            pool.shutdown(cancel_futures=True)
    for scheme, rows in work[done:]:
        yield _judge(scheme, rows)


def _can_be_sent(work: Work) -> bool:
    try:
        pickle.dumps([scheme for scheme, _ in work])
    except Exception:  # noqa: BLE001 - a stranger's scheme may hold anything
        return False
    return True


def _choose(
    claim: OwnershipClaim, schemes: Sequence[OwnershipScheme], by_name: dict[str, OwnershipScheme]
) -> OwnershipScheme | OwnershipResult:
    if claim.scheme is not None and claim.scheme not in by_name:
        return OwnershipResult(Status.UNSUPPORTED, f"no ownership scheme is named {claim.scheme[:40]!r}")
    try:
        asked = schemes if claim.scheme is None else [by_name[claim.scheme]]
        serving = [scheme for scheme in asked if scheme.serves(claim)]
        if claim.kind is Kind.CUSTODIAL:
            chain, address = serving[0].account(claim) if len(serving) == 1 else ("", "")
            reason = "declared to be held by a custodian; no signature is looked at"
            return OwnershipResult(Status.CUSTODIAL, reason, chain=chain, address=address)
    except Exception as error:  # noqa: BLE001 - a stranger's scheme may raise anything
        told = f"{type(error).__name__}: {error}"[:200]
        return OwnershipResult(Status.FAILED, f"a scheme could not read this row: {told}")
    if len(serving) == 1:
        return serving[0]
    if serving:
        names = " and ".join(scheme.name for scheme in serving)
        return OwnershipResult(
            Status.UNSUPPORTED, f"{names} both serve this row; it must name the one it is written in"
        )
    if claim.scheme is not None:
        return OwnershipResult(
            Status.UNSUPPORTED, f"{claim.scheme} does not serve this row: its chain, or how it is signed"
        )
    return OwnershipResult(Status.UNSUPPORTED, f"no ownership scheme serves the chain {claim.chain[:40]!r}")


def _judge(scheme: OwnershipScheme, rows: list[OwnershipClaim]) -> list[OwnershipResult]:
    try:
        results = scheme.verify(rows)
    except Exception as error:  # noqa: BLE001 - a stranger's scheme may raise anything
        if len(rows) == 1:
            told = f"{type(error).__name__}: {error}"[:200]
            return [OwnershipResult(Status.FAILED, f"the scheme could not judge this row: {told}", scheme.name)]
        return [result for row in rows for result in _judge(scheme, [row])]
    if len(results) != len(rows):
        raise PluginError(f"ownership {scheme.name!r} gave {len(results)} results for {len(rows)} rows")
    return results
