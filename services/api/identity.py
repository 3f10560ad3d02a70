"""The command's id that a request gives by its `Idempotency-Key`."""

import re
from typing import Final
from uuid import uuid4

from services.api.problems import Problem
from services.ledger.application import is_command_id

OF_THE_CLOCK: Final = "clock:"
"""How the sweeper's own command ids begin. Nobody else may use up one of them."""

PLAIN: Final = re.compile(r"[\w.:@/#-]{1,200}", re.ASCII)


def may_be_given(identity: str) -> bool:
    """Whether a command may be given this id from outside.

    >>> may_be_given("claim-1"), may_be_given("clock:1"), may_be_given("claim 1")
    (True, False, False)
    """
    return not identity.startswith(OF_THE_CLOCK) and (PLAIN.fullmatch(identity) is not None or is_command_id(identity))


def command_id_of(header: bytes | None) -> str:
    """The id given, in quotes or without, or a new one. Raises `Problem` for what can be none.

    >>> command_id_of(b'"claim-1"')
    'claim-1'
    """
    if header is None:
        return str(uuid4())
    try:
        given = header.decode().strip()
    except UnicodeDecodeError:
        given = ""
    if len(given) > 1 and given[0] == given[-1] == '"':
        given = given[1:-1]
    if not may_be_given(given):
        raise Problem(
            "request-malformed",
            "Idempotency-Key: 1 to 200 letters, digits, or any of . : @ / # _ -, and not beginning with clock:",
        )
    return given
