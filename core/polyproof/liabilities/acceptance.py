"""What core asks of every backend, and what it accepts: the verifier's policy, enforced once.

A backend computes whether a proof is valid. Whether that is enough is judged here, before and after the backend is
called, for ``verify``, for ``verify-inclusion`` and wherever an audit is opened. So a backend that ignores the policy
cannot weaken it; what a backend alone computes, core has to take from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from attrs import frozen

from polyproof.backend import Backend, Claim, InclusionVerdict, Statement, Verdict
from polyproof.errors import FieldError, InputError, PluginError, PluginFault, ProofRejected
from polyproof.model.assets import Asset
from polyproof.model.counts import counted
from polyproof.plugin_faults import asking, blame, culprit, fault, told
from polyproof.security import Assumptions, Figure, SecurityReport, SecurityTerm
from polyproof.settings.policy import Policy

__all__ = ["Judge", "require"]

_T = TypeVar("_T")


@frozen
class Judge:
    """A backend under a policy: the only way core asks a backend whether something holds.

    Raises ``PolicyRejected`` if the policy does not allow the backend or a component named in its options, so a judge
    exists only for a backend that may be asked.
    """

    backend: Backend
    options: Any
    """The options that the backend was made with, from the audit's spec."""
    policy: Policy

    def __attrs_post_init__(self) -> None:
        """Judge the backend and the components that its options name."""
        self.policy.check_options(self.backend.name, self.options)

    def verify(self, statement: Statement, totals: Sequence[int], proof: bytes) -> Verdict:
        """Have one segment verified.

        Raises ``ProofRejected`` (``PolicyRejected`` if it was the policy), and ``PluginFault`` for a malformed verdict.
        """
        self._before(statement, proof)
        verdict = self._ask(Verdict, lambda: self.backend.verify(statement, totals, proof))
        self._require(isinstance(verdict.totals, tuple), verdict, "whose totals are not a tuple")
        if verdict.totals != tuple(totals):
            raise ProofRejected("totals", "the proof is for totals other than those stated")
        self._after(verdict, verdict.security)
        return verdict

    def verify_inclusion(
        self, statement: Statement, totals: Sequence[int], proof: bytes, claim: Claim, inclusion: bytes
    ) -> InclusionVerdict:
        """Have a user's claim checked, and the segment's proof with it. Raises as ``verify`` does."""
        self._before(statement, proof)
        return self._verdict(
            statement,
            claim,
            inclusion,
            lambda claim, inclusion: self.backend.verify_inclusion(statement, totals, proof, claim, inclusion),
        )

    def inclusion_verifier(
        self, statement: Statement, totals: Sequence[int], proof: bytes
    ) -> Callable[[Claim, bytes], InclusionVerdict]:
        """What has any number of users' claims checked, and the segment's proof once if the backend can.

        Both this and what it returns raise as ``verify`` does.
        """
        self._before(statement, proof)
        check: Any = self._ask(object, lambda: self.backend.inclusion_verifier(statement, totals, proof))
        self._require(callable(check), check, "instead of what checks claims")
        return lambda claim, inclusion: self._verdict(statement, claim, inclusion, check)

    def _verdict(
        self,
        statement: Statement,
        claim: Claim,
        inclusion: bytes,
        check: Callable[[Claim, bytes], InclusionVerdict],
    ) -> InclusionVerdict:
        """What the backend says of a claim, under the policy."""
        self.policy.check_inclusion_size(len(inclusion))
        _check_claim(statement, claim)
        verdict = self._ask(InclusionVerdict, lambda: check(claim, inclusion))
        said = isinstance(verdict.sentences, tuple) and all(isinstance(item, str) for item in verdict.sentences)
        self._require(said, verdict, "whose sentences are not a tuple of strings")
        self._after(verdict, verdict.security)
        return verdict

    def security(self, assets: Sequence[Asset], accounts: int) -> SecurityReport:
        """The security account that the proof of a segment with so many accounts will have, judged as it will be then.

        Raises ``PolicyRejected``, and ``PluginFault`` for a malformed report.
        """
        with asking(self.backend, "when asked for its security", may=(InputError,)):
            report = self.backend.security(assets, accounts)
        self._require(isinstance(report, SecurityReport), report, "instead of SecurityReport")
        self._check_report(report, report)
        self.policy.check_security(report)
        return report

    def security_of(self, statement: Statement, proof: bytes) -> SecurityReport:
        """The security report on a published proof, which is not verified. Raises as ``verify`` does."""
        self._before(statement, proof)
        report = self._ask(SecurityReport, lambda: self.backend.security_of(statement, proof))
        self._check_report(report, report)
        return report

    def _before(self, statement: Statement, proof: bytes) -> None:
        if not 0 <= statement.segment < statement.segments:
            raise ProofRejected("segment", f"there is no segment {statement.segment} of {statement.segments}")
        self.policy.check_segments(statement.segments)
        self.policy.check_proof_size(len(proof))

    def _after(self, verdict: Verdict | InclusionVerdict, security: SecurityReport) -> None:
        self._require(isinstance(security, SecurityReport), verdict, "without a SecurityReport")
        self._check_report(verdict, security)
        self.policy.check_security(security)

    def _check_report(self, verdict: object, security: SecurityReport) -> None:
        given = security.given
        self._require(bool(given), verdict, "whose report has no figure")
        for figure in given.values():
            made = isinstance(figure, Figure) and isinstance(figure.terms, tuple)
            self._require(made, verdict, "whose report has figures that are not Figures with a tuple of terms")
            terms = all(isinstance(item, SecurityTerm) for item in figure.terms)
            self._require(terms, verdict, "whose report has terms that are not SecurityTerms")
            self._require(bool(figure.terms), verdict, "whose report has a figure without terms to show for its bits")
            numbers = all(_is_number(item.bits) for item in figure.terms)
            self._require(numbers, verdict, "whose report has bits that are not numbers")
        self._require(isinstance(security.assumptions, Assumptions), verdict, "whose report states no Assumptions")

    def _ask(self, expected: type[_T], call: Callable[[], Any]) -> _T:
        """Call the backend. Whatever goes wrong inside it, the proof is not accepted."""
        try:
            answer = call()
        except ProofRejected as error:
            # A backend knows no policy and no file: what it rejects is the proof, whatever the class of its error. What
            # its hash or its field raises is no verdict.
            raise blame(error) or ProofRejected(error.check, error.reason) from error
        except PluginError:
            raise
        except (Exception, SystemExit) as error:
            raise _failed(self.backend, error) from error
        self._require(isinstance(answer, expected), answer, f"instead of {expected.__name__}")
        assert isinstance(answer, expected)
        return answer

    def _require(self, holds: bool, answer: object, problem: str) -> None:
        require(self.backend, holds, answer, problem)


