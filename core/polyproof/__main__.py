"""``python -m polyproof``."""

import sys

if not sys.flags.safe_path:
    # -m puts the current folder first, and that may be one that somebody published: nothing is imported from there,
    # and no plugin is found there.
    del sys.path[0]

from polyproof.start import main

main()
