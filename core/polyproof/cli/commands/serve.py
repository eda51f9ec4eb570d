"""``polyproof serve``: a server of the page, the public files, and each customer's own inclusion file."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyproof.cli.console import Console
from polyproof.cli.options import AuditArgument, IdentityOption, Json, Quiet, usable_registry
from polyproof.cli.shapes import COUNT, TEXT, by_name, record
from polyproof.cli.visible import one_line
from polyproof.errors import Problem, UsageError
from polyproof.extras import require_extras
from polyproof.model.counts import counted

if TYPE_CHECKING:
    import socket

    from polyproof.publication.serving.application import Line
    from polyproof.publication.serving.asking import Request
    from polyproof.publication.serving.proxy import ProxyHeader
    from polyproof.publication.serving.tokens import TokenKey

__all__ = ["RESULT", "command"]

RESULT = record(audit_id=TEXT, address=TEXT, accounts=COUNT, answers=by_name(COUNT))

_WHO = (
    "your login says who asks: by tokens that it signs (--token-key FILE, or --token-secret FILE), or by a header of "
    "your proxy (--account-header NAME, with --proxy-secret FILE or --socket PATH)"
)


def command(
    directory: AuditArgument,
    store: Annotated[
        Path | None,
        typer.Option("--store", metavar="FILE", help="The inclusion store. Default: DIR/private/inclusion.store."),
    ] = None,
    token_keys: Annotated[
        list[Path] | None,
        typer.Option(
            "--token-key", metavar="FILE", help="Public key (PEM) that your login signs tokens with; may be repeated."
        ),
    ] = None,
    token_secrets: Annotated[
        list[Path] | None,
        typer.Option("--token-secret", metavar="FILE", help="The same for a secret (HS256); may be repeated."),
    ] = None,
    account_header: Annotated[
        str | None,
        typer.Option("--account-header", metavar="NAME", help="Header in which your proxy names the account."),
    ] = None,
    secret: Annotated[
        Path | None,
        typer.Option(
            "--proxy-secret", metavar="FILE", help="What your proxy sends as Polyproof-Proxy-Secret to be believed."
        ),
    ] = None,
    address_header: Annotated[
        str | None,
        typer.Option(
            "--address-header",
            metavar="NAME",
            help="Header in which your proxy names the address of whoever asks, for --per-address.",
        ),
    ] = None,
    bind: Annotated[
        str | None, typer.Option("--bind", metavar="HOST:PORT", help="Where to listen. Default: 127.0.0.1:8000.")
    ] = None,
    reached_at: Annotated[
        str | None,
        typer.Option(
            "--address", metavar="URL", help="Where customers reach it: the page gets a QR code of that for phones."
        ),
    ] = None,
    path: Annotated[
        Path | None, typer.Option("--socket", metavar="PATH", help="A Unix socket to listen at instead.")
    ] = None,
    per_account: Annotated[
        int, typer.Option("--per-account", metavar="N", min=0, help="Downloads of an account in a minute; 0: no limit.")
    ] = 10,
    per_address: Annotated[
        int, typer.Option("--per-address", metavar="N", min=0, help="Requests for a file from an address in a minute.")
    ] = 60,
    identity: IdentityOption = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Serve the page and the public files to anyone, and to each customer their own inclusion file."""
    require_extras("serve", purpose="serving an audit")
    from polyproof.liabilities import open_audit
    from polyproof.liabilities.artifacts import STORE
    from polyproof.publication.address import parse_address
    from polyproof.publication.serving.application import Limits, Served, application
    from polyproof.publication.serving.proxy import header_name
    from polyproof.publication.serving.public import public_files, served_page
    from polyproof.publication.serving.server import address_of, serve
    from polyproof.publication.serving.store import ServedStore
    from polyproof.publication.serving.tokens import Tokens
    from polyproof.settings.policy import UNRESTRICTED

    console = Console(json=json, quiet=quiet)
    keys, proxy = _who(token_keys or (), token_secrets or (), account_header, secret, unix=path is not None)
    link = None if reached_at is None else parse_address(reached_at)
    place, listening, at_home = _place(bind, path)
    audit = open_audit(directory, policy=UNRESTRICTED, registry=usable_registry(console))
    audit_id = audit.manifest.audit_id
    log = _Log(quiet=quiet or json)
    files = ServedStore(
        store or directory / "private" / STORE, audit.manifest, identity=identity, failed=log.store_refused
    )
    served = Served(
        audit_id,
        files,
        public_files(audit),
        served_page(audit, link=proxy is not None, address=link),
        proxy or Tokens(keys, audit_id),
        Limits(per_account, per_address),
        None if address_header is None else header_name(address_header),
        _from_proxy(proxy, unix=path is not None),
        log.note,
    )
    if not at_home:
        console.warn([f"{place} is reached from other machines, without TLS: who is on the way can read what is sent"])
    with listening as listener:
        address = place if path is not None else address_of(listener)

        def ready(stop: Callable[[], None]) -> None:
            console.say(f"serving {audit_id}, {counted(len(files), 'inclusion file')}, at {one_line(address)}")
            sys.stdout.flush()

        serve(application(served), listener, ready)
    answers = {str(status): log.answers[status] for status in sorted(log.answers)}
    told = "".join(f", {number:,} of them {status}" for status, number in answers.items())
    console.result(
        {"audit_id": audit_id, "address": address, "accounts": len(files), "answers": answers},
        lambda rich: rich.print(f"stopped after {counted(sum(answers.values()), 'answer')}{told}", soft_wrap=True),
    )


