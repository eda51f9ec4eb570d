"""What is published month by month: the history that links audits, and the report on them."""
