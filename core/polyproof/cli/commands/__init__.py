"""One module for each command; each has the function ``command``, which ``polyproof.cli.app`` registers."""
