"""Group commit: whoever finds no leader becomes it, sends off what is waiting, hands over, and answers when it is durable.

There is no delay to gather more; a batch is what came while the last one was being judged. A caller in an event loop never
leads: a thread of the queue's own does it for those.
"""

from asyncio import AbstractEventLoop, Future
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future as Promise
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from services.ledger.ahead import Ahead
from services.ledger.answer import Answer
from services.ledger.asked import Asked

LARGEST_BATCH: Final = 256

WORTH_HALVING: Final = 4
"""So many callers make two batches: with fewer, a second transaction costs more than judging meanwhile brings."""

LEADERS: Final = 2
"""How many threads lead for those who do not wait: while one is at its commit, the other judges."""

Answers = Sequence[Answer | Exception]


def locked() -> Lock:
    lock = Lock()
    lock.acquire()
    return lock


@dataclass(slots=True)
class Waiting:
    """Commands of one caller. `turn` opens when they are answered, or when the caller is to lead."""

    commands: Sequence[Asked]
    turn: Lock = field(default_factory=locked)
    answers: Answers | None = None


@dataclass(slots=True)
class Ordered:
    """Commands of one caller who goes on with something else meanwhile."""

    commands: Sequence[Asked]
    future: "Promise[Answers]"
    answers: Answers | None = None


@dataclass(slots=True)
class Awaiting:
    """One command of a caller in an event loop."""

    commands: Sequence[Asked]
    loop: AbstractEventLoop
    future: "Future[Answer]"
    answers: Answers | None = None


Caller = Waiting | Ordered | Awaiting


class Queue:
    """Safe for threads."""

    def __init__(self, ahead: Ahead) -> None:
        self._ahead = ahead
        self._lock = Lock()
        self._waiting: deque[Caller] = deque()
        self._led = False
        self._leaders = ThreadPoolExecutor(LEADERS, "ledger-leader")

    def put(self, commands: Sequence[Asked]) -> Answers:
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

    def order(self, commands: Sequence[Asked]) -> "Promise[Answers]":
        """Answer commands while the caller prepares the next ones. What is ordered first is recorded first."""
        own = Ordered(commands, Promise())
        self._enter(own)
        return own.future

    def put_soon(self, command: Asked, loop: AbstractEventLoop) -> "Future[Answer]":
        """Answer a command of a caller in an event loop; call this in the loop's own thread."""
        own = Awaiting((command,), loop, loop.create_future())
        self._enter(own)
        return own.future

    def close(self) -> None:
        """Answer what is waiting, and lead no more for event loops."""
        self._leaders.shutdown()

    def _enter(self, own: Ordered | Awaiting) -> None:
        with self._lock:
            self._waiting.append(own)
            follows, self._led = self._led, True
        if not follows:
            self._leaders.submit(self._lead)

    def _lead(self, own: Waiting | None = None) -> None:
        """Judge and send what is waiting, let the next one lead, and answer when it is durable."""
        batch = self._gather()
        commands = [each for waiting in batch for each in waiting.commands]
        answers: Answers = [RuntimeError("the writing thread was interrupted")] * len(commands)
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
            tell(waiting for waiting in batch if waiting is not own)

    def _gather(self) -> list[Caller]:
        """The callers whose commands go into the next batch: as many as fit, at least the first.

        While nothing is on its way that is half of them, and the others are judged while the database writes those.
        """
        with self._lock:
            callers = len(self._waiting)
            most = callers if callers < WORTH_HALVING or not self._ahead.is_idle else (callers + 1) // 2
            batch = [self._waiting.popleft()]
            size = len(batch[0].commands)
            while len(batch) < most and size + len(self._waiting[0].commands) <= LARGEST_BATCH:
                batch.append(self._waiting.popleft())
                size += len(batch[-1].commands)
        return batch

    def _hand_over(self) -> None:
        with self._lock:
            following = self._waiting[0] if self._waiting else None
            self._led = following is not None
        match following:
            case Waiting():
                following.turn.release()
            case Ordered() | Awaiting():
                self._leaders.submit(self._lead)


def tell(answered: Iterable[Caller]) -> None:
    """Wake those who wait; an event loop is woken once for all of its callers."""
    loops: dict[AbstractEventLoop, list[Awaiting]] = {}
    for waiting in answered:
        match waiting:
            case Waiting():
                waiting.turn.release()
            case Ordered():
                waiting.future.set_result(waiting.answers or ())
            case Awaiting():
                loops.setdefault(waiting.loop, []).append(waiting)
    for loop, awaiting in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, awaiting)


def settle(awaiting: Iterable[Awaiting]) -> None:
    for each in awaiting:
        answer = each.answers[0] if each.answers else None
        if each.future.done() or answer is None:
            continue
        if isinstance(answer, Exception):
            each.future.set_exception(answer)
        else:
            each.future.set_result(answer)
