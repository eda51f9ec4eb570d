"""The QR codes that pages show, read as a phone reads them: by a decoder that polyproof has no part in."""

from __future__ import annotations

import re

import zxingcpp
from PIL import Image

_DRAWN = re.compile(
    r'<svg class="qr"[^>]* viewBox="0 0 ([0-9]+) [0-9]+"[^>]*>.*?<path fill="#000000" d="([^"]*)"/></svg>'
)
_RUN = re.compile(r"M([0-9]+) ([0-9]+)h([0-9]+)v1h-([0-9]+)z")


def read_picture(image: Image.Image) -> list[str]:
    """What the codes in a picture hold."""
    return [one.text for one in zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)]


def codes_in(page: bytes) -> list[str]:
    """What the codes that a page draws hold."""
    return [text for size, path in _DRAWN.findall(page.decode()) for text in read_picture(_drawn(int(size), path))]


def _drawn(size: int, path: str) -> Image.Image:
    """A code as its path says, two pixels a module."""
    image = Image.new("L", (size, size), 255)
    assert _RUN.sub("", path) == ""
    for x, y, length, back in _RUN.findall(path):
        assert length == back
        image.paste(0, (int(x), int(y), int(x) + int(length), int(y) + 1))
    return image.resize((2 * size, 2 * size), Image.Resampling.NEAREST)
