"""Faults of plugins: which component is to blame, in the words of every message about one.

A component fails in one of two ways: it raises what its interface does not allow, or it returns it. Whoever receives a
result checks it and raises ``fault``; ``blame`` finds who raised an exception, from its traceback: the innermost frame
that runs a method of a component. Both name kind, name, plugin and origin, so that nobody is sent to the wrong authors.
``asking`` surrounds a call that may not raise at all, or only what its interface says.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from polyproof.config.options import shown
from polyproof.errors import (
    ExtraMissing,
    FieldError,
    Location,
    PluginError,
    PluginFault,
    PolyproofError,
    Problem,
    ProofRejected,
)
from polyproof.extras import missing_extra
from polyproof.hookspecs import KINDS

__all__ = [
    "RAISED",
    "asking",
    "blame",
    "culprit",
    "described",
    "fault",
    "is_place",
    "is_problem",
    "names_faults",
    "reason_of",
    "remember",
    "told",
]

P = ParamSpec("P")
R = TypeVar("R")

_HINT = "a fault of that plugin, not of your input: its authors will want to know"
_SYSTEM_KINDS = frozenset({"anchor", "backend", "balances", "executor", "ledger", "source"})
"""Kinds that work with files and the network, so that an ``OSError`` in them says something about the system."""
_PURE_KINDS = frozenset({"hash", "field"})
"""Kinds that compute and nothing else: what they are given is never bad input, and they reject no proof."""
RAISED = (Exception, SystemExit)
"""What a plugin may raise, and what is caught where work goes on without it. A plugin that calls ``sys.exit`` may not
decide with what status a verification ends.
"""
_origins: dict[type[Any], str] = {}


def remember(cls: type[Any], origin: str) -> None:
    """Note which plugin of which distribution offers a class."""
    _origins[cls] = origin


def kind_of(component: object) -> str | None:
    """The kind of a component; None for anything else. An extension belongs to its field."""
    for kind, reference in KINDS.items():
        module, _, attribute = reference.partition(":")
        # A component exists only where the module of its interface has been imported.
        base = getattr(sys.modules.get(module), attribute, None)
        if base is not None and issubclass(_class_of(component), base):
            return kind
    return None


def described(component: object) -> str:
    """Kind, name, plugin, origin and class: ``hash 'elm' (plugin elm of elms (elm_module); elm_module.Elm)``.

    ``component`` is one, or its class.
    """
    kind = kind_of(component) or "component"
    name = getattr(component, "name", None)
    made_of = _class_of(component)
    origin = next((f"{_origins[cls]}; " for cls in made_of.__mro__ if cls in _origins), "")
    return f"{kind} {shown(name)} ({origin}{made_of.__module__}.{made_of.__qualname__})"


def _class_of(component: object) -> type[Any]:
    return component if isinstance(component, type) else type(component)


def told(error: BaseException) -> str:
    """An exception in one line of bounded length."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - an exception of a plugin, whose words may fail as well
        text = ""
    text = text if len(text) <= 300 else f"{text[:299]}…"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def fault(component: object, how: str) -> PluginFault:
    """The error about a component that did what its interface does not allow: ``how`` says what."""
    return PluginFault(Problem(f"{described(component)} is broken: {how}", hint=_HINT))


def is_problem(value: object) -> bool:
    """Whether what a component reports is a ``Problem`` whose values are of the types that it declares."""
    if not isinstance(value, Problem):
        return False
    texts: tuple[object, ...] = (value.message, value.hint or "")
    if not all(isinstance(text, str) for text in texts):
        return False
    return value.location is None or is_place(value.location)


def is_place(value: object) -> bool:
    """The same of a ``Location``."""
    if not (isinstance(value, Location) and isinstance(value.file, str)):
        return False
    return all(number is None or type(number) is int for number in (value.line, value.column, value.row))


