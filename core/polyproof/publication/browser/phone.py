"""Going on with a phone: a QR code of the link to the page, for somebody who reads on a computer.

The code holds the link and nothing else, and is the same for everybody: no account, no token, no file and no digest.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import segno

__all__ = ["code_drawing", "on_a_phone"]

_QUIET = 4
"""Modules of white around a code (ISO/IEC 18004)."""
_PIXELS = 4
"""Of a module: what a phone reads from a screen at arm's length."""
_LABEL = "QR code of the link to the page"


def on_a_phone(link: str) -> str:
    """HTML that shows a link, with its code: it needs neither a script nor a style of its own."""
    shown = escape(link)
    return (
        "<details>\n"
        "<summary>Check on a phone</summary>\n"
        f"{code_drawing(link)}\n"
        "<p>Point the camera of a phone at the code. It holds this link and nothing else: no account, no file, no "
        f'digest. Everybody has the same.<br><a href="{shown}">{shown}</a></p>\n'
        "<p>The link leads to the organisation’s own copy of the page, which is as good as the organisation is honest: "
        "the page to trust is the one from a release of polyproof. Your own file comes from where you are logged in, "
        "and the publication digest has to come from elsewhere, not from this site.</p>\n"
        "</details>"
    )


def code_drawing(link: str) -> str:
    """The code as inline SVG: black on its own white, in dark colours and on paper too."""
    # With mask and level fixed, the drawing follows from the standard alone, whichever version of segno made it: pages
    # are compared byte for byte.
    code = segno.make_qr(link, error="m", mode="byte", mask=0, boost_error=False)
    rows = [list(row) for row in code.matrix]
    size = len(rows) + 2 * _QUIET
    runs = "".join(
        f"M{_QUIET + x} {_QUIET + y}h{length}v1h-{length}z" for y, row in enumerate(rows) for x, length in _runs(row)
    )
    return (
        f'<svg class="qr" role="img" aria-label="{_LABEL}" viewBox="0 0 {size} {size}" width="{_PIXELS * size}" '
        f'height="{_PIXELS * size}" shape-rendering="crispEdges"><path fill="#ffffff" d="M0 0h{size}v{size}h-{size}z"/>'
        f'<path fill="#000000" d="{runs}"/></svg>'
    )


def _runs(row: list[int]) -> Iterator[tuple[int, int]]:
    """Where dark modules of a row begin, and how many follow one another."""
    start = None
    for place, dark in enumerate([*row, 0]):
        if dark and start is None:
            start = place
        elif not dark and start is not None:
            yield start, place - start
            start = None
