"""What ``polyproof new-plugin`` writes: a package with a starting point of a plugin, which passes its tests at once.

The starting points are files: in the folder ``templates`` of a checkout, beside the package in a wheel. Each is what it
will be, but for a few words that stand for what is chosen, so they are checked for style as all other code is. A file
of ``templates/shared`` comes before the one of the same name of a kind.
"""

from __future__ import annotations

import re
import secrets
import shutil
from importlib.util import find_spec
from pathlib import Path

from attrs import fields_dict, frozen

from polyproof.cli.begin import slug
from polyproof.config.options import did_you_mean, shown
from polyproof.errors import InputError, Problem, UsageError
from polyproof.hookspecs import KINDS
from polyproof.model.names import NAME, matches
from polyproof.registry import Registry
from polyproof.settings.policy import Policy

__all__ = ["CLASSES", "POLICY_KEYS", "Begun", "about", "begin_plugin", "class_name", "module_name", "rendered"]

LONGEST_NAME = 40
CLASSES = {
    "field": "Field",
    "hash": "Hash",
    "commitment": "Commitment",
    "constraints": "System",
    "backend": "Backend",
    "ownership": "Scheme",
    "ledger": "Ledger",
    "source": "Source",
    "balances": "Provider",
    "executor": "Executor",
    "anchor": "Anchor",
}
"""How the class of each kind is called, after its name."""
_EXTRAS = {"ownership": "reserves", "balances": "reserves", "anchor": "anchors"}
"""What each kind needs of polyproof besides a bare install; ``prove`` unless it is here."""
POLICY_KEYS = {
    "field": "fields",
    "hash": "hashes",
    "commitment": "commitments",
    "constraints": "constraints",
    "backend": "backends",
}
"""The key of a policy that lists what is allowed of a kind."""
_TOKENS = re.compile(
    f"starter-name|starter-allowed|starter-requires|polyproof_starter|Starter(?:{'|'.join(CLASSES.values())})?"
)


@frozen
class Begun:
    """What was written, and what to run next."""

    directory: Path
    files: tuple[str, ...]
    """Relative to ``directory``."""
    next: tuple[str, ...]
    """Commands, as they are typed in ``directory``."""


def begin_plugin(kind: str, name: str, directory: Path | None, registry: Registry) -> Begun:
    """Write a package for a component into a new folder; ``polyproof-NAME`` here unless ``directory`` says where.

    Nothing is overwritten, and if something fails, nothing is left behind. Raises ``UsageError`` for a kind that there
    is not, and for a name that cannot be or is taken; ``InputError`` if there is something in the folder.
    """
    _check_kind(kind)
    _check_name(kind, name, registry)
    target = Path(f"polyproof-{name}") if directory is None else directory
    _check_free(target)
    files = rendered(kind, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Written elsewhere and renamed: a folder of that name that appears meanwhile is not written to.
    writing = target.parent / f".{target.name}.{secrets.token_hex(4)}"
    writing.mkdir()
    try:
        for path, text in files.items():
            (writing / path).write_text(text, encoding="utf-8")
        try:
            writing.rename(target)
        except OSError as error:
            _check_free(target)
            raise InputError(f"{target}: {error.strerror}") from error
    except BaseException:
        shutil.rmtree(writing, ignore_errors=True)
        raise
    return Begun(target, tuple(files), ("pip install -e '.[test]'", "pytest", "polyproof plugins"))


def rendered(kind: str, name: str) -> dict[str, str]:
    """The files of a package, by name: the starting point of a kind, with the name in all its places."""
    words = {
        "starter-name": name,
        "polyproof_starter": module_name(name),
        "Starter": _camel(name),
        f"Starter{CLASSES[kind]}": class_name(kind, name),
        "starter-requires": f"polyproof[{_EXTRAS.get(kind, 'prove')}]",
        "starter-allowed": ", ".join([*_default_names(kind), name]),
    }
    found: dict[str, str] = {}
    for folder in ("shared", kind):
        for path in sorted((_templates() / folder).iterdir()):
            if path.is_file():
                # In one pass: a name that has one of the words in it is not looked into again.
                file, text = (
                    _TOKENS.sub(lambda match: words[match[0]], part)
                    for part in (path.name, path.read_text(encoding="utf-8"))
                )
                found[file] = found.get(file, "") + text
    return found


def module_name(name: str) -> str:
    """The module of a plugin. No Python keyword is one: it begins with ``polyproof_``."""
    return f"polyproof_{name.replace('-', '_')}"


def class_name(kind: str, name: str) -> str:
    """The class: ``MyOwnHash`` of the hash ``my-own``, and of ``my-own-hash``. No Python keyword ends as it does.

    The hash ``hash`` is a ``PluginHash``: ``Hash`` is what it derives from.
    """
    return (_camel(name).removesuffix(CLASSES[kind]) or "Plugin") + CLASSES[kind]


def _camel(name: str) -> str:
    joined = "".join(part.capitalize() for part in name.split("-"))
    return joined if joined[0].isalpha() else f"Plugin{joined}"


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise UsageError(Problem(f"there is no kind of plugin called {shown(kind)}", hint=did_you_mean(kind, KINDS)))


def _check_name(kind: str, name: str, registry: Registry) -> None:
    if not matches(NAME, name) or len(name) > LONGEST_NAME:
        would = slug(name)
        raise UsageError(
            Problem(
                f"{shown(name)} cannot be the name of a plugin",
                hint=f"at most {LONGEST_NAME} characters: {NAME[1]}" + (f", such as {would}" if would else ""),
            )
        )
    if name == "null":
        raise UsageError(
            Problem("'null' cannot be the name of a plugin", hint="in a spec and a policy it means nothing: not a name")
        )
    offers = [offer for offer in registry.components(kind) if offer.component.name == name]
    if offers:
        by = " and ".join(f"{offer.plugin} of {offer.origin}" for offer in offers)
        raise UsageError(
            Problem(
                f"the {kind} {name!r} is offered by {by}",
                hint="choose another name: of two plugins that claim one, neither is used",
            )
        )
    module = module_name(name)
    if find_spec(module) is not None:
        raise UsageError(
            Problem(
                f"there is a module {module} already", hint="choose another name: one of the two would not be found"
            )
        )


def _check_free(target: Path) -> None:
    if target.is_symlink() or (target.exists() and not (target.is_dir() and not any(target.iterdir()))):
        raise InputError(
            Problem(f"{target} exists, and nothing is overwritten", hint="name another folder with --out, or remove it")
        )


def _templates() -> Path:
    package = Path(__file__).parents[1]
    in_wheel, in_checkout = package / "templates", package.parents[1] / "templates"
    return in_wheel if in_wheel.is_dir() else in_checkout


def _default_names(kind: str) -> tuple[str, ...]:
    """What the default policy allows of a kind; nothing for a kind that policies do not list."""
    return tuple(fields_dict(Policy)[POLICY_KEYS[kind]].default or ()) if kind in POLICY_KEYS else ()


def about(file: str) -> str:
    """What a file of the package is, in a few words."""
    described = {
        "README.md": "how to use it",
        "policy.yaml": "a verifier's policy that allows it",
        "pyproject.toml": "the package and its entry point",
    }
    return described.get(file, "what it must do: polyproof's conformance suite" if "test" in file else "yours to write")
