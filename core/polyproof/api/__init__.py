"""The library: what the commands do, called from Python and shown in a notebook.

``import polyproof`` offers all of it by name. Reading order: ``specs`` reads a spec and accounts in memory, ``proving``
is the exchange's side and ``verifying`` everybody else's, ``comparing`` sets backends side by side; ``results`` is what
they return, ``page`` how a notebook shows it, ``following`` how long work reports its progress, ``arguments`` what
callers may write. No step is done here: each function calls the one that its command calls, and shows the result in the
words of that command.
"""
