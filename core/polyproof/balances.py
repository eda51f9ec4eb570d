"""The BalanceProvider interface: what an address held at the block of the snapshot, and who controls it.

A provider asks a chain, or reads recorded answers. Every answer is for the pinned block. If a question fails in any
way, its address is "not checked", which means neither zero nor confirmed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import frozen

from polyproof.config.options import option
from polyproof.model.names import BLOCK, NAME
from polyproof.ownership import AccountControl, OwnershipClaim
from polyproof.progress import Progress

if TYPE_CHECKING:
    from polyproof.registry import Registry

__all__ = ["Answer", "BalanceProvider", "ControlAnswer", "ControlQuestion", "Lack", "Pin", "Question"]


@frozen(kw_only=True)
class Pin:
    """The block at which a chain is asked."""

    chain: str = option(
        pattern=NAME,
        doc="Canonical name of the chain, such as ethereum.",
    )
    height: int = option(least=0, most=10**18 - 1, doc="Number of the snapshot's block.")
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
    """In canonical form if that is known, otherwise as its file has it."""
    token: str = ""


class Lack(Enum):
    """Why there is no amount, for those who can do something about it; ``Answer.reason`` says it in words."""

    UNANSWERED = "unanswered"
    """The source gave no usable answer."""
    OTHER_BLOCK = "other-block"
    """The source answers about one block alone, and that is not the pinned one: it must be asked while it is."""


@frozen
class Answer:
    """What the chain says an address held, or why that is not known."""

    held: int | None
    """In units of 10^−36 coin; None if not checked."""
    source: str
    """What was asked, and at which block. Never a URL, which may contain an access key."""
    reason: str = ""
    """Why it is not known."""
    lack: Lack = Lack.UNANSWERED
    """The kind of reason, where ``held`` is None."""


@frozen
class ControlQuestion:
    """Who controls the account of a claim, and whether it accepts the claim's signatures."""

    claim: OwnershipClaim
    """Its address is in canonical form."""
    digests: tuple[bytes, ...] = ()
    """The digests that the claim's signatures may sign: ``OwnershipScheme.digests``."""


@frozen
class ControlAnswer:
    """Who controls an account; None if the chain was not asked or does not say.

    An account that only its own key controls has itself for its one owner, so that the answer contradicts whoever says
    that others control it.
    """

    control: AccountControl | None
    reason: str = ""
    """Why it is not known."""


class BalanceProvider(ABC):
    """Asks one chain or several.

    Constructed as ``BalanceProvider(options, registry)``: ``options`` is an instance of the class's ``Options``.
    """

    name: ClassVar[str]
    """The name used in specs."""
    Options: ClassVar[type]
    """Frozen attrs class of the options a spec may set."""
    asks: ClassVar[bool] = True
    """Whether somebody is asked now: a recording is the word of whoever made it, and no verifier's node."""

    def __init__(self, options: Any, registry: Registry) -> None:
        """Keep the options; nothing is asked yet."""
        self.options = options
        self.registry = registry

    def open(self, base: Path) -> None:  # noqa: B027 - most have nothing to open
        """Called once before the first question. Relative paths in options start from ``base``.

        Raises ``InputError`` for options that cannot be used, such as a file that cannot be read.
        """

    @abstractmethod
    def serves(self, question: Question) -> bool:
        """Whether it can be asked this question. Sends nothing."""

    @abstractmethod
    def balances(self, questions: Sequence[Question], pin: Pin, progress: Progress) -> list[Answer]:
        """One answer for each question, in order. All questions are about the chain of ``pin``.

        Never raises because of what a server does; time and memory are bounded whatever it sends.
        """

    def controls_chain(self, chain: str) -> bool:
        """Whether it can be asked who controls accounts of a chain. Sends nothing."""
        return False

    def controls(self, questions: Sequence[ControlQuestion], pin: Pin, progress: Progress) -> list[ControlAnswer]:
        """Who controls accounts: one answer for each question, in order. By default, none is known."""
        return [ControlAnswer(None, f"{self.name} does not ask who controls an account") for _ in questions]
