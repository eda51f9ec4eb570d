"""The executor starter-name for polyproof: where the segments of an audit are proved.

YOURS: as it stands it proves them one after the other in the process that runs the audit.
"""

from collections.abc import Iterator, Sequence

from attrs import frozen

from polyproof.executor import Executor, Work
from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """One executor."""
    summary = "One after the other, a starting point"
    return [Component("executor", "starter-name", summary, "polyproof_starter:StarterExecutor")]


@frozen
class StarterOptions:
    """YOURS: what a spec may set, each an `option(...)` of `polyproof.config.options`."""


class StarterExecutor(Executor):
    """YOURS: which workers there are, and what happens when one dies."""

    name = "starter-name"
    Options = StarterOptions

    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        """Prove each segment, and name it once it is proved. A `SegmentFailed` that `work` raises passes as it is."""
        for index in indices:
            work(index)  # YOURS: anywhere that sees `work.directory`; `work` can be pickled
            yield index
