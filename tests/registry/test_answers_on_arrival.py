"""What plugins answer core is checked on arrival: whatever else they raise or return is their fault, by their name.

Each test has a component that is wrong in one way, offered by a plugin beside the installed ones. It must end in
``PluginFault`` with kind, name, plugin and origin, whether core is called or a command: never as a fault of polyproof,
of the input, or as a verdict on a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen

import polyproof.registry as registry_module
from audit.example import ACCOUNTS
from audit.example import SPEC as TALLY_SPEC
from audit.faulty_backends import proved_alone
from audit.tally_backend import Tally, TallyOptions
from doubles.fixtures import Command
from doubles.policies import ANYTHING, DECLARED, DECLARED_FILE, SUM_TREE
from ownership import wallets
from polyproof.backend import EVERY_ACCOUNT, BackendProperties, SegmentProof, Settled
from polyproof.balances import Answer, BalanceProvider, ControlAnswer
from polyproof.errors import InputError, Location, PluginFault, Problem, ProofRejected
from polyproof.hookspecs import Component
from polyproof.ledger import Account, LedgerFormat
from polyproof.liabilities import check, cut_all_inclusions, cut_inclusion, store_inclusions
from polyproof.ownership import AccountControl, Kind, OwnershipClaim, OwnershipResult, OwnershipScheme, Status
from polyproof.registry import Registry, default_registry
from polyproof.reserves import run_reserves, verify_reserves
from polyproof.reserves.signatures import verify_ownership
from polyproof.reserves.spellings import Spellings
from polyproof.settings.policy import UNRESTRICTED
from polyproof.settings.spec import load_spec
from polyproof.source import FileOptions, Row, Source, Total
from registry.offered import plugin
from reserves.exchange import okx_csv, prove, spec_text, wallet, write_spec

BOOM = [ZeroDivisionError("boom"), InputError("boom"), ProofRejected("boom", "boom"), SystemExit(0)]
"""Errors of Python and of ours: none may pass for bad input, for a proof that does not verify, or for success."""


def boom(error: BaseException) -> Callable[..., Any]:
    def method(this: object, *args: object, **options: object) -> Any:
        raise error.with_traceback(None)

    return method


def answering(value: object) -> Callable[..., Any]:
    return lambda this, *args, **options: value


def installed_with(kind: str, cls: type[Any], monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The installed plugins and one that offers a component of this class; commands find it too."""
    cls.name = "faulty"
    cls.__module__, cls.__qualname__ = __name__, f"made_{cls.__name__}"
    globals()[cls.__qualname__] = cls
    registry = Registry()
    registry.discover()
    offered = plugin(lambda: [Component(kind, "faulty", "A faulty one", f"{__name__}:{cls.__qualname__}")])
    registry.register(offered, "elms", "1.0", "elm-dist (elm_module)")
    monkeypatch.setattr(registry_module, "_default", registry)
    return registry


def named(message: str, kind: str) -> None:
    """The message of a fault has kind, name, plugin and origin."""
    assert f"{kind} 'faulty' (plugin elms of elm-dist (elm_module)" in message


def fault(kind: str, call: Callable[[], Any]) -> str:
    with pytest.raises(PluginFault) as caught:
        call()
    assert caught.value.exit_status == 3
    named(str(caught.value), kind)
    return str(caught.value)


# Ledgers

GOOD = Account(1, "alice", {"BTC": "1"})


class Ledger(LedgerFormat):
    suffixes = (".toy",)
    items: Any = (GOOD,)

    def read(self, file: Path) -> Iterator[Account | Problem]:
        yield from self.items


def ledger_spec(folder: Path) -> Path:
    folder.joinpath("accounts.toy").write_text("whatever\n")
    text = TALLY_SPEC.replace("accounts.csv", "accounts.toy, format: faulty").replace(
        "{name: tally, capacity: 2}", "{name: merkle-sum, hash: sha256}"
    )
    folder.joinpath("spec.yaml").write_text(text)
    return folder / "spec.yaml"


