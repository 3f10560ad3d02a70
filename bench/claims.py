"""The commands of the bench: a ledger of its own with a policy and people, customers to register, and their claims."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final
from uuid import uuid4

import psycopg
from psycopg import sql

from bench.callers import Task
from domain.commands import AnyCommand
from domain.customer.decisions import RegisterCustomer
from domain.organisation.decisions import CreateUnit, JoinRep
from domain.personal import Personal
from domain.policy.decisions import PublishPolicy
from domain.pool.decisions import ClaimCustomer
from services.ledger.application import Ledger, open_ledger
from services.policy_files import shipped
from services.vault import Vault

REPS: Final = 2_000
BEGIN: Final = datetime.now(UTC) - timedelta(hours=2)
"""Claims of just now, so that the clock has nothing to tell of them yet."""


@contextmanager
def open_bench_ledger(dsn: str) -> Iterator[Ledger]:
    """A ledger in a schema of its own, dropped at the end: policy B2B-1 with room for many claims, and reps."""
    schema = f"bench_{uuid4().hex[:12]}"
    try:
        with open_ledger(dsn, schema, Vault(bytes(32))) as ledger:
            refused = [answer for answer in ledger.record_many(opening()) if answer.refusal]
            assert not refused, refused[0]
            yield ledger
    finally:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))


def opening() -> Iterator[tuple[str, AnyCommand]]:
    version = shipped("b2b-1")
    quota = version.pool.quota.model_copy(update={"claims_a_day": 1_000_000, "held": 1_000_000})
    wide = version.model_copy(update={"pool": version.pool.model_copy(update={"quota": quota})})
    yield "publish", PublishPolicy(at=BEGIN, version=wide)
    yield "unit", CreateUnit(at=BEGIN, unit="north", title="North")
    for rep in range(REPS):
        yield f"join-{rep}", JoinRep(at=BEGIN, rep=f"rep-{rep}", unit="north")


class Claims:
    """Customers registered beforehand, each to be claimed once. They are numbered from `first` on."""

    def __init__(self, ledger: Ledger, first: int = 0) -> None:
        self._ledger = ledger
        self._numbers = count(first)
        self._claimed = count(first)

    def stock_up(self, customers: int) -> None:
        """Register so many customers more."""
        for answer in self._ledger.record_many(self._registrations(customers)):
            assert not answer.refusal, answer.refusal

    def bulk(self, claims: int) -> Iterator[tuple[str, AnyCommand]]:
        return (self._next() for _ in range(claims))

    def prepare(self) -> Task:
        def claim(number: int) -> None:
            del number
            command_id, command = self._next()
            answer = self._ledger.record(command, command_id=command_id)
            assert not answer.refusal, answer.refusal

        return claim

    async def errand(self, number: int) -> None:
        del number
        command_id, command = self._next()
        answer = await self._ledger.submit(command, command_id=command_id)
        assert not answer.refusal, answer.refusal

    def _next(self) -> tuple[str, AnyCommand]:
        number = next(self._claimed)
        at = BEGIN + timedelta(minutes=1, milliseconds=number)
        return f"claim-{number}", ClaimCustomer(at=at, customer=f"C-{number}", rep=f"rep-{number * 7 % REPS}")

    def _registrations(self, customers: int) -> Iterator[tuple[str, AnyCommand]]:
        for _ in range(customers):
            number = next(self._numbers)
            name = Personal(f"恒通便利店 {number}")
            phone = Personal(f"138{number:08d}")
            yield (
                f"register-{number}",
                RegisterCustomer(
                    at=BEGIN, customer=f"C-{number}", by=f"rep-{number % REPS}", customer_name=name, phone=phone
                ),
            )
