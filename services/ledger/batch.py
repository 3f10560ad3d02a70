"""One batch: commands judged one after another, each seeing what those before it did, and sent in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection

from domain.engine import ENGINE
from domain.fact import Sight
from domain.facts import AnyFact
from domain.judgement import judge, sight
from domain.permissions import sight as sight_of_permission
from services.ledger.answer import NONE, Answer, id_reused
from services.ledger.asked import Asked
from services.ledger.chain import links
from services.ledger.changes import Changes
from services.ledger.head import Head
from services.ledger.mapper import Envelope, event_id, record_text
from services.ledger.sights import Sights, Wanted
from services.ledger.statements import INSERT_EVENTS, INSERT_RECEIPTS, MOVE_HEAD, NOTIFY, array, plain_array
from services.ledger.wire import Statement


class Sending(NamedTuple):
    """The statements of a transaction, and where the log ends when they are committed."""

    head: Head
    statements: list[Statement]


@dataclass(slots=True)
class Batch:
    """What will be written in one transaction. `earlier` are the receipts found, by command id.

    A receipt keeps the position at which the log stood when its command was judged, and the version of the rules.

    `connection` gives the connection to read from, once all that this process has sent is there to be read.
    """

    connection: Callable[[], Connection[Any]]
    sights: Sights
    head: Head
    recorded_at: datetime
    stamp: str
    earlier: dict[str, tuple[bytes, Answer]] = field(default_factory=dict)
    changes: Changes = field(default_factory=Changes)
    events: list[tuple[AnyFact, str, int, str]] = field(default_factory=list)
    receipts: list[tuple[Asked, str, Answer, int]] = field(default_factory=list)

    def answer(self, commands: Sequence[Asked]) -> list[Answer]:
        """Judge the commands in order. When one lacks something to see, what the others lack is loaded with it."""
        return [self._answer(each, index, commands) for index, each in enumerate(commands)]

    def send(self, channel: str) -> Sending:
        """What writes everything, up to but without the commit, and where the log then ends."""
        chain = links(self.head.chain, (text.encode() for *_, text in self.events))
        statements = [*self.sights.keys.statements(), (INSERT_RECEIPTS, self._receipt_columns(self.stamp))]
        if not self.events:
            return Sending(self.head, statements)
        new = Head(self.head.position + len(self.events), self.recorded_at, chain[-1])
        statements.append((INSERT_EVENTS, self._event_columns(self.stamp, chain)))
        statements.extend(self.changes.statements())
        statements.append((MOVE_HEAD, (new.position, self.stamp, new.chain, self.head.position)))
        statements.append((NOTIFY, (channel, str(new.position), new.position)))
        return Sending(new, statements)

    def _answer(self, each: Asked, index: int, commands: Sequence[Asked]) -> Answer:
        if known := self.earlier.get(each.command_id):
            digest, answer = known
            return answer.again() if digest == each.digest else id_reused(each.command_id)
        seen = sight(each.command, self.sights.world)
        if not self._is_ready(each, seen):
            self._bring_into_sight(commands[index:])
            seen = sight(each.command, self.sights.world)
        answer = self._judged(each, seen)
        self.earlier[each.command_id] = (each.digest, answer)
        return answer

    def _is_ready(self, each: Asked, seen: Sight) -> bool:
        if not self.sights.holds(seen) or (each.body is None and not self.sights.keys.knows(each.command.subject)):
            return False
        return each.asker is None or self.sights.holds(sight_of_permission(each.command, self.sights.world))

    def _bring_into_sight(self, commands: Sequence[Asked]) -> None:
        """Load what commands lack, and again what they then want to see, until nothing new is wanted."""
        lacking = [each for each in commands if each.command_id not in self.earlier]
        while lacking:
            wanted, still = Wanted(), []
            for each in lacking:
                seen = sight(each.command, self.sights.world)
                if not self._is_ready(each, seen):
                    still.append(each)
                    self.sights.lacks(wanted, seen)
                    if each.asker:
                        self.sights.lacks(wanted, sight_of_permission(each.command, self.sights.world))
                    if each.body is None:
                        wanted.subjects[each.command.subject] = None
            if still:
                self._load(wanted)
            lacking = still

    def _load(self, wanted: Wanted) -> None:
        self.sights.load(self.connection(), wanted, self.changes)

    def _judged(self, each: Asked, seen: Sight) -> Answer:
        command = each.command
        first = self.head.position + len(self.events) + 1
        self.sights.world.position = first - 1
        verdict = judge(command, self.sights.world, seen, asker=each.asker)
        seal = self.sights.keys.sealer()
        body = each.body or command.model_dump_json(context={"seal": seal(command.subject)})
        envelope = Envelope(self.stamp, command.actor, each.command_id, command.because_of, command.reason)
        written = list(self._written(envelope, verdict.facts, seal))

        for position, (fact, *_) in enumerate(written, first):
            self.changes.add(fact.stream, position, self.sights.apply(fact, position))
        self.events.extend(written)
        answer = Answer(range(first, first + len(written)) if written else NONE, verdict.refusal)
        self.receipts.append((each, body, answer, first - 1))
        return answer

    def _written(
        self, envelope: Envelope, facts: Sequence[AnyFact], seal: Callable[[str], Callable[[str], str]]
    ) -> list[tuple[AnyFact, str, int, str]]:
        """The facts with their event ids, versions and texts. Streams that a rule wrote to unseen are loaded first."""
        unseen = Wanted(streams={f.stream: None for f in facts if not self.sights.is_in_sight(f.stream)})
        if unseen.streams:
            self._load(unseen)
        versions: dict[str, int] = {}
        written = []
        for index, fact in enumerate(facts):
            stream = fact.stream
            versions[stream] = version = versions.get(stream, self.sights.version(stream)) + 1
            identity = event_id(envelope.command_id, index)
            written.append(
                (fact, identity, version, record_text(envelope, fact, identity, version, seal(fact.subject)))
            )
        return written

    def _event_columns(self, stamp: str, chain: Sequence[bytes]) -> tuple[str | int, ...]:
        facts = [fact for fact, *_ in self.events]
        return (
            self.head.position,
            stamp,
            plain_array(fact.stream for fact in facts),
            plain_array(version for _, _, version, _ in self.events),
            plain_array(fact.kind for fact in facts),
            plain_array(identity for _, identity, _, _ in self.events),
            plain_array(fact.at.isoformat() for fact in facts),
            "\n".join(text for *_, text in self.events),
            plain_array(link.hex() for link in chain),
        )

    def _receipt_columns(self, stamp: str) -> tuple[str | int, ...]:
        return (
            stamp,
            ENGINE,
            array(each.command_id for each, *_ in self.receipts),
            plain_array(each.digest.hex() for each, *_ in self.receipts),
            "\n".join(body for _, body, *_ in self.receipts),
            "\n".join(answer.text() for *_, answer, _ in self.receipts),
            plain_array(position for *_, position in self.receipts),
            plain_array(each.command.stream for each, *_ in self.receipts),
        )