def check_ledger(folder: Path, cls: type[Ledger], monkeypatch: pytest.MonkeyPatch) -> str:
    registry = installed_with("ledger", cls, monkeypatch)
    spec = load_spec(ledger_spec(folder), registry)
    return fault("ledger", lambda: check(spec, registry=registry, policy=UNRESTRICTED))


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([7], "it yields int"),
        ([("alice", {"BTC": "1"})], "it yields tuple"),
        ([GOOD._replace(row="1")], "row '1'"),
        ([GOOD._replace(row=1.0)], "row 1.0"),
        ([GOOD._replace(line="1")], "line '1'"),
        ([GOOD._replace(row=2)], "it skips row 1"),
        ([GOOD, GOOD], "row 1 of"),
        ([GOOD._replace(row=0)], "row 0 of"),
        ([GOOD._replace(id=7)], "the id of row 1 is int"),
        ([GOOD._replace(id=None)], "the id of row 1 is NoneType"),
        ([GOOD._replace(amounts=[("BTC", "1")])], "the amounts of row 1 are not a mapping"),
        ([GOOD._replace(amounts={7: "1"})], "the amounts of row 1 are not a mapping"),
        ([GOOD._replace(amounts={"BTC": 1})], "the amount of BTC in row 1 is int"),
        ([GOOD._replace(besides=None)], "what else row 1 has is not a tuple of texts"),
        ([GOOD._replace(besides=(7,))], "what else row 1 has is not a tuple of texts"),
        ([Problem(7)], "it reports"),  # type: ignore[arg-type]
        ([Problem("bad", "line 3")], "it reports"),  # type: ignore[arg-type]
        ([Problem("bad", Location("f", "3"))], "it reports"),  # type: ignore[arg-type]
    ],
)
def test_a_ledger_that_yields_anything_else_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, items: list[Any], words: str
) -> None:
    cls = type("Ledger", (Ledger,), {"items": items})
    assert words in check_ledger(tmp_path, cls, monkeypatch)


@pytest.mark.parametrize("error", BOOM, ids=repr)
@pytest.mark.parametrize("late", [False, True])
def test_a_ledger_that_raises_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, late: bool
) -> None:
    def read(this: object, file: Path) -> Iterator[Account]:
        if late:
            yield GOOD
        raise error.with_traceback(None)

    message = check_ledger(tmp_path, type("Ledger", (Ledger,), {"read": read}), monkeypatch)
    assert f"{type(error).__name__}: " in message
    assert "accounts.toy" in message


def test_a_ledger_that_returns_nothing_to_iterate_over_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "TypeError" in check_ledger(tmp_path, type("Ledger", (Ledger,), {"read": answering(None)}), monkeypatch)


def test_a_file_that_a_ledger_cannot_open_is_no_fault_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cls = type("Ledger", (Ledger,), {"read": boom(PermissionError(13, "Permission denied"))})
    registry = installed_with("ledger", cls, monkeypatch)
    with pytest.raises(InputError, match="Permission denied") as caught:
        check(load_spec(ledger_spec(tmp_path), registry), registry=registry, policy=UNRESTRICTED)
    assert caught.value.exit_status == 2


def test_the_command_names_a_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    installed_with("ledger", type("Ledger", (Ledger,), {"read": boom(BOOM[1])}), monkeypatch)
    ended = command("check", ledger_spec(tmp_path), "--policy", "merkle-sum")
    assert ended.status == 3
    named(" ".join(ended.err.split()), "ledger")


# Sources

HERE = Location("wallets.toy", 1, row=1)
ROW = Row(HERE, "ETH", "0x" + "ab" * 20, "1")


class Listing(Source):
    Options = FileOptions
    items: Any = (ROW,)

    def read(self, file: Path) -> Iterator[Row | Total | Problem]:
        yield from self.items


def reserves_of(folder: Path, source: str = "{name: faulty, path: wallets.toy}", more: str = "") -> Any:
    folder.joinpath("wallets.toy").write_text("whatever\n")
    return write_spec(folder, spec_text(source, assets=("ETH 9",), more=more), registry_module._default)


