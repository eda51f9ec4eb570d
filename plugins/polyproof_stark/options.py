"""The options a spec may set, and the parameters that follow from them."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from polyproof.config.options import option
from polyproof.constraints import ConstraintsChoice
from polyproof.errors import OptionsError
from polyproof.model.assets import Asset
from polyproof.model.counts import counted
from polyproof_stark.compiler import MAX_COLUMNS, MAX_TABLE_BITS
from polyproof_stark.parameters import LEAST_LOG_ROWS, MOST_LOG_ROWS

__all__ = ["DEFAULT_LOG_ROWS", "LEAST_LIMB_BITS", "MOST_LIMB_BITS", "PROFILES", "Profile", "StarkOptions"]

LEAST_LIMB_BITS, MOST_LIMB_BITS = 4, MAX_TABLE_BITS
DEFAULT_LOG_ROWS = 20


@frozen
class Profile:
    """The numbers that decide how large a proof is and how much work, where a spec does not give them itself."""

    blowup: int
    queries: int
    grinding: int


PROFILES = {"standard": Profile(4, 88, 16), "small": Profile(8, 56, 20)}
"""``small``: the fewest queries at twice the blowup with which soundness is no less than in ``standard``, by
long-proven bounds, for 22 assets of 64 bits on 2^20 rows. Part of the format: a manifest states the name alone."""


@frozen
class StarkOptions:
    """Options of the STARK backend."""

    profile: str = option(
        default="standard",
        choices=tuple(PROFILES),
        doc="Blowup, queries and grinding where they are not given: 4, 88 and 16, or for a smaller proof, which takes "
        "more memory and work to make, 8, 56 and 20. Soundness stays; what inclusion loses by long-proven bounds, "
        "`polyproof explain` says.",
    )

    field: str = option(default="goldilocks", kind="field", doc="Field of the trace.")
    hash: str | None = option(
        default=None,
        kind="hash",
        doc="Hash of trees, tags and the transcript. Unless given, the one that the field goes with: `poseidon` for "
        "`goldilocks`; the manifest states it.",
    )
    commitment: str = option(default="merkle", kind="commitment", doc="Vector commitment to codewords.")
    constraints: ConstraintsChoice = option(
        default=ConstraintsChoice("accounts"),
        doc="Constraint system of the accounts: its name, or a mapping of name and options.",
    )
    extension: int | None = option(
        default=None,
        least=2,
        most=8,
        doc="Degree of the extension that challenges are drawn from. Unless given, the one that the field declares: 3 "
        "for `goldilocks`, 6 for `babybear`; the manifest states it.",
    )
    blowup: int | None = option(
        default=None,
        choices=(2, 4, 8, 16),
        doc="Size of the evaluation domain over length of the trace; the profile's unless given.",
    )
    queries: int | None = option(
        default=None,
        least=1,
        most=1024,
        doc="Queries of the low-degree test; the profile's unless this or target_bits is given.",
    )
    grinding: int | None = option(
        default=None,
        least=0,
        most=32,
        doc="Bits of proof of work before the queries; the profile's unless this or target_bits is given.",
    )
    target_bits: int | None = option(
        default=None,
        least=1,
        most=128,
        doc="Bits of soundness to reach, by long-proven bounds: queries and grinding are then chosen for the smallest "
        "proof.",
    )
    arity: int = option(default=8, choices=(2, 4, 8, 16), doc="Arity of the FRI folds.")
    limb_bits: int | None = option(
        default=None,
        least=LEAST_LIMB_BITS,
        most=MOST_LIMB_BITS,
        doc="Width of a limb. The table of its 2^limb_bits values may be longer than a trace: it is then cut into "
        "several, each with a column of its own. Unless given, the width for which the fewest values are computed "
        "at the length of trace that the accounts need; the manifest states it.",
    )
    segment_rows: int | None = option(
        default=None,
        least=1 << LEAST_LOG_ROWS,
        most=1 << MOST_LOG_ROWS,
        doc="Most rows of a trace, a power of two; more accounts make more segments. Unless given, 2^20, or the most "
        "below that on which the field can sum the assets; the manifest then states as many as the longest trace has.",
    )
    blinding: int | None = option(
        default=None, least=1, most=1 << 16, doc="Random rows; 2·queries + 2·extension unless given."
    )

    @property
    def numbers(self) -> Profile:
        """Blowup, queries and grinding: those given, and for the others the profile's."""
        usual = PROFILES[self.profile]
        return Profile(
            usual.blowup if self.blowup is None else self.blowup,
            usual.queries if self.queries is None else self.queries,
            usual.grinding if self.grinding is None else self.grinding,
        )


def check_shape(options: StarkOptions, assets: Sequence[Asset]) -> None:
    """Checks that need neither a field nor a trace length. Raises ``OptionsError``."""
    if options.segment_rows is not None and options.segment_rows & (options.segment_rows - 1):
        raise OptionsError(f"segment_rows is {options.segment_rows}, but a trace has a power of two of rows")
    if options.target_bits is not None and (options.queries is not None or options.grinding is not None):
        raise OptionsError("target_bits chooses queries and grinding: give either it or them")
    if options.limb_bits is None:
        return
    columns = sum(-(-asset.bits // options.limb_bits) for asset in assets)
    if columns > MAX_COLUMNS:
        raise OptionsError(
            f"{counted(len(assets), 'asset')} make {columns} limb columns of {options.limb_bits} bits; "
            f"at most {MAX_COLUMNS} are possible"
        )
