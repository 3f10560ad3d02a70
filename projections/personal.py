"""Personal values as read models keep them: the sealed token, never the clear value."""

from domain.personal import Personal


def token(value: Personal) -> str:
    """The sealed text of a value read from the log. Raises `PersonalInTheOpen` for one that is not sealed."""
    return value.sealed_text(None)
