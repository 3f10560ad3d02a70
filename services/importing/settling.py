"""Commands are put to the ledger in bulk, and what was refused before is put again, since the world may have changed.

The ledger answers a repeated command as it did the first time, a refusal too. So a row that was refused because its customer
was unknown is asked again under a further id, `…#2`; one that was accepted is never asked twice.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from domain.commands import AnyCommand
from domain.pool.decisions import ClaimCustomer
from domain.refusals import Code
from services.importing.books import Books
from services.ledger.answer import Answer

MOST_ATTEMPTS: Final = 1_000

Command = tuple[str, AnyCommand]


def settle(books: Books, commands: Sequence[Command], began: datetime) -> list[Answer]:
    """Record commands and answer them in order; those that were refused before the import `began` are asked again.

    A claim is asked once only: to have tried is a fact of its own.
    """
    answers = list(books.record_many(commands))
    asked = dict(enumerate(commands))
    for attempt in range(2, MOST_ATTEMPTS):
        told_before = {asked[i][0]: i for i in asked if is_answered_before(asked[i][1], answers[i])}
        if not told_before:
            break
        waiting = sorted(told_before[each] for each in books.refused_before(list(told_before), began))
        asked = {i: (f"{commands[i][0]}#{attempt}", commands[i][1]) for i in waiting}
        for i, answer in zip(waiting, books.record_many(asked.values()), strict=True):
            answers[i] = answer
    return answers


def is_answered_before(command: AnyCommand, answer: Answer) -> bool:
    """Whether a refusal is, or may be, the answer to an earlier command of this id."""
    if answer.refusal is None or isinstance(command, ClaimCustomer):
        return False
    return answer.repeated or answer.refusal.code is Code.COMMAND_ID_REUSED
