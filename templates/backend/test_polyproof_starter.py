"""What every backend must do."""

from polyproof_starter import StarterBackend, StarterOptions, _salt, _secret

from polyproof.testing.backend import BackendSuite


class TestStarterBackend(BackendSuite):
    """The conformance suite of polyproof: an audit of three segments, and everybody who would cheat in it."""

    backend_name = StarterBackend.name
    options = StarterOptions(accounts_per_segment=12)

    def secrets(self, segment, key):
        """YOURS: what no public file may contain."""
        secret = _secret(key, segment.statement)
        yield secret
        yield from (_salt(secret, f"user-{number}@example.org") for number in range(30))


# YOURS: no suite knows your protocol. For each check of your verifier, a proof in which that alone is wrong.
