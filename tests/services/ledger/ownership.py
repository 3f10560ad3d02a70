"""Who is who in the test's database."""

from psycopg.conninfo import make_conninfo


def as_superuser(dsn: str) -> str:
    """The same database for whoever made the embedded server."""
    return make_conninfo(dsn, user="postgres")
