"""Wallets of the tests: keys made from a number, and claims signed with them, one way for each that a scheme accepts.

Digests and addresses are put together here anew from the standards, not with the code under test; only base58, bech32
and base32 are borrowed from it, which published vectors test on their own.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

from attrs import evolve
from coincurve import PrivateKey, PublicKey
from Crypto.Hash import RIPEMD160, keccak
from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

from ownership import spending
from polyproof.ownership import AccountControl, Kind, OwnershipClaim
from polyproof.toolkit import encodings

Claim = Callable[[int, str], OwnershipClaim]

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def secret(number: int, part: int = 0) -> bytes:
    return hashlib.sha256(b"tests of ownership" + number.to_bytes(8) + part.to_bytes(8)).digest()


def keccak256(data: bytes) -> bytes:
    return keccak.new(digest_bits=256, data=data).digest()


def hash160(data: bytes) -> bytes:
    return RIPEMD160.new(hashlib.sha256(data).digest()).digest()


def sha256d(data: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def sized(data: bytes) -> bytes:
    """Bytes after their count, as Bitcoin writes it."""
    if len(data) < 253:
        return bytes([len(data)]) + data
    return b"\xfd" + len(data).to_bytes(2, "little") + data


def personal(message: bytes) -> bytes:
    return keccak256(b"\x19Ethereum Signed Message:\n%d%s" % (len(message), message))


def personal_hashed(message: bytes, chain: bytes = b"Ethereum") -> bytes:
    return keccak256(b"\x19" + chain + b" Signed Message:\n32" + keccak256(message))


def envelope(message: bytes) -> bytes:
    return sized(b"OKX Signed Message:\n") + sized(message)


def rsv(number: int, digest: bytes, part: int = 0, offset: int = 27) -> str:
    """r, s and v in hexadecimal."""
    signed = PrivateKey(secret(number, part)).sign_recoverable(digest, hasher=None)
    return "0x" + (signed[:64] + bytes([signed[64] + offset])).hex()


def public(number: int, part: int = 0, compressed: bool = True) -> bytes:
    return PrivateKey(secret(number, part)).public_key.format(compressed)


def claim(chain: str, address: str, message: str, *signatures: str, keys: tuple[str, ...] = ()) -> OwnershipClaim:
    return OwnershipClaim("COIN", chain, address, message, signatures, keys)


# Ethereum and the like


def evm_account(number: int, part: int = 0) -> str:
    return "0x" + keccak256(public(number, part, compressed=False)[1:])[12:].hex()


def evm(chain: str, digest: Callable[[bytes], bytes], offset: int = 27) -> Claim:
    def sign(number: int, message: str) -> OwnershipClaim:
        return claim(chain, evm_account(number), message, rsv(number, digest(message.encode()), offset=offset))

    return sign


def contract(number: int, message: str) -> OwnershipClaim:
    """A contract of which the chain says that two of three owners must sign, signed by the first two."""
    owners = tuple(evm_account(number, part) for part in range(3))
    signed = [rsv(number, personal(message.encode()), part) for part in range(2)]
    row = claim("ethereum", "0x" + secret(number, 99)[:20].hex(), message, *signed)
    return evolve(row, owners=owners[:2], control=AccountControl("getOwners at block 0xabc", owners, 2))


# Tron


def tron_account(number: int, part: int = 0) -> str:
    return encodings.base58_check_encode(b"\x41" + bytes.fromhex(evm_account(number, part)[2:]))


def tron(digest: Callable[[bytes], bytes]) -> Claim:
    return lambda number, message: claim("TRX", tron_account(number), message, rsv(number, digest(message.encode())))


def tron_permission(number: int, message: str) -> OwnershipClaim:
    holders = tuple(tron_account(number, part) for part in (1, 2, 3))
    signed = [rsv(number, personal_hashed(message.encode(), b"TRON"), part) for part in (1, 3)]
    row = claim("tron", tron_account(number), message, *signed)
    return evolve(row, control=AccountControl("wallet/getaccount at block 5", holders, 2))


# Bitcoin and the like

CHAINS = {
    "bitcoin": (0, 5, "bc", b"Bitcoin Signed Message:\n"),
    "litecoin": (48, 50, "ltc", b"Litecoin Signed Message:\n"),
    "dogecoin": (30, 22, "", b"Dogecoin Signed Message:\n"),
    "dash": (76, 16, "", b"DarkCoin Signed Message:\n"),
}


def bitcoin_digest(chain: str, message: str) -> bytes:
    return sha256d(sized(CHAINS[chain][3]) + sized(message.encode()))


def compact(number: int, digest: bytes, part: int = 0, header: int = 31) -> str:
    signed = PrivateKey(secret(number, part)).sign_recoverable(digest, hasher=None)
    return base64.b64encode(bytes([header + signed[64]]) + signed[:64]).decode()


def second_compact(secret: bytes, digest: bytes) -> bytes:
    """Header, r and s of a signature under another nonce than the library's, by the textbook."""
    nonce = int.from_bytes(digest) % ORDER or 1
    point = PublicKey.from_secret(nonce.to_bytes(32)).format()
    r = int.from_bytes(point[1:])
    s = pow(nonce, -1, ORDER) * (int.from_bytes(digest) + r * int.from_bytes(secret)) % ORDER
    recovery = point[0] & 1
    if s > ORDER // 2:
        s, recovery = ORDER - s, recovery ^ 1
    return bytes([31 + recovery]) + r.to_bytes(32) + s.to_bytes(32)


