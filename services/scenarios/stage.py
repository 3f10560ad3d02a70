"""A ledger to tell one story to: a schema of its own that is dropped afterwards, and a clock that the story moves."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from domain.fact import EARLIEST
from services.database import connect
from services.ledger.application import Ledger, open_ledger
from services.master_keys import KEY_BYTES
from services.vault import Vault


@dataclass(slots=True)
class StoryClock:
    """Stands at the time of the story, and never goes back."""

    now: datetime = EARLIEST

    def __call__(self) -> datetime:
        return self.now

    def move_to(self, at: datetime) -> None:
        self.now = max(self.now, at)


@contextmanager
def throw_away_ledger(dsn: str, clock: StoryClock, keep: Vault | None = None) -> Iterator[Ledger]:
    """A fresh ledger under a generated master key, dropped at the end; or one that stays, under the vault to keep it."""
    schema = f"scenario_{secrets.token_hex(6)}"
    try:
        with open_ledger(dsn, schema, keep or Vault(os.urandom(KEY_BYTES)), clock) as ledger:
            yield ledger
    finally:
        if keep is None:
            drop(dsn, schema)


def drop(dsn: str, schema: str) -> None:
    with connect(dsn, schema) as connection:
        connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))
