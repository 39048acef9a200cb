"""A query that cannot run."""


class QueryError(ValueError):
    """A query that cannot run; the text says why and what would."""
