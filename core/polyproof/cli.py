"""The command line. Every command lives in a ``cli_*`` module and imports what it needs when it runs.

Exit status: 0 done or verified, 1 a proof was rejected, 2 bad input or usage, 3 a fault of polyproof
itself, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import typer

from polyproof import cli_audit, cli_bench, cli_demo, cli_inform
from polyproof.errors import PolyproofError, UsageError

__all__ = ["app", "main", "run"]

INTERRUPTED = 130
FAULT = 3

app = typer.Typer(
    name="polyproof",
    help="Prove what an exchange owes its users, and verify it.",
    epilog="Begin with: polyproof demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (cli_audit, cli_demo, cli_inform, cli_bench):
    module.register(app)

# typer brings its own copy of click or uses click itself, by version; the base of both is found here.
_ClickUsageError: type[Exception] = typer.BadParameter.__mro__[1]


def main() -> None:
    """Entry point of the ``polyproof`` command."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit status. Whatever happens, no traceback reaches a user."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    json = "--json" in (arguments[: arguments.index("--")] if "--" in arguments else arguments)
    try:
        status = _run(arguments, json)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # Whoever read us has gone; the interpreter must not try to flush into the pipe when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + 13


def _run(arguments: list[str], json: bool) -> int:
    from polyproof.console import print_error

    try:
        status: Any = typer.main.get_command(app)(args=arguments, prog_name="polyproof", standalone_mode=False)
        if status == INTERRUPTED:
            print("interrupted", file=sys.stderr)
        return status if isinstance(status, int) else 0
    except PolyproofError as error:
        _debug()
        print_error(error, json=json)
        return error.exit_status
    except BrokenPipeError:
        raise
    except _ClickUsageError as error:
        message: str = error.format_message()  # type: ignore[attr-defined]
        if message:
            print_error(UsageError(message), json=json)
        return UsageError.exit_status
    except (typer.Abort, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        _debug()
        where = f"{error.filename}: " if error.filename else ""
        print_error(_with_notes(UsageError(f"{where}{error.strerror or error}"), error), json=json)
        return UsageError.exit_status
    except Exception as error:  # noqa: BLE001 - the last door before the user
        _debug()
        fault = Fault(
            f"polyproof failed, which is its own fault and not yours: {type(error).__name__}: {error}\n"
            f"POLYPROOF_DEBUG=1 shows where; please report it"
        )
        print_error(_with_notes(fault, error), json=json)
        return FAULT


class Fault(PolyproofError):
    """An exception nobody expected."""

    exit_status = FAULT


def _with_notes(error: PolyproofError, cause: BaseException) -> PolyproofError:
    for note in getattr(cause, "__notes__", ()):
        error.add_note(note)
    return error


def _debug() -> None:
    if os.environ.get("POLYPROOF_DEBUG", "") not in ("", "0"):
        import traceback

        traceback.print_exc()
