"""What every anchor must do, and one that is asked."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from polyproof_starter import StarterAnchor, StarterOptions, evidence

from polyproof.registry import default_registry
from polyproof.testing.anchor import SUBJECTS, AnchorSuite

SEED = bytes(range(32))
KEY = Ed25519PrivateKey.from_private_bytes(SEED)


def made(folder, **options):
    """An anchor, opened, that believes the notary of these tests."""
    notary = KEY.public_key().public_bytes_raw().hex()
    anchor = StarterAnchor(StarterOptions(notary=notary, **options), default_registry())
    anchor.open(folder)
    return anchor


class TestStarterAnchor(AnchorSuite):
    """The conformance suite of polyproof. YOURS: `ServedAnchorSuite` for one that asks a server."""

    @pytest.fixture
    def noted(self):
        """YOURS: evidence about each record, made honestly."""
        return {subject: evidence(KEY, subject, "2025-11-30T12:00:00Z") for subject in SUBJECTS}

    @pytest.fixture
    def anchor(self, tmp_path):
        """One that believes whoever made it."""
        return made(tmp_path)


def test_what_is_published_is_believed(tmp_path):
    """By whoever names this notary."""
    (tmp_path / "secret").write_text(SEED.hex())
    anchor = made(tmp_path, secret=Path("secret"))
    assert anchor.check(SUBJECTS[0], anchor.publish(SUBJECTS[0])).time.checked
