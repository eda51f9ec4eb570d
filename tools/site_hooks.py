"""What MkDocs adds to docs/ when it builds the site: see mkdocs.yml.

The pages under docs/ are written to be read on a code host, so they link to README, to sources and to schemas beside
them. On the site those links lead to pages that are made here, and links to a public module lead to its API page. A
link to nothing stays as it is, and the strict build fails on it.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
ABOUT = {f"{name}.md": f"about/{name.lower()}.md" for name in ("README", "CHANGELOG", "CONTRIBUTING", "SECURITY")}
MODULES = "docs/reference/import-paths.md"
"""The page that lists the public modules, by links to their files."""
LANGUAGES = {".py": "python", ".ipynb": "json", ".json": "json", ".yaml": "yaml", ".toml": "toml", ".sh": "sh"}

_LINK = re.compile(r"(?<!!)(\[[^\]]*\]\()([^)\s]+)(\))")
_FENCE = re.compile(r"^(`{3,}).*?^\1$", re.MULTILINE | re.DOTALL)


def public_modules() -> dict[str, str]:
    """Files of the public modules, relative to the repository, and their import paths."""
    text = (ROOT / MODULES).read_text(encoding="utf-8")
    files = [_resolved(MODULES, target) for _, target, _ in _LINK.findall(text) if target.endswith(".py")]
    return {file: _import_path(file) for file in files}


def _import_path(file: str) -> str:
    parts = PurePosixPath(file).with_suffix("").parts[1:]
    return ".".join(part for part in parts if part != "__init__")


def _resolved(page: str, target: str) -> str:
    """What a link on a page leads to; both relative to the repository."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), target))


def _on_site(path: str, modules: dict[str, str]) -> str:
    """Where a file of the repository stands among the site's pages."""
    if path in ABOUT:
        return ABOUT[path]
    if path in modules:
        return f"reference/api/{modules[path]}.md"
    if path.startswith("docs/") and path.endswith(".md"):
        return path.removeprefix("docs/")
    return f"source/{path}.md"


def _in_repository(uri: str) -> str:
    """The file that a page of the site was written in."""
    return {site: path for path, site in ABOUT.items()}.get(uri, f"docs/{uri}")


def linked_files(path: str) -> set[str]:
    """The files of the repository that a page links to."""
    text = _FENCE.sub("", (ROOT / path).read_text(encoding="utf-8"))
    targets = {target.partition("#")[0] for _, target, _ in _LINK.findall(text) if ":" not in target}
    return {file for file in (_resolved(path, target) for target in targets) if (ROOT / file).is_file()}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the API pages behind the reference pages."""
    pages: list[Any] = [{name: f"reference/api/{name}.md"} for name in public_modules().values()]
    (reference,) = (part["Reference"] for part in config.nav or [] if "Reference" in part)
    reference.append({"API": pages})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add README and its like, API pages, and the sources that pages link to."""
    modules = public_modules()
    files.append(File.generated(config, "assets/site.css", abs_src_path=str(ROOT / "tools" / "site.css")))
    for path, uri in ABOUT.items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / path)))
    for name in modules.values():
        files.append(File.generated(config, f"reference/api/{name}.md", content=f"# {name}\n\n::: {name}\n"))
    pages = [*ABOUT, *(f"docs/{file.src_uri}" for file in files.documentation_pages() if not file.generated_by)]
    for path in sorted({file for page in pages for file in linked_files(page)}):
        uri = _on_site(path, modules)
        if uri.startswith("source/"):
            text = (ROOT / path).read_text(encoding="utf-8")
            content = f"# {path}\n\n~~~~~~{LANGUAGES.get(PurePosixPath(path).suffix, 'text')}\n{text}~~~~~~\n"
            files.append(File.generated(config, uri, content=content, inclusion=InclusionLevel.NOT_IN_NAV))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links out of docs/ to the pages made for them."""
    uri = page.file.src_uri
    if uri.startswith(("reference/api/", "source/")):
        return markdown
    path, modules = _in_repository(uri), public_modules()

    def led(match: re.Match[str]) -> str:
        target, separator, anchor = match[2].partition("#")
        file = _resolved(path, target)
        if not target or ":" in target or not (ROOT / file).is_file():
            return match[0]
        there = posixpath.relpath(_on_site(file, modules), posixpath.dirname(uri) or ".")
        return f"{match[1]}{there}{separator}{anchor}{match[3]}"

    return _LINK.sub(led, markdown)
