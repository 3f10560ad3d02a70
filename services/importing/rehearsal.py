"""A dry run: commands are judged in memory, against everything that the ledger knows, and nothing is appended."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from domain.commands import AnyCommand
from domain.judgement import judge
from domain.organisation.facts import Organisation
from domain.world import World
from services.importing.books import LedgerBooks, Receipt
from services.ledger.answer import NONE, Answer, id_reused
from services.ledger.asked import asked

PAGE = 2_000


class Rehearsal:
    """Stands in for the ledger. Holds its whole history in memory, so it takes memory as the ledger grows."""

    def __init__(self, books: LedgerBooks) -> None:
        self._books = books
        self._digest_key = books.ledger.keyring.reserved("receipts")
        self._answered: dict[str, Receipt] = {}
        self.world = World(now=books.ledger.now(), fingerprint=books.fingerprint, complete=True)
        self.position = 0
        while page := books.ledger.read_all(self.position, PAGE):
            for recorded in page:
                self.world.apply(recorded.fact, recorded.position)
            self.position = page[-1].position

    def record_many(self, commands: Iterable[tuple[str, AnyCommand]]) -> Iterator[Answer]:
        """Judge commands as the ledger would, receipts included."""
        many = list(commands)
        earlier = self._books.receipts([command_id for command_id, _ in many])
        for command_id, command in many:
            yield self._answer(command_id, command, earlier.get(command_id) or self._answered.get(command_id))

    def refused_before(self, command_ids: list[str], began: datetime) -> set[str]:
        """Which of the commands the ledger refused before that time."""
        return self._books.refused_before(command_ids, began)

    def now(self) -> datetime:
        return self.world.now

    def organisation(self) -> Organisation:
        return self.world.organisation

    def head(self) -> int:
        """Where the ledger ends: that it has not moved is the point."""
        return self._books.head()

    def _answer(self, command_id: str, command: AnyCommand, earlier: Receipt | None) -> Answer:
        digest = asked(command, command_id, self._digest_key).digest
        if earlier:
            return earlier.answer.again() if earlier.digest == digest else id_reused(command_id)
        verdict = judge(command, self.world)
        for fact in verdict.facts:
            self.position += 1
            self.world.apply(fact, self.position)
        last = self.position + 1
        positions = range(last - len(verdict.facts), last) if verdict.facts else NONE
        answer = Answer(positions, verdict.refusal)
        self._answered[command_id] = Receipt(digest, answer, self.world.now)
        return answer
