"""Conformance suites for plugin authors: inherit one, supply a fixture, run pytest.

They need the ``test`` extra (pytest, hypothesis); nothing else in polyproof imports them.
"""
