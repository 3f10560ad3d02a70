"""One runner for all read models: batches from the log, folded in memory, written with the checkpoint that they move."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from typing import Any, Final, Protocol, cast

import structlog
from eventsourcing import persistence
from eventsourcing.persistence import Mapper, Notification
from psycopg import Connection, sql

from domain.record import Recorded
from projections import registry
from projections.catalogue import READ_MODELS
from projections.folding import LOST, Overtaken, ProjectionStopped, fold
from projections.log import Log
from projections.rebuild import RebuildDiffers, Rebuilt, Site, finish, is_builder
from projections.registry import Generation, ReadModel

UNREACHABLE: Final = (*LOST, persistence.OperationalError, persistence.InterfaceError)

Connect = Callable[[], Connection[Any]]
"""Opens a connection in autocommit whose search path is the ledger's schema."""

logger: Final = structlog.get_logger("projections")


class NotificationLog(Protocol):
    """The part of the library's notification log that is read here."""

    def select(self, start: int | None, limit: int) -> Sequence[Notification]: ...


def log_of(notification_log: NotificationLog, mapper: Mapper[str]) -> Log:
    """The log as the read models see it. The mapper must give `Recorded`, and leave personal values sealed."""

    def after(position: int, limit: int) -> list[Recorded]:
        return [cast(Recorded, mapper.to_domain_event(each)) for each in notification_log.select(position + 1, limit)]

    def decode(position: int, stream: str, version: int, kind: str, record: bytes) -> Recorded:
        return cast(Recorded, mapper.to_domain_event(Notification(stream, version, kind, record, position)))

    return Log(after, decode)


class Runner:
    """Keeps read models true to the log. Any number of runners may do so at once; each fact is applied once.

    `channel` is the ledger's notification channel. Not safe for threads: give each its own runner.
    """

    def __init__(
        self,
        connect: Connect,
        log: Log,
        *,
        channel: str,
        models: Sequence[type[ReadModel]] = READ_MODELS,
        batch_size: int = 1_000,
        poll_s: float = 1.0,
    ) -> None:
        self.connect = connect
        self.log = log
        self.channel = channel
        self.models = models
        self.batch_size = batch_size
        self.poll_s = poll_s
        self.shown: dict[str, Generation] = {}
        self.stopped: dict[str, ProjectionStopped] = {}

    def catch_up(self, until: int | None = None) -> int:
        """Run up to a position, or to the head of the log as it is now, and return it.

        Raises `ProjectionStopped` for a read model that cannot get there, after the others have, `NewerThanTheCode`, and
        `BlockingIOError` while another process rebuilds one for a newer version of the code.
        """
        with self._session() as connection:
            if until is None:
                row = connection.execute("SELECT position FROM ledger_head").fetchone()
                until = int(row[0]) if row else 0
            while self.step(connection, until):
                pass
        for name, generation in self.shown.items():
            if name in self.stopped:
                raise self.stopped[name]
            if generation.version != generation.model.version:
                raise BlockingIOError(f"{name} is being rebuilt by another process")
        return until

    def run_forever(self, stop: Event) -> None:
        """Run until told to stop: woken by the ledger, and every second all the same; reconnects for ever.

        Raises `ProjectionStopped` when a read model of money cannot go on, and `NewerThanTheCode`.
        """
        delay = Backoff()
        while not stop.is_set():
            try:
                with self._session() as connection:
                    connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self.channel)))
                    delay = Backoff()
                    self._follow(connection, stop)
            except UNREACHABLE as error:
                wait = delay.longer()
                logger.warning("database lost", error=type(error).__name__, retry_in_s=wait)
                stop.wait(wait)

    def rebuild(self, name: str, *, accept_difference: bool = False) -> Rebuilt:
        """Fold a read model again from the log beside the one shown, compare, and show it. One begun before goes on.

        Raises `KeyError` for an unknown name, `RebuildDiffers`, `ProjectionStopped`, and `BlockingIOError` while another
        process rebuilds it.
        """
        model = {each.name: each for each in self.models}[name]
        with self._session() as holding, self._connected() as building:
            if not is_builder(building, name):
                raise BlockingIOError(f"{name} is being rebuilt by another process")
            built = registry.begin(holding, model)
            site = Site(holding, building, self.log, self.batch_size)
            done = finish(site, self.shown[name], built, accept_difference=accept_difference)
            self.shown[name] = built
            return done

    def step(self, connection: Connection[Any], until: int | None = None) -> bool:
        """Let every read model apply at most one batch, none beyond `until`. Returns whether any did."""
        batches: dict[int, list[Recorded]] = {}
        applied = False
        for name, generation in list(self.shown.items()):
            limit = self.batch_size if until is None else min(self.batch_size, until - generation.position)
            if name in self.stopped or limit <= 0 or generation.version != generation.model.version:
                continue
            if generation.position not in batches:
                batches[generation.position] = self.log.after(generation.position, self.batch_size)
            batch = batches[generation.position][:limit]
            if batch:
                self._apply(connection, name, batch)
                applied = True
        return applied

    def _apply(self, connection: Connection[Any], name: str, batch: Sequence[Recorded]) -> None:
        generation = self.shown[name]
        try:
            fold(connection, self.log, generation, batch)
        except Overtaken:
            self.shown[name] = registry.generations(connection, type(generation.model))[0]
        except ProjectionStopped as stopped:
            self._remember(name, stopped)

    def _follow(self, connection: Connection[Any], stop: Event) -> None:
        while not stop.is_set():
            if self.step(connection):
                continue
            for name, stopped in self.stopped.items():
                if self.shown[name].model.money:
                    raise stopped
            for _ in connection.notifies(timeout=self.poll_s, stop_after=1):
                pass

    def _remember(self, name: str, stopped: ProjectionStopped) -> None:
        self.stopped[name] = stopped
        money = self.shown[name].model.money
        logger.error("projection stopped", projection=name, position=stopped.position, kind=stopped.kind, money=money)

    @contextmanager
    def _session(self) -> Iterator[Connection[Any]]:
        """A connection, and the read models as they stand: those missing created, those outdated rebuilt."""
        with self._connected() as connection:
            registry.install(connection, self.models)
            self.shown = {model.name: registry.generations(connection, model)[0] for model in self.models}
            self.stopped = {}
            for model in self.models:
                if registry.is_unfinished(connection, model):
                    self._resume(connection, model)
            yield connection

    def _resume(self, connection: Connection[Any], model: type[ReadModel]) -> None:
        """Finish a rebuild that was interrupted, or that a newer version of the code asks for; unless another is at it."""
        with self._connected() as building:
            if not is_builder(building, model.name):
                return
            site = Site(connection, building, self.log, self.batch_size, meanwhile=lambda: self.step(connection))
            built = registry.begin(connection, model)
            try:
                finish(site, self.shown[model.name], built)
                self.shown[model.name] = built
            except ProjectionStopped as stopped:
                self._remember(model.name, stopped)
            except RebuildDiffers as differs:
                logger.exception("projection differs from the log", projection=model.name, position=differs.position)

    @contextmanager
    def _connected(self) -> Iterator[Connection[Any]]:
        with self.connect() as connection:
            connection.execute("SET synchronous_commit = off")
            yield connection


class Backoff:
    """Waits that double from 0.1 s to 5 s."""

    def __init__(self) -> None:
        self.wait_s = 0.05

    def longer(self) -> float:
        self.wait_s = min(self.wait_s * 2, 5.0)
        return self.wait_s


__all__ = ["ProjectionStopped", "Runner", "log_of"]
