"""What wallets are to sign for an audit: the challenge of one address, or a file of all rows with their messages."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from attrs import evolve

from polyproof.errors import ArtifactError, InputError, ReservesError
from polyproof.extras import require_extras
from polyproof.findings import Findings
from polyproof.formats.files import write_durably
from polyproof.formats.strict_json import canonical_line
from polyproof.liabilities import verification
from polyproof.ownership import Kind, OwnershipClaim
from polyproof.progress import Progress
from polyproof.registry import Registry, default_registry
from polyproof.reserves.challenge import Challenges
from polyproof.reserves.coins import CoinNames
from polyproof.reserves.evidence import FORMAT, HEADER, holding_record
from polyproof.reserves.reading import ReservesRead, read_reserves
from polyproof.reserves.run import check_fits, settings_of
from polyproof.reserves.signatures import load_schemes
from polyproof.reserves.spellings import Spellings
from polyproof.settings.policy import UNRESTRICTED
from polyproof.settings.spec import Spec

__all__ = ["challenge_text", "write_challenges"]


def challenge_text(spec: Spec, directory: Path, chain: str, address: str, *, registry: Registry | None = None) -> str:
    """The message that one address signs for an audit. Raises ``InputError`` where there is no challenge."""
    require_extras("reserves", purpose="writing challenges")
    registry = registry or default_registry()
    settings = settings_of(spec)
    published = verification.open_audit(directory, policy=UNRESTRICTED, registry=registry)
    spellings = Spellings(load_schemes(registry))
    name = CoinNames(spec.assets, settings.coins, (), spellings.chains).chain(chain)
    account = spellings.of(OwnershipClaim(spec.assets[0].symbol, name, address.strip()))
    return Challenges.of_audit(published.manifest, settings.pins).of(name, account).text()


def write_challenges(
    spec: Spec,
    directory: Path,
    out: Path,
    *,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> int:
    """Write the messages that the wallets of a spec's reserve files sign for an audit; returns how many.

    ``out`` is a new file in the native format: every row except custodial ones, with its message, without signatures.
    Once these are filled in, it belongs in ``reserves.signed``. Raises ``InputError`` for a chain that is not pinned.
    """
    require_extras("reserves", purpose="writing challenges")
    registry = registry or default_registry()
    settings = settings_of(spec)
    published = verification.open_audit(directory, policy=UNRESTRICTED, registry=registry)
    check_fits(spec, published)
    if out.exists():
        raise ArtifactError(f"{out} already exists and is not overwritten")
    schemes = load_schemes(registry)
    # What was signed before, for this audit or for others, is signed anew.
    settings = evolve(settings, signed=())
    read = read_reserves(
        settings,
        spec.assets,
        registry=registry,
        schemes=schemes,
        base=spec.directory,
        progress=progress,
    )
    challenges = Challenges.of_audit(published.manifest, settings.pins)
    data = b"".join(_unsigned(read, challenges))
    write_durably(out, data)
    return data.count(b"\n") - 1


def _unsigned(read: ReservesRead, challenges: Challenges) -> Iterable[bytes]:
    findings = Findings()
    lines = [canonical_line({HEADER: FORMAT})]
    for row, account in zip(read.rows, read.accounts, strict=True):
        if row.kind is Kind.CUSTODIAL:
            continue
        try:
            message = challenges.of(row.chain, account).text()
        except InputError as error:
            findings.add_error(error, row.location)
            continue
        lines.append(canonical_line(holding_record(evolve(row, message=message, signatures=()))))
    findings.raise_any(ReservesError)
    return lines
