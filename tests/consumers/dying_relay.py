"""A relay in a process of its own that kills itself at a given step: `python -m tests.consumers.dying_relay … STEP DELAY_MS`.

A step is the begin of a transaction, each batch and the checkpoint sent, and before, during and after each commit.
"""

import os
import signal
import sys
from itertools import count
from threading import Event, Timer
from typing import Any

import structlog

from consumers import publisher
from consumers.batches import Batch
from consumers.cloudevent import source_of
from consumers.cluster import Cluster
from consumers.log import Log
from consumers.producer import BatchProducer
from consumers.relay import Relay
from consumers.topics import Topics
from services.database import connect

BATCH = 20
PARTITIONS = 4


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Dying(BatchProducer):
    """The producer that takes the process with it."""

    steps = count()
    last_step = 0
    delay_s = 0.0

    def step(self) -> None:
        if next(self.steps) == self.last_step:
            die()

    def begin_transaction(self) -> None:
        self.step()
        super().begin_transaction()

    def send_batch(self, topic: str, batch: Batch) -> None:
        self.step()
        super().send_batch(topic, batch)

    def send(self, *told: Any, **named: Any) -> Any:
        self.step()
        return super().send(*told, **named)

    def commit_transaction(self) -> None:
        self.step()
        if next(self.steps) == self.last_step:
            Timer(self.delay_s, die).start()
        super().commit_transaction()
        self.step()


def main(dsn: str, schema: str, bootstrap: str, prefix: str, step: str, delay_ms: str) -> None:
    Dying.last_step, Dying.delay_s = int(step), float(delay_ms) / 1_000
    vars(publisher)["BatchProducer"] = Dying
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    log = Log(lambda: connect(dsn, schema), f"{schema}_recorded", source_of(schema))
    topics = Topics(prefix, partitions=PARTITIONS, replication=1)
    Relay(Cluster(bootstrap), topics, log, batch=BATCH).run_forever(Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
