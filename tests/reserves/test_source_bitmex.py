"""BitMEX's YAML: scripts and descriptors become keys, satoshis become exact amounts, and the total must be met."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from coincurve import PrivateKey, PublicKey

from ownership import wallets
from polyproof.model.holdings import FINEST
from polyproof.ownership import Kind, Status
from polyproof.reserves.signatures import load_schemes, verify_ownership
from polyproof.toolkit import encodings
from polyproof_sources.descriptors import descriptor_keys
from reserves.conftest import Problems, Read

SATOSHI = 10 ** (FINEST - 8)


def extended(number: int) -> tuple[PrivateKey, bytes, str]:
    """A private key, its chain code, and its xpub."""
    key, code = PrivateKey(wallets.secret(number)), wallets.secret(number, 9)
    body = bytes.fromhex("0488b21e") + bytes(9) + code + key.public_key.format()
    return key, code, encodings.base58_check_encode(body)


def child(key: PrivateKey, code: bytes, index: int) -> tuple[PrivateKey, bytes]:
    """BIP-32, "Private parent key → private child key", the way round that the reader does not go."""
    mixed = hmac.new(code, key.public_key.format() + index.to_bytes(4), hashlib.sha512).digest()
    return key.add(mixed[:32]), mixed[32:]


def document(*addresses: str, total: int, more: str = "", custodial: str = "") -> str:
    listed = "".join(f"  - {line}\n" for line in addresses)
    return f"height: 925000\nchain: main\nclaim: {{m: 3, n: 4}}\ntotal: {total}\nkeys: []\n{more}address:\n{listed}" + (
        f"custodial:\n  - {custodial}\n" if custodial else ""
    )


def address(number: int) -> str:
    return wallets.segwit("bitcoin", 0, wallets.hash160(wallets.public(number)))


def test_scripts_and_balances_are_read(read: Read) -> None:
    claim = wallets.PROVEN["bitcoin P2WSH"](1, "m")
    text = document(
        f"{{addr: {claim.address}, addr_type: wsh, script: {claim.keys[0]}, balance: 12345}}",
        f"{{addr: {address(2)}, addr_type: unspendable, balance: 5}}",
        total=12_650,
        custodial=f"{{addr: {address(3)}, addr_type: deposit, balance: 300}}",
    )
    first, burnt, held = read("bitmex-yaml", text, "a.yaml").rows
    assert (first.asset, first.chain, first.amount, first.height) == ("BTC", "bitcoin", 12_345 * SATOSHI, 925_000)
    assert first.keys == claim.keys
    assert burnt.signatures == burnt.keys == ()
    assert held.kind is Kind.CUSTODIAL
    assert [row.location.row for row in (first, burnt, held)] == [1, 2, 3]


def test_a_signed_row_of_such_a_file_is_proven_and_an_unsigned_one_is_not(read: Read) -> None:
    claim = wallets.PROVEN["bitcoin P2WSH"](1, "we hold this")
    signatures = ", ".join(f"'{text}'" for text in claim.signatures)
    row = f"addr: {claim.address}, addr_type: wsh, script: {claim.keys[0]}, balance: 7"
    other = wallets.PROVEN["bitcoin P2WSH"](2, "we hold this")
    unsigned = f"{{addr: {other.address}, addr_type: wsh, script: {other.keys[0]}, balance: 7}}"
    text = document(f"{{{row}, signatures: [{signatures}]}}", unsigned, total=14, more="message: we hold this\n")
    rows = read("bitmex-yaml", text, "a.yaml").rows
    results = verify_ownership([row.claim for row in rows], load_schemes())
    assert [result.status for result in results] == [Status.PROVEN, Status.FAILED]


def test_what_is_unspendable_proves_nothing_even_if_it_is_signed(read: Read) -> None:
    claim = wallets.PROVEN["bitcoin P2WPKH, header of BIP-137"](1, "m")
    row = f"addr: {claim.address}, addr_type: unspendable, balance: 7, message: m"
    text = document(f"{{{row}, signatures: ['{claim.signatures[0]}']}}", total=7)
    rows = read("bitmex-yaml", text, "a.yaml").rows
    (result,) = verify_ownership([row.claim for row in rows], load_schemes())
    assert result.status is Status.FAILED


@pytest.mark.parametrize(("total", "less"), [(12, "2 more"), (15, "1 less"), (14, "")])
def test_balances_must_add_up_to_the_total(read: Read, problems: Problems, total: int, less: str) -> None:
    rows = [f"{{addr: {address(number)}, addr_type: unspendable, balance: 7}}" for number in (1, 2)]
    text = document(*rows, total=total)
    if not less:
        assert len(read("bitmex-yaml", text, "a.yaml").rows) == 2
        return
    (problem,) = problems("bitmex-yaml", text, "a.yaml")
    number, way = less.split()
    assert problem.message.endswith(f"0.0000000{number} {way}")
    assert problem.location is not None
    assert problem.location.line == 4


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (("chain: main", "chain: test"), "chain is 'test'"),
        (("height: 925000", "height: soon"), "height"),
        (("total: 7\n", ""), "'total' is missing"),
        (("balance: 7", "balance: seven"), "not a number"),
        (("balance: 7", "balance: -7"), "negative"),
        (("balance: 7", "balance: [7]"), "balance is not text"),
        (("addr_type: wsh", "addr_type: tr"), "addr_type 'tr'"),
        (("script: 52", "script: zz52"), "script cannot be read"),
        (("addr: ", "adr: "), "'addr' is missing"),
        (("total: 7", "total: 7\ntotal: 8"), "given twice"),
        (("address:", "addresses:"), "address is not a list"),
    ],
)
def test_what_is_wrong_is_reported_with_its_line(problems: Problems, change: tuple[str, str], part: str) -> None:
    claim = wallets.PROVEN["bitcoin P2WSH"](1, "m")
    row = f"{{addr: {claim.address}, addr_type: wsh, script: {claim.keys[0]}, balance: 7}}"
    text = document(row, total=7).replace(*change)
    found = problems("bitmex-yaml", text, "a.yaml")
    assert any(part in problem.message for problem in found)
    assert all(problem.location and problem.location.line for problem in found)


def test_a_file_that_is_not_yaml_is_reported(problems: Problems) -> None:
    (problem,) = problems("bitmex-yaml", "address: [", "a.yaml")
    assert "not YAML" in problem.message


# Descriptors


def test_a_child_key_is_that_of_bip32s_first_test_vector() -> None:
    # BIP-32, test vector 1: chain m/0' and its child m/0'/1.
    parent = (
        "xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhwBZeNK1VTsf"
        "TFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw"
    )
    child = (
        "xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAWbWMiGj7Wf5"
        "uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ"
    )
    assert descriptor_keys(f"wpkh({parent}/1)") == descriptor_keys(f"wpkh({child})")


@pytest.mark.parametrize("path", [[], [0], [0, 5], [1, 2, (1 << 31) - 1]])
def test_public_derivation_agrees_with_private(path: list[int]) -> None:
    key, code, xpub = extended(7)
    for step in path:
        key, code = child(key, code, step)
    steps = "".join(f"/{step}" for step in path)
    assert descriptor_keys(f"wpkh([d34db33f/84h/0'/0]{xpub}{steps})#abcdefgh") == key.public_key.format().hex()


@pytest.mark.parametrize("form", ["sh({})", "wsh({})", "sh(wsh({}))"])
def test_a_multisignature_descriptor_is_its_script(form: str) -> None:
    keys = [wallets.public(1, part) for part in range(3)]
    inner = ",".join(key.hex() for key in keys)
    assert descriptor_keys(form.format(f"multi(2,{inner})")) == wallets.multisig_script(1).hex()
    ordered = b"".join(b"\x21" + key for key in sorted(keys))
    assert descriptor_keys(form.format(f"sortedmulti(2,{inner})")) == (b"\x52" + ordered + b"\x53\xae").hex()


def test_uncompressed_keys_stay_uncompressed() -> None:
    key = wallets.public(1, compressed=False)
    assert descriptor_keys(f"pkh({key.hex()})") == key.hex()


def test_a_descriptor_of_the_file_is_bound_to_its_address(read: Read) -> None:
    _, _, xpub = extended(8)
    key, code, _ = extended(8)
    for step in (0, 5):
        key, code = child(key, code, step)
    held = wallets.segwit("bitcoin", 0, wallets.hash160(key.public_key.format()))
    text = document(f"{{addr: {held}, addr_type: wpkh, script: 'wpkh({xpub}/0/5)', balance: 7}}", total=7)
    (row,) = read("bitmex-yaml", text, "a.yaml").rows
    assert PublicKey(bytes.fromhex(row.keys[0])) == key.public_key


XPUB = extended(7)[2]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "addr(bc1q)",
        "tr(" + "02" + "11" * 32 + ")",
        f"wpkh({XPUB}/0h)",
        f"wpkh({XPUB}/*)",
        f"wpkh({XPUB}/2147483648)",
        f"wpkh({XPUB}" + "/1" * 17 + ")",
        f"wpkh({XPUB[:-1]}x)",
        f"wpkh({XPUB[:50]}0{XPUB[51:]})",
        f"wpkh({'x' * 111})",
        "wpkh(02" + "ff" * 32 + ")",
        "wpkh(02" + "11" * 32 + "/0)",
        f"wsh(multi(0,{XPUB}))",
        f"wsh(multi(2,{XPUB}))",
        f"wsh(multi(x,{XPUB}))",
        "wsh(multi(1))",
        f"wsh(multi(1,{','.join([XPUB] * 17)}))",
        f"wsh(wpkh({XPUB}))",
        "(" * 3000,
        "wpkh(" * 3000 + ")" * 3000,
        "sh(" + "\u0662" * 66 + ")",
    ],
)
def test_another_descriptor_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        descriptor_keys(text)
