"""JSON files that an options class declares: read strictly, and refused by the name of the file's kind."""

from __future__ import annotations

import json

import pytest

from polyproof.errors import ProofRejected
from polyproof.publication.chain import FORMAT, VERSION, Chain
from polyproof.settings.documents import read_document

GOOD = Chain(format=FORMAT, version=VERSION, organisation="Example Exchange", audits=("00" * 32,)).to_bytes()


def rejected(data: bytes) -> str:
    with pytest.raises(ProofRejected) as caught:
        read_document(data, Chain, "chain", "chain.json")
    return caught.value.check


def test_a_document_is_read_as_it_was_written() -> None:
    assert read_document(GOOD, Chain, "chain", "chain.json").to_bytes() == GOOD


@pytest.mark.parametrize("change", [{"version": VERSION + 1}, {"audits": ["00"]}, {"audits": 5}, {"more": 1}], ids=str)
def test_another_content_than_is_declared_is_refused(change: dict[str, object]) -> None:
    assert rejected(json.dumps({**json.loads(GOOD), **change}).encode()) == "chain-format"


@pytest.mark.parametrize("data", [b"", b"{", b"null", b"[]", GOOD.replace(b"{", b'{"version":1,', 1)])
def test_what_is_no_such_document_is_refused(data: bytes) -> None:
    assert rejected(data) == "chain-format"


def test_another_spelling_is_refused() -> None:
    assert rejected(json.dumps(json.loads(GOOD), indent=1).encode()) == "chain-canonical"
    assert rejected(GOOD + b"\n") == "chain-canonical"
