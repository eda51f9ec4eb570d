"""The spec: a YAML file that says what is proved, by which backend, from which snapshot.

``load_spec`` turns the file into a ``Spec``. The part of it that a proof's statement depends on is
``PublicSpec``: it is published in the manifest, and its digest is bound into every proof.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
from attrs import evolve, frozen

from polyproof.backend import EVERY_ACCOUNT, Backend, BackendProperties
from polyproof.config.options import NOT_AN_OPTION, Fault, option, options_of, plain, printable, shown
from polyproof.config.reader import Choice, OptionsReader, component_options, locate
from polyproof.config.tree import Items, Node, Scalar, from_json, load_yaml, parse_yaml
from polyproof.config.tree import Mapping as MappingNode
from polyproof.errors import ExtraMissing, InputError, OptionsError, PluginError, PluginFault, ProofRejected
from polyproof.first_use import check_properties
from polyproof.formats.strict_json import canonical
from polyproof.model.assets import Asset
from polyproof.model.counts import counted
from polyproof.model.disclosures import Disclosures, asset_faults
from polyproof.model.manifest import LONGEST_ORGANISATION, Verifier
from polyproof.model.names import NAME
from polyproof.model.net_equity import AssetTerms, positions_of
from polyproof.model.prices import Quote
from polyproof.model.timestamps import is_timestamp
from polyproof.plugin_faults import asking, blame, fault
from polyproof.registry import Registry, default_registry
from polyproof.settings.accounts import AccountsSettings
from polyproof.settings.anchors import AnchorChoice
from polyproof.settings.executors import ExecutorChoice
from polyproof.settings.in_memory import InMemoryAccounts
from polyproof.settings.net_equity import NetEquity, asset_terms, net_equity_faults
from polyproof.settings.reserves import ReservesSpec
from polyproof.toolkit.endpoint import EndpointOptions
from polyproof.toolkit.secrets import NO_SECRETS, Secrets

__all__ = [
    "FORMAT",
    "NET_EQUITY",
    "NON_NEGATIVE",
    "BackendChoice",
    "Output",
    "PublicSpec",
    "Spec",
    "check_margin",
    "create_backend",
    "load_spec",
    "local_options",
    "margin_choice",
    "open_options",
    "parse_spec",
    "read_spec",
    "spec_from_public",
    "terms_of_spec",
]

FORMAT = 1
"""Version of the spec format: the value of the key ``polyproof``."""

NON_NEGATIVE, NET_EQUITY = "non-negative", "net-equity"
"""Rules: what must hold for every account."""

_HEADER = "polyproof"
_DIGEST_DOMAIN = b"polyproof/spec/1\n"


@frozen
class BackendChoice(Choice):
    """A backend, by name, and its options."""

    kind = "backend"


@frozen
class Output:
    """Where audits are written."""

    directory: Path = option(
        default=Path("audits"), doc="Directory that audit directories are made in, relative to the spec file."
    )


def _symbols_differ(assets: Iterable[Asset]) -> Iterator[Fault]:
    """No symbol or alias may mean two things, ignoring case."""
    owners: dict[str, str] = {}
    for index, asset in enumerate(assets):
        names = [(("symbol",), asset.symbol), *((("aliases", k), alias) for k, alias in enumerate(asset.aliases))]
        for path, name in names:
            if name.casefold() in owners:
                yield Fault(f"{name!r} is taken", f"by {owners[name.casefold()]}; case is ignored", (index, *path))
            owners.setdefault(name.casefold(), asset.symbol)


@frozen(kw_only=True)
class PublicSpec:
    """The part of a spec that a proof's statement depends on, and the only part that is published."""

    assets: tuple[Asset, ...] = option(
        items=(1, 4096), check=_symbols_differ, doc="The assets that liabilities are counted in, in this order."
    )
    rule: str = option(
        default="non-negative",
        choices=(NON_NEGATIVE, NET_EQUITY),
        doc="What must hold for every account. non-negative: every balance is at least zero, so that no "
        "invented debt hides what is owed to others. net-equity: accounts may have debts, which what they have pledged "
        "covers; docs/how-to/audit-margin-accounts.md.",
    )
    net_equity: NetEquity | None = option(
        default=None, doc="How debts are weighed against collateral; only, and always, with the rule net-equity."
    )
    backend: BackendChoice = option(doc="The proof backend: its name, or a mapping of name and options.")
    margin_backend: BackendChoice | None = option(
        default=None,
        doc="The same backend with its options for segments of accounts with debts, where those are to differ; left "
        "out, they follow from the others. Only with the rule net-equity.",
    )

    def public(self) -> dict[str, Any]:
        """Exactly what the digest binds, as plain JSON.

        The format version, the assets in order (symbol, decimals, bits), the rule, the backend's name and
        every one of its options with defaults filled in; with the rule net-equity what can be pledged, and the options
        for accounts with debts. Display names, aliases and paths are not included.
        """
        return {
            _HEADER: FORMAT,
            "assets": [
                {"symbol": asset.symbol, "decimals": asset.decimals, "bits": asset.bits} for asset in self.assets
            ],
            "rule": self.rule,
            "backend": self.backend.plain(published=True),
            **({"net_equity": plain(self.net_equity)} if self.net_equity is not None else {}),
            **({"margin_backend": margin.plain(published=True)} if (margin := self.margin_backend) is not None else {}),
        }

    @property
    def digest(self) -> bytes:
        """32 bytes: SHA-256 of ``"polyproof/spec/1\\n"`` and ``public()`` in canonical JSON.

        Canonical: ``polyproof.formats.strict_json.canonical``.
        """
        return hashlib.sha256(_DIGEST_DOMAIN + canonical(self.public())).digest()


