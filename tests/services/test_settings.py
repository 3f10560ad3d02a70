"""What the environment decides, and what it may not say."""

from pathlib import Path

import pytest

from services.settings import SETTINGS, SettingInvalid, Settings

READ_WHERE_USED = ("LEDGER_INBOX_", "LEDGER_KAFKA_", "LEDGER_METRICS_PORT")


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
    }
    settings = Settings.from_environment(given)

    assert set(given) == {setting.name for setting in SETTINGS if not setting.name.startswith(READ_WHERE_USED)}
    assert settings == Settings(
        tmp_path,
        "postgresql://somewhere/there",
        "north_2",
        "a2V5",
        tmp_path / "key",
        "postgresql://owner@somewhere/there",
        allow_superuser=True,
    )


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
