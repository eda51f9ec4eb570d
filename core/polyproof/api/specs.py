"""Specs from files, from YAML text and from Python mappings, with accounts in files or in memory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import evolve

from polyproof.api.arguments import PathLike, path_of, policy_of
from polyproof.config.tree import Entry, Node, from_json, load_yaml, parse_yaml
from polyproof.config.tree import Mapping as MappingNode
from polyproof.errors import Problem, SpecError
from polyproof.registry import Registry, default_registry
from polyproof.settings.bundled import find_spec
from polyproof.settings.in_memory import ArrowStream, InMemoryAccounts
from polyproof.settings.policy import Policy
from polyproof.settings.spec import Spec, read_spec
from polyproof.toolkit.secrets import load_secrets

__all__ = ["load_policy", "load_spec"]

_LABEL = "spec"
"""What a spec that is in no file is called in messages."""


def load_spec(
    source: PathLike | Mapping[str, Any],
    *,
    accounts: ArrowStream | None = None,
    secrets: PathLike | None = None,
    registry: Registry | None = None,
) -> Spec:
    """Read a spec: what is proved, by which backend, from which accounts.

    ``source`` is the name of a file, the name of a spec that comes with polyproof, the text of a spec (YAML; several
    lines, or one in braces), or a mapping of the same keys. Relative paths start from the file's directory, without a
    file from the current one.

    ``accounts`` are read in place of files: an object with the Arrow C stream interface (``__arrow_c_stream__``), such
    as an Arrow table or record batch reader, a data frame of pandas, polars or narwhals, a relation of DuckDB. The keys
    ``id``, ``shape``, ``asset``, ``amount``, ``units``, ``ignore``, ``leave_out`` and ``allow_rounding`` of the spec's
    ``accounts`` say how to read it, as they do for files; ``accounts`` may be left out of the spec. They are read when
    ``check`` or ``prove`` is called, batch by batch. A reader can be read once: for ``check`` and ``prove``, load the
    spec twice, each time with a new reader.

    ``secrets`` is the file of your URLs and credentials, by the names that the spec uses.

    Raises ``SpecError`` with every problem, each at its file, line and column, or at its key.
    """
    registry = registry or default_registry()
    node, file = _document(source)
    if accounts is not None:
        node = _with_accounts(node)
    spec = read_spec(node, registry, file)
    if accounts is not None:
        spec = evolve(spec, in_memory=InMemoryAccounts(accounts))
    return spec if secrets is None else evolve(spec, secrets=load_secrets(path_of(secrets, "secrets"), registry))


def _document(source: PathLike | Mapping[str, Any]) -> tuple[Node, Path | None]:
    if isinstance(source, Mapping):
        return from_json(_plain(source, _LABEL), _LABEL), None
    if isinstance(source, str) and ("\n" in source or source.lstrip().startswith("{")):
        return parse_yaml(source.encode("utf-8", "surrogatepass"), _LABEL), None
    name = path_of(source, "the spec")
    file = find_spec(source) if isinstance(source, str) else name
    return load_yaml(file), file


def _plain(value: Any, path: str) -> Any:
    """The same of dicts, lists and scalars alone. Raises ``SpecError`` for anything else."""
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise SpecError(Problem(f"{path} has the key {key!r:.40}", hint="a key must be text"))
        return {key: _plain(item, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise SpecError(Problem(f"{path} is {type(value).__name__}", hint="expected text, a number, a list or a mapping"))


def _with_accounts(node: Node) -> Node:
    """A spec in which the key ``accounts`` may be left out: all of its keys have defaults."""
    if not isinstance(node, MappingNode) or node.get("accounts") is not None:
        return node
    return evolve(node, entries=(*node.entries, Entry("accounts", node.location, MappingNode(node.location))))


def load_policy(source: PathLike, *, registry: Registry | None = None) -> Policy:
    """Read a policy, from a file or by the name of one that comes with polyproof: what a verifier accepts as proof.

    Every argument ``policy`` takes such a name itself, and then heeds what the file says of reserves and of evidence as
    well; a ``Policy`` is for whoever changes it (``attrs.evolve``). Raises ``SpecError`` with every problem.
    """
    policy = policy_of(source, registry)
    assert policy is not None, "a file was named"
    return policy
