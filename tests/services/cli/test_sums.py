"""`verify` adds up: the lines of every payment come to its pool, whatever the read models say together."""

import os
from collections.abc import Iterator

import pytest

from services.payroll.sums import unequal
from services.wiring import Books, open_books
from tests.services.cli.conftest import Salesledger


@pytest.fixture
def books(salesledger: Salesledger) -> Iterator[Books]:
    assert salesledger("demo").code == 0
    with open_books(os.environ) as opened:
        yield opened


def test_the_lines_of_every_payment_come_to_its_pool(books: Books) -> None:
    with books.connection() as connection:
        assert list(unequal(connection, books.policies().versions)) == []


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("update commission_line set amount = amount + 1 where number = 1", "sum to 45,000.04"),
        ("update payment_receipt set amount = amount - 100", "and its pool is 44,999.13 CNY"),
        ("delete from payment_receipt", "was never received"),
    ],
)
def test_a_payment_that_does_not_is_named_with_both_sums(books: Books, damage: str, told: str) -> None:
    with books.connection() as connection:
        connection.execute(damage.encode())

        [found] = unequal(connection, books.policies().versions)

    assert "P-1" in found
    assert told in found