def _who(
    keys: Sequence[Path], secrets: Sequence[Path], header: str | None, secret: Path | None, *, unix: bool
) -> tuple[tuple[TokenKey, ...], ProxyHeader | None]:
    """Who says which account asks: keys of tokens, or a header of the proxy. Raises ``UsageError``."""
    from polyproof.publication.serving.proxy import ProxyHeader, header_name, proxy_secret
    from polyproof.publication.serving.tokens import public_key, secret_key

    tokens = bool(keys or secrets)
    if tokens == (header is not None):
        raise UsageError(Problem("it must be said how customers are known, in one way", hint=_WHO))
    if header is None:
        if secret is not None:
            raise UsageError("--proxy-secret goes with --account-header")
        return (*map(public_key, keys), *map(secret_key, secrets)), None
    if secret is None and not unix:
        raise UsageError(
            Problem(
                f"anybody who reaches the server could write the header {header}",
                hint="give --proxy-secret FILE, which your proxy sends too, or --socket PATH, which only it reaches",
            )
        )
    return (), ProxyHeader(header_name(header), None if secret is None else proxy_secret(secret))


def _place(bind: str | None, path: Path | None) -> tuple[str, AbstractContextManager[socket.socket], bool]:
    """Where to listen, in words and as a context, and whether only this machine reaches it. Raises ``UsageError``."""
    from polyproof.publication.serving.server import bound, bound_to_path, is_loopback, split_address

    if path is not None:
        if bind is not None:
            raise UsageError("--bind and --socket are two places to listen at: give one of them")
        return f"unix:{path}", bound_to_path(path), True
    host, port = split_address(bind or "127.0.0.1:8000")
    return f"{host}:{port}", bound(host, port), is_loopback(host)


def _from_proxy(proxy: ProxyHeader | None, *, unix: bool) -> Callable[[str | None, Request], bool]:
    """Tells which requests come from the proxy, behind which everybody has its address."""
    from polyproof.publication.serving.asking import NobodyError
    from polyproof.publication.serving.server import is_loopback

    def is_proxy(peer: str | None, request: Request) -> bool:
        if proxy is None or proxy.secret is None:
            return unix or is_loopback(peer)
        try:
            proxy.require_proxy(request)
        except NobodyError:
            return False
        return True

    return is_proxy


class _Log:
    """A line on stderr for each answer, and how many there were of each status."""

    def __init__(self, *, quiet: bool) -> None:
        self.answers: Counter[int] = Counter()
        self._quiet = quiet

    def note(self, line: Line) -> None:
        self.answers[line.status] += 1
        self._write(
            f"{line.method} {line.route} {line.status} {line.seconds * 1000:.1f} ms{' ' * bool(line.why)}{line.why}"
        )

    def store_refused(self, reason: str) -> None:
        self._write(f"the store was replaced by one that is not served: {one_line(reason)}")

    def _write(self, text: str) -> None:
        if self._quiet:
            return
        with suppress(OSError):  # whoever read the log may have gone; customers are served all the same
            print(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), text, file=sys.stderr, flush=True)
