"""The interface: which scheme judges which row, and that nothing a scheme or a row does makes a row count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from attrs import evolve, frozen
from attrs.exceptions import FrozenInstanceError

from ownership import wallets
from ownership.judged import SCHEMES, judge
from polyproof.errors import InputError, PluginError, PluginFault
from polyproof.ownership import Kind, OwnershipClaim, OwnershipResult, OwnershipScheme, Status
from polyproof.progress import Progress, Task
from polyproof.reserves.signatures import load_schemes, verify_ownership
from polyproof_ownership.chains import Family, canonical_chain, chains_of, family_of

GOOD = wallets.PROVEN["EVM, EIP-191"](1, "m")


class Generous(OwnershipScheme):
    """Finds everything proven that is on its chain."""

    name = "generous"
    chains = frozenset({"elsewhere"})

    def serves(self, claim: OwnershipClaim) -> bool:
        return claim.chain == "elsewhere"

    def verify(self, rows: Sequence[OwnershipClaim]) -> list[OwnershipResult]:
        return [OwnershipResult(Status.PROVEN, "", self.name) for _ in rows]


class Greedy(Generous):
    name = "greedy"


class Raising(Generous):
    name = "raising"

    def verify(self, rows: Sequence[OwnershipClaim]) -> list[OwnershipResult]:
        if any("poison" in claim.message for claim in rows):
            raise ZeroDivisionError("poison")
        return super().verify(rows)


class Forgetful(Generous):
    name = "forgetful"

    def verify(self, rows: Sequence[OwnershipClaim]) -> list[OwnershipResult]:
        return super().verify(rows)[1:]


class Unsure(Generous):
    name = "unsure"

    def serves(self, claim: OwnershipClaim) -> bool:
        raise RuntimeError("who knows")


class Bound(Generous):
    """Cannot be sent to another process."""

    name = "bound"

    def __init__(self) -> None:
        self.held = lambda: None


def elsewhere(message: str = "m", **more: object) -> OwnershipClaim:
    return OwnershipClaim("COIN", "elsewhere", "a", message, ["s"], **more)  # type: ignore[arg-type]


def statuses(rows: Sequence[OwnershipClaim], schemes: Sequence[OwnershipScheme], processes: int = 1) -> list[Status]:
    return [result.status for result in verify_ownership(rows, schemes, processes=processes)]


def test_every_documented_scheme_is_installed() -> None:
    assert {scheme.name for scheme in SCHEMES} == {
        "bip322",
        "bitcoin-signmessage",
        "ed25519-account",
        "eos-k1",
        "eth-validator-bls",
        "evm-eoa",
        "secp256k1-account",
        "tron",
    }


def test_schemes_can_be_chosen_by_name() -> None:
    assert [scheme.name for scheme in load_schemes(names=["tron"])] == ["tron"]
    with pytest.raises(PluginError, match="no ownership is named 'trom'"):
        load_schemes(names=["trom"])


def test_a_chain_that_nobody_serves_is_unsupported() -> None:
    result = judge(evolve(GOOD, chain="no such chain"))
    assert result.status is Status.UNSUPPORTED
    assert "no such chain" in result.reason


def test_without_schemes_everything_is_unsupported() -> None:
    assert statuses([GOOD], []) == [Status.UNSUPPORTED]


def test_a_row_that_two_schemes_serve_is_unsupported_until_it_names_one() -> None:
    schemes = [Generous(), Greedy()]
    (result,) = verify_ownership([elsewhere()], schemes)
    assert result.status is Status.UNSUPPORTED
    assert "generous and greedy" in result.reason
    assert statuses([elsewhere(scheme="greedy")], schemes) == [Status.PROVEN]


def test_a_scheme_that_is_not_installed_is_unsupported() -> None:
    assert statuses([evolve(GOOD, scheme="evm")], SCHEMES) == [Status.UNSUPPORTED]


def test_a_row_cannot_name_a_scheme_that_does_not_serve_it() -> None:
    assert statuses([evolve(GOOD, scheme="generous", signatures=["junk"])], [*SCHEMES, Generous()]) == [
        Status.UNSUPPORTED
    ]


@pytest.mark.parametrize("scheme", [scheme.name for scheme in SCHEMES if scheme.name != "evm-eoa"])
def test_a_row_that_names_another_scheme_than_its_own_is_not_proven(scheme: str) -> None:
    assert statuses([evolve(GOOD, scheme=scheme)], SCHEMES) == [Status.UNSUPPORTED]


def test_a_declared_custodian_is_custodial_even_where_nobody_serves_the_chain() -> None:
    rows = [
        evolve(GOOD, kind=Kind.CUSTODIAL),
        elsewhere(kind=Kind.CUSTODIAL),
        evolve(GOOD, kind=Kind.CUSTODIAL, chain="no such chain", address="?"),
        evolve(GOOD, kind=Kind.CUSTODIAL, signatures=()),
    ]
    results = verify_ownership(rows, [*SCHEMES, Generous()])
    assert [result.status for result in results] == [Status.CUSTODIAL] * 4
    assert (results[0].chain, results[0].address.lower()) == ("ethereum", GOOD.address)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
def test_every_scheme_knows_a_custodian_by_itself(scheme: OwnershipScheme) -> None:
    rows = [evolve(sign(1, "m"), kind=Kind.CUSTODIAL) for sign in wallets.PROVEN.values()]
    served = [claim for claim in rows if scheme.serves(claim)]
    spoiled = [evolve(claim, address="?") for claim in served]
    for result in scheme.verify(served + spoiled):
        assert result.status is Status.CUSTODIAL


def test_results_are_in_the_order_of_the_rows() -> None:
    ways = list(wallets.PROVEN.values())
    rows = [ways[number % len(ways)](number, f"m{number}") for number in range(200)]
    for number in range(0, 200, 7):
        rows[number] = evolve(rows[number], message="another")
    results = verify_ownership(rows, SCHEMES)
    assert len(results) == 200
    assert [number for number, result in enumerate(results) if result.status is not Status.PROVEN] == list(
        range(0, 200, 7)
    )
    alone = [judge(claim) for claim in rows]
    assert results == alone


def test_processes_give_the_same_results() -> None:
    rows = [wallets.PROVEN["EVM, EIP-191"](number, "m") for number in range(1200)]
    rows[700] = evolve(rows[700], message="n")
    assert verify_ownership(rows, SCHEMES, processes=2) == verify_ownership(rows, SCHEMES, processes=1)


def test_a_scheme_that_cannot_be_sent_to_a_process_works_here() -> None:
    assert statuses([elsewhere()] * 1200, [Bound()], processes=2) == [Status.PROVEN] * 1200


def test_no_rows_give_no_results() -> None:
    assert verify_ownership([], SCHEMES) == []


def test_a_scheme_that_raises_ends_in_its_fault_and_in_no_verdict_on_the_row() -> None:
    rows = [elsewhere(), elsewhere("poison"), elsewhere()]
    with pytest.raises(
        PluginFault, match=r"ownership 'raising' .* failed while judging .a. on 'elsewhere': ZeroDivisionError"
    ):
        verify_ownership(rows, [Raising()])
    assert statuses(rows[::2], [Raising()]) == [Status.PROVEN] * 2


def test_so_does_one_that_raises_when_asked_whether_it_serves() -> None:
    with pytest.raises(PluginFault, match=r"ownership 'unsure' .* RuntimeError: who knows"):
        verify_ownership([GOOD], [*SCHEMES, Unsure()])


def test_a_scheme_that_loses_rows_is_an_error() -> None:
    with pytest.raises(PluginError, match="gave 0 results for 1 row"):
        verify_ownership([elsewhere()], [Forgetful()])


@pytest.mark.parametrize("results", [None, (), [Status.PROVEN], [None], "p", [OwnershipResult]])
def test_a_scheme_that_returns_something_other_than_results_is_an_error(results: object) -> None:
    class Wrong(Generous):
        def verify(self, rows: Sequence[OwnershipClaim]) -> list[OwnershipResult]:
            return results  # type: ignore[return-value]

    with pytest.raises(PluginError, match="something other than a list of results"):
        verify_ownership([elsewhere()], [Wrong()])


def test_progress_counts_every_row_once() -> None:
    @frozen
    class Counter(Task):
        seen: list[int]

        def advance(self, steps: int = 1) -> None:
            self.seen.append(steps)

    class Watcher(Progress):
        def __init__(self) -> None:
            self.totals: list[int | None] = []
            self.seen: list[int] = []

        @contextmanager
        def task(self, title: str, total: int | None = None) -> Iterator[Task]:
            self.totals.append(total)
            yield Counter(self.seen)

    watcher = Watcher()
    rows = [evolve(GOOD, chain="nowhere")] * 10 + [elsewhere()] * 2000
    verify_ownership(rows, [Generous()], watcher)
    assert watcher.totals == [2010]
    assert sum(watcher.seen) == 2010
    assert len(watcher.seen) > 3


@pytest.mark.parametrize("name", ["asset", "chain", "address", "message"])
def test_a_claim_takes_text_only(name: str) -> None:
    with pytest.raises(InputError, match=f"{name} of an ownership claim is int"):
        evolve(GOOD, **{name: 1})


@pytest.mark.parametrize("name", ["signatures", "keys", "owners"])
def test_a_claim_takes_sequences_of_texts(name: str) -> None:
    with pytest.raises(InputError, match="not one string"):
        evolve(GOOD, **{name: "0x00"})
    with pytest.raises(InputError, match="not text"):
        evolve(GOOD, **{name: [b"00"]})


def test_a_claim_and_its_result_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        GOOD.address = "x"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        judge(GOOD).status = Status.PROVEN  # type: ignore[misc]


# One spelling of one account


def test_the_spellings_of_one_account_have_one_spelling() -> None:
    scheme = {scheme.name: scheme for scheme in SCHEMES}
    account = wallets.evm_account(1)
    key, _ = wallets.ed25519(1)
    ton = wallets.ton_v3r2(key)
    segwit = wallets.PROVEN["bitcoin P2WSH"](1, "m").address
    legacy = wallets.encodings.base58_check_encode(b"\x05" + bytes(20))
    groups = {
        ("evm-eoa", "ETH"): [account, account.upper().replace("X", "x")],
        ("ed25519-account", "TON"): [
            wallets.friendly(ton),
            wallets.friendly(ton, 0x11),
            wallets.friendly(ton, url=False),
            f"0:{ton.hex()}",
        ],
        ("ed25519-account", "APT"): ["0x1", "0x" + "0" * 63 + "1", "0x01"],
        ("ed25519-account", "ADA"): [
            wallets.cardano(0x61)(key),
            wallets.cardano(0x61)(key).upper(),
        ],
        ("secp256k1-account", "FIL"): [wallets.filecoin_f410(1), account],
        ("secp256k1-account", "OKT"): [wallets.okt_ex(1), account],
        ("secp256k1-account", "ELF"): [wallets.aelf(1), f"ELF_{wallets.aelf(1)}_AELF"],
        ("bitcoin-signmessage", "BTC"): [segwit, segwit.upper()],
        ("bip322", "LTC"): [legacy, wallets.encodings.base58_check_encode(b"\x32" + bytes(20))],
    }
    for (name, chain), addresses in groups.items():
        found = {scheme[name].account(OwnershipClaim("A", chain, address)) for address in addresses}
        assert len(found) == 1, addresses
        ((one_chain, one_address),) = found
        assert one_chain == canonical_chain(chain)
        assert one_address


def test_an_address_that_does_not_decode_has_no_spelling() -> None:
    for scheme in SCHEMES:
        for chain in scheme.chains:
            assert scheme.account(OwnershipClaim("A", chain, "not an address!")) == (chain, "")
            assert scheme.account(OwnershipClaim("A", chain, "x" * 10_000)) == (chain, "")
        assert scheme.account(OwnershipClaim("A", "nowhere", GOOD.address)) == ("", "")


@pytest.mark.parametrize(
    ("spelled", "chain"),
    [
        ("ETH", "ethereum"),
        ("eth", "ethereum"),
        ("ETH-ARBITRUM", "arbitrum"),
        ("ETH_OPTIMISM", "optimism"),
        ("Arbitrum One", "arbitrum"),
        ("USDT-TRC20", "tron"),
        ("TONCOIN_NEW", "ton"),
        ("usdt-avaxc", "avalanche-c"),
        ("FIL_EVM", "filecoin"),
        ("USDC-OKC20", "okt"),
        ("WAXP", "wax"),
    ],
)
def test_chains_are_known_by_the_names_that_exchanges_use(spelled: str, chain: str) -> None:
    assert canonical_chain(spelled) == chain


def test_what_is_not_a_chain_has_no_name() -> None:
    for name in ("", "USDT", "BCH", "ethereum ", "ETH\n", "x" * 1000):
        assert canonical_chain(name) is None
        assert family_of(name) is None


def test_every_chain_has_one_scheme_for_accounts() -> None:
    for chain in chains_of(*Family):
        serving = {scheme.name for scheme in SCHEMES if chain in scheme.chains} - {"bip322", "eth-validator-bls"}
        assert len(serving) == 1


def test_a_scheme_gives_the_digests_to_ask_a_contract_with() -> None:
    evm = next(scheme for scheme in SCHEMES if scheme.name == "evm-eoa")
    digests = evm.digests(GOOD)
    assert wallets.personal(b"m") in digests
    assert wallets.personal_hashed(b"m") in digests
    assert evm.digests(evolve(GOOD, message="\ud800")) == ()
    assert next(scheme for scheme in SCHEMES if scheme.name == "tron").digests(GOOD) == ()
