"""From the options of a spec to the components and numbers of one proof.

Prover and verifier each derive these for themselves. A proof states only the log2 of its number of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import cast

from attrs import evolve

from polyproof.backend import Statement
from polyproof.commitment import VectorCommitment
from polyproof.constraints import LiabilitiesSystem
from polyproof.engine import Engine
from polyproof.errors import FieldError, OptionsError
from polyproof.field import Extension, Field
from polyproof.hash import Hash
from polyproof.model.assets import Asset
from polyproof.model.counts import counted
from polyproof.model.net_equity import Position
from polyproof.registry import Registry
from polyproof.security import SecurityReport
from polyproof.toolkit.system_answers import liabilities_class, publics_of
from polyproof_stark.compiler import MAX_COLUMNS, CompiledSystem, compile_system
from polyproof_stark.limits import check_parameters
from polyproof_stark.options import DEFAULT_LOG_ROWS, LEAST_LIMB_BITS, MOST_LIMB_BITS, StarkOptions, check_shape
from polyproof_stark.parameters import LEAST_LOG_ROWS, MOST_LOG_ROWS, Parameters
from polyproof_stark.profiles import of_proving, of_security
from polyproof_stark.protocol import Context, Instance, layout_of, trees_of
from polyproof_stark.queries import least_queries, reach_target
from polyproof_stark.security import security_report
from polyproof_stark.size import expected_size
from polyproof_stark.widths import Limbs, limbs_of, reasons, widths

__all__ = ["Configuration"]

_LEAST_ACTIVE = 2


class Configuration:
    """A set of options and the components that they name. Compiled systems and security reports are cached."""

    def __init__(self, options: StarkOptions, registry: Registry) -> None:
        """``options`` of a spec; components come from the registry."""
        self.options = options
        self.registry = registry
        self._compiled = lru_cache(maxsize=16)(self._compile)
        self._settled = lru_cache(maxsize=32)(self._with_best_width)
        self._report = lru_cache(maxsize=16)(self._security)
        self._longest = lru_cache(maxsize=16)(self._longest_that_fits)

    def at(self, assets: Sequence[Asset], log_rows: int) -> Configuration:
        """With the width of limbs that a trace of 2^log_rows rows gets, if it is open. Raises ``OptionsError``."""
        return self if self.options.limb_bits is not None else self._settled(tuple(assets), log_rows)

    def _with_best_width(self, assets: tuple[Asset, ...], log_rows: int) -> Configuration:
        problem: OptionsError | None = None
        candidate = self._candidate(log_rows)
        for width in widths(self._limbs(assets, candidate), candidate):
            made = Configuration(evolve(self.options, limb_bits=width.bits), self.registry)
            try:
                made.parameters(assets, log_rows)
                if self.options.segment_rows is not None:  # whoever reads the options asks what fits the most rows
                    made.parameters(assets, self.most_log_rows(assets))
            except OptionsError as error:
                problem = problem or error
            else:
                return made
        assert problem is not None, "there are widths to try"
        if self._some_width_fits(assets, log_rows):
            raise problem
        lengths = range(LEAST_LOG_ROWS, MOST_LOG_ROWS + 1)
        fitting = [other for other in lengths if self._some_width_fits(assets, other)]
        others = f"traces of {_lengths(fitting)} would do (segment_rows)" if fitting else "no other length would do"
        raise OptionsError(
            f"no width of limbs fits these assets on 2^{log_rows} rows; {others}. The cheapest: {problem}"
        ) from problem

    def _limbs(self, assets: tuple[Asset, ...], parameters: Parameters) -> Limbs:
        """How many looked-up values a row has: what the system says of accounts with debts, which have others as well.

        A width that such a system cannot have counts as one with too many.
        """
        if not any(isinstance(asset, Position) for asset in assets):
            return limbs_of(assets)
        modulus = self.field(Engine.PORTABLE).modulus

        def counted_by(bits: int) -> int:
            try:
                return len(self._system(assets, max(_LEAST_ACTIVE, parameters.active), modulus, bits).columns)
            except OptionsError:
                return MAX_COLUMNS

        return counted_by

    def _some_width_fits(self, assets: tuple[Asset, ...], log_rows: int) -> bool:
        """Whether there is a constraint system for limbs of some width, whatever else may not fit."""
        return any(self._unfit(assets, log_rows, bits) is None for bits in self._widths_to_try)

    @property
    def _widths_to_try(self) -> Sequence[int]:
        given = self.options.limb_bits
        return range(LEAST_LIMB_BITS, MOST_LIMB_BITS + 1) if given is None else (given,)

    def _unfit(self, assets: tuple[Asset, ...], log_rows: int, limb_bits: int) -> OptionsError | None:
        """Why there is no constraint system for limbs of this width on so many rows, if there is none."""
        active = self._candidate(log_rows).active
        if active < _LEAST_ACTIVE:
            return OptionsError(f"the blinding rows leave {active} of 2^{log_rows} rows")
        try:
            self._system(assets, active, self.field(Engine.PORTABLE).modulus, limb_bits)
        except OptionsError as error:
            return error
        return None

    def most_log_rows(self, assets: Sequence[Asset]) -> int:
        """log2 of the most rows of a trace: as given, or the longest up to 2^20 on which the field can sum the assets.

        If there is none, 2^20: the constraint system of such a trace says what does not fit.
        """
        if self.options.segment_rows is not None:
            return self.options.segment_rows.bit_length() - 1
        return self._longest(tuple(assets))

    def _longest_that_fits(self, assets: tuple[Asset, ...]) -> int:
        lengths = range(DEFAULT_LOG_ROWS, LEAST_LOG_ROWS - 1, -1)
        return next((length for length in lengths if self._some_width_fits(assets, length)), DEFAULT_LOG_ROWS)

    @property
    def extension_degree(self) -> int:
        """e: as given, or the field's own choice."""
        given = self.options.extension
        return self.field(Engine.PORTABLE).default_extension if given is None else given

    @property
    def hash_name(self) -> str:
        """The hash: as given, or the one that goes with the field."""
        given = self.options.hash
        return self.field(Engine.PORTABLE).default_hash if given is None else given

    def field(self, engine: Engine) -> Field:
        """The field of the trace."""
        return cast(Field, self.registry.create("field", self.options.field, engine))

    def hash(self, engine: Engine) -> Hash:
        """The hash of trees, tags and the transcript."""
        return cast(Hash, self.registry.create("hash", self.hash_name, engine))

    def trees(self, hash: Hash) -> Mapping[str, VectorCommitment]:
        """The vector commitments by their role in the protocol. Raises ``OptionsError``."""
        return trees_of(self.registry, self.options.commitment, hash)

    def _extension(self, field: Field) -> Extension:
        try:
            return field.extension(self.extension_degree)
        except FieldError as error:
            raise OptionsError(f"{error}") from error

    def _system(self, assets: Sequence[Asset], active: int, modulus: int, limb_bits: int | None) -> LiabilitiesSystem:
        chosen = self.options.constraints
        liabilities_class(chosen, self.registry)  # raises if it is none
        if limb_bits is None:
            raise OptionsError("limb_bits is open: it is settled before anything is proved, and published")
        numbers = {"active": active, "modulus": modulus, "limb_bits": limb_bits}
        made = self.registry.create("constraints", chosen.name, assets, **numbers, options=chosen.options)
        return cast(LiabilitiesSystem, made)

    def _compile(
        self, assets: tuple[Asset, ...], parameters: Parameters, modulus: int
    ) -> tuple[LiabilitiesSystem, CompiledSystem]:
        # A hostile proof states its trace length, and blinding can exceed it: no system is asked for fewer rows than
        # one account and the carries need.
        if parameters.active < _LEAST_ACTIVE:
            raise OptionsError("the blinding rows leave none for accounts; a longer trace or less blinding would")
        system = self._system(assets, parameters.active, modulus, self.options.limb_bits)
        return system, compile_system(system, parameters)

    def system(self, assets: tuple[Asset, ...], parameters: Parameters) -> LiabilitiesSystem:
        """The constraint system for these parameters, and limbs of the width for them. Raises ``OptionsError``."""
        settled = self.at(assets, parameters.log_rows)
        return settled._compiled(assets, parameters, self.field(Engine.PORTABLE).modulus)[0]

    def parameters(self, assets: tuple[Asset, ...], log_rows: int) -> Parameters:
        """The parameters for a trace of 2^log_rows rows. Raises ``OptionsError`` if the options do not fit one."""
        options = self.options
        check_shape(options, assets)
        field, hash = self._field_and_hash()

        def compiled(parameters: Parameters) -> CompiledSystem:
            return self._compiled(assets, parameters, field.modulus)[1]

        chosen = self._candidate(log_rows)
        if options.target_bits is not None:
            candidate = partial(self._candidate, log_rows)
            chosen = reach_target(chosen, compiled, candidate, field, hash, options.target_bits)
        check_parameters(chosen, compiled(chosen), field)
        return chosen

    def _field_and_hash(self) -> tuple[Field, Hash]:
        """Both components, which fit each other and the extension. Raises ``OptionsError``."""
        field, hash = self.field(Engine.PORTABLE), self.hash(Engine.PORTABLE)
        if hash.word_bound < field.modulus:
            raise OptionsError(
                f"hash {self.hash_name!r} takes words below {hash.word_bound}, elements of {self.options.field!r} go "
                f"to {field.modulus - 1}"
            )
        self._extension(field)
        return field, hash

    def _candidate(self, log_rows: int, queries: int | None = None, grinding: int | None = None) -> Parameters:
        """The parameters with these queries and grinding; by default those of the options, or where a target chooses
        them the usual ones."""
        options, numbers = self.options, self.options.numbers
        queries = numbers.queries if queries is None else queries
        grinding = numbers.grinding if grinding is None else grinding
        degree = self.extension_degree
        blinding = options.blinding or 2 * queries + 2 * degree
        return Parameters(log_rows, numbers.blowup, queries, grinding, options.arity, degree, blinding)

    def least_proof_size(self, assets: Sequence[Asset], log_rows: int) -> int:
        """Bytes below which no proof of 2^log_rows rows is: each witness column is opened at z and in every query.

        The system is made for that, and not compiled, which takes a hundred times as long. Raises ``OptionsError`` for
        options that no trace has, or no system of these assets.
        """
        options = self.options
        check_shape(options, assets)
        (field, _), parameters = self._field_and_hash(), self._candidate(log_rows)
        if parameters.active < _LEAST_ACTIVE:
            return 0
        columns = len(self._system(assets, parameters.active, field.modulus, options.limb_bits).columns)
        queries = parameters.queries
        if options.target_bits is not None:
            queries = least_queries(options.target_bits, parameters.blowup)
        return columns * (parameters.degree + queries) * field.element_bytes

    def least_parameters(self, assets: tuple[Asset, ...], accounts: int) -> Parameters:
        """The parameters of the shortest trace that holds this many accounts. Raises ``OptionsError``."""
        most = self.most_log_rows(assets)
        problem: OptionsError | None = None
        for log_rows in range(LEAST_LOG_ROWS, most + 1):
            if (1 << log_rows) <= accounts:
                continue
            try:
                parameters = self.at(assets, log_rows).parameters(assets, log_rows)
            except OptionsError as error:
                problem = error
                continue
            if parameters.active - 1 >= accounts:
                return parameters
        if problem is not None:
            raise problem
        raise OptionsError(f"{counted(accounts, 'account')} do not fit in a trace of {1 << most} rows")

    def instance(
        self, statement: Statement, totals: Sequence[int], parameters: Parameters, engine: Engine
    ) -> tuple[LiabilitiesSystem, Instance]:
        """The constraint system, and everything public that a proof of these totals is about."""
        field = self.field(engine)
        system, compiled = self._compiled(statement.assets, parameters, field.modulus)
        context = Context(statement.context, statement.audit_id, statement.segment, statement.segments, tuple(totals))
        publics = publics_of(system, totals, field.modulus)
        return system, Instance(compiled, self._extension(field), parameters, publics, context)

    def security(self, assets: tuple[Asset, ...], parameters: Parameters) -> SecurityReport:
        """The security account of proofs with these parameters."""
        return self._report(assets, parameters)

    def _security(self, assets: tuple[Asset, ...], parameters: Parameters) -> SecurityReport:
        field, hash = self.field(Engine.PORTABLE), self.hash(Engine.PORTABLE)
        _, compiled = self._compiled(assets, parameters, field.modulus)
        report = security_report(compiled, parameters, field, hash)
        standard = self._standard(assets, parameters.log_rows)
        if standard is None:
            return report
        usual = standard[0].security(assets, standard[1])
        return evolve(report, notes=(*report.notes, of_security(self.options.profile, report, usual)))

    def _standard(self, assets: tuple[Asset, ...], log_rows: int) -> tuple[Configuration, Parameters] | None:
        """What another profile is compared with, where ``standard`` fits so many rows: the same without its numbers."""
        options = self.options
        if options.profile == "standard":
            return None
        usual = evolve(
            options,
            profile="standard",
            blowup=None,
            queries=None,
            grinding=None,
            target_bits=None,
            blinding=None,
            limb_bits=None,
            segment_rows=1 << log_rows,
        )
        try:
            made = Configuration(usual, self.registry).at(assets, log_rows)
            return made, made.parameters(assets, log_rows)
        except OptionsError:
            return None

    def width_reasons(self, assets: tuple[Asset, ...], parameters: Parameters, width: int) -> tuple[str, ...]:
        """Why limbs have this width, where it is open."""
        candidate = self._candidate(parameters.log_rows)
        return reasons(self._limbs(assets, candidate), parameters, candidate, width)

    def field_reasons(self, assets: tuple[Asset, ...]) -> tuple[str, ...]:
        """What the field decides: its own choices of what is open, and how long a trace can be."""
        options, field = self.options, self.field(Engine.PORTABLE)
        taken = [f"extension {self.extension_degree}"] if options.extension is None else []
        taken += [f"hash {self.hash_name}"] if options.hash is None else []
        sentences = [f"{' and '.join(taken)}: what the field {field.name} goes with."] if taken else []
        lengths = [n for n in range(LEAST_LOG_ROWS, MOST_LOG_ROWS + 1) if self._some_width_fits(assets, n)]
        if lengths and lengths[-1] < MOST_LOG_ROWS:
            more = lengths[-1] + 1
            widest = max(bits for bits in self._widths_to_try if self._unfit(assets, lengths[-1], bits) is None)
            cause = "" if options.limb_bits else ", whatever the width of limbs; for example"
            sentences.append(
                f"Over {field.name} these assets are summed on traces of {_lengths(lengths)}. They do not fit 2^{more} "
                f"rows{cause}: {self._unfit(assets, more, widest)}."
            )
        return tuple(sentences)

    def profile_reasons(self, assets: tuple[Asset, ...], log_rows: int) -> tuple[str, ...]:
        """What a profile other than ``standard`` sets, and what it does to proofs of so many rows."""
        standard = self._standard(assets, log_rows)
        if standard is None:
            return ()
        own = self.at(assets, log_rows)
        sized = own._sized(assets, own.parameters(assets, log_rows))
        return of_proving(self.options.profile, sized, standard[0]._sized(assets, standard[1]))

    def _sized(self, assets: tuple[Asset, ...], parameters: Parameters) -> tuple[Parameters, int, int]:
        """These parameters, the bytes of a proof and the committed words in a row of D."""
        field = self.field(Engine.PORTABLE)
        _, compiled = self._compiled(assets, parameters, field.modulus)
        trees = self.trees(self.hash(Engine.PORTABLE))
        return parameters, expected_size(compiled, parameters, field, trees), layout_of(compiled, parameters).words


def _lengths(log_rows: Sequence[int]) -> str:
    """Lengths of traces in words: ``2^10 to 2^14 rows``."""
    runs: list[list[int]] = []
    for one in log_rows:
        if runs and runs[-1][-1] == one - 1:
            runs[-1].append(one)
        else:
            runs.append([one])
    return ", ".join(f"2^{run[0]} to 2^{run[-1]}" if len(run) > 1 else f"2^{run[0]}" for run in runs) + " rows"
