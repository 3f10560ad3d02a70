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
from services.ledger.statements import (
    INSERT_EVENTS,
    INSERT_RECEIPTS,
    MOVE_HEAD,
    NOTIFY,
    array,
    nullable_array,
    plain_array,
)
from services.ledger.wire import Statement


class Sending(NamedTuple):
    """The statements of a transaction, and where the log ends when they are committed."""

    head: Head
    statements: list[Statement]


class Written(NamedTuple):
    """A fact with what the ledger gives it, and the text that is stored."""

    fact: AnyFact
    stream: str
    version: int
    identity: str
    text: str


class Judged(NamedTuple):
    """A command with its stored body, its answer, and the position at which the log stood."""

    asked: Asked
    body: str
    answer: Answer
    position: int


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
    events: list[Written] = field(default_factory=list)
    receipts: list[Judged] = field(default_factory=list)

    def answer(self, commands: Sequence[Asked]) -> list[Answer]:
        """Judge the commands in order. When one lacks something to see, what the others lack is loaded with it."""
        return [self._answer(each, index, commands) for index, each in enumerate(commands)]

    def send(self, channel: str) -> Sending:
        """What writes everything, up to but without the commit, and where the log then ends."""
        chain = links(self.head.chain, [each.text.encode() for each in self.events])
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
        written = self._written(envelope, verdict.facts, seal)
        for position, new in enumerate(written, first):
            found = self.sights.apply(new.fact, position)
            self.changes.add(new.stream, position, found)
        self.events.extend(written)
        answer = Answer(range(first, first + len(written)) if written else NONE, verdict.refusal)
        self.receipts.append(Judged(each, body, answer, first - 1))
        return answer

    def _written(
        self, envelope: Envelope, facts: Sequence[AnyFact], seal: Callable[[str], Callable[[str], str]]
    ) -> list[Written]:
        """The facts with their event ids, versions and texts. Streams that a rule wrote to unseen are loaded first."""
        unseen = {fact.stream: None for fact in facts if not self.sights.is_in_sight(fact.stream)}
        if unseen:
            self._load(Wanted(streams=unseen))
        versions: dict[str, int] = {}
        written: list[Written] = []
        for index, fact in enumerate(facts):
            stream = fact.stream
            versions[stream] = version = versions.get(stream, self.sights.version(stream)) + 1
            identity = event_id(envelope.command_id, index)
            text = record_text(envelope, fact, identity, version, seal(fact.subject))
            written.append(Written(fact, stream, version, identity, text))
        return written

    def _event_columns(self, stamp: str, chain: Sequence[bytes]) -> tuple[str | int, ...]:
        facts, streams, versions, identities, texts = zip(*self.events, strict=True)
        return (
            self.head.position,
            stamp,
            plain_array(streams),
            plain_array(versions),
            plain_array([fact.kind for fact in facts]),
            plain_array(identities),
            plain_array([fact.at.isoformat() for fact in facts]),
            "\n".join(texts),
            plain_array([link.hex() for link in chain]),
        )

    def _receipt_columns(self, stamp: str) -> tuple[str | int, ...]:
        commands, bodies, answers, positions = zip(*self.receipts, strict=True)
        return (
            stamp,
            ENGINE,
            array([each.command_id for each in commands]),
            plain_array([each.digest.hex() for each in commands]),
            "\n".join(bodies),
            "\n".join([answer.text() for answer in answers]),
            plain_array(positions),
            plain_array([each.command.stream for each in commands]),
            nullable_array([each.asker for each in commands]),
        )
