"""What callers may write: paths as text, policies by name, digests in hexadecimal, balances as exact numbers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyproof.errors import InputError, Problem, UsageError

if TYPE_CHECKING:
    from polyproof.backend import Claim
    from polyproof.liabilities import PublishedAudit
    from polyproof.publication.accepting import Accepted
    from polyproof.registry import Registry
    from polyproof.settings.policy import Policy
    from polyproof.settings.reserves import ReservesPolicy
    from polyproof.settings.spec import Spec

__all__ = [
    "Amount",
    "ClaimedBy",
    "PathLike",
    "accepted_of",
    "checked_spec",
    "claim_of",
    "claims_of",
    "digest_of",
    "jobs_of",
    "optional_path",
    "path_of",
    "policy_of",
    "user_of",
]

PathLike = str | os.PathLike[str]
"""The name of a file or a directory."""
Amount = str | int | Decimal
"""A number without a rounding error: ``"0.25"``, ``Decimal("0.25")``, ``3``."""

ClaimedBy = (
    tuple[PathLike, str, Mapping[str, Amount]] | tuple[PathLike, str, Mapping[str, Amount], Mapping[str, Amount]]
)
"""An inclusion file, the account id and the balances of its user and, where there are any, the debts."""

_MOST_BITS = 1024
"""More than any balance has; Python does not write integers of many digits as text."""


def path_of(value: PathLike, what: str) -> Path:
    """A path. Raises ``UsageError`` for what is none; ``what`` names the argument."""
    if not isinstance(value, str | os.PathLike):
        raise UsageError(Problem(f"{what} is {type(value).__name__}", hint="expected a path"))
    return Path(value)


def optional_path(value: PathLike | None, what: str) -> Path | None:
    """A path, or none."""
    return None if value is None else path_of(value, what)


def checked_spec(spec: Spec) -> Spec:
    """The same. Raises ``UsageError`` for the name of one, or anything else."""
    from polyproof.settings.spec import Spec

    if not isinstance(spec, Spec):
        raise UsageError(
            Problem(f"the spec is {type(spec).__name__}", hint="expected what polyproof.load_spec returns")
        )
    return spec


def policy_of(policy: Policy | PathLike | None, registry: Registry | None) -> Policy | None:
    """What a caller accepts as proof, and no more of a policy's file than that."""
    from polyproof.settings.bundled import find_policy
    from polyproof.settings.policy import Policy, load_policy

    if policy is None or isinstance(policy, Policy):
        return policy
    return load_policy(find_policy(os.fspath(path_of(policy, "policy"))), registry)


def accepted_of(
    policy: Policy | PathLike | None,
    reserves_policy: ReservesPolicy | None,
    nodes: PathLike | None,
    secrets: PathLike | None,
    registry: Registry | None,
) -> Accepted:
    """What a caller accepts, and their own nodes ready to be asked. What is given as an object goes before a file."""
    from polyproof.publication.accepting import load_accepted
    from polyproof.registry import default_registry
    from polyproof.settings.policy import Policy

    given = policy if isinstance(policy, Policy) else None
    file = None if policy is None or isinstance(policy, Policy) else os.fspath(path_of(policy, "policy"))
    found = load_accepted(
        file, optional_path(nodes, "nodes"), optional_path(secrets, "secrets"), registry or default_registry()
    )
    return {
        **found,
        "policy": given or found["policy"],
        "reserves_policy": reserves_policy or found["reserves_policy"],
    }


def digest_of(digest: str | bytes | None) -> bytes | None:
    """A SHA-256, from bytes or hexadecimal. Raises ``UsageError``."""
    found = digest
    if isinstance(found, str):
        try:
            found = bytes.fromhex(found)
        except ValueError:
            found = b""
    if found is not None and not (isinstance(found, bytes) and len(found) == 32):
        raise UsageError(Problem(f"digest is {digest!r:.80}, no SHA-256", hint="expected 64 hexadecimal digits"))
    return found


def jobs_of(jobs: int) -> int:
    """A number of processes. Raises ``UsageError``."""
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        raise UsageError(Problem(f"jobs is {jobs!r:.40}", hint="expected a whole number from 1"))
    return jobs


def user_of(user_id: str) -> str:
    """The id of an account. Raises ``InputError``."""
    if not isinstance(user_id, str):
        raise InputError(Problem(f"the account id is {type(user_id).__name__}", hint="expected a text"))
    return user_id


def claim_of(
    user_id: str, balances: Mapping[str, Amount], debts: Mapping[str, Amount] | None = None
) -> Callable[[PublishedAudit], Claim]:
    """Makes a user's claim once the audit is known, and with it the assets.

    Raises ``InputError`` for what is no text and no exact number.
    """
    from polyproof.liabilities.typed_balances import Balance, make_claim

    user_of(user_id)
    owed = {} if debts is None else debts
    for what, amounts in (("balances", balances), ("debts", owed)):
        if not isinstance(amounts, Mapping):
            raise InputError(Problem(f"{what} are {type(amounts).__name__}", hint='expected {"BTC": "0.25"}'))
    problems = [_problem(symbol, amount) for symbol, amount in (*balances.items(), *owed.items())]
    if found := [problem for problem in problems if problem is not None]:
        raise InputError(found)
    given: list[Balance] = [(symbol, str(amount), None) for symbol, amount in balances.items()]
    owing: list[Balance] = [(symbol, str(amount), None) for symbol, amount in owed.items()]
    return lambda audit: make_claim(audit.spec.assets, user_id, given, owing)


def claims_of(
    claims: Iterable[ClaimedBy],
) -> list[tuple[Path, Callable[[PublishedAudit], Claim]]]:
    """Files with what is claimed of each. Raises ``UsageError`` for what are none, ``InputError`` as ``claim_of``."""
    hint = "expected a file, an account id, the balances and, where there are any, the debts, for each user"
    if not isinstance(claims, Iterable):
        raise UsageError(Problem(f"the claims are {type(claims).__name__}", hint=hint))
    found = []
    for index, claim in enumerate(claims, 1):
        if not isinstance(claim, tuple | list) or len(claim) not in (3, 4):
            raise UsageError(Problem(f"claim {index} is {claim!r:.40}", hint=hint))
        file, user_id, *amounts = claim
        found.append((path_of(file, "a file"), claim_of(user_id, *amounts)))
    return found


def _problem(symbol: Any, amount: Any) -> Problem | None:
    if not isinstance(symbol, str):
        return Problem(f"the asset {symbol!r:.40} is {type(symbol).__name__}", hint="expected its symbol, a text")
    if isinstance(amount, float):
        return Problem(
            f"{symbol}: {amount!r} is a float, which is not exact", hint=f'write it as text: {{"{symbol}": "{amount}"}}'
        )
    if isinstance(amount, bool) or not isinstance(amount, str | int | Decimal):
        return Problem(f"{symbol}: the amount is {type(amount).__name__}", hint="expected a text, an int or a Decimal")
    if isinstance(amount, int) and amount.bit_length() > _MOST_BITS:
        return Problem(f"{symbol}: the amount has more than {_MOST_BITS} bits")
    if isinstance(amount, Decimal) and not amount.is_finite():
        return Problem(f"{symbol}: {amount} is not a number", hint="expected a text, an int or a Decimal")
    return None
