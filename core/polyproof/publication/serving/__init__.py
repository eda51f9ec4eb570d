"""Serving an audit: its public files and the page to everybody, to each customer their own inclusion file.

Reading order: ``tokens`` and ``proxy`` say who a request is from, as the organisation's own login found; ``store`` has
the inclusion files and ``public`` what is the same for all; ``rates`` bounds how often somebody may ask;
``application`` answers, and ``server`` listens. Of the private half only the store is opened.
"""
