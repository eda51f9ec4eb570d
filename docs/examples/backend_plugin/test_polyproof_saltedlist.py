"""What every backend must do, and that this one says what it does not."""

from attrs import evolve
from polyproof_saltedlist import SaltedList, SaltedListOptions, _proof, _salt, _salting_key

from polyproof.registry import default_registry
from polyproof.testing.backend import BackendSuite


class TestSaltedList(BackendSuite):
    """The conformance suite."""

    backend_name = "salted-list"
    options = SaltedListOptions(accounts_per_segment=12)

    def secrets(self, segment, key):
        """What no public file may contain: the salts, and the key that they are made from."""
        salting_key = _salting_key(key, segment.statement)
        yield salting_key
        yield from (_salt(salting_key, f"user-{number}@example.org") for number in range(30))

    def test_totals_are_the_exchanges_word(self, exchange, segment):
        """Any totals that somebody commits to will verify, and the backend says so."""
        backend = exchange.backend()
        leaves = backend._verified(segment.statement, segment.totals, segment.proof)
        invented = tuple(total + 1 for total in segment.totals)
        forged = _proof(backend._hash, segment.statement, invented, leaves)
        assert backend.verify(segment.statement, invented, forged).totals == invented
        assert any("exchange's word" in trusted for trusted in backend.properties.remaining_trust)


def test_another_hash_can_be_chosen():
    """The registry knows it by name; this package imports no plugin."""
    backend = SaltedList(evolve(SaltedListOptions(), hash="blake3"), default_registry())
    assert backend.security(()).binding.decides.name == "collisions of blake3"