def read_source(folder: Path, cls: type[Source], monkeypatch: pytest.MonkeyPatch) -> str:
    registry = installed_with("source", cls, monkeypatch)
    spec = reserves_of(folder)
    return fault("source", lambda: run_reserves(spec, registry=registry))


@pytest.mark.parametrize(
    "item",
    [
        "a row",
        None,
        tuple(ROW),
        ROW._replace(coin=None),
        ROW._replace(address=b"0x"),
        ROW._replace(amount=1),
        ROW._replace(network=None),
        ROW._replace(token=7),
        ROW._replace(exponent=True),
        ROW._replace(exponent=1.0),
        ROW._replace(message=b"m"),
        ROW._replace(signatures=["s"]),
        ROW._replace(signatures=(b"s",)),
        ROW._replace(keys="key"),
        ROW._replace(owners=(None,)),
        ROW._replace(kind="own"),
        ROW._replace(scheme=7),
        ROW._replace(height=7),
        ROW._replace(block=b"00"),
        ROW._replace(location="wallets.toy:1"),
        ROW._replace(location=Location("wallets.toy", "1")),  # type: ignore[arg-type]
        Total(HERE, "ETH", 1),  # type: ignore[arg-type]
        Total(HERE, None, "1"),  # type: ignore[arg-type]
        Problem(None),  # type: ignore[arg-type]
        Problem("bad", "line 3"),  # type: ignore[arg-type]
        Problem("bad", None, 7),  # type: ignore[arg-type]
    ],
    ids=lambda item: ascii(item)[-60:],
)
def test_a_source_that_yields_anything_else_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, item: object
) -> None:
    assert "it yields" in read_source(tmp_path, type("Listing", (Listing,), {"items": (item,)}), monkeypatch)


@pytest.mark.parametrize("error", BOOM, ids=repr)
def test_a_source_that_raises_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    message = read_source(tmp_path, type("Listing", (Listing,), {"read": boom(error)}), monkeypatch)
    assert f"{type(error).__name__}: " in message
    assert "wallets.toy" in message


def test_the_command_names_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    installed_with("source", type("Listing", (Listing,), {"items": (7,)}), monkeypatch)
    reserves_of(tmp_path)
    ended = command("reserves", tmp_path / "spec.yaml", "--json")
    assert ended.status == 3
    named(ended.err + ended.out, "source")


# Ownership

WALLET = wallet("EVM, EIP-191", 1, "2")
PROVEN = OwnershipResult(Status.PROVEN, "it says so", "faulty", "ethereum", wallets.evm_account(1))


class Believing(OwnershipScheme):
    """Finds everything proven."""

    chains = frozenset({"ethereum"})

    def serves(self, claim: OwnershipClaim) -> bool:
        return claim.scheme == "faulty"

    def verify(self, rows: Sequence[OwnershipClaim]) -> list[OwnershipResult]:
        return [evolve(PROVEN, address=claim.address.lower()) for claim in rows]

    def account(self, claim: OwnershipClaim) -> tuple[str, str]:
        return "ethereum", claim.address.lower()


def scheme_with(**methods: object) -> type[OwnershipScheme]:
    return type("Believing", (Believing,), methods)


def with_wallet(folder: Path, more: str = "") -> Any:
    spec = reserves_of(folder, "{name: okx-csv, path: wallets.csv, scheme: faulty}", more)
    (folder / "wallets.csv").write_text(okx_csv([WALLET]))
    return spec


NOT_RESULTS = [
    None,
    (PROVEN,),
    [],
    [PROVEN, PROVEN],
    [Status.PROVEN],
    [evolve(PROVEN, status="proven")],
    [evolve(PROVEN, reason=None)],
    [evolve(PROVEN, address=b"")],
    [evolve(PROVEN, scheme="evm-eoa")],
]


