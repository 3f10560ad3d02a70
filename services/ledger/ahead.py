"""Running ahead: while nobody else writes, a batch is judged before the head is locked, and sent in a single round trip.

What it was judged by is proven under the lock: unless the log still ends with the chain that this process knows, nothing of
the batch is committed, and it is judged again the careful way, with the head locked first. So a batch can be judged while
the one before it is still on its way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Condition, Event, Lock
from typing import Any, Final, cast

import psycopg
from psycopg import Connection

from services.ledger.answer import Answer
from services.ledger.asked import Asked
from services.ledger.batch import Batch
from services.ledger.keys import ask_keys
from services.ledger.mapper import stamp
from services.ledger.sights import Sights
from services.ledger.statements import LOCK_AS_KNOWN
from services.ledger.wire import Wire
from services.ledger.writer import BEGIN, COMMIT, Clock, Connected, Writer, may_have_committed

CAREFUL: Final = 16
"""After running ahead has failed, or somebody else was seen to have written, this many batches are written the careful way."""


class NotAsKnown(RuntimeError):
    """A batch on its way has failed, so what was judged after it is void."""


@dataclass(slots=True)
class Flight:
    """A batch on its way to the database."""

    wire: Wire
    answers: list[Answer]


@dataclass(slots=True)
class Started:
    """A batch that was judged. `flight` is None when it is answered already, or is to be judged again."""

    commands: Sequence[Asked]
    before: "Started | None"
    flight: Flight | None = None
    answers: Sequence[Answer | Exception] | None = None
    may_be_committed: bool = False
    done: Event = field(default_factory=Event)


class Ahead:
    """Safe for threads. Batches are committed in the order in which they were started."""

    def __init__(self, where: Connected, sights: Sights, clock: Clock | None) -> None:
        self._where = where
        self._sights = sights
        self._clock = clock
        self._writer = Writer(where, sights, clock)
        self._judging = Lock()
        self._flying = Condition()
        self._in_flight = False
        self._void = False
        self._careful = 0
        self._last: Started | None = None

    def start(self, commands: Sequence[Asked]) -> Started:
        """Judge a batch and send it off. One thread at a time starts; `finish` must follow in the same thread."""
        with self._judging:
            started = self._last = Started(commands, self._last)
            careful = self._careful > 0 or self._sights.head is None
            if not careful:
                self._send(started)
        if careful:
            self._write_in_turn(started)
        return started

    def finish(self, started: Started) -> Sequence[Answer | Exception]:
        """Wait until the batch is durable, and give its answers."""
        try:
            if started.flight:
                self._land(started, started.flight)
            if started.answers is None:
                self._write_in_turn(started)
        finally:
            started.done.set()
            started.before = None
        return cast(Sequence[Answer | Exception], started.answers)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way, and what is started next can be judged ahead."""
        return not self._in_flight and not self._careful

    @property
    def known_position(self) -> int:
        """The last position that this process knows of; 0 before it has written."""
        head = self._sights.head
        return head.position if head else 0

    def close(self) -> None:
        self._where.close()

    def _send(self, started: Started) -> None:
        try:
            started.flight = self._judge_and_send(started)
        except Exception:  # noqa: BLE001 (it is judged again with the head locked; what fails there too is told)
            self._spoil()

    def _judge_and_send(self, started: Started) -> Flight:
        sights, head = self._sights, self._sights.head
        if head is None:
            raise NotAsKnown
        recorded_at = max(head.recorded_at, self._clock().astimezone(UTC) if self._clock else sights.time.now())
        sights.look_at(recorded_at)
        sights.keys.load = lambda subjects: ask_keys(self._settled(), subjects)
        batch = Batch(self._settled, sights, head, recorded_at, stamp(recorded_at))
        answers = batch.answer(started.commands)
        sending = batch.send(self._where.channel)
        self._settled()
        wire = self._where.wire()
        started.may_be_committed = True
        wire.send([BEGIN, (LOCK_AS_KNOWN, (head.chain,)), *sending.statements, COMMIT])
        sights.sent(sending.head)
        with self._flying:
            self._in_flight = True
        return Flight(wire, answers)

    def _land(self, started: Started, flight: Flight) -> None:
        """Wait for the outcome of a batch on its way."""
        try:
            _, locked, *_ = flight.wire.receive()
        except psycopg.Error:
            started.may_be_committed = may_have_committed(self._where.connection)
            self._spoil()
        else:
            self._sights.time.told(datetime.fromisoformat((locked.get_value(0, 0) or b"").decode()))
            started.answers = flight.answers
        finally:
            with self._flying:
                self._in_flight = False
                self._flying.notify_all()

    def _spoil(self) -> None:
        """What was judged since the last commit is void."""
        with self._flying:
            self._void = True
            self._careful = CAREFUL

    def _settled(self) -> Connection[Any]:
        """The connection, once nothing is on its way and the database has all that was sent."""
        with self._flying:
            self._flying.wait_for(lambda: not self._in_flight)
            if self._void:
                raise NotAsKnown
        return self._where.open()

    def _write_in_turn(self, started: Started) -> None:
        """Write a batch the careful way, once the one before it is answered, however often that had to be written."""
        if started.before:
            started.before.done.wait()
        with self._judging:
            with self._flying:
                self._flying.wait_for(lambda: not self._in_flight)
                void, self._void = self._void, False
                self._careful = max(0, self._careful - 1)
            if void:
                self._sights.forget()
                self._where.close()
            followed = self._sights.followed
            started.answers = self._writer.write(started.commands, unknown=started.may_be_committed)
            if self._sights.followed != followed:
                self._careful = CAREFUL
