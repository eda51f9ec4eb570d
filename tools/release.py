"""Build a release of the commit that is checked out, twice, and say so if the two differ by a byte.

``dist/`` then holds a wheel, an sdist, the page on which customers check, and ``SHA256SUMS``, a list that
``sha256sum --check`` reads. Run by ``tox -e release``, whose environment has the build tools in the versions of
``tools/release-requirements.txt``: equal bytes are promised for equal tools only. docs/how-to/make-a-release.md says
how others rebuild and compare.

Exit status: 0 built; 1 no build, two that differ, or an incomplete archive; 2 the checkout cannot be released as it is.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
import zlib
from collections.abc import Mapping
from importlib.metadata import version as installed_version
from pathlib import Path

ROOT = Path(__file__).parents[1]
SUMS = "SHA256SUMS"
PAGE = "core/polyproof/publication/browser/check.html"
"""The page as it is released: customers take it from here rather than from an exchange."""

# What must not reach an archive. The second build runs with all of it changed.
_HERE = {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "0"}
_ELSEWHERE = {"TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "4242"}


class Refusal(Exception):
    """This checkout cannot be released; the message says why and what to do."""


class Mismatch(Exception):
    """An archive cannot be built, or is not what it must be."""


def git(*arguments: str) -> str:
    """What a git command prints about this checkout."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise Refusal(f"git {' '.join(arguments)}: {done.stderr.strip()}; releases are built from a git checkout")
    return done.stdout.strip()


def tracked(commit: str) -> set[str]:
    """Every file of a commit."""
    return set(git("ls-tree", "-r", "--name-only", "-z", commit).rstrip("\0").split("\0"))


def export(commit: str, folder: Path) -> None:
    """The files of a commit and nothing that happens to lie beside them."""
    folder.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", "--format=tar", commit], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)


def build(target: str, source: Path, out: Path, epoch: str, surroundings: Mapping[str, str], umask: int) -> Path:
    """The path of a ``wheel`` or ``sdist`` built from a folder."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(out)],
        cwd=source,
        env={**os.environ, **surroundings, "SOURCE_DATE_EPOCH": epoch},
        umask=umask,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise Mismatch(f"the {target} does not build:\n{done.stdout}{done.stderr}")
    (made,) = out.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return made


def unpacked(sdist: Path, folder: Path) -> Path:
    """The one folder that an sdist holds."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (inner,) = folder.iterdir()
    return inner


