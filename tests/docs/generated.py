"""The parts of reference pages that are made from the code: tables of options, of kinds, of hooks.

They stand between ``<!-- generated: NAME -->`` and ``<!-- end -->``. Run as a program, this writes them anew.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import polyproof
from docs import library
from polyproof import errors, hookspecs
from polyproof.balances import Pin
from polyproof.checks import CheckName
from polyproof.cli import envelope
from polyproof.config.options import Option, options_of, plain
from polyproof.config.reader import Choice, component_options
from polyproof.errors import PROBLEMS, PolyproofError, ProofRejected
from polyproof.hookspecs import KINDS
from polyproof.liabilities.rejections import REJECTIONS
from polyproof.model.assets import Asset
from polyproof.model.disclosures import (
    Affiliate,
    Custodian,
    Disclosures,
    Encumbrance,
    Entity,
    ManagementStatement,
    OwnIssued,
)
from polyproof.model.manifest import Verifier
from polyproof.registry import ENTRY_POINT_GROUP, Registry
from polyproof.settings.accounts import AccountsSettings, AttachedDatabase, PositionColumn
from polyproof.settings.anchors import AnchorsPolicy
from polyproof.settings.attestations import AttestationsPolicy, BelievedSigner
from polyproof.settings.net_equity import Collateral, NetEquity, SliceSettings
from polyproof.settings.net_equity_policy import NetEquityPolicy
from polyproof.settings.policy import Policy, PolicyCheck
from polyproof.settings.reserves import AcceptedCoin, CoinName, ReservesPolicy, ReservesSpec
from polyproof.settings.spec import Output, Spec

_DOCS = Path(__file__).parents[2] / "docs"
PAGES = (*(_DOCS / "reference").glob("*.md"), _DOCS / "how-to" / "check-your-own-balance.md")
_PART = re.compile(r"(<!-- generated: ([a-z_: -]+) -->\n).*?(<!-- end -->)", re.DOTALL)

_KINDS = {
    "anchor": "an anchor",
    "balances": "a balance provider",
    "commitment": "a commitment scheme",
    "constraints": "a constraint system",
    "executor": "an executor",
    "ledger": "a ledger format",
    "ownership": "an ownership scheme",
}
"""In words, the kinds whose key is not the noun for one component."""

_CLASSES: dict[str, type[Any]] = {
    "spec": Spec,
    "asset": Asset,
    "accounts": AccountsSettings,
    "attach": AttachedDatabase,
    "columns": PositionColumn,
    "output": Output,
    "verifier": Verifier,
    "disclosures": Disclosures,
    "entity": Entity,
    "custodian": Custodian,
    "encumbrance": Encumbrance,
    "own issued": OwnIssued,
    "affiliate": Affiliate,
    "management statement": ManagementStatement,
    "reserves": ReservesSpec,
    "pin": Pin,
    "accepted coin": AcceptedCoin,
    "coin": CoinName,
    "reserves policy": ReservesPolicy,
    "policy": Policy,
    "net equity": NetEquity,
    "collateral": Collateral,
    "slice": SliceSettings,
    "net equity policy": NetEquityPolicy,
    "anchors policy": AnchorsPolicy,
    "attestations policy": AttestationsPolicy,
    "believed signer": BelievedSigner,
}


def built_in() -> Registry:
    """The plugins that come with polyproof, whatever else is installed."""
    registry = Registry()
    registry.discover(
        point for point in entry_points(group=ENTRY_POINT_GROUP) if point.dist and point.dist.name == "polyproof"
    )
    return registry


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _named(kind: str) -> str:
    return _KINDS.get(kind, f"a {kind}")


def _type(option: Option) -> str:
    if option.nested and issubclass(option.type, Choice):
        one = f"name of {_named(option.type.kind)}, or a mapping of `name` and options"
    elif option.nested:
        one = "mapping"
    elif option.kind:
        named = [f"`{choice}`" for choice in option.choices or ()]
        one = " or ".join([*named, f"name of {_named(option.kind)}"])
    elif option.choices:
        one = " or ".join(f"`{choice}`" for choice in option.choices)
    else:
        one = {bool: "true or false", int: "integer", float: "number", str: "text", Path: "path"}[option.type]
        if option.least is not None or option.most is not None:
            bounds = f"{option.least} to {option.most}" if option.most is not None else f"at least {option.least}"
            one += f", {bounds}"
        if option.pattern:
            one = option.pattern[1]
    return f"list of: {one}" if option.many else one


def _default(option: Option) -> str:
    if option.required:
        return "**required**"
    value = plain(option.default)
    if value is None or value == []:
        return ""
    if isinstance(value, dict):
        return "as below"
    text = str(value).lower() if isinstance(value, bool) else value
    return ", ".join(f"`{item}`" for item in text) if isinstance(text, list) else f"`{text}`"


def options_table(cls: type[Any]) -> str:
    """A row for each option: key, type and bounds, default, meaning."""
    rows = [
        f"| `{option.name}` | {_cell(_type(option))} | {_default(option)} | {_cell(option.doc)} |"
        for option in options_of(cls)
    ]
    return "\n".join(["| key | value | default | meaning |", "|---|---|---|---|", *rows]) + "\n"


def components_of(kind: str) -> str:
    """For each component of a kind its summary and the table of its options."""
    registry = built_in()
    parts = []
    for item in registry.components(kind):
        options = component_options(registry, kind, item.component.name)
        table = options_table(options) if options_of(options) else "No options.\n"
        parts.append(f"#### `{item.component.name}`\n\n{item.component.summary}.\n\n{table}")
    return "\n".join(parts)


def _first(documented: Any) -> str:
    return _cell((inspect.getdoc(documented) or "").split("\n\n")[0])


def kinds_table() -> str:
    """Kinds of components and the class each derives from."""
    registry = built_in()
    rows = []
    for kind, path in KINDS.items():
        module, _, name = path.partition(":")
        cls = getattr(import_module(module), name)
        names = ", ".join(f"`{item.component.name}`" for item in registry.components(kind))
        rows.append(f"| `{kind}` | `{module}.{name}` | {_first(cls)} | {names} |")
    return "\n".join(["| kind | derive from | what it is | come with polyproof |", "|---|---|---|---|", *rows]) + "\n"


def hooks_table() -> str:
    """Hooks and when they are called."""
    rows = [
        f"| `{name}{inspect.signature(hook).replace(return_annotation=inspect.Signature.empty)}` | {_first(hook)} |"
        for name, hook in vars(hookspecs).items()
        if name.startswith("polyproof_")
    ]
    return "\n".join(["| hook | |", "|---|---|", *rows]).replace("'", "") + "\n"


def methods_table(path: str) -> str:
    """The methods of an interface: those that must be written, and those that may be overridden."""
    module, _, name = path.partition(":")
    cls = getattr(import_module(module), name)
    rows = []
    for method, value in vars(cls).items():
        function = value.fget if isinstance(value, property) else value
        if not (inspect.isfunction(function) and (not method.startswith("_"))):
            continue
        arguments = (
            "" if isinstance(value, property) else f"({', '.join(list(inspect.signature(function).parameters)[1:])})"
        )
        must = "must" if getattr(value, "__isabstractmethod__", False) else "may"
        rows.append(f"| `{method}{arguments}` | {must} | {_first(value)} |")
    return "\n".join(["| | override | |", "|---|---|---|", *rows]) + "\n"


_INTERFACES = (
    "anchor",
    "backend",
    "balances",
    "commitment",
    "constraints",
    "executor",
    "field",
    "hash",
    "hookspecs",
    "ledger",
    "ownership",
    "registry",
    "security",
    "source",
    "transcript",
)
_OWN = ("__main__", "api", "cli", "liabilities", "publication", "reserves", "settings", "specs", "version")
"""The parts of core that only core and the tests import; what others need of them is exported by ``polyproof``."""


def public_modules() -> dict[str, list[str]]:
    """Import paths that others may rely on, in groups."""
    names = sorted(module.name for module in walk_packages(polyproof.__path__, "polyproof.", onerror=None))
    names = [name for name in names if name.split(".")[1] not in _OWN]
    return {
        "package": ["polyproof"],
        "interfaces": [name for name in names if name.split(".")[1] in _INTERFACES],
        "shared": [name for name in names if name.split(".")[1] not in {*_INTERFACES, "testing"}],
        "testing": [name for name in names if name.split(".")[1] == "testing"],
    }


def modules_table(group: str) -> str:
    """Public modules with a link to the file of each, what it is for, and the names it exports."""
    rows = []
    for name in public_modules()[group]:
        module = import_module(name)
        if not hasattr(module, "__all__"):  # a package that only holds modules
            continue
        path = Path(module.__file__ or "").relative_to(Path(polyproof.__path__[0]).parent).as_posix()
        exported = ", ".join(f"`{item}`" for item in module.__all__)
        rows.append(f"| [`{name}`](../../core/{path}) | {_first(module)} | {exported} |")
    return "\n".join(["| module | what it is | names |", "|---|---|---|", *rows]) + "\n"


def policy_checks_table() -> str:
    """What a policy can refuse, by name."""
    rows = [f"| `{check}` | {_cell(check.meaning)} |" for check in PolicyCheck]
    return "\n".join(["| check | |", "|---|---|", *rows]) + "\n"


def checks_table(package: str) -> str:
    """The names of checks that a package lists as its own."""
    module = import_module(f"{package}.checks")
    lists = [item for item in vars(module).values() if isinstance(item, type) and issubclass(item, CheckName)]
    rows = [f"| `{check}` | {_cell(check.meaning)} |" for names in lists for check in names]
    return "\n".join(["| check | |", "|---|---|", *rows]) + "\n"


def codes_table() -> str:
    """The codes of errors that are no rejections."""
    classes = (item for module in (errors, envelope) for item in vars(module).values() if isinstance(item, type))
    raised = (cls for cls in classes if issubclass(cls, PolyproofError) and not issubclass(cls, ProofRejected))
    rows = [
        f"| `{cls.code}` | {cls.exit_status} | {_cell(inspect.getdoc(cls) or '').split('. ')[0].removesuffix('.')} |"
        for cls in dict.fromkeys(raised)
        if "code" in vars(cls)
    ]
    rows += [f"| `{code}` | 2 | {_cell(meaning)} |" for code, meaning in PROBLEMS.items()]
    return "\n".join(["| code | status | |", "|---|---|---|", *rows]) + "\n"


def rejections_table() -> str:
    """What a customer can meet, in plain words."""
    rows = [
        f"| **{item.title}** {', '.join(f'`{check}`' for check in item.checks)} | {_cell(item.meaning)} | "
        f"{_cell(item.advice)} |"
        for item in REJECTIONS
    ]
    return "\n".join(["| in brackets | what it means | what to do |", "|---|---|---|", *rows]) + "\n"


def part(name: str) -> str:
    """The text of a generated part."""
    what, _, argument = name.partition(": ")
    made: dict[str, Callable[[], str]] = {
        "kinds": kinds_table,
        "hooks": hooks_table,
        "components": lambda: components_of(argument),
        "options": lambda: options_table(_CLASSES[argument]),
        "modules": lambda: modules_table(argument),
        "methods": lambda: methods_table(_METHODS[argument]),
        "policy checks": policy_checks_table,
        "checks": lambda: checks_table(argument),
        "rejections": rejections_table,
        "api functions": library.functions,
        "api results": library.results,
        "api errors": library.errors_table,
        "codes": codes_table,
    }
    return made[what]()


_METHODS = {
    "field": "polyproof.field:Field",
    "extension": "polyproof.field:Extension",
    "hash": "polyproof.hash:Hash",
    "vector commitment": "polyproof.commitment:VectorCommitment",
    "polynomial commitment": "polyproof.commitment:PolynomialCommitment",
    "constraints": "polyproof.constraints:ConstraintSystem",
    "liabilities": "polyproof.constraints:LiabilitiesSystem",
    "backend": "polyproof.backend:Backend",
    "ownership": "polyproof.ownership:OwnershipScheme",
    "ledger": "polyproof.ledger:LedgerFormat",
    "source": "polyproof.source:Source",
    "balances": "polyproof.balances:BalanceProvider",
    "executor": "polyproof.executor:Executor",
    "anchor": "polyproof.anchor:Anchor",
}


def filled(page: str) -> str:
    """A page with its generated parts as they would be made now."""
    return _PART.sub(lambda match: f"{match[1]}\n{part(match[2])}\n{match[3]}", page)


if __name__ == "__main__":
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        if (made := filled(text)) != text:
            path.write_text(made, encoding="utf-8")