def second_signature(secret: bytes, digest: bytes) -> str:
    """The same in base64, as a signed message."""
    return base64.b64encode(second_compact(secret, digest)).decode()


def segwit(chain: str, version: int, program: bytes) -> str:
    return encodings.segwit_encode(CHAINS[chain][2], version, program)


def p2sh(chain: str, script: bytes) -> str:
    return encodings.base58_check_encode(bytes([CHAINS[chain][1]]) + hash160(script))


def multisig_script(number: int, needed: int = 2, keys: int = 3) -> bytes:
    held = b"".join(b"\x21" + public(number, part) for part in range(keys))
    return bytes([0x50 + needed]) + held + bytes([0x50 + keys, 0xAE])


def p2pkh_address(chain: str, number: int, compressed: bool = True) -> str:
    return encodings.base58_check_encode(bytes([CHAINS[chain][0]]) + hash160(public(number, compressed=compressed)))


def p2pkh(chain: str, compressed: bool = True) -> Claim:
    def sign(number: int, message: str) -> OwnershipClaim:
        header = 31 if compressed else 27
        signed = compact(number, bitcoin_digest(chain, message), header=header)
        return claim(chain, p2pkh_address(chain, number, compressed), message, signed)

    return sign


def p2wpkh(chain: str, header: int) -> Claim:
    def sign(number: int, message: str) -> OwnershipClaim:
        signed = compact(number, bitcoin_digest(chain, message), header=header)
        return claim(chain, segwit(chain, 0, hash160(public(number))), message, signed)

    return sign


def nested(chain: str, header: int) -> Claim:
    def sign(number: int, message: str) -> OwnershipClaim:
        signed = compact(number, bitcoin_digest(chain, message), header=header)
        return claim(chain, p2sh(chain, b"\x00\x14" + hash160(public(number))), message, signed)

    return sign


def multisig(chain: str, form: str) -> Claim:
    """Two of three, signed by the last two."""

    def sign(number: int, message: str) -> OwnershipClaim:
        script = multisig_script(number)
        witness = hashlib.sha256(script).digest()
        address = {
            "p2sh": lambda: p2sh(chain, script),
            "p2wsh": lambda: segwit(chain, 0, witness),
            "p2sh-p2wsh": lambda: p2sh(chain, b"\x00\x20" + witness),
        }[form]()
        signed = [compact(number, bitcoin_digest(chain, message), part) for part in (1, 2)]
        return claim(chain, address, message, *signed, keys=(script.hex(),))

    return sign


