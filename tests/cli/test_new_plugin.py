"""``polyproof new-plugin``: what it writes works as it is, and it replaces nothing."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from doubles.fixtures import Command
from doubles.fixtures import command as command
from polyproof.cli import new_plugin
from polyproof.hookspecs import KINDS, Component
from polyproof.registry import Registry
from polyproof.settings.policy import Policy, load_policy
from registry.offered import plugin

TEMPLATES = Path(__file__).parents[2] / "templates"
STARTED = sorted(path.name for path in TEMPLATES.iterdir() if path.name != "shared")


def installed(package: Path, site: Path) -> Path:
    """A package as pip would have installed it, in a folder for ``PYTHONPATH``: its module, and its entry point."""
    project = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))
    for module in project["tool"]["hatch"]["build"]["targets"]["wheel"]["include"]:
        (site / module).write_bytes((package / module).read_bytes())
    name, version = project["project"]["name"], project["project"]["version"]
    described = site / f"{name.replace('-', '_')}-{version}.dist-info"
    described.mkdir()
    (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    points = [
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in of_group.items())
        for group, of_group in project["project"]["entry-points"].items()
    ]
    (described / "entry_points.txt").write_text("".join(points))
    return site


def with_plugin(site: Path, folder: Path, *arguments: str, status: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(site), "NO_COLOR": "1", "COLUMNS": "120"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
    )
    assert done.returncode == status, done.stdout
    return done.stdout


def conforms(kind: str, folder: Path) -> None:
    """The package of a kind, installed away from this repository, passes its tests and is in the list of plugins."""
    package = folder / "written"
    with_plugin(folder, folder, "-m", "polyproof", "new-plugin", kind, "my-own", "--out", str(package), "--quiet")
    (folder / "site").mkdir()
    (folder / "tests").mkdir()
    site = installed(package, folder / "site")
    test = folder / "tests" / "test_polyproof_my_own.py"
    test.write_bytes((package / test.name).read_bytes())
    options = ("-q", "--strict-markers", "-p", "no:cacheprovider", "--rootdir", ".")
    printed = with_plugin(site, test.parent, "-m", "pytest", *options, test.name)
    assert " passed" in printed
    assert "polyproof-my-own (polyproof_my_own)" in with_plugin(site, folder, "-m", "polyproof", "plugins")


def test_a_new_hash_conforms(tmp_path: Path) -> None:
    conforms("hash", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in STARTED if kind != "hash"])
def test_every_other_kind_conforms(kind: str, tmp_path: Path) -> None:
    conforms(kind, tmp_path)


def audits(kind: str, folder: Path) -> None:
    """An audit with the spec of the README is proved and verified under its policy, and by no other verifier."""
    package = folder / "written"
    with_plugin(folder, folder, "-m", "polyproof", "new-plugin", kind, "my-own", "--out", str(package), "--quiet")
    (folder / "site").mkdir()
    site = installed(package, folder / "site")
    lines = (package / "README.md").read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]
    if "assets:" not in lines:
        lines = "assets: [{symbol: BTC, decimals: 8}]\n" + lines
    (folder / "accounts.csv").write_text("account,BTC\nalice,0.25\nbob,1\n")
    (folder / "spec.yaml").write_text(
        f"polyproof: 1\nname: x\nsnapshot: 2025-11-30T00:00:00Z\naccounts: {{path: accounts.csv}}\n{lines}"
    )
    polyproof, policy = ("-m", "polyproof"), ("--policy", str(package / "policy.yaml"))
    with_plugin(site, folder, *polyproof, "prove", "spec.yaml", "--out", "audit", "--quiet", *policy)
    assert "VERIFIED" in with_plugin(site, folder, *polyproof, "verify", "audit/public", *policy)
    assert "not one that the policy allows" in with_plugin(site, folder, *polyproof, "verify", "audit/public", status=1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(new_plugin.POLICY_KEYS))
def test_its_audits_verify_under_its_policy(kind: str, tmp_path: Path) -> None:
    audits(kind, tmp_path)


@pytest.mark.parametrize("kind", STARTED)
@pytest.mark.parametrize("name", ["my-own", "none", "3d", "hash", "starter-name-starter", "a" * 40])
def test_what_is_written_is_whole(kind: str, name: str) -> None:
    """Also where the name is a keyword, begins with a digit, or has a word of the templates in it."""
    files = new_plugin.rendered(kind, name)
    module = new_plugin.module_name(name)
    assert {"README.md", "pyproject.toml", f"{module}.py", f"test_{module}.py"} <= set(files)
    for file, text in files.items():
        if "starter" not in name:
            assert "starter" not in file + text.lower().replace("starting", "")
        if file.endswith(".py"):
            ast.parse(text)
    code = files[f"{module}.py"]
    assert f'Component("{kind}", "{name}",' in " ".join(code.split()).replace("( ", "(")
    assert f"class {new_plugin.class_name(kind, name)}(" in code
    assert new_plugin.class_name(kind, name) != new_plugin.CLASSES[kind]  # that is what it derives from
    assert "YOURS" in code
    point = tomllib.loads(files["pyproject.toml"])["project"]["entry-points"]["polyproof.plugins"]
    assert point == {name: module}


@pytest.mark.parametrize("kind", sorted(new_plugin.POLICY_KEYS))
def test_its_policy_allows_it_beside_what_the_default_allows(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(new_plugin.rendered(kind, "my-own")["policy.yaml"], encoding="utf-8")
    key = new_plugin.POLICY_KEYS[kind]
    registry = Registry()
    registry.discover()
    registry.register(
        plugin(lambda: [Component(kind, "my-own", "", "polyproof_my_own:MyOwn")]), "my-own", "0.1", "tests"
    )
    assert getattr(load_policy(path, registry), key) == (*getattr(Policy(), key), "my-own")


def test_its_policy_names_whom_it_believes(tmp_path: Path) -> None:
    """That of an anchor: the notary of its tests."""
    text = new_plugin.rendered("anchor", "my-own")["policy.yaml"]
    notary = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key().public_bytes_raw().hex()
    assert notary in text


def test_what_is_written_is_said(command: Command, tmp_path: Path) -> None:
    ended = command("new-plugin", "hash", "my-own", "--out", tmp_path / "new", "--json")
    assert ended.result["next"] == ["pip install -e '.[test]'", "pytest", "polyproof plugins"]
    assert sorted(map(Path, ended.result["files"])) == sorted((tmp_path / "new").iterdir())
    assert [path.name for path in tmp_path.iterdir()] == ["new"], "nothing else is left"


@pytest.mark.parametrize("there", ["a file", "a folder with something in it", "a link to nothing"])
def test_nothing_is_overwritten(command: Command, tmp_path: Path, there: str) -> None:
    target = tmp_path / "new"
    match there:
        case "a file":
            target.write_text("mine")
        case "a link to nothing":
            target.symlink_to(tmp_path / "nothing")
        case _:
            target.mkdir()
            (target / "polyproof_my_own.py").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    ended = command("new-plugin", "hash", "my-own", "--out", target)
    assert ended.status == 2
    assert "nothing is overwritten" in ended.err
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_folder_is_taken(command: Command, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    assert command("new-plugin", "hash", "my-own", "--out", tmp_path / "new").status == 0
    assert (tmp_path / "new" / "policy.yaml").exists()


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("hsh", "my-own", "did you mean 'hash'?"),
        ("Hash", "my-own", "did you mean 'hash'?"),
        ("constraint", "my-own", "did you mean 'constraints'?"),
        ("hash", "My_Own", "such as my-own"),
        ("hash", "-my-own", "such as my-own"),
        ("hash", "ünïcode", "lower case letters, digits and single hyphens"),
        ("hash", "../up", "such as up"),
        ("hash", "", "lower case letters, digits and single hyphens"),
        ("hash", "a" * 41, "at most 40 characters"),
        ("hash", "null", "in a spec and a policy it means nothing"),
        ("hash", "blake3", "is offered by digests of polyproof (polyproof_digests)"),
        ("hash", "merkle", "there is a module polyproof_merkle already"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, name: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = command("new-plugin", "--", kind, name)
    assert ended.status == 2
    assert said in " ".join(ended.err.split())
    assert not list(tmp_path.iterdir())


def test_there_is_a_starting_point_for_every_kind() -> None:
    assert sorted(KINDS) == STARTED
    assert set(new_plugin.CLASSES) == set(KINDS)