def create_backend(spec: PublicSpec, registry: Registry) -> Backend:
    """The backend a spec names, with its options."""
    backend: Backend = spec.backend.create(registry)
    return backend


def margin_choice(spec: PublicSpec, registry: Registry) -> BackendChoice:
    """The backend of segments of accounts with debts, with its options: as stated, or as they follow from others."""
    if spec.margin_backend is not None:
        return spec.margin_backend
    backend = create_backend(spec, registry)
    with asking(backend, "when asked for its options for accounts with debts", may=(InputError,)):
        options = backend.options_for_positions(spec.backend.options)
    if type(options) is not type(spec.backend.options):
        raise fault(backend, f"options_for_positions returned {type(options).__name__}, expected its Options")
    return attrs.evolve(spec.backend, options=options)


def terms_of_spec(spec: PublicSpec, quotes: Sequence[Quote]) -> tuple[AssetTerms, ...]:
    """The terms under which accounts with debts are counted: what can be pledged, and what it counts for.

    Raises ``InputError`` for prices under which a proof would not mean what it says.
    """
    assert spec.net_equity is not None, "the rule net-equity has settings"
    return asset_terms(spec.net_equity, spec.assets, quotes)


def check_margin(
    spec: PublicSpec,
    choice: BackendChoice,
    terms: Sequence[AssetTerms],
    registry: Registry,
    largest_proof: int | None = None,
) -> Backend:
    """The backend of segments of accounts with debts, which can serve these positions.

    Raises ``InputError`` if it cannot, or shows other things of sums than the spec's own, of accounts without debts;
    and as ``_check_proof_size`` does, ``PluginFault`` for one that is broken.
    """
    backend: Backend = choice.create(registry)
    positions = positions_of(terms)
    if largest_proof is not None:
        _check_proof_size(backend, positions, largest_proof)
    with asking(backend, "when asked whether it can serve accounts with debts", may=(InputError,)):
        backend.check(positions)
    check_properties(backend)
    _check_alike(create_backend(spec, registry).properties, backend.properties)
    return backend


