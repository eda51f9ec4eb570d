"""polyproof: pluggable proof backends for proof of reserves."""

__version__ = "0.1.0"

INTERFACE_VERSION = 1
"""Version of the plugin interface. A plugin module states the one it was written for as
``polyproof_interface``; a plugin for another version is reported and skipped."""
