"""The ledger: an application of the event sourcing library whose facts come in by one door, `record`."""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future as Promise
from contextlib import ExitStack
from datetime import datetime
from itertools import islice
from typing import Any, Final, cast

from eventsourcing.application import Application
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    InfrastructureFactoryError,
    Mapper,
    ProcessRecorder,
    ProgrammingError,
    TrackingRecorder,
)
from eventsourcing.utils import Environment, EnvType
from pydantic import TypeAdapter, ValidationError

from domain.commands import AnyCommand
from domain.fact import CommandId
from domain.personal import keep_sealed
from domain.record import Recorded
from domain.world import Fingerprint
from services import vault
from services.database import database
from services.ledger.ahead import Ahead
from services.ledger.answer import Answer, id_malformed
from services.ledger.asked import asked
from services.ledger.grants import refuse_superuser
from services.ledger.head import Head
from services.ledger.keyring import Keyring
from services.ledger.keys import Keys
from services.ledger.mapper import FactMapper, read_record
from services.ledger.queue import LARGEST_BATCH, Answers, Queue
from services.ledger.recorder import LedgerRecorder
from services.ledger.refold import Refolded, refold
from services.ledger.schema import migrate
from services.ledger.sights import Sights
from services.ledger.writer import Clock, Connected
from services.settings import Settings, plain_schema
from services.vault import Vault, open_vault

MOST_STREAMS: Final = 50_000
"""How many histories stay in memory between batches."""

COMMAND_ID: Final[TypeAdapter[str]] = TypeAdapter(CommandId)


class Ledger(Application[str]):
    """Records commands and reads what was recorded. Safe for threads; any number of processes may have one open.

    Make one with `open_ledger`. The library's notification log, subscriptions, recorder and mapper are those of the log.
    """

    name = "sales-ledger"
    log_section_size = 2_000

    def __init__(self, dsn: str, schema: str, safe: Vault, clock: Clock | None = None) -> None:
        self.dsn = dsn
        self.schema = plain_schema(schema)
        self._clock = clock
        self._open = ExitStack()
        self.log_recorder = LedgerRecorder(dsn, self.schema)
        self.keyring = Keyring(self.log_recorder.readers, safe)
        super().__init__()
        self.keyring.take_up()
        self._digest_key = self.keyring.reserved("receipts")
        fingerprint_key = self.keyring.reserved("fingerprints")
        self.fingerprint: Fingerprint = lambda kind, value: vault.fingerprint(fingerprint_key, kind, value)
        sights = Sights(self.fingerprint, Keys(safe, self.keyring.forget), MOST_STREAMS)
        self._ahead = Ahead(Connected(dsn, self.schema, self.log_recorder.channel), sights, clock)
        self._queue = Queue(self._ahead)

    def record(self, command: AnyCommand, *, command_id: str) -> Answer:
        """Judge a command and record what follows from it. Returns when it is durable.

        The same id and body again give the first answer; the same id with another body is refused. Raises
        `OutcomeUnknown` if the database was lost at the commit, `LedgerUnavailable` if it could not be reached.
        """
        if not is_command_id(command_id):
            return id_malformed()
        return told(self._queue.put((asked(command, command_id, self._digest_key),))[0])

    async def submit(
        self, command: AnyCommand, *, command_id: str, asker: str | None = None, trace: str | None = None
    ) -> Answer:
        """`record` for callers in an event loop, which it does not block. Cancelling the wait does not undo the command.

        `asker` is who asks, where that is proven, and must then be permitted to. `trace` becomes the causation of what is
        recorded where the command names none.
        """
        if not is_command_id(command_id):
            return id_malformed()
        own = asked(command, command_id, self._digest_key, asker, trace)
        return await self._queue.put_soon(own, asyncio.get_running_loop())

    async def submit_many(
        self, commands: Sequence[tuple[str, AnyCommand]], *, asker: str, trace: str | None = None
    ) -> list[Answer]:
        """`submit` for a page of commands, given as `(command id, command)` with ids that are well formed; answered in order."""
        batch = [asked(command, command_id, self._digest_key, asker, trace) for command_id, command in commands]
        answers = await asyncio.wrap_future(self._queue.order(batch))
        return [told(answer) for answer in answers]

    def record_many(self, commands: Iterable[tuple[str, AnyCommand]]) -> Iterator[Answer]:
        """Judge and record many commands, given as `(command id, command)`, and answer them in order.

        Goes on lazily in durable batches of 256, and takes one batch ahead from `commands` while the last is written.
        Raises as `record`; the commands of a failed batch may be repeated.
        """
        source = iter(commands)
        ordered: deque[tuple[Promise[Answers], list[int]]] = deque()
        while chunk := list(islice(source, LARGEST_BATCH)):
            malformed = [index for index, (command_id, _) in enumerate(chunk) if not is_command_id(command_id)]
            batch = [asked(command, command_id, self._digest_key) for command_id, command in chunk]
            for index in reversed(malformed):
                del batch[index]
            ordered.append((self._queue.order(batch), malformed))
            if len(ordered) > 1:
                yield from in_order(*ordered.popleft())
        while ordered:
            yield from in_order(*ordered.popleft())

    def read(self, stream: str) -> list[Recorded]:
        """Everything recorded in a stream, in order. Personal values stay sealed; `reveal` opens them."""
        return [cast(Recorded, self.mapper.to_domain_event(e)) for e in self.recorder.select_events(stream)]

    def read_all(self, after: int = 0, limit: int = 1_000, known_at: datetime | None = None) -> list[Recorded]:
        """At most `limit` events beyond the position `after`, in order; only those recorded by `known_at` if given."""
        found = self.recorder.select_notifications(after, limit, inclusive_of_start=False)
        records = (read_record(each.id, each.state, keep_sealed) for each in found)
        return [each for each in records if known_at is None or each.recorded_at <= known_at]

    def head(self) -> Head:
        """Where the log ends: position, time of the last recording, chain."""
        return self.log_recorder.head()

    @property
    def known_position(self) -> int:
        """The last position that this process knows of, without asking; others may have written since."""
        return self._ahead.known_position

    def now(self) -> datetime:
        """The time at which a command would be recorded now: never before the last recording."""
        head = self.head()
        return max(head.recorded_at, self._clock() if self._clock else self.log_recorder.database_time())

    def refold(self) -> Refolded:
        """Check the whole ledger against its log, and name the first difference."""
        return refold(self.dsn, self.schema)

    def reveal(self, sealed: str) -> str | None:
        """The clear value of a sealed personal text, or None if its key was destroyed."""
        return self.keyring.unseal(sealed)

    def save(self, *objs: Any, **kwargs: Any) -> Any:
        """Refused: facts come in by `record`, which judges them."""
        del objs, kwargs
        raise ProgrammingError("facts come in by record(), which judges them")

    def close(self) -> None:
        super().close()
        self._queue.close()
        self._ahead.close()
        self._open.close()

    def owns(self, resources: ExitStack) -> None:
        """Close these too when the ledger is closed."""
        self._open.push(resources)

    def construct_factory(self, env: Environment) -> InfrastructureFactory[TrackingRecorder]:
        return LedgerFactory(env, self.log_recorder)

    def construct_mapper(self) -> Mapper[str]:
        return FactMapper()


