"""What every backend must do, and that this one says what it does not."""

import pytest
from attrs import evolve
from polyproof_saltedlist import SaltedList, SaltedListOptions, _proof, _salt, _salting_key

from polyproof.backend import Claim
from polyproof.errors import OptionsError, ProofRejected
from polyproof.model.assets import Asset
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
        size, root = backend._verified(segment.statement, segment.totals, segment.proof)
        invented = tuple(total + 1 for total in segment.totals)
        forged = _proof(backend._parts()[0], segment.statement, invented, size, root)
        assert backend.verify(segment.statement, invented, forged).totals == invented
        assert any("exchange's word" in trusted for trusted in backend.properties.remaining_trust)

    def test_another_place_and_another_size_are_rejected(self, exchange, segment, users):
        """The opening that is there, said to be of another leaf, and of a list of another size."""
        backend, statement, user = exchange.backend(), segment.statement, users[0]
        claim = Claim(user, exchange.balances[user])
        opened = backend.open_inclusion(statement, segment.proof, segment.state, user)
        backend.verify_inclusion(statement, segment.totals, segment.proof, claim, opened)
        moved = bytearray(opened)
        moved[12] ^= 1  # after eight bytes of magic and four of version
        size, root = backend._verified(statement, segment.totals, segment.proof)
        other = _proof(backend._parts()[0], statement, segment.totals, 2 * size, root)
        for proof, inclusion in ((segment.proof, bytes(moved)), (other, opened)):
            with pytest.raises(ProofRejected):
                backend.verify_inclusion(statement, segment.totals, proof, claim, inclusion)


def test_another_hash_can_be_chosen():
    """The registry knows it by name; this package imports no plugin."""
    backend = SaltedList(evolve(SaltedListOptions(), hash="blake3"), default_registry())
    assert backend.security(()).binding.decides.name == "collisions of blake3"


def test_a_commitment_to_polynomials_is_refused():
    """It cannot open a leaf."""
    backend = SaltedList(evolve(SaltedListOptions(), commitment="fri"), default_registry())
    with pytest.raises(OptionsError, match="does not commit to a vector"):
        backend.check((Asset("BTC", 8),))
