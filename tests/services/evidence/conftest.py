"""A ledger in which a case was heard, and bundles of it, made once for all who only look at them."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest

from services.evidence import verify_bundle
from services.evidence.verify_bundle import Files, Finding, Key, Witnesses
from services.ledger.application import open_ledger
from services.scenarios.stage import drop
from services.vault import Vault
from tests.conftest import MASTER_KEY
from tests.services.evidence import on_record
from tests.services.evidence.on_record import KEY, RecordedCourt

TRUSTED: Key = verify_bundle.read_key(str(KEY.public))


@dataclass(frozen=True)
class Bundle:
    """A bundle as bytes, as files, and what is found when it is checked."""

    data: bytes
    files: Files

    def with_file(self, name: str, data: bytes) -> "Bundle":
        return replace(self, files={**self.files, name: data})

    def found(self, witnesses: Witnesses = ()) -> list[Finding]:
        return verify_bundle.check(self.files, TRUSTED, witnesses)

    def codes(self) -> set[str]:
        return {code for code, _, _ in self.found()}


def opened(data: bytes) -> Bundle:
    return Bundle(data, verify_bundle.unpacked(io.BytesIO(data)))


@pytest.fixture(scope="module")
def court(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordedCourt]:
    """Case K-1, heard and carried out. For tests that only read."""
    schema, clock = f"test_{uuid4().hex[:16]}", on_record.clock()
    with open_ledger(dsn, schema, Vault(MASTER_KEY), clock) as ledger:
        yield on_record.decided_case(ledger, clock, tmp_path_factory.mktemp("sealed"))
    drop(dsn, schema)


@pytest.fixture(scope="module")
def of_case(court: RecordedCourt) -> Bundle:
    return opened(court.bundler.of_case("K-1"))


@pytest.fixture(scope="module")
def small(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bundle]:
    """A bundle of one deal with one payment, under a small policy."""
    schema, clock = f"test_{uuid4().hex[:16]}", on_record.clock()
    with open_ledger(dsn, schema, Vault(MASTER_KEY), clock) as ledger:
        yield opened(on_record.small_deal(ledger, clock, tmp_path_factory.mktemp("sealed")).of_streams(["deal/D-1"]))
    drop(dsn, schema)


@pytest.fixture(scope="module")
def witness(court: RecordedCourt) -> Path:
    """What the witness keeps of the court's ledger."""
    return court.sealer.places[1].heads_file