def blame(error: BaseException, *, of: object = None, doing: str = "") -> PluginFault | None:
    """The fault that an exception is, if a component raised it; otherwise None.

    ``of`` is who is asked if the traceback names nobody: the component that was being called. ``doing`` says at what:
    "while reading FILE".

    An error of ours is no fault, except for ``FieldError``, which whoever asks the field for the impossible has to
    handle. Nor is it one where a field or a hash decodes bytes, and rejects those of a proof, nor a missing extra, or a
    system that is out of memory or cannot read a file.
    """
    if isinstance(error, MemoryError) or not isinstance(error, RAISED):
        return None
    found = list(_components(error.__traceback__))[::-1] or ([of] if of is not None else [])
    if not found:
        return None
    if isinstance(error, ProofRejected) and _was_decoding(error.__traceback__):
        return None
    ours = isinstance(error, PolyproofError) and not isinstance(error, FieldError)
    if ours and (isinstance(error, (PluginError, ExtraMissing)) or kind_of(found[0]) not in _PURE_KINDS):
        return None
    if isinstance(error, OSError) and kind_of(found[0]) in _SYSTEM_KINDS:
        return None
    if isinstance(error, ImportError) and missing_extra(error, described(found[0])) is not None:
        return None
    return _failed(found, error, doing)


def reason_of(error: BaseException) -> str:
    """Why something failed, for who goes on without it: an error of ours in its own words, a fault with whose it is,
    anything else in one line.
    """
    found = error if isinstance(error, PolyproofError) else blame(error) or error
    return str(found) if isinstance(found, PolyproofError) else told(found)


def _failed(found: Sequence[object], error: BaseException, doing: str) -> PluginFault:
    callers = "".join(f", called by {described(caller)}" for caller in found[1:])
    during = f" {doing}" if doing else ""
    return PluginFault(Problem(f"{described(found[0])} failed{during}{callers}: {told(error)}", hint=_HINT))


class asking:
    """A block that calls a component: what it raises is its fault, and leaves the block as ``PluginFault``.

    ``may`` are the errors that the interface allows the call to raise. Errors of other plugins, missing extras and
    memory that is exhausted are nobody's fault here. ``doing`` says at what; a function is called only if something was
    raised.
    """

    __slots__ = ("_component", "_doing", "_may")

    def __init__(
        self, component: object, doing: str | Callable[[], str] = "", *, may: tuple[type[Exception], ...] = ()
    ) -> None:
        self._component, self._doing, self._may = component, doing, may

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not isinstance(error, RAISED):
            return
        if isinstance(error, (MemoryError, PluginError, ExtraMissing)):
            return
        if isinstance(error, self._may) and kind_of(culprit(error)) not in _PURE_KINDS:
            return
        if isinstance(error, ImportError):
            missing = missing_extra(error, described(self._component))
            if missing is not None:
                raise missing from error
        doing = self._doing if isinstance(self._doing, str) else self._doing()
        # An error of ours, or of the system, is no fault in general. Here the interface forbids it.
        raise blame(error, of=self._component, doing=doing) or _failed([self._component], error, doing) from error


def culprit(error: BaseException) -> object:
    """The component whose method raised an exception, by its traceback; None if there is none."""
    return next(reversed(list(_components(error.__traceback__))), None)


def _was_decoding(traceback: TracebackType | None) -> bool:
    """Whether the last component in a traceback was at what its interface lets it reject a proof in."""
    last = ""
    while traceback is not None:
        if kind_of(traceback.tb_frame.f_locals.get("self")) is not None:
            last = traceback.tb_frame.f_code.co_name
        traceback = traceback.tb_next
    return last in ("decode", "decode_digests")


def _components(traceback: TracebackType | None) -> Iterator[object]:
    """The components whose methods were running, outermost first, each once."""
    seen: set[int] = set()
    while traceback is not None:
        running = traceback.tb_frame.f_locals.get("self")
        component = getattr(running, "field", None) if _is_extension(running) else running
        if component is not None and kind_of(component) is not None and id(component) not in seen:
            seen.add(id(component))
            yield component
        traceback = traceback.tb_next


def _is_extension(value: object) -> bool:
    extension = getattr(sys.modules.get("polyproof.field"), "Extension", None)
    return extension is not None and isinstance(value, extension)


def names_faults(function: Callable[P, R]) -> Callable[P, R]:
    """A function that calls components, whose faults then leave it as ``PluginFault``."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except RAISED as error:
            found = blame(error)
            if found is None:
                raise
            for note in getattr(error, "__notes__", ()):
                found.add_note(note)
            raise found from error

    return call
