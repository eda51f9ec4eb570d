"""Check the built site: every link and anchor leads somewhere, and no page loads anything from elsewhere.

MkDocs checks the links that people wrote; this reads the pages as a browser would, those made from docstrings and the
theme's own included. Exit status: 0 sound, 1 not.
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href", "object": "data"}
_FETCHED = re.compile(r"""(?:url\(|@import)\s*["']?(?:https?:)?//""")
# The theme's script fetches the program that draws such diagrams from a network, if there is one.
_DIAGRAM = "mermaid"


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.anchors |= {value for key in ("id", "name") if (value := values.get(key))}
        if tag == "a" and (href := values.get("href")):
            self.links.append(href)
        if loaded := values.get(_LOADS.get(tag, "")):
            self.loads.append(loaded)
        if _DIAGRAM in (values.get("class") or "").split():
            self.loads.append(f"//{_DIAGRAM}")


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _leads_nowhere(link: str, path: Path, site: Path, pages: dict[Path, _Page]) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return False
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if not target.is_relative_to(site) or not target.exists():
        return True
    fragment = unquote(parts.fragment)
    return bool(fragment) and target in pages and fragment not in pages[target].anchors


def problems(site: Path) -> list[str]:
    """What is wrong with a site, a line each."""
    site = site.resolve()
    # 404.html alone has links from the root of a server, since it stands for pages of any depth.
    pages = {path: _read(path) for path in sorted(site.rglob("*.html")) if path.name != "404.html"}
    if not pages:
        return [f"{site}: no pages"]
    found = []
    for path, page in pages.items():
        name = path.relative_to(site)
        found += [
            f"{name}: {link} leads nowhere"
            for link in [*page.links, *page.loads]
            if _leads_nowhere(link, path, site, pages)
        ]
        found += [f"{name}: loads {load}" for load in page.loads if urlsplit(load).netloc]
    found += [
        f"{path.relative_to(site)}: loads something from elsewhere"
        for path in [*pages, *sorted(site.rglob("*.css"))]
        if _FETCHED.search(path.read_text(encoding="utf-8"))
    ]
    return found


if __name__ == "__main__":
    wrong = problems(Path(sys.argv[1]))
    print("\n".join(wrong) or "every link leads somewhere, and nothing is loaded from elsewhere")
    sys.exit(bool(wrong))
