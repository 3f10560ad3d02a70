"""What the environment decides, and what it may not say."""

import os
from pathlib import Path

import pytest

from services.settings import SETTINGS, SettingInvalid, Settings


def test_nothing_set_means_the_embedded_database_in_the_users_data_directory() -> None:
    settings = Settings.from_environment({})

    assert settings.database_url is None
    assert settings.schema == "ledger"
    assert settings.data_dir.name == "sales-ledger"
    assert settings.key_file == settings.data_dir / "master.key"


def test_every_setting_is_read_from_its_variable(tmp_path: Path) -> None:
    given = {
        "LEDGER_DATABASE_URL": "postgresql://somewhere/there",
        "LEDGER_OWNER_URL": "postgresql://owner@somewhere/there",
        "LEDGER_ALLOW_SUPERUSER": "yes",
        "LEDGER_SCHEMA": "north_2",
        "LEDGER_DATA_DIR": str(tmp_path),
        "LEDGER_MASTER_KEY": "a2V5",
        "LEDGER_MASTER_KEY_FILE": str(tmp_path / "key"),
        "LEDGER_SEAL_ORIGIN": "ledger.example/north",
        "LEDGER_SEAL_KEY_FILE": str(tmp_path / "seal"),
        "LEDGER_SEAL_DIR": str(tmp_path / "heads"),
        "LEDGER_WITNESS_DIRS": os.pathsep.join([str(tmp_path / "w1"), "", str(tmp_path / "w2")]),
        "LEDGER_SEAL_SECONDS": "5",
        "LEDGER_TOKEN_ISSUER": "https://login.example",
        "LEDGER_TOKEN_KEYS_FILE": str(tmp_path / "keys.json"),
        "LEDGER_TOKEN_AUDIENCE": "ledger",
        "LEDGER_TOKEN_SUBJECT": "employee",
    }
    settings = Settings.from_environment(given)

    assert set(given) == {setting.name for setting in SETTINGS}
    assert settings == Settings(
        tmp_path,
        "postgresql://somewhere/there",
        "north_2",
        "a2V5",
        tmp_path / "key",
        "ledger.example/north",
        tmp_path / "seal",
        tmp_path / "heads",
        (tmp_path / "w1", tmp_path / "w2"),
        5,
        owner_url="postgresql://owner@somewhere/there",
        allow_superuser=True,
        token_issuer="https://login.example",
        token_keys_file=tmp_path / "keys.json",
        token_audience="ledger",
        token_subject="employee",
    )
    assert settings.seal_dirs == (tmp_path / "heads", tmp_path / "w1", tmp_path / "w2")


def test_heads_are_sealed_beside_the_data_under_the_schemas_name() -> None:
    settings = Settings(Path("data"), schema="north")

    assert (settings.seal_origin, settings.seal_seconds) == ("sales-ledger/north", 60)
    assert (settings.seal_key_file, settings.seal_dirs) == (Path("data/seal.key"), (Path("data/sealed"),))


@pytest.mark.parametrize(
    ("name", "value"),
    [("LEDGER_SEAL_ORIGIN", "a b"), ("LEDGER_SEAL_ORIGIN", "a+b"), ("LEDGER_SEAL_SECONDS", "0")],
)
def test_a_name_or_number_that_cannot_be_used_for_sealing_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingInvalid, match=name):
        Settings.from_environment({name: value})


def test_an_empty_variable_counts_as_absent() -> None:
    assert Settings.from_environment({each.name: "" for each in SETTINGS}) == Settings.from_environment({})


def test_the_repr_shows_no_secret() -> None:
    shown = repr(
        Settings.from_environment({"LEDGER_DATABASE_URL": "postgresql://u:hush@h/d", "LEDGER_MASTER_KEY": "hush"})
    )

    assert "hush" not in shown
    assert "schema='ledger'" in shown


@pytest.mark.parametrize("name", ["Ledger", "a b", "1st", 'x"; drop schema public', "pg_own", "a" * 41, "大"])
def test_a_schema_that_is_no_plain_name_is_refused_with_what_it_should_be(name: str) -> None:
    with pytest.raises(SettingInvalid, match="LEDGER_SCHEMA"):
        Settings.from_environment({"LEDGER_SCHEMA": name})


def test_what_is_yes_or_no_is_nothing_else() -> None:
    with pytest.raises(SettingInvalid, match="LEDGER_ALLOW_SUPERUSER is 'maybe'"):
        Settings.from_environment({"LEDGER_ALLOW_SUPERUSER": "maybe"})
