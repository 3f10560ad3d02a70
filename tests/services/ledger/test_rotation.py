"""A new master key wraps what the former one did, while others write and whoever is killed; no key is ever lost, no event touched."""

import base64
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest

from services.database import connect
from services.ledger.application import Ledger, open_ledger
from services.ledger.wrapping import Wrappings, check_keys, put_in_force, wrappings
from services.master_keys import MasterKeyUnusable, keys_in, name_of, replace_key_file
from services.settings import Settings
from services.vault import Vault, open_vault
from tests.samples import opening, register
from tests.services.cli.conftest import Said, Salesledger, caller
from tests.services.ledger.dying_rotation import dying_at

CUSTOMERS = 4


@pytest.fixture
def settings(dsn: str, schema: str, tmp_path: Path) -> Settings:
    """Those of a ledger with a key file of its own: other tests' ledgers in the database are not its business."""
    return Settings(tmp_path, database_url=dsn, schema=schema)


@pytest.fixture
def salesledger(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Salesledger:
    monkeypatch.setenv("LEDGER_DATABASE_URL", settings.database_url or "")
    monkeypatch.setenv("LEDGER_SCHEMA", settings.schema)
    monkeypatch.setenv("LEDGER_DATA_DIR", str(settings.data_dir))
    return caller(capsys)


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    with open_ledger(settings) as opened:
        commands = [*opening("Li"), *((f"r{n}", register(f"C-{n}")) for n in range(CUSTOMERS))]
        assert all(answer.accepted for answer in opened.record_many(commands))
        yield opened


def wrapped(settings: Settings) -> Wrappings:
    with connect(settings.database_url or "", settings.schema) as connection:
        return wrappings(connection, settings.schema)


def unopened(settings: Settings, *masters: bytes) -> str | None:
    """The first difference that is found with these master keys and no other."""
    with connect(settings.database_url or "", settings.schema) as connection:
        return check_keys(connection, settings.schema, Vault(*masters))[1]


def shown(ledger: Ledger, customer: str) -> set[str | None]:
    """The personal values of a customer's registration."""
    text = ledger.recorder.select_events(f"customer/{customer}")[0].state.decode()
    return {ledger.reveal(word) for word in text.split('"') if word.startswith("sealed.")}


def test_everything_comes_under_a_generated_key_and_no_event_changes(
    ledger: Ledger, salesledger: Salesledger, settings: Settings
) -> None:
    (former,), head, before = keys_in(settings.key_file), ledger.head(), shown(ledger, "C-1")

    told = salesledger("keys", "rotate", "--json")

    (new,) = keys_in(settings.key_file)
    found = wrapped(settings)
    assert (told.code, told.json["in_force"], new != former) == (0, name_of(new), True)
    assert (found.in_force, set(found.keys)) == (name_of(new), {name_of(new)})
    assert stat.S_IMODE(settings.key_file.stat().st_mode) == 0o600
    assert unopened(settings, new) is None
    assert name_of(former) not in str(unopened(settings, new))
    assert "do not open" in str(unopened(settings, former))
    assert (ledger.head(), ledger.refold().difference) == (head, None)
    with open_ledger(settings) as later:
        assert shown(later, "C-1") == before


def test_what_runs_on_meanwhile_takes_up_the_new_key_by_itself(
    ledger: Ledger, salesledger: Salesledger, settings: Settings
) -> None:
    ended, refused = Event(), list[object]()

    def go_on() -> None:
        n = 0
        while not ended.is_set() or n < 20:
            n += 1
            answer = ledger.record(register(f"D-{n}"), command_id=f"d{n}")
            refused.extend([answer.refusal] if answer.refusal else [])

    writing = Thread(target=go_on)
    writing.start()
    try:
        codes = [salesledger("keys", "rotate").code for _ in range(3)]
    finally:
        ended.set()
        writing.join()

    (new,) = keys_in(settings.key_file)
    assert (codes, refused) == ([0, 0, 0], [])
    assert set(wrapped(settings).keys) == {name_of(new)}
    assert unopened(settings, new) is None
    assert None not in shown(ledger, "D-1") | shown(ledger, "D-20")


def test_killed_before_any_step_it_leaves_every_key_readable_and_is_finished_the_next_time(
    ledger: Ledger, salesledger: Salesledger, settings: Settings
) -> None:
    ledger.close()
    step = 1
    while dying_at(step):
        assert unopened(settings, *keys_in(settings.key_file)) is None, f"killed before step {step}"
        assert salesledger("keys", "rotate").code == 0
        (new,) = keys_in(settings.key_file)
        assert set(wrapped(settings).keys) == {name_of(new)}
        step += 1

    assert step > 20
    assert unopened(settings, *keys_in(settings.key_file)) is None


@contextmanager
def unfinished(settings: Settings) -> Iterator[tuple[bytes, bytes]]:
    """The key file as it stands once a new key was put before the former one, and nothing more was done."""
    (former,) = keys_in(settings.key_file)
    new = os.urandom(32)
    replace_key_file(settings.key_file, (new, former))
    yield new, former


def test_until_the_new_key_is_in_force_whoever_opens_the_ledger_wraps_with_the_former(
    ledger: Ledger, settings: Settings
) -> None:
    ledger.close()
    with unfinished(settings) as (_, former), open_ledger(settings) as opened:
        assert opened.record(register("E-1"), command_id="e1").accepted

    assert set(wrapped(settings).keys) == {name_of(former)}


def test_a_given_key_is_taken_and_not_in_the_middle_of_another_rotation(
    ledger: Ledger, salesledger: Salesledger, settings: Settings, tmp_path: Path
) -> None:
    ledger.close()
    given = tmp_path / "given.key"
    replace_key_file(given, (bytes(range(1, 33)),))

    with unfinished(settings):
        assert "not finished" in salesledger("keys", "rotate", "--new-key-file", str(given)).err
    assert salesledger("keys", "rotate").code == 0
    assert salesledger("keys", "rotate", "--new-key-file", str(given)).code == 0
    assert keys_in(settings.key_file) == keys_in(given)
    assert salesledger("keys", "rotate", "--new-key-file", str(given)).code == 2


def test_the_former_key_stays_in_its_file_where_it_is_asked_for(
    ledger: Ledger, salesledger: Salesledger, settings: Settings
) -> None:
    ledger.close()
    (former,) = keys_in(settings.key_file)

    assert salesledger("keys", "rotate", "--keep-former").code == 0

    assert keys_in(settings.key_file)[1:] == (former,)
    assert set(wrapped(settings).keys) == {name_of(keys_in(settings.key_file)[0])}


def test_a_key_of_the_environment_is_rotated_with_both_at_hand(
    ledger: Ledger, salesledger: Salesledger, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (former,), new = keys_in(settings.key_file), os.urandom(32)
    in_base64 = [base64.b64encode(each).decode() for each in (new, former)]
    monkeypatch.setenv("LEDGER_MASTER_KEY", in_base64[1])
    assert "with a comma between" in salesledger("keys", "rotate").err

    monkeypatch.setenv("LEDGER_MASTER_KEY", ",".join(in_base64))
    assert salesledger("keys", "rotate").code == 0

    assert unopened(settings, new) is None


def test_a_process_that_has_not_the_key_in_force_records_nothing_and_says_which_setting_wants_it(
    ledger: Ledger, settings: Settings, dsn: str
) -> None:
    (former,), head = keys_in(settings.key_file), ledger.head()
    with open_ledger(dsn, settings.schema, Vault(former)) as left_behind:
        with connect(dsn, settings.schema) as connection:
            put_in_force(connection, settings.schema, Vault(bytes(32), former))

        with pytest.raises(MasterKeyUnusable, match=f"{name_of(bytes(32))}.*LEDGER_MASTER_KEY"):
            left_behind.record(register("F-1"), command_id="f1")

    assert ledger.head() == head


def test_a_master_key_that_is_missing_is_named_with_the_keys_that_want_it(
    ledger: Ledger, salesledger: Salesledger, settings: Settings
) -> None:
    ledger.close()
    (former,) = keys_in(settings.key_file)
    replace_key_file(settings.key_file, (os.urandom(32),))

    told: Said = salesledger("keys", "status", "--json")
    assert (told.code, told.json["ledgers"][settings.schema]["missing"]) == (1, {name_of(former): CUSTOMERS + 3})
    for command in (("keys", "rotate"), ("keys", "status"), ("pool",)):
        said = salesledger(*command)
        assert said.code != 0
        assert "LEDGER_MASTER_KEY" in said.err + said.out
        assert name_of(former) in said.err + said.out


def test_keys_from_before_names_were_kept_are_named_and_wrapped_anew(
    ledger: Ledger, salesledger: Salesledger, settings: Settings
) -> None:
    ledger.close()
    with psycopg.connect(settings.database_url or "", autocommit=True) as connection:
        connection.execute(f"update {settings.schema}.personal_key set master = null".encode())

    with open_ledger(settings) as opened:
        assert None not in shown(opened, "C-1")
    assert wrapped(settings).in_force == name_of(keys_in(settings.key_file)[0])
    assert salesledger("keys", "rotate").code == 0
    assert set(wrapped(settings).keys) == {name_of(keys_in(settings.key_file)[0])}


def test_an_erased_subject_is_not_brought_back(ledger: Ledger, salesledger: Salesledger, settings: Settings) -> None:
    assert salesledger("erase", "customer/C-3", "--reason", "asked by the person").code == 0
    assert salesledger("keys", "rotate").code == 0

    assert wrapped(settings).destroyed == 1
    assert shown(ledger, "C-3") == {None}
    assert salesledger("verify", "--log-only").code == 0


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("update personal_key set wrapped = null where subject = 'customer/C-2'", "no event says so"),
        ("update personal_key set wrapped = 'not a key' where subject = 'customer/C-2'", "do not open"),
    ],
)
def test_verify_tells_of_keys_that_were_lost(
    ledger: Ledger, salesledger: Salesledger, settings: Settings, damage: str, told: str
) -> None:
    ledger.close()
    with connect(settings.database_url or "", settings.schema) as connection:
        connection.execute(damage.encode())

    said = salesledger("verify", "--log-only")

    assert (said.code, told in said.out) == (1, True)


def test_the_vault_looks_into_its_file_again_for_a_key_it_does_not_know(settings: Settings) -> None:
    early = open_vault(settings)
    replace_key_file(settings.key_file, (bytes(32), *keys_in(settings.key_file)))
    _, kept = open_vault(settings).new_key("customer/C-1")

    assert early.unwrap("customer/C-1", kept)
    assert early.known == (name_of(bytes(32)), early.in_force)
