"""What relates rows to each other: totals, accounts that are listed twice, stakes, pinned blocks, files."""

from __future__ import annotations

from pathlib import Path

import pytest

from ownership import wallets
from polyproof.errors import ReservesError
from polyproof.model.holdings import FINEST
from polyproof.registry import default_registry
from polyproof.reserves import read_reserves
from polyproof.reserves.signatures import load_schemes
from polyproof.toolkit import encodings
from polyproof_ownership.evm import checksummed
from reserves.conftest import Problems, Read
from reserves.exchange import ETHEREUM, HEADER_11, HEADER_12, jsonl, okx_csv, spec_text, wallet, write_spec

COIN = 10**FINEST
A, B = wallets.evm_account(1), wallets.evm_account(2)
VALIDATOR = "0x" + "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
"""The generator of BLS12-381's first group, which is a well-formed key."""


def holding(chain: str, address: str, asset: str = "ETH", **more: object) -> dict[str, object]:
    return {"asset": asset, "chain": chain, "address": address, "amount": "1", **more}


def twice(problems: Problems, first: dict[str, object], second: dict[str, object], **options: object) -> str:
    (problem,) = problems("native", jsonl([first, second]), "a.jsonl", **options)
    assert problem.location is not None
    assert problem.location.row == 2
    assert "row 1" in (problem.hint or "")
    return problem.message


# An account counts once


UPPER = "0x" + A[2:].upper()
TON = wallets.ton_v3r2(wallets.ed25519(1)[0])
OKT_KEY = bytes.fromhex(A[2:])
FIL = bytes.fromhex(A[2:])


def okt(account: bytes) -> str:
    return encodings.bech32_encode("ex", account)


@pytest.mark.parametrize(
    ("asset", "chain", "first", "second"),
    [
        ("ETH", "ethereum", A, UPPER),
        ("ETH", "ethereum", A, checksummed(bytes.fromhex(A[2:]))),
        ("ETH", "ethereum", A, f" {A} "),
        ("TON", "ton", wallets.friendly(TON), wallets.friendly(TON, tag=0x11)),
        ("TON", "ton", wallets.friendly(TON), wallets.friendly(TON, url=False)),
        ("TON", "ton", wallets.friendly(TON), f"0:{TON.hex()}"),
        ("BTC", "bitcoin", wallets.segwit("bitcoin", 0, bytes(20)), wallets.segwit("bitcoin", 0, bytes(20)).upper()),
        ("APT", "aptos", "0x" + "0" * 63 + "1", "0x1"),
        ("APT", "aptos", "0x" + "ab" * 32, "0x" + "AB" * 32),
    ],
)
def test_one_account_in_two_spellings_may_not_count_twice(
    problems: Problems, asset: str, chain: str, first: str, second: str
) -> None:
    message = twice(problems, holding(chain, first, asset), holding(chain, second, asset))
    assert "listed twice" in message


def test_the_two_spellings_of_filecoin_and_of_okt_are_one_account(problems: Problems) -> None:
    f410 = wallets.PROVEN["Filecoin f410"](1, "m").address
    as_0x = wallets.PROVEN["Filecoin f410 as 0x"](1, "m").address
    assert "listed twice" in twice(problems, holding("filecoin", f410, "FIL"), holding("FEVM", as_0x, "FIL"))
    ex = wallets.PROVEN["OKT ex"](1, "m").address
    hexadecimal = wallets.PROVEN["OKT 0x"](1, "m").address
    assert "listed twice" in twice(
        problems, holding("okt", ex, "OKT"), holding("OKC", hexadecimal, "OKT"), assets=("OKT 9", "ETH 9")
    )


@pytest.mark.parametrize(("first", "second"), [("0x" + "ab" * 32, "0x" + "AB" * 32), ("0x" + "ab" * 32, "ab" * 32)])
def test_an_address_of_a_chain_that_no_scheme_serves_is_compared_too(
    problems: Problems, first: str, second: str
) -> None:
    rows = holding("sui", first, "SUI"), holding("sui", second, "SUI")
    assert "listed twice" in twice(problems, *rows, assets=("SUI 9",))


