"""Which combinations there are, and what is told of a path or a value that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.tally_backend import tally_registry
from compare.conftest import MERKLE
from polyproof.cli.compare.varying import Candidate, axis, axis_of, candidates
from polyproof.errors import UsageError
from polyproof.settings.spec import Spec, parse_spec

REGISTRY = tally_registry()
OWN: list[int | None] = [None]


def spec(text: str = MERKLE) -> Spec:
    return parse_spec(text.encode(), "spec.yaml", REGISTRY)


def combined(*varied: str, of: str = MERKLE) -> list[str]:
    return [named(found) for found in candidates([spec(of)], [axis(text) for text in varied], OWN, REGISTRY)]


def named(found: Candidate) -> str:
    return " ".join([found.backend, *found.stated])


def test_every_combination_of_what_is_varied_is_one() -> None:
    assert combined("backend.hash=sha256,blake3", "backend.min_depth=0,4") == [
        "merkle-sum hash=sha256 min_depth=0",
        "merkle-sum hash=sha256 min_depth=4",
        "merkle-sum hash=blake3 min_depth=0",
        "merkle-sum hash=blake3 min_depth=4",
    ]


def test_an_option_that_a_backend_lacks_is_not_varied_for_it() -> None:
    found = combined("backend=stark,merkle-sum", "backend.blowup=4,8", "backend.min_depth=1,2")
    assert found == [
        "stark blowup=4",
        "stark blowup=8",
        "merkle-sum min_depth=1 hash=sha256",
        "merkle-sum min_depth=2 hash=sha256",
    ]


def test_a_backend_keeps_the_options_that_the_spec_gives_it_in_whatever_place() -> None:
    text = MERKLE.replace("accounts:", "compare: [{name: stark, hash: blake3}]\naccounts:", 1)
    assert combined("backend=stark,merkle-sum", of=text) == ["stark hash=blake3", "merkle-sum hash=sha256"]


def test_without_anything_varied_the_specs_own_key_says_what_is_compared() -> None:
    text = MERKLE.replace("accounts:", "compare: [stark, {name: merkle-sum, hash: sha256}, tally]\naccounts:", 1)
    assert combined(of=text) == ["merkle-sum hash=sha256", "stark", "tally"]


def test_an_option_varied_where_the_spec_sets_another_stays_set() -> None:
    assert combined("backend.min_depth=3") == ["merkle-sum min_depth=3 hash=sha256"]
    (found,) = candidates([spec()], [axis("backend.min_depth=3")], OWN, REGISTRY)
    assert (found.spec.backend.options.hash, found.spec.backend.options.min_depth) == ("sha256", 3)


@pytest.mark.parametrize(
    ("varied", "told"),
    [
        ("backend=strak", "did you mean 'stark'?"),
        ("backend.hash=blakee3", "did you mean 'blake3'?"),
        ("backend.hsah=blake3", "did you mean 'hash'?"),
        ("bakend=stark", "did you mean 'backend'?"),
        ("bakend.hash=blake3", "did you mean 'backend.hash'?"),
        ("backend.min_depth=-1", "expected 0 to"),
        ("backend.min_depth=deep", "expected an integer"),
        ("backend.hash.blocks=3", "no backend that is compared has such an option"),
        ("rule=non-negativ", "did you mean 'non-negative'?"),
        ("rule.x=1", "not a key that can be varied"),
        ("backend.hash", "expected PATH=VALUE,VALUE"),
        ("backend.hash=", "expected PATH=VALUE,VALUE"),
        ("backend..hash=sha256", "not a key that can be varied"),
        ("backend.hash=[", "not YAML"),
    ],
)
def test_a_path_or_a_value_that_is_none_is_told_with_what_would_be_right(varied: str, told: str) -> None:
    with pytest.raises(UsageError, match="--vary") as raised:
        combined(varied)
    assert told in str(raised.value)


def test_a_path_is_given_once() -> None:
    with pytest.raises(UsageError, match="given twice"):
        combined("backend.hash=sha256", "backend.hash=blake3")


def test_all_values_that_are_wrong_are_told_at_once() -> None:
    with pytest.raises(UsageError) as raised:
        combined("backend.hash=blakee3,sha257", "backend.min_depth=99")
    assert len(raised.value.problems) == 3


def test_plain_values_are_varied_as_what_is_typed() -> None:
    typed = candidates([spec()], [axis("backend=stark"), axis("backend.blowup=4,8")], [100, 200], REGISTRY)
    plain = candidates(
        [spec()], [axis_of("backend", ["stark"]), axis_of("backend.blowup", [4, 8])], [100, 200], REGISTRY
    )
    assert typed == plain
    assert [found.accounts for found in plain] == [100, 200, 100, 200]


@pytest.mark.parametrize("values", [[], "blake3", 4, None])
def test_plain_values_are_a_list(values: object) -> None:
    with pytest.raises(UsageError, match="expected a list of values"):
        axis_of("backend.hash", values)  # type: ignore[arg-type]


def test_no_more_combinations_than_anybody_would_wait_for() -> None:
    depths = ",".join(map(str, range(20)))
    with pytest.raises(UsageError, match="at most 1000"):
        candidates([spec()], [axis(f"backend.min_depth={depths}")], list(range(1, 60)), REGISTRY)


def test_the_same_spec_twice_is_compared_once(tmp_path: Path) -> None:
    assert len(candidates([spec(), spec()], [], OWN, REGISTRY)) == 1
