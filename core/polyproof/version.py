"""The version of polyproof, and that of the interface its plugins are written for."""

__version__ = "0.1.0"

INTERFACE_VERSION = 2
"""Version of the plugin interface. A plugin module states the one it was written for as
``polyproof_interface``; a plugin for another version is reported and skipped."""
