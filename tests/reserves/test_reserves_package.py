"""The package's public names, which are imported when they are first asked for."""

from __future__ import annotations

import pytest

from polyproof import reserves


@pytest.mark.parametrize("name", reserves.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(reserves, name) is not None


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'settled'"):
        reserves.settled  # noqa: B018
