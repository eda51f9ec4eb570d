"""The report: what an audit establishes, as a static site for people and as JSON for machines.

Reading order: ``document`` is the report as data, ``charts`` draws lines, ``words`` says things and rounds them,
``site`` turns the document into pages, by the templates beside it.
"""
