"""The secrets of whoever runs polyproof: credentials of servers, in a file of their own, which no spec can reach into.

A spec is often somebody else's. If it could name an environment variable, a file or a stored password, its author could
have them sent to a server of the author's choice. So a spec only says ``secret: NAME``, and this file says, for each
name, both the credentials and the one server that they are for::

    polyproof-secrets: 1
    secrets:
      - {name: ethereum, url: "https://node.example/v3/KEY"}
      - {name: bitcoin, url: "http://127.0.0.1:8332", cookie_file: /var/lib/bitcoind/.cookie}
      - {name: ledger, dsn: "postgresql://audit:PASSWORD@db.example/ledger?sslmode=verify-full"}

A database alone can also stand in the environment, under a name that polyproof makes of the spec's and nobody uses for
anything else: ``POLYPROOF_DSN_LEDGER``. It is the whole address too, so that a spec still decides no server.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from attrs import evolve, frozen

from polyproof.config.options import Fault, option
from polyproof.config.reader import Components, OptionsReader
from polyproof.config.tree import load_yaml
from polyproof.errors import InputError, Location, Problem
from polyproof.formats.files import refuse_readable_by_others

__all__ = ["NAME", "NO_SECRETS", "Secret", "Secrets", "load_secrets", "variable_of"]

FORMAT = 1
NAME = (r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "1 to 64 letters, digits, dots, hyphens and underscores")
"""What a secret may be called."""
_HEADER = "polyproof-secrets"
_EXAMPLES = {"url": 'url: "https://…"', "dsn": 'dsn: "postgresql://USER:PASSWORD@HOST/DATABASE?sslmode=verify-full"'}


@frozen(kw_only=True, repr=False)
class Secret:
    """A server and what it is given."""

    name: str = option(pattern=NAME, doc="What specs call it.")
    url: str | None = option(
        default=None, doc="URL of a node, with all that is secret in it: keys in its path, user:password@."
    )
    authorization: str | None = option(default=None, doc="Value of the header Authorization for that URL.")
    cookie_file: Path | None = option(
        default=None, doc="Cookie file of a Bitcoin node at that URL, relative to the file of secrets."
    )
    dsn: str | None = option(
        default=None,
        doc="Address of a database server: postgresql://…, mysql://…, or a connection string of libpq.",
    )

    def __repr__(self) -> str:
        return f"Secret({self.name!r})"


def _names_differ(secrets: tuple[Secret, ...]) -> Iterable[Fault]:
    seen: set[str] = set()
    for index, secret in enumerate(secrets):
        if secret.name in seen:
            yield Fault(f"{secret.name!r} is given twice", None, (index, "name"))
        seen.add(secret.name)


@frozen(kw_only=True)
class _File:
    secrets: tuple[Secret, ...] = option(items=(1, 1024), check=_names_differ, doc="The secrets.")


@frozen(repr=False)
class Secrets:
    """All that a run may use."""

    entries: tuple[Secret, ...] = ()
    file: Path | None = None
    """Where they were read from."""

    def __repr__(self) -> str:
        return "Secrets()"

    def find(self, name: str, part: str) -> Secret:
        """The secret of this name, which must have ``part``: ``url`` or ``dsn``. The file's before the environment's.

        Raises ``InputError`` that says which line is missing, and where.
        """
        line = f"- {{name: {name}, {_EXAMPLES[part]}}}"
        for secret in self.entries:
            if secret.name == name and getattr(secret, part):  # libpq takes an empty dsn for a server of its own choice
                return secret
        variable = variable_of(name)
        if part == "dsn" and os.environ.get(variable):
            return Secret(name=name, dsn=os.environ[variable])
        if self.file is None:
            other = f"; or the environment variable {variable} with that text" if part == "dsn" else ""
            raise InputError(
                Problem(
                    f"the spec needs the secret {name!r}, and no file of secrets is given",
                    hint=f"--secrets FILE, with `{_HEADER}: {FORMAT}` and, under `secrets:`, the line {line}{other}",
                )
            )
        known = any(secret.name == name for secret in self.entries)
        told = f"the secret {name!r} has no {part}" if known else f"there is no secret {name!r}, which the spec needs"
        raise InputError(Problem(told, Location(str(self.file)), f"under `secrets:` it would be the line {line}"))


NO_SECRETS = Secrets()


def variable_of(name: str) -> str:
    """The environment variable in which the address of the database of this name may stand."""
    return "POLYPROOF_DSN_" + re.sub(r"[^A-Za-z0-9]", "_", name).upper()


def load_secrets(path: Path, registry: Components) -> Secrets:
    """Read a file of secrets. Raises ``InputError``, also for a file that others than its owner may read."""
    refuse_readable_by_others(path, pipes=False)
    node = load_yaml(path)
    reader = OptionsReader(registry)
    reader.header(node, _HEADER, FORMAT)
    found = reader.build(node, _File, besides=(_HEADER,))
    reader.finish()
    assert found is not None, "an incomplete file has a problem"
    entries = [
        evolve(secret, cookie_file=path.parent / secret.cookie_file) if secret.cookie_file is not None else secret
        for secret in found.secrets
    ]
    return Secrets(tuple(entries), path)