@pytest.mark.parametrize(
    "methods",
    [
        *({"verify": boom(error)} for error in (*BOOM, OSError("boom"))),
        *({"verify": answering(value)} for value in NOT_RESULTS),
        *({"serves": boom(error)} for error in BOOM),
        *({"serves": answering(value)} for value in (None, 1, "yes")),
    ],
)
def test_a_scheme_that_raises_or_returns_anything_else_is_named_and_no_row_fails_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, methods: dict[str, object]
) -> None:
    registry = installed_with("ownership", scheme_with(**methods), monkeypatch)
    spec = with_wallet(tmp_path)
    fault("ownership", lambda: run_reserves(spec, registry=registry))


@pytest.mark.parametrize(
    "account",
    [
        *(boom(error) for error in BOOM),
        *(answering(value) for value in (None, "ab", ["a", "b"], ("a",), ("a", None), ("a", "b", "c"))),
    ],
)
def test_so_is_one_that_spells_an_account_in_any_other_way(
    monkeypatch: pytest.MonkeyPatch, account: Callable[..., Any]
) -> None:
    registry = installed_with("ownership", scheme_with(account=account), monkeypatch)
    scheme = registry.create("ownership", "faulty")
    claim = evolve(WALLET.claim, scheme="faulty", chain="ethereum")
    fault("ownership", lambda: verify_ownership([evolve(claim, kind=Kind.CUSTODIAL)], [scheme]))
    fault("ownership", lambda: Spellings([scheme]).of(claim))
    fault("ownership", lambda: Spellings([scheme]).chain_of(evolve(claim, chain="another")))


def test_a_scheme_that_raises_is_named_with_the_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def verify(this: object, rows: Sequence[OwnershipClaim]) -> list[OwnershipResult]:
        if any(claim.message == "poison" for claim in rows):
            raise ValueError("boom")
        return [PROVEN for _ in rows]

    registry = installed_with("ownership", scheme_with(verify=verify), monkeypatch)
    scheme = registry.create("ownership", "faulty")
    rows = [evolve(WALLET.claim, scheme="faulty", address=f"0x{number:040x}") for number in range(9)]
    assert len(verify_ownership(rows, [scheme])) == 9
    rows[5] = evolve(rows[5], message="poison")
    assert f"judging {rows[5].address!r} on '{rows[5].chain}': ValueError: boom" in fault(
        "ownership", lambda: verify_ownership(rows, [scheme])
    )


