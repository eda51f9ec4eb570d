"""``python -m polyproof``."""

from polyproof.cli import main

main()
