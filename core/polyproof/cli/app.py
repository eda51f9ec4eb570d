"""The command line: the commands of ``polyproof.cli.commands`` put together, and how each ends.

A command imports what it needs when it runs, so that ``polyproof --help`` is quick. ``polyproof.cli.envelope`` says
how a command returns its result; with ``--json`` the envelope is printed here and nowhere else. Exit status: 0 done or
verified, 1 a proof was rejected, 2 bad input or usage, 3 a fault in polyproof or a plugin, 130 interrupted,
141 the reader of the output closed the pipe.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from types import ModuleType
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from polyproof.cli.commands import (
    anchor,
    assemble,
    attest,
    audit,
    bench,
    challenge,
    check,
    compare,
    demo,
    explain,
    inclusion,
    init,
    new_plugin,
    plan,
    plugins,
    private_decrypt,
    private_destroy,
    private_encrypt,
    private_new_key,
    private_recipients,
    private_status,
    prove,
    prove_segment,
    report,
    reserves,
    sample,
    schema,
    serve,
    sign_samples,
    verify,
    verify_inclusion,
    version,
)
from polyproof.cli.envelope import Answer, Fault, Interrupted, Refused
from polyproof.cli.statuses import BROKEN_PIPE, FAULT, INTERRUPTED
from polyproof.errors import InputError, Location, PolyproofError, Problem, UsageError
from polyproof.extras import missing_extra
from polyproof.version import __version__

__all__ = ["app", "main", "run", "words_of"]

COMMANDS = (
    init,
    check,
    prove,
    plan,
    prove_segment,
    assemble,
    verify,
    inclusion,
    serve,
    verify_inclusion,
    reserves,
    challenge,
    audit,
    anchor,
    attest,
    report,
    private_status,
    private_encrypt,
    private_decrypt,
    private_recipients,
    private_new_key,
    private_destroy,
    demo,
    explain,
    plugins,
    new_plugin,
    schema,
    sample,
    sign_samples,
    version,
    compare,
    bench,
)
"""In the order of ``polyproof --help``."""


GROUPS = {"private": "What an audit keeps private: look at it, encrypt it, say who may read it, destroy it."}
"""Groups of commands: a command ``private-status`` is ``polyproof private status``."""


def _in_words(parameters: list[Any]) -> list[Any]:
    """Newer versions of typer write the type of Python behind an option: ``<bool>`` where it takes no value."""
    for parameter in parameters:
        if getattr(parameter, "is_flag", False):
            parameter.metavar = ""
        elif parameter.metavar is None and getattr(parameter, "min", None) is not None:
            parameter.metavar = "N"
    return parameters


class _Command(TyperCommand):
    def get_params(self, ctx: Any) -> list[Any]:
        return _in_words(super().get_params(ctx))


class _Group(TyperGroup):
    def get_params(self, ctx: Any) -> list[Any]:
        return _in_words(super().get_params(ctx))


app = typer.Typer(
    name="polyproof",
    cls=_Group,
    help="Prove totals of what an exchange owes its users, and verify them.",
    epilog="Begin with: polyproof demo",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# Depending on its version, typer has its own copy of click or uses click itself; the base of both is found here.
_ClickUsageError: type[Exception] = typer.BadParameter.__mro__[1]


def _help_alone(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(UsageError.exit_status)


@app.callback(invoke_without_command=True)
def _top(
    context: typer.Context,
    print_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if print_version:
        typer.echo(f"polyproof {__version__}")
    else:
        _help_alone(context)


def _guarded(name: str, command: Callable[..., None]) -> Callable[..., None]:
    """A command whose result goes into the answer of this run, and which tells how it was interrupted."""

    @functools.wraps(command)
    def run_command(*arguments: Any, **options: Any) -> None:
        try:
            with _running.get().of(name, json=bool(options["json"])):
                command(*arguments, **options)
                sys.stdout.flush()
        except (typer.Abort, KeyboardInterrupt) as error:
            # Typer alone would not say what was left behind, nor where Ctrl-C is the answer to a question of its own.
            raise _with_notes(Interrupted("interrupted"), error) from error
        except BrokenPipeError as error:
            raise typer.Exit(BROKEN_PIPE) from error

    return run_command


def words_of(module: ModuleType) -> list[str]:
    """What a command is called by: its name, or its group and its name in it."""
    name = _name(module)
    group, _, within = name.partition("-")
    return [group, within] if group in GROUPS else [name]


def _name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2].replace("_", "-")


_groups = {
    group: typer.Typer(name=group, cls=_Group, help=text, callback=_help_alone, invoke_without_command=True)
    for group, text in GROUPS.items()
}
for _module in COMMANDS:
    *_group, _word = words_of(_module)
    _place = _groups[_group[0]] if _group else app
    _place.command(_word, cls=_Command)(_guarded(_name(_module), _module.command))
for _typer in _groups.values():
    app.add_typer(_typer)


def main() -> None:
    """Entry point of the ``polyproof`` command."""
    sys.exit(run(sys.argv[1:]))


_running: ContextVar[Answer] = ContextVar("running")


def run(arguments: list[str]) -> int:
    """Run one command and return its exit status. Whatever happens, no traceback reaches the user."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    # A command that is reached has its own word on --json; this is for arguments that lead to none.
    answer = Answer(json="--json" in (arguments[: arguments.index("--")] if "--" in arguments else arguments))
    token = _running.set(answer)
    try:
        status, errors = _run(arguments)
        status = _end(answer, status, errors)
        sys.stdout.flush()
    except BrokenPipeError:
        status = BROKEN_PIPE
    finally:
        _running.reset(token)
    if status == BROKEN_PIPE:
        # The reader closed the pipe; the interpreter must not try to flush to it on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def _end(answer: Answer, status: int, errors: Sequence[PolyproofError]) -> int:
    """Print how it ended: for machines the one envelope, for people errors; returns the exit status."""
    from polyproof.cli.console import print_error

    if not answer.json:
        for error in errors:
            print_error(error)
        return status
    if status == BROKEN_PIPE or (answer.command is None and not errors):
        return status  # nobody reads, or help was printed
    if not errors and (status or answer.result is None):
        status, errors = FAULT, [Fault("the command ended without a result; this is a fault in polyproof")]
    try:
        text = answer.text(status, errors)
    except (TypeError, ValueError) as error:
        answer.result, status = None, FAULT
        text = answer.text(status, [Fault(f"a result that is not JSON; this is a fault in polyproof: {error}")])
    sys.stdout.write(text)
    return status


