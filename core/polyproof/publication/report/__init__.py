"""The report: what an audit establishes, as a static site for people and as JSON for machines.

Reading order: ``document`` is the report as data, ``charts`` draws lines, ``wording`` puts things into words and rounds
them, ``drawings`` is what a report draws, ``site`` turns the document into pages with the templates beside it,
``writing`` puts them on the disk, ``pages`` compares those of a history with what is verified.
"""