def exchange_p2wsh(number: int, message: str) -> OwnershipClaim:
    script = multisig_script(number)
    signed = [rsv(number, keccak256(envelope(message.encode())), part) for part in (0, 1)]
    address = segwit("bitcoin", 0, hashlib.sha256(script).digest())
    return claim("bitcoin", address, message, *signed, keys=(script.hex(),))


# BIP-322


def bip322(chain: str, form: str, full: bool) -> Claim:
    def sign(number: int, message: str) -> OwnershipClaim:
        key = PrivateKey(secret(number))
        script = multisig_script(number)
        witness_hash = hashlib.sha256(script).digest()
        match form:
            case "p2pkh":
                address = p2pkh_address(chain, number)
                output = b"\x76\xa9\x14" + hash160(public(number)) + b"\x88\xac"
                solve = spending.by_key_hash(key)
            case "p2wpkh":
                address = segwit(chain, 0, hash160(public(number)))
                output = b"\x00\x14" + hash160(public(number))
                solve = spending.by_witness_key_hash(key)
            case "p2sh-p2wpkh":
                redeem = b"\x00\x14" + hash160(public(number))
                address, output = p2sh(chain, redeem), b"\xa9\x14" + hash160(redeem) + b"\x87"
                solve = spending.by_witness_key_hash(key, redeem if full else b"")
            case "p2tr":
                output_key = spending.taproot_key(key)
                address, output = segwit(chain, 1, output_key), b"\x51\x20" + output_key
                solve = spending.by_taproot(key)
            case "p2sh":
                address, output = p2sh(chain, script), b"\xa9\x14" + hash160(script) + b"\x87"
                solve = spending.by_script(script, [PrivateKey(secret(number, part)) for part in (0, 2)])
            case _:
                address, output = segwit(chain, 0, witness_hash), b"\x00\x20" + witness_hash
                solve = spending.by_witness_script(script, [PrivateKey(secret(number, part)) for part in (0, 2)])
        return claim(chain, address, message, spending.sign(message.encode(), output, solve, full))

    return sign


# Ed25519


def ed25519(number: int, part: int = 0) -> tuple[bytes, bytes]:
    return crypto_sign_seed_keypair(secret(number, part))


def sign_ed25519(number: int, data: bytes, part: int = 0) -> bytes:
    return crypto_sign(data, ed25519(number, part)[1])[:64]


def exchange_ed25519(chain: str, address: Callable[[bytes], str], give_key: bool = True) -> Claim:
    def sign(number: int, message: str) -> OwnershipClaim:
        key, _ = ed25519(number)
        signed = "0x" + sign_ed25519(number, envelope(message.encode())).hex()
        return claim(chain, address(key), message, signed, keys=("0x" + key.hex(),) if give_key else ())

    return sign


def solana_bare(number: int, message: str) -> OwnershipClaim:
    key, _ = ed25519(number)
    signed = encodings.base58_encode(sign_ed25519(number, message.encode()))
    return claim("SOL", encodings.base58_encode(key), message, signed)


def aptos_address(key: bytes) -> str:
    return "0x" + hashlib.sha3_256(key + b"\0").hexdigest()


def aptos_wallet(number: int, message: str) -> OwnershipClaim:
    key, _ = ed25519(number)
    text = f"APTOS\nmessage: {message}\nnonce: 1"
    return claim("APT", aptos_address(key), text, sign_ed25519(number, text.encode()).hex(), keys=(key.hex(),))


def aptos_rotated(number: int, message: str) -> OwnershipClaim:
    key, _ = ed25519(number)
    row = exchange_ed25519("APTOS", lambda _: "0x" + secret(number, 77).hex())(number, message)
    current = aptos_address(key)
    return evolve(row, owners=(current,), control=AccountControl("0x1::account at version 9", (current,)))