def test_a_row_declared_custodial_does_not_count_beside_the_same_address_as_own(problems: Problems) -> None:
    rows = holding("ethereum", A), holding("ethereum", A, kind="custodial")
    assert "listed twice" in twice(problems, *rows)


def test_two_names_of_one_coin_are_one_coin(problems: Problems) -> None:
    text = f"{HEADER_11}\nUSDC,ETH,-,{A},1,m,0x,,,,\nUSDC-ERC20,,-,{A},1,m,0x,,,,\n"
    (problem,) = problems("okx-csv", text, "a.csv", assets=("USDC 6",))
    assert "listed twice for USDC on ethereum" in problem.message


def test_an_address_is_found_twice_across_files_and_formats(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{HEADER_11}\nETH,ETH,-,{A},1,m,0x,,,,\n")
    (tmp_path / "b.jsonl").write_text(jsonl([holding("ethereum", UPPER)]))
    sources = "{name: okx-csv, path: a.csv}\n{name: native, path: b.jsonl}"
    spec = write_spec(tmp_path, spec_text(sources))
    assert spec.reserves is not None
    with pytest.raises(ReservesError, match=r"b.jsonl:2: row 1: .* is listed twice .*a.csv:2: row 1"):
        read_reserves(spec.reserves, spec.assets, registry=default_registry(), schemes=load_schemes(), base=tmp_path)


def test_one_address_may_hold_two_assets_two_tokens_and_be_on_two_chains(read: Read) -> None:
    rows = [
        holding("ethereum", A),
        holding("arbitrum", A),
        holding("ethereum", A, "USDC"),
        holding("arbitrum", A, "USDC"),
        holding("arbitrum", A, "USDC", token="bridged"),
    ]
    assert len(read("native", jsonl(rows), "a.jsonl", assets=("ETH 9", "USDC 6")).rows) == 5


# A stake counts once


def test_a_validator_may_not_count_with_the_account_its_stake_is_paid_out_to(problems: Problems) -> None:
    text = (
        f"{HEADER_12}\n"
        f"ETH,Native ETH Staking,ETH,-,{VALIDATOR},32,m,0x01,,,{A},\n"
        f"ETH,Native ETH Staking,ETH,-,{UPPER},32,m,0x01,,,,\n"
    )
    (problem,) = problems("okx-csv", text, "a.csv")
    assert "paid out to" in problem.message
    assert "same coins" in (problem.hint or "")


def test_a_validator_may_not_count_with_its_pod(problems: Problems) -> None:
    text = (
        f"{HEADER_12}\n"
        f"ETH,Eigenlayer Staking,ETH,-,{VALIDATOR},32,m,0x01,,,{A},{B}\n"
        f"ETH,Eigenlayer Staking,ETH,-,{B},32,m,0x01,,,,\n"
    )
    (problem,) = problems("okx-csv", text, "a.csv")
    assert B in problem.message


def test_a_validator_that_is_not_called_staked_is_one_all_the_same(problems: Problems) -> None:
    rows = [holding("ethereum", VALIDATOR, owners=[A]), holding("ethereum", A, kind="staked")]
    (problem,) = problems("native", jsonl(rows), "a.jsonl")
    assert "paid out to" in problem.message


def test_the_coins_that_lie_in_the_account_are_others(read: Read) -> None:
    rows = [holding("ethereum", VALIDATOR, owners=[A], kind="staked"), holding("ethereum", A)]
    assert len(read("native", jsonl(rows), "a.jsonl").rows) == 2


def test_one_validator_listed_twice_is_reported(problems: Problems) -> None:
    rows = holding("ethereum", VALIDATOR), holding("ethereum", "0x" + VALIDATOR[2:].upper())
    assert "listed twice" in twice(problems, *rows)


# Totals


def test_rows_must_add_up_to_what_their_file_declares(problems: Problems) -> None:
    rows = [wallet("EVM, EIP-191", 1, "0.1"), wallet("EVM, EIP-191", 2, "0.2")]
    totals = ["ETH,-,0.3", "ETH(ALL),-,0.3000000000000000001", "BTC,-,1", "USDT-TRC20,1,0"]
    first, second = problems("okx-csv", okx_csv(rows, totals), "a.csv")
    assert first.message == (
        "declares 0.3000000000000000001 ETH(ALL); its rows add up to 0.3, 0.0000000000000000001 less"
    )
    assert first.location is not None
    assert first.location.line == 3
    assert second.message == "declares 1 BTC; its rows add up to 0, 1 less"


def test_a_total_is_of_its_own_file(tmp_path: Path) -> None:
    for number, name in ((1, "a.csv"), (2, "b.csv")):
        (tmp_path / name).write_text(okx_csv([wallet("EVM, EIP-191", number)], ["ETH(ALL),-,1"]))
    spec = write_spec(tmp_path, spec_text("{name: okx-csv, path: '*.csv'}"))
    assert spec.reserves is not None
    found = read_reserves(
        spec.reserves, spec.assets, registry=default_registry(), schemes=load_schemes(), base=tmp_path
    )
    assert [file.file for file in found.files] == ["a.csv", "b.csv"]


def test_tokens_that_are_told_apart_have_totals_of_their_own(problems: Problems) -> None:
    text = (
        "coin,snapshot height,amount\nUSDC-ARBITRUM,-,1\nUSDC-ARBITRUM-NATIVE,-,3\nUSDC(ALL),-,3\n\n"
        f"{HEADER_11}\nUSDC-ARBITRUM,,-,{A},1,m,0x,,,,\nUSDC-ARBITRUM-NATIVE,,-,{A},2,m,0x,,,,\n"
    )
    (problem,) = problems("okx-csv", text, "a.csv", assets=("USDC 6",))
    assert problem.message == "declares 3 USDC-ARBITRUM-NATIVE; its rows add up to 2, 1 less"


def test_rows_left_out_are_part_of_a_total_of_all_chains(read: Read) -> None:
    text = (
        "coin,snapshot height,amount\nETH(ALL),-,3\nETH-LINEA,-,7\nSHIB,-,5\n\n"
        f"{HEADER_11}\nETH,,-,{A},1,m,0x,,,,\nETH-LINEA,,-,{A},2,m,0x,,,,\nSHIB,,-,{A},99,m,0x,,,,\n"
    )
    found = read("okx-csv", text, "a.csv", more="  ignore: [ETH_LINEA, shib]\n")
    assert len(found.rows) == 1
    assert found.files[0].ignored == 2


def test_coins_of_no_asset_are_left_out_by_a_pattern_and_totals_that_differ_are_reported(read: Read) -> None:
    text = (
        "coin,snapshot height,amount\nETH(ALL),-,6\nAPTOS,-,7\nSHIB,-,5\n\n"
        f"{HEADER_11}\nETH,,-,{A},1,m,0x,,,,\nAPTOS,APTOS,-,{A},2,m,0x,,,,\nSHIB,,-,{A},99,m,0x,,,,\n"
    )
    found = read("okx-csv", text, "a.csv", options=", totals: reported", more='  ignore: "*"\n', assets=("ETH 18",))
    assert [row.asset for row in found.rows] == ["ETH"]
    assert found.files[0].ignored == 2
    ((total, sum_of_rows),) = [(one.coin, one.found) for one in found.discrepancies]
    assert (total, sum_of_rows) == ("ETH(ALL)", 10**36)


def test_a_file_in_base_units_is_refused_and_not_read_as_coins(problems: Problems) -> None:
    """Its totals are in coins; of a file without them nobody would notice a factor of 10^18."""
    text = f"coin,address,amount,message,signature1,signature2,redeem script\nETH,{A},59400000000000000,m,0x,,\n"
    found = problems("okx-csv", text, "a.csv")
    assert found[0].message == "there is neither a network nor a snapshot height"


# Pins, files


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"height": "23900001"}, "is for height 23900001; ethereum is pinned at 23900000"),
        ({"block": "0x" + "ab" * 32}, "is for block 0xabab"),
    ],
)
def test_a_row_of_another_block_is_reported(problems: Problems, change: dict[str, str], part: str) -> None:
    (problem,) = problems("native", jsonl([holding("ethereum", A, **change)]), "a.jsonl")
    assert part in problem.message


