"""``polyproof``, and ``python -m polyproof``: Ctrl-C while the command line is imported ends it as it does later."""

import sys

__all__ = ["main"]


def main() -> None:
    """Entry point of the ``polyproof`` command."""
    try:
        from polyproof.cli import main as run_command

        run_command()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    if not sys.flags.safe_path:
        # -m puts the current folder first, and that may be one that somebody published: nothing is imported from there,
        # and no plugin is found there.
        del sys.path[0]
    main()
