"""The command line: the commands of ``polyproof.cli.commands`` put together, and how each ends.

A command imports what it needs when it runs, so that ``polyproof --help`` is quick. Exit status: 0 done or
verified, 1 a proof was rejected, 2 bad input or usage, 3 a fault in polyproof or a plugin, 130 interrupted,
141 the reader of the output closed the pipe.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from polyproof.cli.commands import (
    assemble,
    audit,
    bench,
    challenge,
    check,
    demo,
    explain,
    inclusion,
    init,
    plan,
    plugins,
    prove,
    prove_segment,
    report,
    reserves,
    sample,
    schema,
    sign_samples,
    verify,
    verify_inclusion,
    version,
)
from polyproof.cli.statuses import BROKEN_PIPE, FAULT, INTERRUPTED
from polyproof.cli.visible import one_line
from polyproof.errors import PolyproofError, Problem, UsageError
from polyproof.extras import missing_extra
from polyproof.version import __version__

__all__ = ["app", "main", "run"]

COMMANDS = (
    init,
    check,
    prove,
    plan,
    prove_segment,
    assemble,
    verify,
    inclusion,
    verify_inclusion,
    reserves,
    challenge,
    audit,
    report,
    demo,
    explain,
    plugins,
    schema,
    sample,
    sign_samples,
    version,
    bench,
)
"""In the order of ``polyproof --help``."""

app = typer.Typer(
    name="polyproof",
    help="Prove totals of what an exchange owes its users, and verify them.",
    epilog="Begin with: polyproof demo",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# Depending on its version, typer has its own copy of click or uses click itself; the base of both is found here.
_ClickUsageError: type[Exception] = typer.BadParameter.__mro__[1]


@app.callback(invoke_without_command=True)
def _top(
    context: typer.Context,
    print_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if print_version:
        typer.echo(f"polyproof {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(UsageError.exit_status)


def _guarded(command: Callable[..., None]) -> Callable[..., None]:
    """A command that says, when it is interrupted, what it leaves behind; typer alone would not."""

    @functools.wraps(command)
    def run_command(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
            sys.stdout.flush()
        except KeyboardInterrupt as error:
            for line in ("interrupted", *getattr(error, "__notes__", ())):
                print(one_line(str(line)), file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from error
        except BrokenPipeError as error:
            raise typer.Exit(BROKEN_PIPE) from error

    return run_command


for _module in COMMANDS:
    app.command(_module.__name__.rpartition(".")[2].replace("_", "-"))(_guarded(_module.command))


def main() -> None:
    """Entry point of the ``polyproof`` command."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit status. Whatever happens, no traceback reaches the user."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    json = "--json" in (arguments[: arguments.index("--")] if "--" in arguments else arguments)
    status = _run(arguments, json)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        status = BROKEN_PIPE
    if status == BROKEN_PIPE:
        # The reader closed the pipe; the interpreter must not try to flush to it on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def _run(arguments: list[str], json: bool) -> int:
    from polyproof.cli.console import print_error

    try:
        status: Any = typer.main.get_command(app)(args=arguments, prog_name="polyproof", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except PolyproofError as error:
        _debug()
        print_error(error, json=json)
        return error.exit_status
    except _ClickUsageError as error:
        print_error(_usage_error(error), json=json)
        return UsageError.exit_status
    except (typer.Abort, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        _debug()
        where = f"{error.filename}: " if error.filename else ""
        print_error(_with_notes(UsageError(f"{where}{error.strerror or error}"), error), json=json)
        return UsageError.exit_status
    except Exception as error:  # noqa: BLE001 - the last handler before the user
        _debug()
        missing = missing_extra(error, "this command") if isinstance(error, ImportError) else None
        if missing is not None:
            print_error(_with_notes(missing, error), json=json)
            return missing.exit_status
        from polyproof.plugin_faults import blame

        broken = blame(error)
        if broken is not None:
            print_error(_with_notes(broken, error), json=json)
            return broken.exit_status
        fault = Fault(
            f"polyproof failed; this is a fault in polyproof, not in your input: {type(error).__name__}: {error}\n"
            f"POLYPROOF_DEBUG=1 shows where; please report it"
        )
        print_error(_with_notes(fault, error), json=json)
        return FAULT


def _usage_error(error: Any) -> UsageError:
    context = getattr(error, "ctx", None)
    hint = f"{context.command_path} --help lists what is available" if context else None
    return UsageError(Problem(error.format_message(), hint=hint))


class Fault(PolyproofError):
    """An unexpected exception."""

    exit_status = FAULT


def _with_notes(error: PolyproofError, cause: BaseException) -> PolyproofError:
    for note in getattr(cause, "__notes__", ()):
        error.add_note(note)
    return error


def _debug() -> None:
    if os.environ.get("POLYPROOF_DEBUG", "") not in ("", "0"):
        import traceback

        traceback.print_exc()
