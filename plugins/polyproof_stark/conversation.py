"""A transcript whose messages have names."""

from __future__ import annotations

from polyproof.field import Elements, Extension
from polyproof.hash import Digest
from polyproof.transcript import Transcript

__all__ = ["Conversation"]


class Conversation:
    """What prover and verifier say, in order; a name for each message, so that each can be pointed at."""

    def __init__(self, transcript: Transcript) -> None:
        """Wrap a transcript."""
        self.transcript = transcript

    def text(self, name: str, text: str | bytes) -> None:
        """Absorb a string."""
        self.transcript.absorb_text(text)

    def integers(self, name: str, *values: int) -> None:
        """Absorb integers."""
        self.transcript.absorb_integers(*values)

    def elements(self, name: str, elements: Elements) -> None:
        """Absorb field or extension elements."""
        self.transcript.absorb_elements(elements)

    def digest(self, name: str, digest: Digest) -> None:
        """Absorb a root."""
        self.transcript.absorb_digests(digest)

    def challenge(self, name: str, extension: Extension) -> Elements:
        """Draw an element of K outside F."""
        return self.transcript.draw_extension(extension)