def test_a_scheme_that_raises_in_another_process_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = installed_with("ownership", scheme_with(verify=boom(ValueError("boom"))), monkeypatch)
    scheme = registry.create("ownership", "faulty")
    rows = [evolve(WALLET.claim, scheme="faulty")] * 1200
    message = fault("ownership", lambda: verify_ownership(rows, [scheme], processes=2))
    assert "ValueError: boom" in message


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An audit whose only row was judged by the scheme, which did not raise then."""
    registry = installed_with("ownership", scheme_with(), monkeypatch)
    spec = with_wallet(tmp_path)
    prove(tmp_path, spec, {"ETH": "1"})
    run_reserves(spec, tmp_path / "audit", policy=SUM_TREE, registry=registry)
    assert verify_reserves(tmp_path / "audit", policy=SUM_TREE, reserves_policy=DECLARED).evaluation.met
    return tmp_path


@pytest.mark.parametrize("method", ["verify", "serves"])
@pytest.mark.parametrize("error", BOOM, ids=repr)
def test_a_scheme_that_raises_gives_a_verifier_no_verdict(
    published: Path, monkeypatch: pytest.MonkeyPatch, method: str, error: BaseException
) -> None:
    installed_with("ownership", scheme_with(**{method: boom(error)}), monkeypatch)
    fault("ownership", lambda: verify_reserves(published / "audit", policy=SUM_TREE, reserves_policy=DECLARED))


def test_nor_does_the_command(published: Path, monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    (published / "policy.yaml").write_text(DECLARED_FILE)
    asked = ("verify", published / "audit", "--policy", published / "policy.yaml")
    assert command(*asked).status == 0
    installed_with("ownership", scheme_with(verify=boom(ProofRejected("boom", "boom"))), monkeypatch)
    ended = command(*asked)
    assert ended.status == 3
    named(" ".join(ended.err.split()), "ownership")
    assert "VERIFIED" not in ended.out + ended.err
    for line in ("reserves", published / "spec.yaml"), ("audit", published / "spec.yaml", "--out", published / "new"):
        ended = command(*line, "--policy", published / "policy.yaml")
        assert ended.status == 3, line
        named(" ".join(ended.err.split()), "ownership")


# Balances


class Knowing(BalanceProvider):
    """Says of every address that it held two coins."""

    @frozen(kw_only=True)
    class Options:
        pass

    def serves(self, question: Any) -> bool:
        return True

    def balances(self, questions: Sequence[Any], pin: Any, progress: Any) -> list[Answer]:
        return [Answer(2 * 10**36, "it says so") for _ in questions]


def asked(folder: Path, monkeypatch: pytest.MonkeyPatch, row: Any = WALLET, **methods: object) -> str:
    registry = installed_with("balances", type("Knowing", (Knowing,), methods), monkeypatch)
    source = "{name: okx-csv, path: wallets.csv}"
    spec = reserves_of(folder, source, "  balances:\n    - {name: faulty}\n")
    (folder / "wallets.csv").write_text(okx_csv([row]))
    return fault("balances", lambda: run_reserves(spec, registry=registry))


ANSWER = Answer(1, "it says so")
ERRORS = [*BOOM, OSError("boom"), ConnectionRefusedError("boom")]


@pytest.mark.parametrize(
    "methods",
    [
        *({"open": boom(error)} for error in (ZeroDivisionError("boom"), ProofRejected("boom", "boom"))),
        *({"serves": boom(error)} for error in ERRORS),
        *({"serves": answering(value)} for value in (None, 1, "yes")),
        *({"balances": boom(error)} for error in ERRORS),
        *(
            {"balances": answering(value)}
            for value in (
                None,
                7,
                [],
                [ANSWER, ANSWER],
                [None],
                [2],
                [evolve(ANSWER, held=1.0)],
                [evolve(ANSWER, held=-1)],
                [evolve(ANSWER, held=True)],
                [evolve(ANSWER, source=None)],
                [evolve(ANSWER, reason=None)],
                [ControlAnswer(None)],
            )
        ),
    ],
)
def test_a_provider_that_raises_or_returns_anything_else_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, methods: dict[str, object]
) -> None:
    asked(tmp_path, monkeypatch, **methods)


CONTROL = AccountControl("it says so", ("0x" + "ee" * 20,))


@pytest.mark.parametrize(
    "methods",
    [
        *({"controls_chain": boom(error)} for error in ERRORS),
        *({"controls_chain": answering(value)} for value in (None, 1, "ethereum")),
        *({"controls": boom(error)} for error in ERRORS),
        *(
            {"controls": answering(value)}
            for value in (
                None,
                [],
                [CONTROL],
                [ANSWER],
                [ControlAnswer("0x00")],  # type: ignore[arg-type]
                [ControlAnswer(None, None)],  # type: ignore[arg-type]
                [ControlAnswer(evolve(CONTROL, source=None))],
                [ControlAnswer(evolve(CONTROL, owners=(7,)))],
                [ControlAnswer(evolve(CONTROL, threshold="1"))],
                [ControlAnswer(evolve(CONTROL, accepted=("00",)))],
                [ControlAnswer(evolve(CONTROL, accepted=[b""]))],
            )
        ),
    ],
)
def test_so_is_one_that_does_when_it_is_asked_who_controls_an_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, methods: dict[str, object]
) -> None:
    unbound = wallet("EVM, EIP-191", 1, "2")
    strange = evolve(unbound, claim=evolve(unbound.claim, address="0x" + "ab" * 20))
    asked(tmp_path, monkeypatch, strange, **{"controls_chain": answering(True), **methods})


def test_digests_of_another_type_are_the_schemes_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unbound = answering([evolve(PROVEN, status=Status.UNBOUND)])
    for digests in (boom(BOOM[0]), boom(BOOM[1]), answering(None), answering([b"d"]), answering(("d",))):
        registry = installed_with("ownership", scheme_with(verify=unbound, digests=digests), monkeypatch)
        offered = plugin(lambda: [Component("balances", "knowing", "Knows", f"{__name__}:Controlling")])
        registry.register(offered, "knowing", "1.0", "another (another)")
        spec = with_wallet(tmp_path, "  balances:\n    - {name: knowing}\n")
        fault("ownership", lambda chosen=registry, read=spec: run_reserves(read, registry=chosen))  # type: ignore[misc]


class Controlling(Knowing):
    name = "knowing"

    def controls_chain(self, chain: str) -> bool:
        return True


def test_the_command_names_a_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    asked(tmp_path, monkeypatch, balances=boom(OSError("boom")))
    ended = command("reserves", tmp_path / "spec.yaml")
    assert ended.status == 3
    named(" ".join(ended.err.split()), "balances")


# Backends


class Proving(Tally):
    """The test double under another name."""


def proved_by(folder: Path, monkeypatch: pytest.MonkeyPatch, **methods: object) -> Path:
    """Prove the example by a backend with these methods; returns the audit's directory."""
    registry = installed_with("backend", type("Proving", (Proving,), {"Options": TallyOptions, **methods}), monkeypatch)
    return proved_alone(folder, registry, "{name: faulty, capacity: 2}")


