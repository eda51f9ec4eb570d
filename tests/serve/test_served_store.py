"""Which store is served: that of the published audit and no other, and one that replaces it by a rename."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from audit.example import ACCOUNTS, SPEC
from audit.tally_backend import tally_registry
from doubles.fixtures import Command
from doubles.fixtures import command as command
from polyproof import liabilities
from polyproof.errors import ArtifactError
from polyproof.liabilities import InclusionStore, PublishedAudit
from polyproof.publication.serving import store
from polyproof.publication.serving.rates import Rates, network_of
from polyproof.publication.serving.store import LOOK_AGAIN, ServedStore
from polyproof.settings.policy import UNRESTRICTED
from polyproof.settings.spec import load_spec
from serve.conftest import AUDIT_ID


class Clock:
    """A time that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def another(folder: Path, audit_id: str) -> Path:
    """Another audit of the same accounts."""
    folder.mkdir()
    (folder / "spec.yaml").write_text(SPEC.replace("{name: tally, capacity: 2}", "merkle-sum"))
    (folder / "accounts.csv").write_text(ACCOUNTS)
    registry = tally_registry()
    spec = load_spec(folder / "spec.yaml", registry)
    liabilities.prove(spec, folder / "audit", audit_id=audit_id, registry=registry, policy=UNRESTRICTED)
    return liabilities.store_inclusions(folder / "audit", registry=registry).store


def test_without_a_store_it_says_what_writes_one(folder: Path, published: PublishedAudit) -> None:
    (folder / "private" / "inclusion.store").unlink()
    with pytest.raises(ArtifactError, match="polyproof inclusion DIR --all"):
        ServedStore(folder / "private" / "inclusion.store", published.manifest)


def test_the_store_of_another_audit_is_not_served(published: PublishedAudit, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="has the files of audit example-2, and example-1 is published"):
        ServedStore(another(tmp_path / "other", "example-2"), published.manifest)
    # The same id, proved anew: another manifest, and so another audit.
    with pytest.raises(ArtifactError, match="another manifest of this audit"):
        ServedStore(another(tmp_path / "again", AUDIT_ID), published.manifest)


def test_a_damaged_store_is_not_served(folder: Path, published: PublishedAudit) -> None:
    path = folder / "private" / "inclusion.store"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArtifactError, match="not an inclusion store in good order"):
        ServedStore(path, published.manifest)


def test_a_store_that_replaces_it_is_served_if_it_is_of_this_audit(
    folder: Path, published: PublishedAudit, tmp_path: Path
) -> None:
    path, clock, told = folder / "private" / "inclusion.store", Clock(), list[str]()
    served = ServedStore(path, published.manifest, clock=clock, failed=told.append)
    own = served.find("alice")
    whole = path.read_bytes()

    def replace(data: bytes) -> None:
        (tmp_path / "new").write_bytes(data)
        (tmp_path / "new").replace(path)
        clock.now += LOOK_AGAIN

    replace(another(tmp_path / "other", "example-2").read_bytes())
    assert served.find("alice") == own
    assert len(told) == 1
    assert "example-2" in told[0]
    clock.now += LOOK_AGAIN
    assert served.find("alice") == own
    assert len(told) == 1, "it is told once"
    replace(whole[:-1])
    assert served.find("alice") == own
    assert len(told) == 2
    for _ in range(3):  # cut anew from the same audit, it has the same files
        replace(whole)
        assert served.find("alice") == own
    assert len(told) == 2
    path.unlink()
    clock.now += LOOK_AGAIN
    assert served.find("alice") == own


def test_a_store_that_takes_its_place_while_it_is_opened_is_found(
    folder: Path, published: PublishedAudit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, clock, told = folder / "private" / "inclusion.store", Clock(), list[str]()
    other = another(tmp_path / "other", "example-2")

    class Replaced(InclusionStore):
        def _open(self) -> None:
            super()._open()
            if other.exists():
                other.replace(path)

    monkeypatch.setattr(store, "InclusionStore", Replaced)
    served = ServedStore(path, published.manifest, clock=clock, failed=told.append)
    clock.now += LOOK_AGAIN
    assert served.find("alice")
    assert len(told) == 1
    assert "example-2" in told[0]


def test_nobody_gets_nothing(made: Path, published: PublishedAudit) -> None:
    served = ServedStore(made / "private" / "inclusion.store", published.manifest)
    assert served.find(None) is None
    assert served.find("mallory") is None


def test_an_encrypted_store_is_served_with_an_identity(
    command: Command, folder: Path, published: PublishedAudit, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    made = command("private", "new-key", "--out", key)
    assert made.status == 0, made.err
    (recipient,) = [word for word in (made.out + key.read_text()).split() if word.startswith("age1")][:1]
    with InclusionStore(folder / "private" / "inclusion.store") as store:
        own = store.find("bob")
    ended = command("private", "encrypt", folder, "--to", recipient, "--identity", key)
    assert ended.status == 0, ended.err
    path = folder / "private" / "inclusion.store"
    assert not path.exists()
    assert ServedStore(path, published.manifest, identity=key).find("bob") == own
    with pytest.raises(Exception, match="identity"):
        ServedStore(path, published.manifest)


def test_only_the_store_of_the_private_half_is_needed(folder: Path, published: PublishedAudit) -> None:
    for path in (folder / "private").iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "inclusion.store":
            path.unlink()
    assert ServedStore(folder / "private" / "inclusion.store", published.manifest).find("eve")


# Rates


def test_requests_grow_back_over_a_minute() -> None:
    clock = Clock()
    rates = Rates(3, clock=clock)
    assert [rates.allows("a") for _ in range(4)] == [True, True, True, False]
    clock.now = 20
    assert [rates.allows("a") for _ in range(2)] == [True, False]
    clock.now = 1e6
    assert [rates.allows("a") for _ in range(4)] == [True, True, True, False]


def test_what_is_remembered_is_bounded_and_holds_no_names() -> None:
    rates = Rates(1, most=100)
    for number in range(1000):
        assert rates.allows(f"account-{number}")
    assert len(rates) == 100
    assert not rates.allows("account-999")
    assert "account-999" not in repr(vars(rates))
    assert rates.allows("\ud800")
    assert all(Rates(0).allows("a") for _ in range(100))


def test_an_address_counts_as_the_network_that_somebody_has() -> None:
    assert network_of("203.0.113.1") == network_of("::ffff:203.0.113.1") != network_of("203.0.113.2")
    assert network_of("2001:db8::1") == network_of("2001:db8:0:0:ffff::1") != network_of("2001:db8:0:1::1")
    assert network_of("alice") is None
    for text in ("203.0.113.1:1", "203.0.113.1:65535", "[::ffff:203.0.113.1]", "[::ffff:203.0.113.1]:443"):
        assert network_of(text) == "203.0.113.1"
    assert network_of("[2001:db8::1]:443") == network_of("2001:db8::1")
    for text in ("203.0.113.1:", ":443", "[", "[]:1", "[203.0.113.1:1", "2001:db8::1]", "1" * 100_000 + ":1"):
        assert network_of(text) is None
