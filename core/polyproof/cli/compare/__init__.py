"""Combinations side by side: what each takes, makes, proves, hides and assumes.

Reading order: ``varying`` says which combinations there are, ``measuring`` measures each in a process of its own,
``rows`` is what is known of one, ``folder`` keeps it; ``meanings`` words what a backend says of itself, ``tables``,
``charts`` and ``page`` show all of it. ``work`` is the whole sequence, for the command and for the library.
"""