def giving(reasons: Any) -> Callable[..., Settled]:
    """A ``settle`` that has nothing to choose, and gives these reasons for it."""
    return lambda this, options, assets, accounts: Settled(options, reasons)


STATED = BackendProperties(False, True, True, True, True, EVERY_ACCOUNT, (), (), (), ())
PYTHONS = [ZeroDivisionError("boom"), KeyError("boom"), AttributeError("boom")]


@pytest.mark.parametrize(
    "methods",
    [
        *({"capacity": answering(value)} for value in (None, 0, -1, 2.0, True, "2", [2])),
        *({"capacity": boom(error)} for error in PYTHONS),
        *({"check": boom(error)} for error in (*PYTHONS, ProofRejected("boom", "boom"), OSError("boom"))),
        *({"settle": boom(error)} for error in (*PYTHONS, ProofRejected("boom", "boom"), OSError("boom"))),
        {"settle": answering(None)},
        *({"settle": giving(reasons)} for reasons in (None, "boom", ["boom"], (1,))),
        *({"prove": boom(error)} for error in (*PYTHONS, ProofRejected("boom", "boom"))),
        *({"prove": answering(value)} for value in (None, b"proof", SegmentProof("p", (1,)), SegmentProof(b"p", [1]))),  # type: ignore[arg-type]
        *({"security": boom(error)} for error in (*PYTHONS, ProofRejected("boom", "boom"))),
        *({"security": answering(value)} for value in (None, 100.0)),
        *({"properties": value} for value in (property(boom(PYTHONS[0])), property(answering("sound")))),
        *(
            {"properties": value}
            for value in (
                evolve(STATED, zero_knowledge="yes"),
                evolve(STATED, exact_totals=1),
                evolve(STATED, non_negativity=True),
                evolve(STATED, proves="everything"),
                evolve(STATED, leaks=[]),
                evolve(STATED, remaining_trust=(None,)),
                evolve(STATED, inexact_totals=None),
                evolve(STATED, hides_balances=None),
                evolve(STATED, hides_sums=0),
            )
        ),
    ],
)
def test_a_backend_that_raises_or_returns_anything_else_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, methods: dict[str, object]
) -> None:
    fault("backend", lambda: proved_by(tmp_path, monkeypatch, **methods))


@pytest.fixture(scope="module")
def own_audit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An audit proved by the backend when it was sound."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        return proved_by(tmp_path_factory.mktemp("own"), monkeypatch)