def _check_alike(cash: BackendProperties, margin: BackendProperties) -> None:
    """Refuse two kinds of segments of which one shows less: what is said of an audit's sums is said of both at once.

    That debts are covered says something about net totals only if these are sums, of nothing negative.
    """
    said = [(one.exact_totals, one.non_negativity) for one in (cash, margin)]
    if said[0] != said[1]:
        raise OptionsError(
            "accounts without debts and with debts are proved with options (backend and margin_backend) of which one "
            "shows less than the other of totals: whether they are exact sums, and of nothing negative"
        )
    if margin.covers_debts and said[0] != (True, EVERY_ACCOUNT):
        raise OptionsError(
            "with these options of margin_backend debts are shown to be covered, and totals not to be exact sums of "
            "what is not negative: net totals would say nothing"
        )


def open_options(choice: BackendChoice, registry: Registry) -> tuple[str, ...]:
    """The options that a spec leaves for its backend to choose."""
    settles = registry.get("backend", choice.name).settles
    return tuple(name for name in settles if getattr(choice.options, name) is None)


_ORDER = (
    *("name", "organisation", "snapshot", "assets", "rule", "net_equity", "prices", "backend", "margin_backend"),
    *("compare", "accounts", "reserves", "verifier"),
    *("disclosures", "output", "executor", "anchors", "file", "in_memory", "secrets"),
)


