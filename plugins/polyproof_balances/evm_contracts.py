"""Contracts that control accounts of Ethereum: which signatures they accept, and who their owners are.

A contract is asked about each signature of a row with ``isValidSignature`` (EIP-1271), and for ``getOwners`` and
``getThreshold``, which a Safe answers. A contract that accepts a signature is then asked about the same signature of
another digest: one that accepts that as well accepts anything, and its acceptance is worth nothing. What a contract
says about its owners is taken at its word.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from polyproof.balances import ControlAnswer, ControlQuestion
from polyproof.ownership import AccountControl
from polyproof_balances import evm_abi
from polyproof_balances.evm_node import Node, Unknown

__all__ = ["ask_contracts"]


@frozen
class _Trial:
    """One signature that a contract is asked about."""

    question: int
    """Index of the question that the signature belongs to."""
    digest: bytes
    data: str
    """The call."""


def ask_contracts(questions: Sequence[ControlQuestion], node: Node, place: str) -> list[ControlAnswer]:
    """Who controls each of these accounts, all of which are contracts.

    ``place`` names chain and block, for the sources of the answers.
    """
    contracts = [question.claim.address for question in questions]
    owners_of: list[tuple[str, ...] | Unknown] = node.ask(
        [node.contract_call(contract, evm_abi.GET_OWNERS) for contract in contracts], evm_abi.addresses, None
    )
    thresholds: list[int | Unknown] = node.ask(
        [node.contract_call(contract, evm_abi.GET_THRESHOLD) for contract in contracts], evm_abi.small_word, None
    )
    trials = [
        _Trial(number, digest, data)
        for number, question in enumerate(questions)
        for digest in question.digests
        for data in (evm_abi.is_valid_signature(digest, signature) for signature in question.claim.signatures)
        if data is not None
    ]
    verdicts = _verdicts(contracts, trials, node)
    answers = []
    for number, (owners, threshold) in enumerate(zip(owners_of, thresholds, strict=True)):
        judged = [
            (trial.digest, verdict) for trial, verdict in zip(trials, verdicts, strict=True) if trial.question == number
        ]
        answers.append(_control(owners, threshold, judged, place))
    return answers


def _verdicts(contracts: Sequence[str], trials: Sequence[_Trial], node: Node) -> list[bool | Unknown]:
    """Whether each signature is accepted as one of its digest, and not of anything."""
    verdicts: list[bool | Unknown] = node.ask(
        [node.contract_call(contracts[trial.question], trial.data) for trial in trials], evm_abi.is_magic_value, None
    )
    accepted = [place for place, verdict in enumerate(verdicts) if verdict is True]
    calls = []
    for trial in (trials[place] for place in accepted):
        other = bytes(byte ^ 0xFF for byte in trial.digest).hex()
        calls.append(node.contract_call(contracts[trial.question], trial.data.replace(trial.digest.hex(), other, 1)))
    for place, verdict in zip(accepted, node.ask(calls, evm_abi.is_magic_value, None), strict=True):
        if verdict is True:
            verdicts[place] = Unknown("the contract accepts its signature for anything")
        elif isinstance(verdict, Unknown) and not verdict.reverted:
            verdicts[place] = verdict
    return verdicts


def _control(
    owners: tuple[str, ...] | Unknown,
    threshold: int | Unknown,
    judged: Sequence[tuple[bytes, bool | Unknown]],
    place: str,
) -> ControlAnswer:
    accepted = tuple(digest for digest, verdict in judged if verdict is True)
    source = f"isValidSignature of {place}"
    if not isinstance(owners, Unknown) and not isinstance(threshold, Unknown):
        source = source if accepted else f"getOwners and getThreshold of {place}"
        return ControlAnswer(AccountControl(source, owners, threshold, accepted))
    refused = bool(judged) and all(verdict is False for _, verdict in judged)
    if accepted or refused:
        return ControlAnswer(AccountControl(source, (), 1, accepted))
    asked = [*(verdict for _, verdict in judged), owners, threshold]
    unknown = [one.reason for one in asked if isinstance(one, Unknown)]
    return ControlAnswer(None, f"the contract does not say who owns it ({unknown[0]})" if unknown else "")
