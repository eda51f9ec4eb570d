"""The release tool refuses what it must: a build that is not reproducible, a wheel with a file too few or too many."""

from __future__ import annotations

import configparser
import io
import re
import subprocess
import tarfile
import tomllib
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

import release

ROOT = Path(__file__).parents[2]
TOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
PACKAGES = TOOLS["hatch"]["build"]["targets"]["wheel"]["packages"]
VERSION = '__version__ = "9.9.9"\n'


def wheel(path: Path, files: dict[str, str], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text, compression)
    return path


def sdist(path: Path, names: list[str]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(f"polyproof-9.9.9/{name}"), io.BytesIO())
    return path


# Packages


def test_every_package_of_the_tree_is_in_the_wheel() -> None:
    folders = [ROOT / "core" / "polyproof", *(ROOT / "plugins").glob("polyproof_*")]
    found = {path.relative_to(ROOT).as_posix() for path in folders if (path / "__init__.py").exists()}
    assert found == set(PACKAGES)


def test_every_package_counts_for_coverage() -> None:
    assert set(TOOLS["coverage"]["run"]["source_pkgs"]) == {package.rpartition("/")[2] for package in PACKAGES}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_that_is_installed_says_that_it_is_typed(package: str) -> None:
    spec = find_spec(package.rpartition("/")[2])
    assert spec is not None
    assert spec.origin is not None
    assert (Path(spec.origin).parent / "py.typed").exists()


def test_all_that_tox_runs_by_itself_runs_before_a_release_on_every_supported_python() -> None:
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    itself = set(tox["tox"]["env_list"].split("#")[0].replace(",", " ").split())
    supported = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["classifiers"]
    pythons = {f"py3{found[1]}" for line in supported if (found := re.fullmatch(r".* :: 3\.(\d+)", line))}
    page = (ROOT / "docs" / "how-to" / "make-a-release.md").read_text(encoding="utf-8")
    (named,) = re.findall(r"must pass on every supported Python: `tox -e ([\w,]+)`", page)
    assert set(named.split(",")) == (itself - {"py"}) | pythons | {"begun"}


# Archives


def test_archives_with_the_same_bytes_are_equal(tmp_path: Path) -> None:
    release.compare(wheel(tmp_path / "a.whl", {"x": "1"}), wheel(tmp_path / "b.whl", {"x": "1"}))


def test_the_files_in_which_two_archives_differ_are_named(tmp_path: Path) -> None:
    one = wheel(tmp_path / "a.whl", {"same": "1", "changed": "1", "dropped": ""})
    other = wheel(tmp_path / "b.whl", {"same": "1", "changed": "2", "added": ""})
    with pytest.raises(release.Mismatch, match=r"differ in added, changed, dropped$"):
        release.compare(one, other)


def test_equal_files_in_another_packing_are_no_equal_archive(tmp_path: Path) -> None:
    one = wheel(tmp_path / "a.whl", {"x": "1" * 100})
    other = wheel(tmp_path / "b.whl", {"x": "1" * 100}, zipfile.ZIP_STORED)
    with pytest.raises(release.Mismatch, match="packed differently"):
        release.compare(one, other)


def whole() -> set[str]:
    code = (f"{folder}/{name}" for folder in PACKAGES for name in ("__init__.py", "py.typed"))
    return {*code, "specs/a.yaml", "templates/hash/polyproof_starter.py"}


def in_wheel(files: set[str]) -> dict[str, str]:
    inside = {name.partition("/")[2]: "" for name in files if name.startswith(("core/", "plugins/"))}
    data = {"polyproof/specs/a.yaml": "", "polyproof/templates/hash/polyproof_starter.py": ""}
    return {**inside, **data, "polyproof-9.9.9.dist-info/METADATA": ""}


def test_a_wheel_with_every_file_of_every_package_passes(tmp_path: Path) -> None:
    beside = {"README.md", "tests/test_x.py", "specs/vectors/README.md"}
    release.check_wheel(wheel(tmp_path / "a.whl", in_wheel(whole())), whole() | beside)