def _run(arguments: list[str]) -> tuple[int, list[PolyproofError]]:
    """The exit status, and what to say about it."""
    try:
        status: Any = _command()(args=arguments, prog_name="polyproof", standalone_mode=False)
        return (status if isinstance(status, int) else 0), []
    except Refused as refused:
        return refused.exit_status, [] if refused.told else list(refused.errors)
    except PolyproofError as error:
        _debug()
        found = _blamed(error) or error
        return found.exit_status, [found]
    except _ClickUsageError as error:
        _running.get().command = _command_of(error)
        return UsageError.exit_status, [_usage_error(error)]
    except SystemExit as error:
        # Help is printed by typer's own console, and rich ends the process when nobody reads what it prints.
        if isinstance(error.__context__, BrokenPipeError):
            return BROKEN_PIPE, []
        ended = _blamed(error)
        if ended is None:
            raise
        return ended.exit_status, [ended]
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED, [Interrupted("interrupted")]
    except OSError as error:
        _debug()
        found = _blamed(error) or _with_notes(_system_error(error), error)
        return found.exit_status, [found]
    except Exception as error:  # noqa: BLE001 - the last handler before the user
        _debug()
        explained = _with_notes(_explained(error), error)
        return explained.exit_status, [explained]


def _system_error(error: OSError) -> InputError:
    """What the system refused: a disk that is full, or a file that cannot be read or written."""
    from polyproof.formats.space import FULL, full_disk

    if error.errno in FULL:
        return full_disk(error)
    place = Location(str(error.filename)) if error.filename else None
    return UsageError(Problem(error.strerror or str(error), place))


def _blamed(error: BaseException) -> PolyproofError | None:
    """The fault that an error is, if a component raised it and its interface does not allow that."""
    from polyproof.plugin_faults import blame

    found = blame(error)
    return None if found is None else _with_notes(found, error)


def _explained(error: Exception) -> PolyproofError:
    """What an exception that nobody expected is: an extra that is missing, a plugin's fault, or ours."""
    missing = missing_extra(error, "this command") if isinstance(error, ImportError) else None
    if missing is not None:
        return missing
    from polyproof.plugin_faults import told

    return _blamed(error) or Fault(
        f"polyproof failed; this is a fault in polyproof, not in your input: {told(error)}\n"
        f"POLYPROOF_DEBUG=1 shows where; please report it"
    )


@functools.cache
def _command() -> Any:
    """All commands, as typer makes them, but that help has no ``<path>`` beside the name of an argument."""
    made: Any = typer.main.get_command(app)
    within = [command for group in GROUPS for command in made.commands[group].commands.values()]
    for command in (*made.commands.values(), *within):
        for parameter in command.params:
            if parameter.param_type_name == "argument":
                parameter.display_type = lambda ctx: None  # of typer 0.29; others have no types there
    return made


def _command_of(error: Any) -> str | None:
    """The command whose arguments are wrong; None if there is none of that name."""
    context = getattr(error, "ctx", None)
    words: list[str] = []
    while context is not None and context.parent is not None:
        words.insert(0, context.info_name)
        context = context.parent
    return None if not words or words[-1] in GROUPS else "-".join(words)


def _usage_error(error: Any) -> UsageError:
    context = getattr(error, "ctx", None)
    hint = f"{context.command_path} --help lists what is available" if context else None
    return UsageError(Problem(error.format_message(), hint=hint))


def _with_notes(error: PolyproofError, cause: BaseException) -> PolyproofError:
    for note in getattr(cause, "__notes__", ()):
        error.add_note(note)
    return error


def _debug() -> None:
    if os.environ.get("POLYPROOF_DEBUG", "") not in ("", "0"):
        import traceback

        traceback.print_exc()
