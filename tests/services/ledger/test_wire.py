"""Many statements in one round trip, also after one of them has failed."""

import psycopg
import pytest

from services.ledger.wire import Wire


def test_a_statement_that_followed_a_failed_one_can_be_sent_again(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        wire = Wire(connection)
        wire.send([("select 1 / %s::integer", (0,)), ("select %s::text", ("after",))])
        with pytest.raises(psycopg.errors.DivisionByZero):
            wire.receive()

        wire.send([("select 1 / %s::integer", (1,)), ("select %s::text", ("after",))])

        assert [result.get_value(0, 0) for result in wire.receive()] == [b"1", b"after"]
        wire.close()


def test_a_statement_is_prepared_once_and_sent_often(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        wire = Wire(connection)
        for _ in range(3):
            wire.send([("select %s::text", ("again",))])
            wire.receive()

        wire.send([("select count(*) from pg_prepared_statements", ())])

        assert [result.get_value(0, 0) for result in wire.receive()] == [b"2"]
        wire.close()
