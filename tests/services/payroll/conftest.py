"""A connection to the ledger's schema as exports use it, with the table of closings that they look into."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from psycopg import Connection

from projections.statements import CLOSING
from projections.table import create, show
from services.database import connect
from services.ledger.application import Ledger


@pytest.fixture
def connection(ledger: Ledger) -> Iterator[Connection[Any]]:
    with closing(connect(ledger.dsn, ledger.schema, timeouts=False)) as opened:
        create(opened, CLOSING, 1)
        show(opened, CLOSING, 1)
        yield opened
