"""What the ledger answers to a command, and how the answer is kept so that a repeated command gets the same one."""

from dataclasses import dataclass, replace
from typing import Final, Self

from pydantic_core import from_json

from domain.refusals import Code, Refusal


class OutcomeUnknown(RuntimeError):
    """The connection was lost while the commit was on its way: it is not known whether the command was recorded.

    Repeat it with the same command id: if it was recorded, the first answer comes back and nothing is recorded twice.
    """

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class LedgerUnavailable(RuntimeError):
    """The database cannot be reached, or another writer does not let go. Nothing was recorded; repeat later."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`positions` are those of the events recorded because of the command, empty if none; a refused command may have some.

    `repeated` says that the command had been answered before: this is the first answer again.
    """

    positions: range
    refusal: Refusal | None = None
    repeated: bool = False

    @property
    def accepted(self) -> bool:
        return self.refusal is None

    @property
    def last(self) -> int | None:
        """The position that a reader must have reached to see what the command did."""
        return self.positions[-1] if self.positions else None

    def again(self) -> Self:
        return replace(self, repeated=True)

    def text(self) -> str:
        """The answer as the receipt keeps it: compact JSON."""
        first, last = (self.positions[0], self.positions[-1]) if self.positions else ("null", "null")
        refusal = self.refusal.model_dump_json() if self.refusal else "null"
        return f'{{"first":{first},"last":{last},"refusal":{refusal}}}'

    @classmethod
    def read(cls, text: str) -> Self:
        told = from_json(text)
        positions = range(told["first"], told["last"] + 1) if told["first"] else NONE
        return cls(positions, Refusal.model_validate(told["refusal"]) if told["refusal"] else None)


NONE: Final = range(0)


def id_reused(command_id: str) -> Answer:
    return Answer(NONE, Refusal(code=Code.COMMAND_ID_REUSED, clause="ledger/receipts", rival=command_id))


def id_malformed() -> Answer:
    detail = "A command id has 1 to 200 letters, digits, or any of . : @ / # _ -"
    return Answer(NONE, Refusal(code=Code.MALFORMED, clause="ledger/receipts", detail=detail))
