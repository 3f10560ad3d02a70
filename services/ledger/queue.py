"""Group commit: whoever finds no leader becomes it, writes what is waiting, answers, and hands over.

There is no delay to gather more; a batch is what came while the last one was being written.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from services.ledger.ahead import Ahead
from services.ledger.answer import Answer
from services.ledger.asked import Asked

LARGEST_BATCH: Final = 256


def locked() -> Lock:
    lock = Lock()
    lock.acquire()
    return lock


@dataclass(slots=True)
class Waiting:
    """Commands of one caller. `turn` opens when they are answered, or when the caller is to lead."""

    commands: Sequence[Asked]
    turn: Lock = field(default_factory=locked)
    answers: Sequence[Answer | Exception] | None = None


class Queue:
    """Safe for threads."""

    def __init__(self, ahead: Ahead) -> None:
        self._ahead = ahead
        self._lock = Lock()
        self._waiting: deque[Waiting] = deque()
        self._led = False

    def put(self, commands: Sequence[Asked]) -> Sequence[Answer | Exception]:
        """Wait until the commands are answered, in order, in one batch."""
        own = Waiting(commands)
        with self._lock:
            self._waiting.append(own)
            follows, self._led = self._led, True
        if follows:
            own.turn.acquire()
        if own.answers is None:
            self._lead(own)
        assert own.answers is not None
        return own.answers

    def _lead(self, own: Waiting) -> None:
        """Judge and send what is waiting, let the next one lead, and answer when it is durable."""
        batch = self._gather()
        commands = [each for waiting in batch for each in waiting.commands]
        answers: Sequence[Answer | Exception] = [RuntimeError("the writing thread was interrupted")] * len(commands)
        try:
            try:
                started = self._ahead.start(commands)
            finally:
                self._hand_over()
            answers = self._ahead.finish(started)
        finally:
            begin = 0
            for waiting in batch:
                waiting.answers = answers[begin : begin + len(waiting.commands)]
                begin += len(waiting.commands)
                if waiting is not own:
                    waiting.turn.release()

    def _gather(self) -> list[Waiting]:
        """The callers whose commands go into the next batch: as many as fit, at least the first."""
        with self._lock:
            batch = [self._waiting.popleft()]
            size = len(batch[0].commands)
            while self._waiting and size + len(self._waiting[0].commands) <= LARGEST_BATCH:
                batch.append(self._waiting.popleft())
                size += len(batch[-1].commands)
        return batch

    def _hand_over(self) -> None:
        with self._lock:
            following = self._waiting[0] if self._waiting else None
            self._led = following is not None
        if following:
            following.turn.release()