def require(backend: Backend, holds: bool, answer: object, problem: str) -> None:
    """Raise ``PluginFault``, naming the plugin, for what a backend returned, unless ``holds``."""
    if not holds:
        raise fault(backend, f"it returned a {type(answer).__name__} {problem}; nothing is accepted")


def _failed(backend: Backend, error: BaseException) -> PluginFault | ProofRejected:
    """What an exception of a verifier is.

    A backend's verifier reads hostile bytes. If it fails on them, they are refused, whosever fault that is. A hash, a
    field, a commitment or a constraint system that it asks is given no bytes: its failure says nothing about the proof.
    """
    found = blame(error, of=backend)
    if found is None or culprit(error) in (backend, None) or isinstance(error, FieldError):
        return ProofRejected("verifier-failed", f"the verifier failed on it: {found or told(error)}")
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, float) or (type(value) is int and abs(value) < 1 << 53)


def _check_claim(statement: Statement, claim: Claim) -> None:
    """Refuse a claim that cannot be true, whatever the backend."""
    try:
        claim.user_id.encode()
    except UnicodeEncodeError as error:
        raise ProofRejected("account-id", "the account id cannot be encoded as UTF-8") from error
    if len(claim.balances) != len(statement.assets):
        raise ProofRejected(
            "balance-count", f"{counted(len(claim.balances), 'balance')} for {counted(len(statement.assets), 'asset')}"
        )
    for asset, balance in zip(statement.assets, claim.balances, strict=True):
        if not 0 <= balance < 1 << asset.bits:
            raise ProofRejected(
                "balance-range", f"the balance of {asset.symbol} is not in [0, 2^{asset.bits}) base units"
            )
