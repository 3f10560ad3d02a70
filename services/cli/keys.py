"""`keys`: which master keys wrap the keys of personal data, and wrapping them all with a new one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import structlog
import typer
from psycopg import Connection

from services.cli.failing import CHECK_FAILED, Failure
from services.cli.output import AsJson, answer, paragraph, progress, table
from services.database import connect, database
from services.ledger.grants import refuse_superuser
from services.ledger.schema import migrate
from services.ledger.wrapping import Wrappings, is_opened_by, ledgers, put_in_force, rewrap, wrappings
from services.master_keys import SETTING, fresh, given_keys, keys_in, name_of, replace_key_file
from services.settings import Settings
from services.vault import Vault

app = typer.Typer(help="The master key, which wraps the keys of personal data.", no_args_is_help=True)

ONE_AT_A_TIME: Final = "select pg_try_advisory_lock(hashtextextended('sales-ledger master key', 0))"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Place:
    """Where keys are: a connection to the database, and what the settings say."""

    settings: Settings
    connection: Connection[Any]

    def found(self) -> dict[str, Wrappings]:
        """How the keys of every ledger of this database are wrapped, by schema."""
        named = [schema for schema, names in ledgers(self.connection).items() if names]
        return {
            schema: wrappings(self.connection, schema)
            for schema in {self.settings.schema: None, **dict.fromkeys(named)}
        }


@app.callback()
def keys() -> None:
    """The master key, which wraps the keys of personal data."""


@app.command()
def status(json: AsJson = False) -> None:
    """Say which master key wraps how many keys, in every ledger of this database, and whether one is missing.

    Exits 1 if a master key is missing that this ledger needs.
    """
    with place() as here:
        known = tuple(name_of(each) for each in given_keys(here.settings))
        found = here.found()
        lacking = found[here.settings.schema].missing(known)
    rows = [
        (schema, name or "not named", count, told(name, known, each.in_force))
        for schema, each in found.items()
        for name, count in sorted(each.keys.items(), key=lambda item: item[0] or "")
    ]
    document = {
        "at_hand": list(known),
        "ledgers": {
            schema: {
                "in_force": each.in_force,
                "keys": [{"master": name, "count": count} for name, count in each.keys.items()],
                "destroyed": each.destroyed,
                "missing": each.missing(known),
            }
            for schema, each in found.items()
        },
    }
    said = [
        table("Keys of personal data", {"ledger": "left", "master key": "left", "keys": "right", "state": "left"}, rows)
    ]
    if lacking:
        said.append(paragraph(told_missing(lacking), "bold red"))
    answer(document, *said, as_json=json)
    if lacking:
        raise typer.Exit(CHECK_FAILED)


@app.command()
def rotate(
    new_key_file: Annotated[
        Path | None, typer.Option("--new-key-file", help="A file with the new master key; otherwise one is generated.")
    ] = None,
    keep_former: Annotated[
        bool,
        typer.Option("--keep-former", help="Leave the former key in its file: ledgers of other databases need it."),
    ] = False,
    json: AsJson = False,
) -> None:
    """Wrap the keys of personal data with a new master key, in every ledger of this database. No event is touched.

    Where the key is in a file, the new one is put before the former there, and the former is taken out when nothing needs it.
    Where LEDGER_MASTER_KEY holds the key, put the new one before it, a comma between, for every process; then do this.
    The key of the keyed hashes, by which what is double is found, is wrapped anew and stays the same. Interrupted, do it again.
    """
    with place() as here:
        if here.connection.execute(ONE_AT_A_TIME).fetchone() != (True,):
            raise Failure("being-rotated", "Another process is wrapping the keys anew. Wait for it.", CHECK_FAILED)
        given = given_keys(here.settings)
        lacking = here.found()[here.settings.schema].missing(tuple(name_of(each) for each in given))
        if lacking:
            raise Failure("master-key-unusable", told_missing(lacking))
        kept = prepared(here, given, new_key_file)
        done = {schema: wrapped_anew(here, schema, Vault(*kept)) for schema in of_these(here, kept)}
        alone = not keep_former and here.settings.master_key is None and kept_in_file(here, kept[:1])
    name = name_of(kept[0])
    log.info("master_key_rotated", master=name, ledgers=len(done), keys=sum(done.values()))
    said = [f"{count} keys of {schema} are wrapped anew." for schema, count in done.items()]
    said.append(f"The master key {name} is in force.")
    said.append(
        f"{here.settings.key_file} holds it alone."
        if alone
        else "The former one is wanted no more by these: take it out from beside the new one when every process has both."
    )
    answer({"in_force": name, "rewrapped": done}, *(paragraph(each) for each in said), as_json=json)


def prepared(here: Place, given: tuple[bytes, ...], new_key_file: Path | None) -> tuple[bytes, ...]:
    """The master keys to go on with, the new one first, kept so that whoever opens the ledger now finds all of them."""
    if len(given) > 1:
        if new_key_file and keys_in(new_key_file)[0] != given[0]:
            raise Failure(
                "bad-usage", f"A rotation to {name_of(given[0])} is not finished. Finish it without --new-key-file."
            )
        return given
    if here.settings.master_key:
        raise Failure(
            "bad-usage",
            f"{SETTING} comes from the environment. Put a new key before the one there, with a comma between "
            "(openssl rand -base64 32 makes one), start every process with both, and do this again.",
        )
    new = keys_in(new_key_file)[0] if new_key_file else fresh()
    if new == given[0]:
        raise Failure("bad-usage", f"{new_key_file} holds the master key that is in force.")
    if not kept_in_file(here, (new, *given)):
        raise Failure(
            "file-unusable",
            f"{here.settings.key_file} cannot be replaced. Put a new key on a line before the one there, and do this again.",
        )
    return (new, *given)


def of_these(here: Place, kept: tuple[bytes, ...]) -> list[str]:
    """The ledgers whose keys these master keys open; those of others are not ours. Raises `Failure` if one is not up to date."""
    found = ledgers(here.connection)
    if late := [schema for schema, names in found.items() if not names]:
        raise Failure(
            "schema-unusable", f"{late[0]} is not up to date. Run: LEDGER_SCHEMA={late[0]} salesledger migrate"
        )
    return [schema for schema in found if is_opened_by(here.connection, schema, Vault(*kept))]


def kept_in_file(here: Place, keys: tuple[bytes, ...]) -> bool:
    """Have the key file hold these keys; False where it cannot be written, such as a secret that is mounted."""
    try:
        replace_key_file(here.settings.key_file, keys)
    except OSError as error:
        log.warning("key_file_not_written", file=str(here.settings.key_file), error=type(error).__name__)
        return False
    return True


def wrapped_anew(here: Place, schema: str, safe: Vault) -> int:
    """Wrap the keys of a ledger with the vault's first master key, with a bar; gives how many there were."""
    with progress() as bar:
        left = wrappings(here.connection, schema).to_rewrap(safe.in_force)
        task = bar.add_task(f"Wrapping the keys of {schema}", total=left)
        count = put_in_force(here.connection, schema, safe)
        for page in rewrap(here.connection, schema, safe):
            count += page
            bar.update(task, completed=count)
    return count


@contextmanager
def place() -> Iterator[Place]:
    """The database of the settings, without opening the ledger: its keys may not be at hand."""
    settings = Settings.from_environment(os.environ)
    with database(settings) as dsn:
        if settings.database_url and not settings.allow_superuser:
            refuse_superuser(dsn)
        migrate(dsn, settings.schema)
        with connect(dsn, settings.schema) as connection:
            yield Place(settings, connection)


def told(name: str | None, known: tuple[str, ...], in_force: str | None) -> str:
    if name is None:
        return "wrapped before names were kept"
    if name not in known:
        return "missing"
    return "in force" if name == in_force else "former"


def told_missing(lacking: dict[str, int]) -> str:
    name, count = next(iter(lacking.items()))
    return (
        f"{count} keys are wrapped by the master key {name}, which is not at hand: nobody can read what they seal. "
        f"Put it after the newer one in {SETTING}, with a comma between, or in the file of LEDGER_MASTER_KEY_FILE on a line of its own."
    )