def test_a_row_of_the_pinned_block_is_read(read: Read) -> None:
    row = holding("ethereum", A, height=str(ETHEREUM.height), block=ETHEREUM.block.upper().replace("0X", "0x"))
    assert read("native", jsonl([row]), "a.jsonl").rows


@pytest.mark.parametrize(("chain", "hint"), [("eth", "the chain is called ethereum"), ("nowhere", "")])
def test_a_pin_under_another_name_is_reported(tmp_path: Path, chain: str, hint: str) -> None:
    (tmp_path / "a.jsonl").write_text(jsonl([holding("ethereum", A)]))
    text = spec_text("{name: native, path: a.jsonl}").replace("chain: ethereum,", f"chain: {chain},")
    spec = write_spec(tmp_path, text)
    assert spec.reserves is not None
    with pytest.raises(ReservesError, match=hint or "unknown network"):
        read_reserves(spec.reserves, spec.assets, registry=default_registry(), schemes=load_schemes(), base=tmp_path)


def test_a_file_that_two_sources_read_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(jsonl([holding("ethereum", A)]))
    sources = "{name: native, path: a.jsonl}\n{name: native, path: ./a.jsonl}"
    spec = write_spec(tmp_path, spec_text(sources))
    assert spec.reserves is not None
    with pytest.raises(ReservesError, match="read by two sources"):
        read_reserves(spec.reserves, spec.assets, registry=default_registry(), schemes=load_schemes(), base=tmp_path)