@pytest.mark.parametrize(
    ("method", "value"),
    [
        *(("open_all", answering(value)) for value in (None, 7, ["alice"], [("alice",)], [("alice", "file")])),
        *(("open_all", answering(value)) for value in ([(7, b"file")], [["alice", b"file"]], [None])),
        *(("open_all", answering(value)) for value in ([("\udcff", b"file")], [("alice", bytes(64 << 20))])),
        *(("open_all", boom(error)) for error in PYTHONS),
        *(("open_inclusion", answering(value)) for value in ("file", 7, (b"file",), bytearray(b"file"))),
        *(("open_inclusion", boom(error)) for error in PYTHONS),
    ],
)
def test_so_is_one_that_cuts_anything_else(
    own_audit: Path, monkeypatch: pytest.MonkeyPatch, method: str, value: object
) -> None:
    registry = installed_with("backend", type("Proving", (Proving,), {method: value}), monkeypatch)
    if method == "open_all":
        fault("backend", lambda: cut_all_inclusions(own_audit, registry=registry))
        fault("backend", lambda: store_inclusions(own_audit, registry=registry))
        assert not list((own_audit / "private").glob("*inclusion*")), "nothing is left half cut"
    else:
        fault("backend", lambda: cut_inclusion(own_audit, "alice", registry=registry))


def test_the_commands_name_a_backend(
    tmp_path: Path, own_audit: Path, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    (tmp_path / "policy.yaml").write_text(ANYTHING)
    for method, line in (
        ("capacity", ("check", own_audit.parent / "spec.yaml", "--policy", tmp_path / "policy.yaml")),
        ("open_all", ("inclusion", own_audit, "--all")),
        ("open_inclusion", ("inclusion", own_audit, "--user", "alice")),
    ):
        installed_with("backend", type("Proving", (Proving,), {method: boom(PYTHONS[0])}), monkeypatch)
        ended = command(*line)
        assert ended.status == 3, (line, ended)
        named(" ".join(ended.err.split()), "backend")


def test_a_backend_that_ends_the_process_does_not_end_it_with_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    audit = proved_by(tmp_path, monkeypatch)
    (tmp_path / "policy.yaml").write_text(ANYTHING)
    assert command("verify", audit, "--policy", tmp_path / "policy.yaml").status == 0
    installed_with("backend", type("Proving", (Proving,), {"verify": boom(SystemExit(0))}), monkeypatch)
    ended = command("verify", audit, "--policy", tmp_path / "policy.yaml")
    assert ended.status == 1, "nothing is accepted"
    assert "[verifier-failed]" in ended.err
    named(" ".join(ended.err.split()), "backend")


# Components of a backend


@pytest.mark.parametrize(
    ("kind", "component", "method"),
    [
        ("hash", "sha256", "hash_rows"),
        ("field", "goldilocks", "multiply"),
        ("commitment", "merkle", "commit"),
        ("constraints", "accounts", "constraints"),
    ],
)
@pytest.mark.parametrize("wrong", [boom(PYTHONS[0]), boom(PYTHONS[1]), answering(None)])
def test_a_command_names_the_component_of_a_backend_that_is_wrong(
    own_audit: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: Command,
    kind: str,
    component: str,
    method: str,
    wrong: Callable[..., Any],
) -> None:
    sound = default_registry().get(kind, component)
    cls = type("Wrong", (sound,), {method: wrong})
    installed_with(kind, cls, monkeypatch)
    text = (own_audit.parent / "spec.yaml").read_text()
    chosen = f"{{name: stark, segment_rows: 1024, limb_bits: 8, {kind}: faulty}}"
    (tmp_path / "spec.yaml").write_text(text.replace("{name: faulty, capacity: 2}", chosen))
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    ended = command("check", tmp_path / "spec.yaml", "--allow-weak")
    assert ended.status == 3, ended.err
    named(" ".join(ended.err.split()), kind)
