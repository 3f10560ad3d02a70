"""One batch: commands judged one after another under the head's lock, each seeing what those before it did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from psycopg import Connection

from domain.facts import AnyFact
from domain.judgement import judge, sight
from services.ledger.answer import NONE, Answer, id_reused
from services.ledger.asked import Asked
from services.ledger.chain import links
from services.ledger.changes import Changes
from services.ledger.mapper import Envelope, event_id, record_text
from services.ledger.sights import Sights, Wanted
from services.ledger.statements import INSERT_EVENTS, INSERT_RECEIPTS, MOVE_HEAD, NOTIFY, array, plain_array


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log ends: its last position, when that was recorded, and the chain there."""

    position: int
    recorded_at: datetime
    chain: bytes


@dataclass(slots=True)
class Batch:
    """What will be written in one transaction. `earlier` are the receipts found, by command id."""

    connection: Connection[Any]
    sights: Sights
    head: Head
    recorded_at: datetime
    earlier: dict[str, tuple[bytes, Answer]]
    changes: Changes = field(default_factory=Changes)
    events: list[tuple[AnyFact, str, int, str]] = field(default_factory=list)
    receipts: list[tuple[Asked, str, Answer]] = field(default_factory=list)

    def answer(self, commands: Sequence[Asked]) -> list[Answer]:
        """Judge the commands in order. What they want to see is loaded together beforehand, as far as it can be known."""
        self._bring_into_sight(commands)
        return [self._answer(each) for each in commands]

    def send(self, channel: str) -> Head:
        """Send everything to the database, up to but without the commit, and return the new head."""
        connection, stamp = self.connection, self.recorded_at.isoformat()
        chain = links(self.head.chain, (text.encode() for *_, text in self.events))
        new = Head(
            self.head.position + len(self.events),
            self.recorded_at if self.events else self.head.recorded_at,
            chain[-1] if chain else self.head.chain,
        )
        self.sights.keys.insert_fresh(connection)
        if self.events:
            connection.execute(INSERT_EVENTS, self._event_columns(stamp, chain))
            self.changes.write(connection)
        connection.execute(INSERT_RECEIPTS, self._receipt_columns(stamp))
        if self.events:
            moved = (new.position, new.recorded_at.isoformat(), new.chain, self.head.position)
            connection.execute(MOVE_HEAD, moved)
            connection.execute(NOTIFY, (channel, str(new.position), new.position))
        return new

    def _bring_into_sight(self, commands: Sequence[Asked]) -> None:
        wanted = Wanted()
        for each in commands:
            if each.command_id not in self.earlier:
                self._want(each, wanted)
        while wanted:
            self.sights.load(self.connection, wanted, self.changes)
            wanted, before = Wanted(), wanted
            for each in commands:
                if each.command_id not in self.earlier:
                    self._want(each, wanted)
            if before.streams.keys() == wanted.streams.keys() and wanted == before:
                raise LookupError("a command wants to see what cannot be loaded")

    def _want(self, each: Asked, wanted: Wanted) -> None:
        self.sights.lacks(wanted, sight(each.command, self.sights.world))
        if each.body is None and self.sights.keys.unknown((each.command.subject,)):
            wanted.subjects[each.command.subject] = None

    def _answer(self, each: Asked) -> Answer:
        if known := self.earlier.get(each.command_id):
            digest, answer = known
            return answer.again() if digest == each.digest else id_reused(each.command_id)
        self._bring_into_sight((each,))
        answer = self._judged(each)
        self.earlier[each.command_id] = (each.digest, answer)
        return answer

    def _judged(self, each: Asked) -> Answer:
        command = each.command
        verdict = judge(command, self.sights.world)
        seal = self.sights.keys.sealer()
        body = each.body or command.model_dump_json(context={"seal": seal(command.subject)})
        envelope = Envelope(self.recorded_at, command.actor, each.command_id, command.causation, command.reason)
        written = list(self._written(envelope, verdict.facts, seal))

        first = self.head.position + len(self.events) + 1
        for position, (fact, *_) in enumerate(written, first):
            self.sights.apply(fact, position)
            self.changes.add(fact, position)
        self.events.extend(written)
        answer = Answer(range(first, first + len(written)) if written else NONE, verdict.refusal)
        self.receipts.append((each, body, answer))
        return answer

    def _written(
        self, envelope: Envelope, facts: Sequence[AnyFact], seal: Callable[[str], Callable[[str], str]]
    ) -> list[tuple[AnyFact, str, int, str]]:
        """The facts with their event ids, versions and texts. Streams that a rule wrote to unseen are loaded first."""
        unseen = Wanted(streams={f.stream: None for f in facts if not self.sights.is_in_sight(f.stream)})
        if unseen:
            self.sights.load(self.connection, unseen, self.changes)
        versions = {stream: count(self.sights.version(stream) + 1) for stream in {fact.stream for fact in facts}}
        written = []
        for index, fact in enumerate(facts):
            identity, version = event_id(envelope.command_id, index), next(versions[fact.stream])
            text = record_text(envelope, fact, identity, version, seal(fact.subject))
            written.append((fact, str(identity), version, text))
        return written

    def _event_columns(self, stamp: str, chain: Sequence[bytes]) -> tuple[object, ...]:
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

    def _receipt_columns(self, stamp: str) -> tuple[object, ...]:
        return (
            stamp,
            array(each.command_id for each, _, _ in self.receipts),
            plain_array(each.digest.hex() for each, _, _ in self.receipts),
            "\n".join(body for _, body, _ in self.receipts),
            "\n".join(answer.text() for *_, answer in self.receipts),
        )
