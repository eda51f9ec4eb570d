"""The BalanceProvider interface: what an address held at the block of the snapshot, and who controls it.

A provider asks a chain, or reads what was recorded when one was asked. Every answer is of the pinned block or it is no
answer: an address whose question went wrong in any way is «not checked», which is not zero and not confirmed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import frozen

from polyproof.config.options import option
from polyproof.model.names import BLOCK, NAME
from polyproof.ownership import AccountControl, OwnershipClaim
from polyproof.progress import Progress

if TYPE_CHECKING:
    from polyproof.registry import Registry

__all__ = ["Answer", "BalanceProvider", "ControlAnswer", "ControlQuestion", "Pin", "Question"]


@frozen(kw_only=True)
class Pin:
    """The block that a chain is looked at."""

    chain: str = option(
        pattern=NAME,
        doc="The canonical name of the chain, such as ethereum.",
    )
    height: int = option(least=0, doc="Number of the snapshot's block.")
    block: str = option(
        pattern=BLOCK,
        doc="Hash of the snapshot's block, as the chain's explorers write it.",
    )


@frozen
class Question:
    """How much of an asset an address holds."""

    asset: str
    chain: str
    address: str
    """In canonical form, if that is known; else as its file has it."""
    token: str = ""


@frozen
class Answer:
    """What the chain says an address held, or why that is not known."""

    held: int | None
    """Units of 10^−36; None: not checked."""
    source: str
    """What was asked, at which block: never a URL, which may hold a key."""
    reason: str = ""
    """Why it is not known."""


@frozen
class ControlQuestion:
    """Who controls the account of a claim, and whether it accepts the claim's signatures."""

    claim: OwnershipClaim
    """Its address is in canonical form."""
    digests: tuple[bytes, ...] = ()
    """What a signature of the claim may be over."""


@frozen
class ControlAnswer:
    """Who controls an account; None where the chain was not asked, does not say, or says that it is a plain account."""

    control: AccountControl | None
    reason: str = ""
    """Why it is not known."""


class BalanceProvider(ABC):
    """Asks one chain, or several.

    Constructed as ``BalanceProvider(options, registry)``: ``options`` is an instance of the class's ``Options``.
    """

    name: ClassVar[str]
    """The name a spec uses."""
    Options: ClassVar[type]
    """Frozen attrs class of the options a spec may set."""

    def __init__(self, options: Any, registry: Registry) -> None:
        """Keep the options; nothing is asked yet."""
        self.options = options
        self.registry = registry

    def open(self, base: Path) -> None:  # noqa: B027 - most have nothing to open
        """Called once before the first question. ``base``: what relative paths in options start from.

        Raises ``InputError`` for options that cannot be used, such as an environment variable that is not set.
        """

    @abstractmethod
    def serves(self, question: Question) -> bool:
        """Whether it can be asked this. Costs nothing."""

    @abstractmethod
    def balances(self, questions: Sequence[Question], pin: Pin, progress: Progress) -> list[Answer]:
        """Answers, one a question, in order; all of one chain, which ``pin`` is of.

        Never raises for what a server does; takes bounded time and memory whatever it sends.
        """

    def controls_chain(self, chain: str) -> bool:
        """Whether it can be asked who controls accounts of a chain. Costs nothing."""
        return False

    def controls(self, questions: Sequence[ControlQuestion], pin: Pin, progress: Progress) -> list[ControlAnswer]:
        """Who controls accounts, one answer a question, in order. This one does not know."""
        return [ControlAnswer(None, f"{self.name} does not ask who controls an account") for _ in questions]
