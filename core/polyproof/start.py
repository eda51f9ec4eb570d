"""Where a process begins: Ctrl-C while the command line is still being imported ends it as it does later."""

import sys

__all__ = ["main"]


def main() -> None:
    """Entry point of the ``polyproof`` command."""
    try:
        from polyproof.cli import run

        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        status = 130
    sys.exit(status)