@pytest.mark.parametrize(
    ("path", "part"), [("none.csv", "no such file"), ("*.none", "no file matches"), (".", "directory")]
)
def test_a_path_that_names_no_file_is_reported(tmp_path: Path, path: str, part: str) -> None:
    spec = write_spec(tmp_path, spec_text(f"{{name: okx-csv, path: '{path}'}}"))
    assert spec.reserves is not None
    with pytest.raises(ReservesError, match=part):
        read_reserves(spec.reserves, spec.assets, registry=default_registry(), schemes=load_schemes(), base=tmp_path)


def test_problems_of_all_files_are_reported_together(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{HEADER_11}\nFOO,ETH,-,{A},1,m,0x,,,,\n")
    (tmp_path / "b.jsonl").write_text(jsonl([holding("nowhere", A), holding("ethereum", A), holding("ethereum", A)]))
    spec = write_spec(tmp_path, spec_text("{name: okx-csv, path: a.csv}\n{name: native, path: b.jsonl}"))
    assert spec.reserves is not None
    with pytest.raises(ReservesError) as caught:
        read_reserves(spec.reserves, spec.assets, registry=default_registry(), schemes=load_schemes(), base=tmp_path)
    places = [(Path(one.location.file).name, one.location.row) for one in caught.value.problems if one.location]
    assert places == [("a.csv", 1), ("b.jsonl", 1), ("b.jsonl", 3)]


def test_the_message_and_scheme_of_a_source_hold_for_rows_that_have_none(read: Read) -> None:
    row = holding("ethereum", A)
    own = {**holding("ethereum", B), "message": "mine", "scheme": "tron"}
    found = read("native", jsonl([row, own]), "a.jsonl", ", message: I am an example, scheme: evm-eoa").rows
    assert [(one.message, one.scheme) for one in found] == [("I am an example", "evm-eoa"), ("mine", "tron")]
