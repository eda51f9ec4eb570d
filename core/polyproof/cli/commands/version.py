"""``polyproof version``: the versions of polyproof, its interfaces and formats."""

from __future__ import annotations

import platform
import sys

from polyproof.cli.console import Console
from polyproof.cli.options import Json, Quiet
from polyproof.cli.shapes import COUNT, DIGEST, TEXT, record
from polyproof.version import INTERFACE_VERSION, __version__

__all__ = ["RESULT", "command"]

RESULT = record(polyproof=TEXT, interface=COUNT, manifest=COUNT, page=DIGEST, python=TEXT, platform=TEXT)


def command(json: Json = False, quiet: Quiet = False) -> None:
    """Print the versions of polyproof, its interfaces and formats, and Python; and the SHA-256 of the page."""
    from polyproof.model.manifest import VERSION
    from polyproof.publication.browser import PAGE, page_digest

    versions = {
        "polyproof": __version__,
        "interface": INTERFACE_VERSION,
        "manifest": VERSION,
        "page": page_digest().hex(),
        "python": platform.python_version(),
        "platform": sys.platform,
    }
    Console(json=json, quiet=quiet).result(
        versions,
        lambda rich: rich.print(
            f"polyproof {versions['polyproof']}, plugin interface {versions['interface']}, "
            f"manifest format {versions['manifest']}, Python {versions['python']} on {versions['platform']}\n"
            f"{PAGE}, the page on which customers check: SHA-256 {versions['page']}",
            soft_wrap=True,
        ),
    )
