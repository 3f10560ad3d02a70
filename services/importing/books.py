"""What an import needs of the ledger: recording in bulk, what was answered before, and the organisation."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Final, Protocol, cast

from domain.commands import AnyCommand
from domain.fact import ORGANISATION
from domain.organisation.facts import Organisation, OrganisationFact, evolve
from services.ledger.answer import Answer
from services.ledger.application import Ledger
from services.vault import fingerprint

RECEIPTS: Final = "select command_id, digest, answer::text, recorded_at from receipt where command_id = any(%s)"


@dataclass(frozen=True, slots=True)
class Receipt:
    """How a command was answered first: the keyed hash of its body, the answer, and when."""

    digest: bytes
    answer: Answer
    recorded_at: datetime


class Books(Protocol):
    """The ledger, or a rehearsal of it."""

    def record_many(self, commands: Iterable[tuple[str, AnyCommand]]) -> Iterator[Answer]: ...

    def refused_before(self, command_ids: list[str], began: datetime) -> set[str]: ...

    def now(self) -> datetime: ...

    def organisation(self) -> Organisation: ...

    def head(self) -> int: ...


class LedgerBooks:
    """The ledger itself."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._key = ledger.keyring.reserved("fingerprints")

    def fingerprint(self, kind: str, value: str) -> str:
        """The ledger's keyed hash, by which natural keys become ids."""
        return fingerprint(self._key, kind, value)

    def record_many(self, commands: Iterable[tuple[str, AnyCommand]]) -> Iterator[Answer]:
        return self.ledger.record_many(commands)

    def refused_before(self, command_ids: list[str], began: datetime) -> set[str]:
        """Which of the commands were first answered before that time, with a refusal."""
        known = self.receipts(command_ids)
        return {each for each, receipt in known.items() if receipt.answer.refusal and receipt.recorded_at < began}

    def receipts(self, command_ids: list[str]) -> dict[str, "Receipt"]:
        """The receipts of those commands that were ever answered."""
        with self.ledger.log_recorder.readers.connection() as connection:
            found = cast(
                list[tuple[str, bytes, str, datetime]], connection.execute(RECEIPTS, (command_ids,)).fetchall()
            )
        return {row[0]: Receipt(row[1], Answer.read(row[2]), row[3]) for row in found}

    def now(self) -> datetime:
        return self.ledger.now()

    def organisation(self) -> Organisation:
        """The organisation as recorded by now; names stay sealed."""
        facts = (cast(OrganisationFact, recorded.fact) for recorded in self.ledger.read(ORGANISATION))
        return reduce(evolve, facts, Organisation())

    def head(self) -> int:
        return self.ledger.head().position
