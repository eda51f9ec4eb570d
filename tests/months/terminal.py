"""Commands on a terminal of some width: what they print, and what stands there in the end.

Each command runs in a fork of this process, which has imported everything, so that an import is paid for once.
"""

from __future__ import annotations

import fcntl
import importlib
import os
import pty
import re
import signal
import struct
import sys
import termios
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import asdict, frozen

from polyproof.cli import run
from polyproof.registry import default_registry
from polyproof.reserves.signatures import load_schemes

SECONDS = 60
_PARTS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+")


@frozen
class Screen:
    """A command that ran on a terminal."""

    name: str
    """What the story calls this step."""
    command: tuple[str, ...]
    columns: int
    status: int
    """The exit status; minus the signal if one ended it."""
    lines: tuple[str, ...]
    """What stands on the terminal in the end; a line that is longer than it is wide goes on in the next row."""
    drawn: str
    """All that was written there, control sequences included."""
    seconds: float
    """Of processor time."""

    @property
    def rows(self) -> list[str]:
        """The same in the rows of the terminal."""
        wide = self.columns
        return [line[at : at + wide].rstrip() for line in self.lines for at in range(0, max(len(line), 1), wide)]

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def warm() -> None:
    """Import what commands import when they run."""
    for name in (
        "adbc_driver_postgresql",
        "polyproof.cli.progress_view",
        "polyproof_balances.bitcoin_core",
        "polyproof_balances.evm",
        "polyproof_executors.local",
        "polyproof_goldilocks.compiled",
        "polyproof_goldilocks.extension",
        "polyproof_goldilocks.field",
        "polyproof_merkle.commitment",
        "polyproof_sources.native",
        "polyproof_stark.backend",
        "polyproof_stark.leaf_kernel",
        "polyproof_stark.prover",
        "polyproof.liabilities.proving",
        "polyproof.liabilities.snapshot.reader",
        "polyproof.publication.month",
        "polyproof.publication.report.site",
        "polyproof.reserves.run",
    ):
        importlib.import_module(name)
    load_schemes(default_registry())


def on_terminal(
    name: str,
    arguments: tuple[str, ...],
    folder: Path,
    columns: int,
    until: Callable[[], bool] | None = None,
    typed: str = "",
) -> Screen:
    """Run a command; one that is still running when ``until`` holds is killed. ``typed``: what it is answered."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        for key in ("COLUMNS", "LINES"):
            os.environ.pop(key, None)
        os.environ.update(TERM="xterm-256color", NO_COLOR="1")
        _resize(1, columns)
        # Those of this process know whether they were a file.
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
        status = 70
        try:
            status = run(list(arguments))
            sys.stdout.flush()
        except BaseException:  # noqa: BLE001 - a fork must not go on as the program
            traceback.print_exc()
        finally:
            os._exit(status)
    os.write(terminal, typed.encode())
    os.set_blocking(terminal, False)
    seen, deadline = b"", time.monotonic() + SECONDS
    while True:
        ended, status, usage = os.wait4(process, os.WNOHANG)
        try:
            while read := os.read(terminal, 1 << 16):
                seen += read
        except OSError:  # nothing to read now, or the other end is closed
            pass
        if ended:
            break
        if time.monotonic() > deadline or (until is not None and until()):
            os.kill(process, signal.SIGKILL)
        time.sleep(0.05 if until is None else 0.002)
    os.close(terminal)
    drawn = seen.decode()
    lines = tuple(_standing(drawn))
    spent = usage.ru_utime + usage.ru_stime
    return Screen(name, arguments, columns, os.waitstatus_to_exitcode(status), lines, drawn, spent)


def _resize(descriptor: int, columns: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))


def _standing(drawn: str) -> list[str]:
    """The lines of a terminal that understands what progress is drawn with."""
    lines, place = [""], 0
    for part in _PARTS.findall(drawn):
        if part == "\n":
            place += 1
            lines += [""] * (place + 1 - len(lines))
        elif part.endswith("A") and part.startswith("\x1b"):
            place = max(0, place - int(part[2:-1] or 1))
        elif part.endswith("K") and part.startswith("\x1b"):
            lines[place] = ""
        elif not part.startswith("\x1b") and part != "\r":
            lines[place] += part
    return [line.rstrip() for line in lines]