class LedgerFactory(InfrastructureFactory[TrackingRecorder]):
    """Gives the library our recorder. The ledger keeps no snapshots, and tracks no other application."""

    def __init__(self, env: Environment | EnvType | None, recorder: LedgerRecorder) -> None:
        super().__init__(env)
        self._recorder = recorder

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        if purpose != "events":
            raise InfrastructureFactoryError(f"the ledger keeps no {purpose}")
        return self._recorder

    def application_recorder(self) -> ApplicationRecorder:
        return self._recorder

    def tracking_recorder(self, tracking_recorder_class: type[TrackingRecorder] | None = None) -> TrackingRecorder:
        del tracking_recorder_class
        raise InfrastructureFactoryError(
            "the ledger tracks no other application; projections keep their own checkpoints"
        )

    def process_recorder(self) -> ProcessRecorder:
        raise InfrastructureFactoryError("the ledger processes no other application's events")

    def close(self) -> None:
        self._recorder.close()


def open_ledger(
    where: Settings | str,
    schema: str | None = None,
    safe: Vault | None = None,
    clock: Clock | None = None,
) -> Ledger:
    """Open a ledger, by settings or by a database address with a schema and a vault; migrate it first.

    `clock` gives the time of recording; by default it is the database's, taken under the lock. Use the ledger as a
    context manager. Raises `SchemaUnusable`, `MasterKeyUnusable`, `SettingInvalid`, `RoleTooMighty` or
    `psycopg.OperationalError`.
    """
    with ExitStack() as opened:
        if isinstance(where, Settings):
            safe = safe or open_vault(where)
            schema = schema or where.schema
            dsn = opened.enter_context(database(where))
            if where.database_url and not where.allow_superuser:
                refuse_superuser(dsn)
        else:
            dsn = where
        if schema is None or safe is None:
            raise ProgrammingError("a database address needs a schema and a vault beside it")
        migrate(dsn, plain_schema(schema))  # who is not the owner finds it migrated already, or is told
        ledger = Ledger(dsn, schema, safe, clock)
        ledger.owns(opened.pop_all())
    return ledger


def is_command_id(text: str) -> bool:
    try:
        COMMAND_ID.validate_python(text)
    except ValidationError:
        return False
    return True


def in_order(ordered: "Promise[Answers]", malformed: Iterable[int]) -> Iterator[Answer]:
    """The answers of a batch, with those of the commands that were left out of it put in their places."""
    answers = list(ordered.result())
    for index in malformed:
        answers.insert(index, id_malformed())
    return map(told, answers)


def told(answer: Answer | Exception) -> Answer:
    if isinstance(answer, Exception):
        raise answer
    return answer
