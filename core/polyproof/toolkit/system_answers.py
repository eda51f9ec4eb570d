"""What a constraint system answers a backend, checked when it arrives.

A trace of floats or with a public value left out would end somewhere within the prover. Here it is the system's fault,
by its name. Whether a trace satisfies the constraints is not looked at: the proof shows that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polyproof.config.options import Components, shown
from polyproof.constraints import ConstraintsChoice, ConstraintSystem, Established, LiabilitiesSystem, Trace
from polyproof.errors import InputError, OptionsError, ProofRejected
from polyproof.field import Elements
from polyproof.plugin_faults import asking, fault

__all__ = ["account_row_of", "established_by", "liabilities_class", "publics_of", "trace_of"]

_LONGEST_SENTENCE, _MOST_SENTENCES = 400, 64


def liabilities_class(choice: ConstraintsChoice, components: Components) -> type[LiabilitiesSystem]:
    """The class that an option ``constraints`` names. Raises ``OptionsError`` if it is not a system of accounts, or has
    other options, and as ``Components.get`` does.
    """
    found = components.get(choice.kind, choice.name)
    if not issubclass(found, LiabilitiesSystem):
        raise OptionsError(f"constraint system {choice.name!r} is not one of accounts")
    if not isinstance(choice.options, found.Options):
        raise OptionsError(
            f"options of constraint system {choice.name!r} are {type(choice.options).__name__}, "
            f"expected {found.Options.__name__}"
        )
    return found


def established_by(system: type[ConstraintSystem], options: Any) -> Established:
    """What a constraint system with these options declares that it establishes. Raises ``PluginFault``.

    In its own body: what a class inherits was declared of other constraints than the ones it may state instead.
    """
    declared = vars(system).get("establishes", Established())
    if isinstance(declared, (staticmethod, classmethod)):
        with asking(system, "when asked what it establishes"):
            declared = declared.__get__(None, system)(options)
    if not isinstance(declared, Established):
        raise fault(system, f"establishes is {shown(declared)}, expected an Established")
    flags = {name: getattr(declared, name) for name in ("exact_sums", "non_negative", "debts_covered")}
    for name, value in flags.items():
        if type(value) is not bool:
            raise fault(system, f"{name} of what it establishes is {shown(value)}, expected a bool")
    sentences = declared.further
    if not isinstance(sentences, tuple) or len(sentences) > _MOST_SENTENCES or not all(map(_is_sentence, sentences)):
        raise fault(
            system,
            f"further of what it establishes is {shown(sentences)}, expected a tuple of at most {_MOST_SENTENCES} "
            f"printable texts of at most {_LONGEST_SENTENCE} characters",
        )
    return declared


def _is_sentence(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_SENTENCE and value.isprintable()


def trace_of(system: ConstraintSystem, witness: Any, rows: int, modulus: int) -> Trace:
    """``system.trace``, if it is one. Raises ``PluginFault``."""
    with asking(system, "while laying out a trace", may=(InputError,)):
        trace = system.trace(witness, rows)
    if not isinstance(trace, Trace):
        raise fault(system, f"trace returned {type(trace).__name__}, expected Trace")
    _check_elements(system, "trace", trace.columns, (rows, len(system.columns)), modulus, narrower=True)
    _check_publics(system, "trace", trace.publics, modulus)
    return trace


def account_row_of(system: LiabilitiesSystem, balances: Sequence[int], modulus: int) -> Elements:
    """``system.account_row``, if it is a row. Raises ``PluginFault``."""
    with asking(system, "while making the row of an account", may=(ProofRejected,)):
        row = system.account_row(balances)
    _check_elements(system, "account_row", row, (len(system.columns),), modulus)
    return row


def publics_of(system: LiabilitiesSystem, totals: Sequence[int], modulus: int) -> Mapping[str, int]:
    """``system.publics_of_totals``, if it has all public values and no others. Raises ``PluginFault``."""
    with asking(system, "while making public values of totals", may=(ProofRejected,)):
        publics = system.publics_of_totals(totals)
    _check_publics(system, "publics_of_totals", publics, modulus)
    return publics


def _check_elements(
    system: ConstraintSystem, what: str, found: Any, shape: tuple[int, ...], modulus: int, *, narrower: bool = False
) -> None:
    if not isinstance(found, np.ndarray) or not (found.dtype == np.uint64 or (narrower and found.dtype.kind == "u")):
        kind = found.dtype if isinstance(found, np.ndarray) else type(found).__name__
        raise fault(system, f"{what} returned values of type {kind}, expected uint64")
    if found.shape != shape:
        raise fault(system, f"{what} returned values of shape {found.shape}, expected {shape}")
    if np.iinfo(found.dtype).max >= modulus and int(found.max(initial=0)) >= modulus:
        raise fault(system, f"{what} returned a value that is not below the field's modulus")


def _check_publics(system: ConstraintSystem, what: str, publics: Any, modulus: int) -> None:
    if not isinstance(publics, Mapping) or set(publics) != set(system.publics):
        raise fault(system, f"{what} returned other public values than it declares: {', '.join(system.publics)}")
    if not all(type(value) is int and 0 <= value < modulus for value in publics.values()):
        raise fault(system, f"{what} returned a public value that is not an integer below the field's modulus")