def _in_order(cls: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    """Fields in the order in which people write the keys, rather than inherited ones first."""
    return sorted(fields, key=lambda field: _ORDER.index(field.name))


def _timestamp(text: str) -> Iterable[Fault]:
    if not is_timestamp(text):
        yield Fault(f"snapshot is {text[:40]!r}", "expected a time in UTC such as 2025-11-30T00:00:00Z")


@frozen(kw_only=True, field_transformer=_in_order)
class Spec(PublicSpec):
    """A spec file."""

    name: str = option(
        pattern=(rf"(?!.{{65}}){NAME[0]}", f"at most 64 {NAME[1]}"),
        doc="Short name of the organisation that is audited; audit ids begin with it.",
    )
    organisation: str | None = option(
        default=None,
        check=printable(LONGEST_ORGANISATION),
        doc="Name of the organisation that is audited, for display.",
    )
    snapshot: str = option(
        check=_timestamp,
        doc="When balances were taken, of accounts and of wallets alike: a time in UTC such as 2025-11-30T00:00:00Z.",
    )
    compare: tuple[BackendChoice, ...] = option(
        default=(), doc="Further backends that `polyproof compare` sets beside the first one."
    )
    accounts: AccountsSettings = option(doc="Where the snapshot of all accounts comes from.")
    prices: Path | None = option(
        default=None,
        doc="File of the prices by which debts and collateral are weighed, CSV or JSON, relative to the spec file; "
        "only, and always, with the rule net-equity. The quotes are published.",
    )
    reserves: ReservesSpec | None = option(
        default=None, doc="What is held against the liabilities: where it is listed, how it is checked, what counts."
    )
    verifier: Verifier | None = option(
        default=None,
        doc="Where readers get a program that checks the audit. It is published in the manifest and on the site; "
        "without it, neither says where one comes from.",
    )
    disclosures: Disclosures | None = option(
        default=None,
        doc="What the organisation declares about itself and this audit, for auditors and readers. It is published in "
        "the manifest and on the site, as its word.",
    )
    output: Output = option(default=Output(), doc="Where audits are written.")
    executor: ExecutorChoice | None = option(
        default=None,
        doc="Where segments are proved; local if left out. It is no part of what is proved, and is not published.",
    )
    anchors: tuple[AnchorChoice, ...] = option(
        default=(),
        items=(0, 16),
        doc="Who notes the publication digest, when `polyproof audit` has published the audit and whenever "
        "`polyproof anchor --spec` asks them to. It is not published.",
    )
    file: Path | None = attrs.field(default=None, metadata=NOT_AN_OPTION)
    """The file this was read from; paths in the spec are relative to its directory."""
    in_memory: InMemoryAccounts | None = attrs.field(default=None, metadata=NOT_AN_OPTION)
    """What the accounts are read from in place of files, if whoever runs polyproof has them in memory."""
    secrets: Secrets = attrs.field(default=NO_SECRETS, repr=False, metadata=NOT_AN_OPTION)
    """What whoever runs polyproof lends to the spec; never read from the spec itself."""

    @property
    def directory(self) -> Path:
        """The directory that relative paths in the spec start from."""
        return self.file.parent if self.file else Path()

    @property
    def output_directory(self) -> Path:
        """Where audit directories are made."""
        return self.directory / self.output.directory

    def new_directory(self) -> Path:
        """The directory that an audit begun now is written to, unless another is named: NAME-DATE, the date in UTC."""
        return self.output_directory / f"{self.name}-{datetime.now(UTC):%Y-%m-%d}"


def load_spec(path: Path, registry: Registry | None = None) -> Spec:
    """Read a spec file. Raises ``SpecError`` with every problem, each at its file, line and column."""
    return read_spec(load_yaml(path), registry or default_registry(), path)


def parse_spec(data: bytes, file: str, registry: Registry) -> Spec:
    """Read a spec from bytes; ``file`` names it in messages, and paths in it are relative to where ``file`` is."""
    return read_spec(parse_yaml(data, file), registry, Path(file))


def read_spec(node: Node, registry: Registry, path: Path | None) -> Spec:
    """A spec from a document that has been read; paths in it are relative to where ``path`` is, or to where we are.

    Raises as ``load_spec`` does.
    """
    reader = OptionsReader(registry)
    reader.header(node, _HEADER, FORMAT)
    _refuse_moved(reader, node)
    values, complete = reader.values(node, Spec, besides=(_HEADER,))
    if path is not None:
        if "backend" in values:
            values["backend"] = _from_directory(values["backend"], path.parent)
        if values.get("margin_backend") is not None:
            values["margin_backend"] = _from_directory(values["margin_backend"], path.parent)
        if "compare" in values:
            values["compare"] = tuple(_from_directory(choice, path.parent) for choice in values["compare"])
    _check_rule(reader, node, values, of_spec=True)
    _check_backends(reader, node, values)
    _check_disclosures(reader, node, values)
    reader.finish()
    assert complete, "an incomplete spec has a problem"
    return Spec(**values, file=path)


def _refuse_moved(reader: OptionsReader, node: Node) -> None:
    """Refuse what earlier versions had elsewhere: a time of reserves alone, credentials and servers in a spec."""
    reserves = node.get("reserves") if isinstance(node, MappingNode) else None
    moved = reserves.get("snapshot") if isinstance(reserves, MappingNode) else None
    if moved is not None:
        reader.report(
            "reserves.snapshot has moved",
            moved.location,
            "write it as snapshot at the top of the spec",
        )
    _refuse_moved_secrets(reader, reserves.get("balances") if isinstance(reserves, MappingNode) else None)
    accounts = node.get("accounts") if isinstance(node, MappingNode) else None
    attached = accounts.get("attach") if isinstance(accounts, MappingNode) else None
    for item in attached.items if isinstance(attached, Items) else ():
        kind = item.get("type") if isinstance(item, MappingNode) else None
        if isinstance(kind, Scalar) and kind.text == "postgres":
            reader.report(
                "a postgres database is not attached any more: the query is sent to the server",
                kind.location,
                "write `database: ledger` under accounts, in place of attach, and in the file that you give as "
                '--secrets what that is: - {name: ledger, dsn: "postgresql://…"}',
            )
    if reader.problems:
        reader.finish()


_MOVED_SECRETS = ("url_env", "authorization_env", "cookie_file")


def _refuse_moved_secrets(reader: OptionsReader, balances: Node | None) -> None:
    """A spec used to name environment variables and files that were sent to a server, which it named as well."""
    for item in balances.items if isinstance(balances, Items) else (balances,):
        name = item.get("name") if isinstance(item, MappingNode) else None
        if not isinstance(item, MappingNode) or not isinstance(name, Scalar):
            continue
        with suppress(PluginError):
            options = component_options(reader.registry, "balances", str(name.text))
            own = {declared.name for declared in options_of(options)}
            for key in _MOVED_SECRETS:
                moved = item.get(key)
                if moved is not None and issubclass(options, EndpointOptions) and key not in own:
                    reader.report(
                        f"{key} has moved: a spec names no environment variable and no file to be sent to a server",
                        moved.location,
                        "write `secret: NAME`, and in the file that you give as --secrets what it is: "
                        '- {name: NAME, url: "https://…"}, with authorization or cookie_file where needed',
                    )


def _check_backends(
    reader: OptionsReader, node: Node, values: Mapping[str, Any], largest_proof: int | None = None
) -> None:
    """Ask every backend whether its options can serve these assets. Raises ``PluginFault`` for one that is broken.

    ``largest_proof``: the size of the largest proof, if there are any. Raises ``ProofRejected`` if it cannot be one.
    """
    if "assets" not in values:
        return
    chosen = [(("backend",), values["backend"])] if "backend" in values else []
    for path, choice in [*chosen, *((("compare", k), item) for k, item in enumerate(values.get("compare", ())))]:
        location = locate(node, path)
        _check_bindable(choice)
        try:
            backend: Backend = choice.create(reader.registry)
            if largest_proof is not None:
                _check_proof_size(backend, values["assets"], largest_proof)
            with asking(backend, "when asked whether it can serve these assets", may=(InputError,)):
                backend.check(values["assets"])
            check_properties(backend)
        except (PluginFault, ProofRejected, ExtraMissing):
            raise
        except InputError as error:
            reader.report_error(error, location)
        except Exception as error:
            raise blame(error, of=reader.registry.get("backend", choice.name)) or error from error


def _check_rule(reader: OptionsReader, node: Node, values: Mapping[str, Any], *, of_spec: bool = False) -> None:
    """The rule net-equity has its settings, and they fit the assets; no other rule has any."""
    if "rule" not in values and of_spec:
        values = {**values, "rule": NON_NEGATIVE}
    belonging = ("net_equity", *(["prices"] if of_spec else ["margin_backend"]))
    if values.get("rule") == NET_EQUITY:
        for key in belonging:
            if values.get(key) is None:
                reader.report(f"the key {key!r} is missing", locate(node, ("rule",)), "the rule net-equity needs it")
        settings, assets = values.get("net_equity"), values.get("assets")
        for found in net_equity_faults(settings, assets) if settings is not None and assets is not None else ():
            reader.report(found.message, locate(node, ("net_equity", *found.path)), found.hint)
        margin, backend = values.get("margin_backend"), values.get("backend")
        if margin is not None and backend is not None and margin.name != backend.name:
            reader.report(
                f"margin_backend is {margin.name!r} and backend {backend.name!r}",
                locate(node, ("margin_backend",)),
                "both kinds of segments are proved by one backend, whose options may differ",
            )
        return
    for key in {*belonging, "margin_backend"}:
        if values.get(key) is not None:
            reader.report(f"{key} is for the rule net-equity", locate(node, (key,)), f"add `rule: {NET_EQUITY}`")


def _check_disclosures(reader: OptionsReader, node: Node, values: Mapping[str, Any]) -> None:
    """What is declared about assets is about assets of the audit."""
    declared, assets = values.get("disclosures"), values.get("assets")
    if declared is not None and assets is not None:
        for found in asset_faults(declared, assets):
            reader.report(found.message, locate(node, ("disclosures", *found.path)), found.hint)


def _check_proof_size(backend: Backend, assets: Sequence[Asset], largest_proof: int) -> None:
    """Refuse assets whose proofs would all be larger than the largest one, before the work that such assets take."""
    with asking(backend, "when asked how large a proof of these assets is", may=(InputError,)):
        least = backend.least_proof_size(assets)
    if type(least) is not int:
        raise fault(backend, f"least_proof_size returned {shown(least)}, expected an integer")
    if largest_proof < least:
        raise ProofRejected(
            "proof-size",
            f"no proof beside it has more than {largest_proof} bytes, and one of {counted(len(assets), 'asset')} "
            f"has at least {least}",
        )


def _check_bindable(choice: BackendChoice) -> None:
    """Raise ``PluginFault`` for a backend with an option that no digest binds."""
    for name in _unbindable(choice.options):
        raise PluginFault(f"backend {choice.name!r} is broken: a digest cannot bind its option {name!r}")


def _unbindable(options: Any, *, inner: bool = False) -> Iterator[str]:
    """Options without a canonical form: numbers that are not integers, paths. Those of named components as well.

    Only a backend's own options may be for whoever proves alone (``published=False``), and need none.
    """
    for declared in options_of(type(options)):
        if declared.nested:
            value = getattr(options, declared.name)
            for item in value if declared.many and value is not None else (value,):
                given = item.options if isinstance(item, Choice) else item
                yield from _unbindable(given, inner=True) if item is not None else ()
        elif (declared.type in (float, Path) or not declared.published) and (inner or declared.published):
            yield declared.name


def local_options(choice: Choice) -> dict[str, Any]:
    """The options that concern only whoever proves, where they are stated: no manifest has them.

    They are paths, which a document of JSON cannot state: no stranger's audit names a file of ours.
    """
    found = {
        declared.name: getattr(choice.options, declared.name)
        for declared in options_of(type(choice.options))
        if not declared.published
    }
    return {name: value for name, value in found.items() if value is not None}


def _from_directory(choice: BackendChoice, directory: Path) -> BackendChoice:
    """A choice whose local paths start from a directory."""
    paths = {name: directory / value for name, value in local_options(choice).items() if isinstance(value, Path)}
    return evolve(choice, options=evolve(choice.options, **paths)) if paths else choice


def spec_from_public(value: Any, registry: Registry, *, largest_proof: int | None = None) -> PublicSpec:
    """The inverse of ``PublicSpec.public``, for JSON that may be hostile.

    Raises ``ProofRejected`` for anything that ``public`` would not have returned: other types or keys,
    options left out, backends that are not installed, options that cannot serve the assets. ``PluginFault`` for a
    backend that is broken, ``ExtraMissing`` for one that needs an extra. ``largest_proof``, in bytes: the largest of
    the proofs that are published with it; one that is too small for these assets is refused before a backend does the
    work that such assets take.
    """
    try:
        node = from_json(value, "spec")
        reader = OptionsReader(registry, limit=1)
        reader.header(node, _HEADER, FORMAT)
        spec = reader.build(node, PublicSpec, besides=(_HEADER,))
        reader.finish()
        assert spec is not None, "an incomplete spec has a problem"
        for choice in filter(None, (spec.backend, spec.margin_backend)):
            if left := open_options(choice, registry):
                # Before the backend is asked anything, which would have it choose.
                raise ProofRejected(
                    "public-spec", f"the spec leaves {', '.join(left)} open, which its proofs depend on"
                )
            _check_bindable(choice)
        _check_rule(reader, node, {field.name: getattr(spec, field.name) for field in attrs.fields(PublicSpec)})
        reader.finish()
        if spec.public() != value:
            raise ProofRejected("public-spec", "the spec is not in canonical form: options are left out or added")
        _check_backends(reader, node, {"assets": spec.assets, "backend": spec.backend}, largest_proof)
    except (PluginFault, ExtraMissing):
        raise  # neither says anything about what was published
    except InputError as error:
        raise ProofRejected("public-spec", str(error)) from error
    return spec
