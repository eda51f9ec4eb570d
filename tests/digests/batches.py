"""Batches of byte messages for tests of byte hashes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

GOLDILOCKS_ORDER = 2**64 - 2**32 + 1


def messages_of(messages: Sequence[bytes]) -> npt.NDArray[np.uint8]:
    """Messages of one length as ``(n, length)``."""
    lengths = {len(message) for message in messages}
    assert len(lengths) == 1
    return np.frombuffer(b"".join(messages), np.uint8).reshape(len(messages), lengths.pop())


def one_at_every_place(message: bytes, count: int) -> Iterator[tuple[npt.NDArray[np.uint8], int]]:
    """Batches of ``count`` messages, ``message`` among others of its length, at every place in turn."""
    others = np.random.default_rng(len(message)).integers(0, 256, (count, len(message)), np.uint8)
    for place in range(count):
        batch = others.copy()
        batch[place] = np.frombuffer(message, np.uint8)
        yield batch, place
