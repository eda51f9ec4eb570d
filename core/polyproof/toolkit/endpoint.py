"""A server's URL and credentials: from a spec or from the environment, and never shown again.

A URL may contain a key, in its path as well as before its host. So nothing here prints one: not the endpoint, not an
error about it, and not a server's words that repeat it (``Endpoint.hidden_in``).
"""

from __future__ import annotations

import base64
import os
import re
from urllib.parse import unquote, urlsplit

from attrs import field, frozen

from polyproof.config.options import option
from polyproof.errors import InputError, Problem

__all__ = ["Endpoint", "EndpointOptions", "open_endpoint"]

_ENVIRONMENT = (r"[A-Za-z_][A-Za-z0-9_]{0,127}", "the name of an environment variable")
_LONGEST_WORDS = 160
"""How many characters of a server's own words are shown."""


@frozen(kw_only=True)
class EndpointOptions:
    """Where a node is and how patiently it is asked. Options of a provider derive from this class."""

    url: str | None = option(
        default=None,
        doc="URL of the node. If it contains a key, use url_env instead: specs get shared.",
    )
    url_env: str | None = option(
        default=None, pattern=_ENVIRONMENT, doc="Environment variable that holds the URL, user:password@ included."
    )
    authorization_env: str | None = option(
        default=None, pattern=_ENVIRONMENT, doc="Environment variable that holds the value of the header Authorization."
    )
    timeout: float = option(default=30.0, least=0.1, most=86400.0, doc="Seconds that one request may take in all.")
    attempts: int = option(default=4, least=1, most=20, doc="How many times a question is asked before giving up.")
    backoff: float = option(
        default=0.5, least=0.0, most=600.0, doc="Seconds before the second attempt; they double each time, up to 60."
    )
    max_response_bytes: int = option(
        default=32 << 20, least=1024, most=1 << 30, doc="The largest answer that is read, in bytes."
    )


@frozen
class Endpoint:
    """The parts of a URL. Its ``repr`` shows none of them."""

    secure: bool = field(repr=False)
    host: str = field(repr=False)
    port: int = field(repr=False)
    path: str = field(repr=False)
    """Path and query."""
    authorization: str | None = field(repr=False)
    """Value of the header of that name."""

    def target(self, further: str) -> str:
        """Path and query of something below the URL: ``further`` begins with a slash and may have a query; or "" ."""
        path, _, query = self.path.partition("?")
        below, _, more = further.partition("?")
        path = path.rstrip("/") + below if below else path
        return "?".join(part for part in (path, "&".join(part for part in (more, query) if part)) if part)

    def hidden_in(self, text: str) -> str:
        """A server's words, shortened, with parts of the URL and the credentials (of 4 characters or more) hidden."""
        parts = [self.host, *re.split(r"[/?&=]", self.path), *(self.authorization or "").split()]
        for part in sorted((part for part in parts if len(part) >= 4), key=len, reverse=True):
            text = text.replace(part, "…")
        return text[:_LONGEST_WORDS]


def open_endpoint(options: EndpointOptions) -> Endpoint:
    """Where the options point. Raises ``InputError``, without the URL in it."""
    if (options.url is None) == (options.url_env is None):
        raise InputError(Problem("either url or url_env must say where the node is, not both"))
    url = options.url if options.url is not None else _environment(options.url_env or "")
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise InputError("the URL of a node cannot be read") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
        raise InputError(Problem("the URL of a node cannot be used", hint="expected http://… or https://…"))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not re.fullmatch(r"[!-~]+", path):
        raise InputError("the URL of a node has characters that must be escaped")
    authorization = None
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(pair.encode()).decode()
    if options.authorization_env is not None:
        authorization = _environment(options.authorization_env)
    if authorization is not None and not re.fullmatch(r"[ -~]+", authorization):
        raise InputError("the credentials for a node have characters that a header cannot have")
    secure = parts.scheme == "https"
    return Endpoint(secure, parts.hostname, port or (443 if secure else 80), path, authorization)


def _environment(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise InputError(Problem(f"the environment variable {name} is not set", hint="the spec names it"))
    return value