class Cell:
    """A cell of TON, as slowly as it is defined: bits, references, hash and depth."""

    def __init__(self, bits: str, *references: Cell) -> None:
        self.depth = 1 + max(cell.depth for cell in references) if references else 0
        padded = bits if len(bits) % 8 == 0 else (bits + "1").ljust(-(-(len(bits) + 1) // 8) * 8, "0")
        data = bytes(int(padded[start : start + 8], 2) for start in range(0, len(padded), 8))
        head = bytes([len(references), len(bits) // 8 + (len(bits) + 7) // 8])
        depths = b"".join(cell.depth.to_bytes(2) for cell in references)
        self.hash = hashlib.sha256(head + data + depths + b"".join(cell.hash for cell in references)).digest()


class Code(Cell):
    """A cell of which only hash and depth are known."""

    def __init__(self, digest: str, depth: int) -> None:
        self.hash, self.depth = bytes.fromhex(digest), depth


def friendly(account: bytes, tag: int = 0x51, workchain: int = 0, url: bool = True) -> str:
    body = bytes([tag, workchain % 256]) + account
    remainder = 0
    for byte in body + b"\0\0":
        for bit in range(7, -1, -1):
            remainder = remainder << 1 | byte >> bit & 1
            if remainder & 0x10000:
                remainder ^= 0x11021
    encode = base64.urlsafe_b64encode if url else base64.b64encode
    return encode(body + remainder.to_bytes(2)).decode()


def ton_v3r2(key: bytes, workchain: int = 0, subwallet: int = 698983191) -> bytes:
    code = Code("84dafa449f98a6987789ba232358072bc0f76dc4524002a5d0918b9a75d2d599", 0)
    data = Cell(f"{0:032b}{subwallet + workchain:032b}{int.from_bytes(key):0256b}")
    return Cell("00110", code, data).hash


def ton_highload(key: bytes, timeout: int = 43200) -> bytes:
    code = Code("11acad7955844090f283bf238bc1449871f783e7cc0979408d3f4859483e8525", 6)
    data = Cell(f"{int.from_bytes(key):0256b}{0x10AD:032b}{0:066b}{timeout:022b}")
    return Cell("00110", code, data).hash


def ss58(prefix: int) -> Callable[[bytes], str]:
    def address(key: bytes) -> str:
        body = bytes([prefix]) + key
        return encodings.base58_encode(body + hashlib.blake2b(b"SS58PRE" + body).digest()[:2])

    return address


def polkadot_bytes(number: int, message: str) -> OwnershipClaim:
    """As polkadot-js signs: between marks, and the signature after the byte of its kind."""
    key, _ = ed25519(number)
    signed = b"\0" + sign_ed25519(number, b"<Bytes>" + message.encode() + b"</Bytes>")
    return claim("polkadot", ss58(0)(key), message, "0x" + signed.hex(), keys=("0x" + key.hex(),))


def cardano(head: int, stake: bytes = b"") -> Callable[[bytes], str]:
    def address(key: bytes) -> str:
        data = bytes([head]) + hashlib.blake2b(key, digest_size=28).digest() + stake
        return encodings.bech32_encode("addr", encodings.to_five_bits(data))

    return address


# Accounts of secp256k1 keys beside those


def filecoin_f1(number: int) -> str:
    payload = hashlib.blake2b(public(number, compressed=False), digest_size=20).digest()
    return "f1" + encodings.base32_lower(payload + hashlib.blake2b(b"\1" + payload, digest_size=4).digest())


def filecoin_f410(number: int) -> str:
    account = bytes.fromhex(evm_account(number)[2:])
    checksum = hashlib.blake2b(b"\x04\x0a" + account, digest_size=4).digest()
    return "f410f" + encodings.base32_lower(account + checksum)


def secp256k1(
    chain: str, address: Callable[[int], str], digest: Callable[[bytes], bytes], give_key: bool = False
) -> Claim:
    def sign(number: int, message: str) -> OwnershipClaim:
        keys = (public(number).hex(),) if give_key else ()
        return claim(chain, address(number), message, rsv(number, digest(message.encode())), keys=keys)

    return sign


def exchange_keccak(message: bytes) -> bytes:
    return keccak256(envelope(message))


def aelf(number: int) -> str:
    return encodings.base58_check_encode(sha256d(public(number, compressed=False)))


def okt_ex(number: int) -> str:
    return encodings.bech32_encode("ex", encodings.to_five_bits(bytes.fromhex(evm_account(number)[2:])))


def xrp(number: int) -> str:
    return encodings.base58_check_encode(b"\0" + hash160(public(number)), encodings.BASE58_RIPPLE)


# EOS


def eos_checked(data: bytes, suffix: bytes) -> str:
    return encodings.base58_encode(data + RIPEMD160.new(data + suffix).digest()[:4])


def eos_key(number: int, part: int = 0) -> str:
    return "EOS" + eos_checked(public(number, part), b"")


def eos_sign(number: int, message: str, part: int = 0) -> str:
    digest = hashlib.sha256(envelope(message.encode())).digest()
    signed = PrivateKey(secret(number, part)).sign_recoverable(digest, hasher=None)
    return "SIG_K1_" + eos_checked(bytes([31 + signed[64]]) + signed[:64], b"K1")


def eos(number: int, message: str) -> OwnershipClaim:
    return claim("EOS", "okbwallet1tr", message, eos_sign(number, message), keys=(eos_key(number),))


def eos_two(number: int, message: str) -> OwnershipClaim:
    signed = [eos_sign(number, message, part) for part in range(2)]
    return claim("WAXP", "exchange", message, *signed, keys=tuple(eos_key(number, part) for part in range(2)))


PROVEN: dict[str, Claim] = {
    "bitcoin P2PKH": p2pkh("bitcoin"),
    "bitcoin P2PKH, uncompressed": p2pkh("bitcoin", compressed=False),
    "bitcoin P2WPKH, header of BIP-137": p2wpkh("bitcoin", 39),
    "bitcoin P2WPKH, header of Electrum": p2wpkh("bitcoin", 31),
    "bitcoin P2SH-P2WPKH, header of BIP-137": nested("bitcoin", 35),
    "bitcoin P2SH-P2WPKH, header of Electrum": nested("bitcoin", 31),
    "bitcoin P2SH": multisig("bitcoin", "p2sh"),
    "bitcoin P2WSH": multisig("bitcoin", "p2wsh"),
    "bitcoin P2SH-P2WSH": multisig("bitcoin", "p2sh-p2wsh"),
    "bitcoin P2WSH, exchange's way": exchange_p2wsh,
    "litecoin P2PKH": p2pkh("litecoin"),
    "litecoin P2WPKH": p2wpkh("litecoin", 39),
    "litecoin P2SH": multisig("litecoin", "p2sh"),
    "litecoin P2WSH": multisig("litecoin", "p2wsh"),
    "dogecoin P2PKH": p2pkh("dogecoin"),
    "dogecoin P2SH": multisig("dogecoin", "p2sh"),
    "dash P2PKH": p2pkh("dash"),
    "dash P2SH": multisig("dash", "p2sh"),
    "BIP-322 simple P2WPKH": bip322("bitcoin", "p2wpkh", full=False),
    "BIP-322 simple P2TR": bip322("bitcoin", "p2tr", full=False),
    "BIP-322 simple P2WSH": bip322("bitcoin", "p2wsh", full=False),
    "BIP-322 simple P2SH-P2WPKH": bip322("bitcoin", "p2sh-p2wpkh", full=False),
    "BIP-322 full P2PKH": bip322("bitcoin", "p2pkh", full=True),
    "BIP-322 full P2WPKH": bip322("bitcoin", "p2wpkh", full=True),
    "BIP-322 full P2SH-P2WPKH": bip322("bitcoin", "p2sh-p2wpkh", full=True),
    "BIP-322 full P2SH": bip322("bitcoin", "p2sh", full=True),
    "BIP-322 full P2WSH": bip322("bitcoin", "p2wsh", full=True),
    "BIP-322 full P2TR": bip322("bitcoin", "p2tr", full=True),
    "BIP-322 litecoin P2WPKH": bip322("litecoin", "p2wpkh", full=False),
    "BIP-322 dogecoin P2PKH": bip322("dogecoin", "p2pkh", full=True),
    "EVM, EIP-191": evm("ethereum", personal),
    "EVM, v of 0 or 1": evm("ETH-ARBITRUM", personal, offset=0),
    "EVM, hashed message": evm("USDT-POLY", personal_hashed),
    "EVM, exchange's header": evm("base", exchange_keccak),
    "EVM, contract with looked-up owners": contract,
    "Tron, its header and hashed message": tron(lambda message: personal_hashed(message, b"TRON")),
    "Tron, its header": tron(lambda message: keccak256(b"\x19TRON Signed Message:\n%d%s" % (len(message), message))),
    "Tron, Ethereum's header and hashed message": tron(personal_hashed),
    "Tron, Ethereum's header": tron(personal),
    "Tron, permission looked up": tron_permission,
    "Solana, exchange's header": exchange_ed25519("SOL", encodings.base58_encode),
    "Solana, without key": exchange_ed25519("solana", encodings.base58_encode, give_key=False),
    "Solana, as wallets sign": solana_bare,
    "Aptos, exchange's header": exchange_ed25519("USDT-APTOS", aptos_address),
    "Aptos, as wallets sign": aptos_wallet,
    "Aptos, rotated key looked up": aptos_rotated,
    "TON v3r2": exchange_ed25519("TON", lambda key: friendly(ton_v3r2(key))),
    "TON v3r2, raw": exchange_ed25519("TON", lambda key: f"0:{ton_v3r2(key).hex()}"),
    "TON v3r2, bounceable, base64": exchange_ed25519("TON", lambda key: friendly(ton_v3r2(key), 0x11, url=False)),
    "TON v3r2, masterchain": exchange_ed25519("TON", lambda key: friendly(ton_v3r2(key, -1), workchain=-1)),
    "TON highload v3": exchange_ed25519("USDT-TON", lambda key: friendly(ton_highload(key))),
    "TON highload v3, one hour": exchange_ed25519("TON", lambda key: friendly(ton_highload(key, 3600))),
    "Polkadot": exchange_ed25519("DOT", ss58(0)),
    "Polkadot, as wallets sign": polkadot_bytes,
    "Kusama": exchange_ed25519("KSM", ss58(2)),
    "Cardano, enterprise": exchange_ed25519("ADA", cardano(0x61)),
    "Cardano, base": exchange_ed25519("cardano", cardano(0x01, bytes(range(28)))),
    "Cardano, base with a staking script": exchange_ed25519("cardano", cardano(0x21, bytes(range(28)))),
    "Filecoin f1": secp256k1("FIL", filecoin_f1, exchange_keccak),
    "Filecoin f410": secp256k1("FIL-EVM", filecoin_f410, personal_hashed),
    "Filecoin f410 as 0x": secp256k1("FEVM", evm_account, personal),
    "aelf": secp256k1("ELF", aelf, exchange_keccak),
    "aelf with its marks": secp256k1("ELF", lambda number: f"ELF_{aelf(number)}_AELF", exchange_keccak),
    "OKT ex": secp256k1("OKT", okt_ex, exchange_keccak),
    "OKT 0x": secp256k1("USDT-OKC20", evm_account, exchange_keccak),
    "XRP": secp256k1("XRP", xrp, exchange_keccak),
    "XRP with its key": secp256k1("RIPPLE", xrp, exchange_keccak, give_key=True),
}
"""Ways that end in proven: (number of the wallet, message) → claim."""

KEY_ONLY: dict[str, Claim] = {"EOS": eos, "WAX, two keys": eos_two}
"""Ways that end in key-only."""


def custodial(claim: OwnershipClaim) -> OwnershipClaim:
    return evolve(claim, kind=Kind.CUSTODIAL)