def members(archive: Path) -> dict[str, str]:
    """Name and SHA-256 of every file in a wheel or an sdist."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return {name: hashlib.sha256(wheel.read(name)).hexdigest() for name in wheel.namelist()}
    with tarfile.open(archive) as sdist:
        return {
            item.name: hashlib.sha256(file.read()).hexdigest() for item in sdist if (file := sdist.extractfile(item))
        }


def compare(one: Path, other: Path) -> None:
    """Raise ``Mismatch`` unless two archives have the same bytes; it names the files in them that differ."""
    if one.read_bytes() == other.read_bytes():
        return
    first, second = members(one), members(other)
    differing = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
    raise Mismatch(
        f"{one} and {other} differ in {', '.join(differing)}"
        if differing
        else f"{one} and {other} hold the same files, packed differently: other build tools, Python or zlib"
    )


def check_wheel(wheel: Path, files: set[str]) -> None:
    """Raise ``Mismatch`` unless a wheel holds every file of every package, each package typed, and nothing else."""
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    folders = packages["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    expected = {file.partition("/")[2] for file in files if any(file.startswith(f"{folder}/") for folder in folders)}
    data = (file for file in files if file.startswith(("specs/", "templates/")))
    expected |= {f"polyproof/{file}" for file in data if not file.startswith("specs/vectors/")}
    expected |= {f"{folder.partition('/')[2]}/py.typed" for folder in folders}
    held = {name for name in members(wheel) if ".dist-info/" not in name}
    if held != expected:
        raise Mismatch(
            f"{wheel.name} lacks {sorted(expected - held) or 'nothing'}, has beyond the packages"
            f" {sorted(held - expected) or 'nothing'}"
        )


def check_sdist(sdist: Path, files: set[str]) -> None:
    """Raise ``Mismatch`` unless an sdist holds every file of the commit; ``PKG-INFO`` comes with the format."""
    held = {name.partition("/")[2] for name in members(sdist)} - {"PKG-INFO"}
    if held != files:
        raise Mismatch(f"{sdist.name}: {sorted(held ^ files)} are in the commit or in the sdist, but not in both")


def check_page(page: Path, wheel: Path) -> None:
    """Raise ``Mismatch`` unless the page is a whole one, and the wheel has the same."""
    data = page.read_bytes()
    if not (data.startswith(b"<!doctype html>") and data.rstrip().endswith(b"</html>")):
        raise Mismatch(f"{PAGE} is not a whole page: build it again, by `npm run page` in web")
    if members(wheel).get(PAGE.partition("/")[2]) != hashlib.sha256(data).hexdigest():
        raise Mismatch(f"{wheel.name} has another {page.name} than the commit")


def check_metadata(archives: list[Path]) -> None:
    """Raise ``Mismatch`` unless a package index would take the archives, their description included."""
    command = [sys.executable, "-m", "twine", "check", "--strict", *map(str, archives)]
    done = subprocess.run(command, env={**os.environ, "NO_COLOR": "1"}, capture_output=True, text=True)
    if done.returncode:
        raise Mismatch(f"twine check:\n{done.stdout}{done.stderr}")


def refuse_unless_ready(commit: str) -> None:
    """Raise ``Refusal`` for changes that no commit holds, and for a tag that names another version."""
    if changed := git("status", "--porcelain"):
        raise Refusal(f"a release is built from a commit; commit or remove first:\n{changed}")
    text = git("show", f"{commit}:core/polyproof/version.py")
    (version,) = re.findall(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    for tag in git("tag", "--points-at", commit).split():
        if tag != f"v{version}":
            raise Refusal(f"tag {tag} is on this commit, whose version is {version}: the tag would be v{version}")


def release(out: Path) -> list[Path]:
    """Build, check, build again elsewhere, compare; then put the archives, the page and the sums into ``out``."""
    commit = git("rev-parse", "HEAD")
    refuse_unless_ready(commit)
    epoch, files = git("log", "-1", "--format=%ct", commit), tracked(commit)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        first, second = work / "first", work / "second"
        first.mkdir()
        second.mkdir()
        export(commit, work / "a")
        wheel = build("wheel", work / "a", first, epoch, _HERE, 0o022)
        sdist = build("sdist", work / "a", first, epoch, _HERE, 0o022)
        check_wheel(wheel, files)
        check_sdist(sdist, files)
        check_metadata([wheel, sdist])
        # Elsewhere, in another surrounding, and the wheel from what an sdist holds: so the sdist is complete too.
        export(commit, work / "another" / "and deeper")
        sdist_again = build("sdist", work / "another" / "and deeper", second, epoch, _ELSEWHERE, 0o077)
        source = unpacked(sdist_again, work / "unpacked")
        wheel_again = build("wheel", source, second, epoch, _ELSEWHERE, 0o077)
        compare(wheel, wheel_again)
        compare(sdist, sdist_again)
        page = work / "a" / PAGE
        check_page(page, wheel)
        released = [*sorted((wheel, sdist)), page]
        sums = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in released)
        out.mkdir(parents=True, exist_ok=True)
        for path in released:
            (out / path.name).write_bytes(path.read_bytes())
        (out / SUMS).write_text(sums, encoding="ascii")
    print(f"commit             {commit}")
    print(f"SOURCE_DATE_EPOCH  {epoch}")
    print(f"built with         Python {platform.python_version()}, zlib {zlib.ZLIB_RUNTIME_VERSION},", end=" ")
    print(f"hatchling {installed_version('hatchling')}")
    print(f"built twice, equal bytes:\n{sums}", end="")
    return [out / path.name for path in released]


def main() -> int:
    """Build a release, or compare two archives."""
    parser = argparse.ArgumentParser(description="Build a release of the checked-out commit, reproducibly.")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder for the archives (default: dist)")
    parser.add_argument("--compare", nargs=2, type=Path, metavar="ARCHIVE", help="instead: compare two archives")
    arguments = parser.parse_args()
    try:
        if arguments.compare:
            compare(*arguments.compare)
            print("equal bytes")
        else:
            release(arguments.out)
    except Refusal as refusal:
        print(f"error: {refusal}", file=sys.stderr)
        return 2
    except Mismatch as mismatch:
        print(f"error: {mismatch}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
