"""A program that runs ``polyproof prove`` again and again, and ends each run at another file operation.

``python -m audit.interrupting kill|full SPEC FOLDER FIRST STEP``: the run into ``FOLDER/N`` ends at its N-th operation
on a file below FOLDER, for N from FIRST in steps of STEP until a run gets through. ``kill`` is SIGKILL to the process,
before the operation; with ``full``, the N-th file that is opened to be written to, and all after it, find no space left
on the disk. Then the same command runs to its end. Prints a JSON line for each N.

Runs are forks of one process that has imported everything, and counted by audit events (PEP 578): these are the
system's file operations as Python makes them, not a list of places that somebody thought of.
"""

from __future__ import annotations

import errno
import hashlib
import importlib
import io
import json
import os
import signal
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from audit.tally_backend import tally_registry
from polyproof import registry as registry_module
from polyproof.cli import run

_CHANGES = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "os.truncate", "os.listdir"}


def _arm(mode: str, folder: str, number: int) -> None:
    """Have the ``number``-th operation, from 0, be the last."""
    count = -1

    def heed(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if event not in _CHANGES or not arguments or not os.fsdecode(str(arguments[0])).startswith(folder):
            return
        if mode == "full":
            flags = arguments[2] if event == "open" and isinstance(arguments[2], int) else 0
            if not flags & (os.O_WRONLY | os.O_RDWR) and event != "os.mkdir":
                return
        count += 1
        if mode == "kill" and count == number:
            os.kill(os.getpid(), signal.SIGKILL)
        if mode == "full" and count >= number:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    sys.addaudithook(heed)


def _prove(spec: str, out: Path) -> dict[str, Any]:
    said, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(errors):
        status = run(["prove", spec, "--out", str(out), "--policy", str(Path(spec).with_name("policy.yaml")), "--json"])
    return {"status": status, "out": said.getvalue(), "err": errors.getvalue()}


def _forked(spec: str, out: Path, mode: str | None, number: int) -> dict[str, Any]:
    """What a fork found; its status is that of the process if it was killed."""
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            os.close(reader)
            if mode is not None:
                _arm(mode, f"{out.parent}{os.sep}", number)
            with os.fdopen(writer, "w") as file:
                json.dump(_prove(spec, out), file)
        except BaseException:  # noqa: BLE001 - a fork must not go on as the program
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        told = file.read()
    _, status = os.waitpid(process, 0)
    return json.loads(told) if told else {"status": -os.WTERMSIG(status)}


def _finished(folder: Path) -> dict[str, str]:
    """Digests of the proofs and states of finished segments."""
    found = {}
    for path in sorted(folder.glob(".audit.partial/segment-*/**/*")):
        if path.is_file() and path.name != "record.json":
            found[str(path.relative_to(folder / ".audit.partial"))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def main(mode: str, spec: str, folder: Path, first: int, step: int) -> None:
    for module in ("duckdb", "filelock", "polyproof.liabilities.proving", "polyproof.liabilities.snapshot.reader"):
        importlib.import_module(module)
    registry_module._default = tally_registry()
    number = first
    while True:
        place = folder / str(number)
        place.mkdir()
        ended = _forked(spec, place / "audit", mode, number)
        finished = _finished(place)
        visible = (place / "audit").exists()
        again = _forked(spec, place / "audit", None, 0)
        left = sorted(entry.name for entry in place.iterdir())
        line = {
            "number": number,
            "ended": ended,
            "visible": visible,
            "finished": finished,
            "again": again,
            "left": left,
        }
        print(json.dumps(line), flush=True)
        if ended["status"] == 0:
            return
        number += step


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
