"""What a refusal says, and a component that fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from polyproof.errors import ProofRejected
from references.hashlib_hash import HashlibHash

__all__ = ["Failing", "refusal"]


def refusal(ask: Callable[[], object], file: Path | None = None, *, match: str | None = None) -> str:
    """The check by which this is refused, as it must be; ``file`` is the one it names, ``match`` a pattern in it."""
    with pytest.raises(ProofRejected, match=match) as caught:
        ask()
    assert file is None or caught.value.file == str(file)
    return caught.value.check


class Failing(HashlibHash):
    """A component that fails wherever it is asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error or ZeroDivisionError()

    def fail(self, *_: object, **__: object) -> Any:
        raise self._error
