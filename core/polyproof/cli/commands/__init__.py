"""One module a command; each has the function ``command``, which ``polyproof.cli.app`` registers."""
