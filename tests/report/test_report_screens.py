"""The site as Chromium draws it: something is there, nothing sticks out, both schemes, desktop and phone."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
PAGES = ("index.html", "history.html", "proven.html", "check.html", "assets/USDT.html")
PHONE, DESKTOP = (390, 2400), (1280, 1600)
DARK, LIGHT = 0, 1
"""Values of the browser's setting preferredColorScheme."""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here to look at pages with")


def chromium(profile: Path, *arguments: str) -> str:
    assert CHROMIUM is not None
    ended = subprocess.run(
        [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
            *(f"--user-data-dir={profile}", *arguments),
        ],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr.decode(errors="replace")[-2000:]
    return ended.stdout.decode()


def picture(folder: Path, page: Path, size: tuple[int, int], scheme: int) -> Image.Image:
    out = folder / "picture.png"
    chromium(
        folder / "profile",
        f"--blink-settings=preferredColorScheme={scheme}",
        f"--window-size={size[0]},{size[1]}",
        f"--screenshot={out}",
        page.as_uri(),
    )
    with Image.open(out) as image:
        assert image.size == size
        return image.convert("RGB")


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Of two colours, as WCAG 2.2 defines it (relative luminance of sRGB)."""

    def luminance(colour: tuple[int, ...]) -> float:
        parts = [value / 255 for value in colour]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("page", "size", "scheme"),
    [
        *((page, PHONE, LIGHT) for page in PAGES),
        *((page, DESKTOP, DARK) for page in PAGES),
        ("index.html", PHONE, DARK),
        ("index.html", DESKTOP, LIGHT),
    ],
    ids=lambda value: {PHONE: "phone", DESKTOP: "desktop", DARK: "dark", LIGHT: "light"}.get(value, str(value)),
)
def test_a_page_has_content_that_stays_within_its_margins(
    failing: Path, tmp_path: Path, page: str, size: tuple[int, int], scheme: int
) -> None:
    image = picture(tmp_path, failing / page, size, scheme)
    colours = image.getcolors(1 << 24)
    assert colours is not None
    paper = max(colours)[1]
    assert (sum(paper) < 100) == (scheme == DARK), "the page follows the reader's scheme"
    inked = sum(count for count, colour in colours if contrast(colour, paper) > 4.5)
    assert inked > size[0] * size[1] / 400, "there is hardly anything to read"
    # The outermost pixels are paper, but for the lines of header and footer across the whole page.
    for edge in (1, size[0] - 2):
        column = [image.getpixel((edge, y)) for y in range(size[1])]
        assert sum(pixel != paper for pixel in column) <= 4, "something sticks out"


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_is_wider_than_the_window(failing: Path, alone: Path, tmp_path: Path, width: int) -> None:
    # The pages themselves allow no scripts: a frame around each, of the same origin for this run, measures it.
    others = ("press.html", "reports/failing-2/index.html", "reports/failing-3/assets/USDT.html")
    pages = [*(failing / page for page in (*PAGES, *others)), alone / "index.html", alone / "check.html"]
    frames = "".join(f'<iframe src="{page.as_uri()}" style="width:{width}px;height:900px"></iframe>' for page in pages)
    script = (
        "addEventListener('load', () => { document.title = [...document.querySelectorAll('iframe')]"
        ".map(frame => frame.contentDocument.documentElement.scrollWidth).join(' ') })"
    )
    (tmp_path / "frames.html").write_text(f"<!doctype html><body>{frames}<script>{script}</script>")
    dumped = chromium(
        tmp_path / "profile",
        "--allow-file-access-from-files",
        "--dump-dom",
        (tmp_path / "frames.html").as_uri(),
    )
    title = re.search(r"<title>([0-9 ]+)</title>", dumped)
    assert title is not None, dumped[:2000]
    # The frame's own border is not part of what is measured.
    assert [int(found) for found in title[1].split()] == [width] * len(pages)


def test_the_browser_applies_the_style_sheet_that_the_policy_names(failing: Path, tmp_path: Path) -> None:
    page = (failing / "index.html").read_text(encoding="utf-8")
    changed = page.replace("style-src 'sha256-", "style-src 'sha256-A", 1)
    (tmp_path / "bare.html").write_text(changed, encoding="utf-8")
    good = picture(tmp_path, failing / "index.html", DESKTOP, LIGHT)
    bare = picture(tmp_path, tmp_path / "bare.html", DESKTOP, LIGHT)
    assert good.tobytes() != bare.tobytes()