@pytest.mark.parametrize("name", ["polyproof/__init__.py", "polyproof_stark/py.typed", "polyproof/specs/a.yaml"])
def test_a_wheel_that_lacks_a_file_is_refused(tmp_path: Path, name: str) -> None:
    inside = in_wheel(whole())
    del inside[name]
    with pytest.raises(release.Mismatch, match=f"lacks \\['{name}'\\]"):
        release.check_wheel(wheel(tmp_path / "a.whl", inside), whole())


def test_a_wheel_of_a_package_that_is_not_typed_is_refused_although_the_commit_has_no_such_file(tmp_path: Path) -> None:
    files = whole() - {"plugins/polyproof_merkle/py.typed"}
    with pytest.raises(release.Mismatch, match=r"lacks \['polyproof_merkle/py.typed'\]"):
        release.check_wheel(wheel(tmp_path / "a.whl", in_wheel(files)), files)


def test_a_wheel_with_a_file_of_no_package_is_refused(tmp_path: Path) -> None:
    with pytest.raises(release.Mismatch, match=r"beyond the packages \['tests/test_x.py'\]"):
        release.check_wheel(wheel(tmp_path / "a.whl", {**in_wheel(whole()), "tests/test_x.py": ""}), whole())


@pytest.mark.parametrize("held", [["a"], ["a", "b", "stray"]])
def test_an_sdist_holds_the_files_of_the_commit_and_no_others(tmp_path: Path, held: list[str]) -> None:
    release.check_sdist(sdist(tmp_path / "whole.tar.gz", ["a", "b", "PKG-INFO"]), {"a", "b"})
    with pytest.raises(release.Mismatch, match=r"\['(b|stray)'\]"):
        release.check_sdist(sdist(tmp_path / "x.tar.gz", [*held, "PKG-INFO"]), {"a", "b"})


# The checkout


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "core" / "polyproof" / "version.py"
    file.parent.mkdir(parents=True)
    file.write_text(VERSION)
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.invalid"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    monkeypatch.setattr(release, "ROOT", tmp_path)
    return tmp_path


def test_a_clean_checkout_is_ready(checkout: Path) -> None:
    subprocess.run(["git", "tag", "v9.9.9"], cwd=checkout, check=True)
    release.refuse_unless_ready("HEAD")


@pytest.mark.parametrize("name", ["core/polyproof/version.py", "core/polyproof/new.py"])
def test_what_no_commit_holds_is_not_released(checkout: Path, name: str) -> None:
    (checkout / name).write_text(VERSION + "\n")
    with pytest.raises(release.Refusal, match="commit or remove first"):
        release.refuse_unless_ready("HEAD")


def test_a_tag_must_name_the_version(checkout: Path) -> None:
    subprocess.run(["git", "tag", "v9.9.8"], cwd=checkout, check=True)
    with pytest.raises(release.Refusal, match=r"v9\.9\.8 is on this commit, whose version is 9\.9\.9"):
        release.refuse_unless_ready("HEAD")


def test_what_is_not_a_checkout_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(release.Refusal, match="built from a git checkout"):
        release.git("rev-parse", "HEAD")


# The page


def test_the_page_of_a_release_is_that_of_its_wheel(tmp_path: Path) -> None:
    page = tmp_path / "check.html"
    page.write_text("<!doctype html>\n<html></html>\n")
    name = release.PAGE.partition("/")[2]
    release.check_page(page, wheel(tmp_path / "a.whl", {name: page.read_text()}))
    for files in ({name: "another"}, {}):
        with pytest.raises(release.Mismatch, match=r"another check\.html than the commit"):
            release.check_page(page, wheel(tmp_path / "b.whl", files))
    page.write_text("<!doctype html>\n<html>")
    with pytest.raises(release.Mismatch, match="not a whole page"):
        release.check_page(page, wheel(tmp_path / "c.whl", {name: page.read_text()}))


def test_the_page_of_this_commit_is_a_whole_one() -> None:
    data = (ROOT / release.PAGE).read_bytes()
    assert data.startswith(b"<!doctype html>")
    assert data.endswith(b"</html>\n")
