"""Sample wallets: invented holdings of an exchange that does not exist, which sign with keys that anybody can compute.

A key is the SHA-256 of a sentence with a seed, a chain and a number, so it can guard nothing, and a key that guards
something can never be put here. Which account it controls and how it signs is the ownership schemes' business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from polyproof.balances import Pin, Question
from polyproof.errors import InputError, Location, Problem
from polyproof.findings import Findings
from polyproof.formats.files import write_durably
from polyproof.formats.strict_json import canonical_line, parse_strict
from polyproof.model.assets import Asset
from polyproof.model.chains import CHAINS, KNOWN_COINS, coin_name, own_coin
from polyproof.model.holdings import FINEST
from polyproof.ownership import AccountControl, OwnershipClaim, OwnershipScheme, Status
from polyproof.reserves.evidence import HEADER
from polyproof.reserves.signatures import verify_ownership
from polyproof.toolkit.recording import Answered

__all__ = ["LABEL", "SampleWallet", "answers", "invent_wallets", "pins_of", "sign_samples"]

LABEL = "SAMPLE: invented by polyproof. Anybody can compute the key of this address. It proves nothing."
"""What sample wallets sign where there is no audit yet."""
NUMBERS = 8
"""How many accounts a seed has on a chain for each asset: a file of more cannot be one of samples."""
TOKENS_ARE_ON = "ethereum"
_SHARES = (80, 20)
"""Per cent of a holding in each of its wallets."""


@frozen
class SampleWallet:
    """An account, what it is said to hold, and whether its chain has to be asked whose it is."""

    claim: OwnershipClaim
    held: int
    """Units of 10^−36 coin."""
    known: bool
    """Whether polyproof itself knows the asset on this chain; otherwise the spec and the policy have to name it."""
    status: Status
    """How the claim ends without asking the chain: proven, or key-only."""


def sample_secret(seed: int, asset: str, chain: str, number: int) -> bytes:
    """32 bytes that anybody can compute."""
    return hashlib.sha256(
        f"polyproof sample wallet, worth nothing\n{seed}\n{asset}\n{chain}\n{number}".encode()
    ).digest()


def _claim(
    schemes: Sequence[OwnershipScheme], seed: int, asset: str, chain: str, number: int, message: str
) -> OwnershipClaim | None:
    secret = sample_secret(seed, asset, chain, number)
    found = (scheme.sample_claim(asset, chain, secret, message) for scheme in schemes if chain in scheme.chains)
    return next((claim for claim in found if claim is not None), None)


def invent_wallets(
    assets: Sequence[Asset], totals: Sequence[int], schemes: Sequence[OwnershipScheme], keys: int, seed: int
) -> list[SampleWallet]:
    """Two wallets for each asset, which together hold between 101 and 113 per cent of what is owed of it.

    ``keys`` is the seed of their keys, ``seed`` that of what they hold.
    An asset that polyproof knows on no chain where a scheme can sign is taken for a token on ethereum.
    """
    found: list[tuple[OwnershipClaim, int, bool]] = []
    for position, (asset, total) in enumerate(zip(assets, totals, strict=True)):
        chain, known = _place(asset.symbol, schemes, keys)
        held = max(total * (101 + (position * 5 + seed * 3) % 13) // 100, total + 1, 2)
        hot = held * _SHARES[1] // 100
        for number, units in enumerate((held - hot, hot)):
            claim = _claim(schemes, keys, asset.symbol, chain, number, LABEL)
            assert claim is not None, "the place was found by signing there"
            found.append((claim, units * 10**FINEST // 10**asset.decimals, known))
    judged = verify_ownership([claim for claim, _, _ in found], schemes, processes=1)
    return [
        SampleWallet(claim, held, known, result.status)
        for (claim, held, known), result in zip(found, judged, strict=True)
    ]


def _place(symbol: str, schemes: Sequence[OwnershipScheme], seed: int) -> tuple[str, bool]:
    """The chain that an asset's samples are on, its own before others, and whether polyproof knows it there."""
    name = coin_name(symbol)
    known = [chain for chain in CHAINS if (name, chain, "") in KNOWN_COINS]
    for chain in sorted(known, key=lambda chain: own_coin(chain) != name):
        if _claim(schemes, seed, symbol, chain, 0, LABEL) is not None:
            return chain, True
    return TOKENS_ARE_ON, False


def pins_of(wallets: Sequence[SampleWallet]) -> list[Pin]:
    """An invented block for each chain; its hash is a sentence in hexadecimal, which no chain's is."""
    chains = dict.fromkeys(wallet.claim.chain for wallet in wallets)
    block = b"sample block, found on no chain.".hex()
    return [Pin(chain=chain, height=1_000_000, block=block) for chain in chains]


def answers(wallets: Sequence[SampleWallet]) -> Iterator[Answered]:
    """What nodes of these chains would say, if the samples existed."""
    for wallet in wallets:
        claim = wallet.claim
        control = None
        if wallet.status is not Status.PROVEN:
            control = AccountControl("a sample recording: no chain was asked", claim.keys, len(claim.keys))
        yield Answered(Question(claim.asset, claim.chain, claim.address), wallet.held, control)


# Signing challenges


def sign_samples(source: Path, out: Path, schemes: Sequence[OwnershipScheme], seed: int) -> int:
    """Sign the challenges in a file that ``polyproof challenge`` wrote, and write them to a new file; returns how many.

    Raises ``InputError``, and writes nothing, if an address is not a sample's, or if no message is in the file.
    """
    if out.exists():
        raise InputError(f"{out} already exists and is not overwritten")
    findings, lines = Findings(), []
    for number, line in enumerate(source.read_bytes().splitlines(), 1):
        try:
            record = parse_strict(line)
            if number > 1:
                record = _signed(record, schemes, seed)
            elif not isinstance(record, dict) or record.keys() != {HEADER}:
                raise InputError(Problem("not a file of messages to sign", hint=_WRITTEN_BY))
            lines.append(canonical_line(record))
        except ValueError as error:
            findings.add(str(error), Location(str(source), number))
        except InputError as error:
            findings.add_error(error, Location(str(source), number))
    findings.raise_any(InputError)
    if len(lines) < 2:
        raise InputError(Problem("no message to sign is in the file", Location(str(source)), _WRITTEN_BY))
    write_durably(out, b"".join(lines))
    return len(lines) - 1


_WRITTEN_BY = "`polyproof challenge SPEC --audit DIR --out FILE` writes one"
_SIGNED_KEYS = ("asset", "chain", "address", "message")


def _signed(record: Any, schemes: Sequence[OwnershipScheme], seed: int) -> Mapping[str, Any]:
    found = record if isinstance(record, dict) else {}
    texts = [text for key in _SIGNED_KEYS if isinstance(text := found.get(key), str)]
    if len(texts) != len(_SIGNED_KEYS):
        raise InputError(f"not a line of `polyproof challenge --out`, which has {', '.join(_SIGNED_KEYS)}")
    asset, chain, address, message = texts
    for number in range(NUMBERS):
        claim = _claim(schemes, seed, asset, chain, number, message)
        if claim is not None and claim.address == address:
            return {
                **record,
                "signatures": list(claim.signatures),
                **({"keys": list(claim.keys)} if claim.keys else {}),
            }
    raise InputError(
        Problem(
            f"{address} is no sample of seed {seed}: only samples are signed here",
            hint="whoever keeps the keys of a real address signs with them; --seed is the one of `polyproof init`",
        )
    )
