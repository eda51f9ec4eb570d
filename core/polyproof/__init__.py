"""polyproof: pluggable proof backends for proof of reserves."""

from polyproof.version import INTERFACE_VERSION, __version__

__all__ = ["INTERFACE_VERSION", "__version__"]
