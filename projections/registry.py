"""Which generation of each read model is shown, which is being built, and up to which position each is true."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from psycopg import Connection

from domain.record import Recorded
from projections import table as tables
from projections.desk import Desk
from projections.table import Table


class ReadModel(Protocol):
    """What was recorded, arranged for one kind of question. All of it can be dropped and folded again from the log.

    `version` rises whenever the tables or the fold change, and has the model rebuilt. `money` says that amounts to be paid
    follow from it: the runner then stops altogether at a fact that it cannot apply. A fold must be a function of the facts
    alone: however they are cut into batches, the same rows come out.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    money: ClassVar[bool]
    tables: ClassVar[tuple[Table[Any], ...]]

    def fold(self, batch: Sequence[Recorded], desk: Desk) -> None:
        """Apply facts with consecutive positions to the tables on the desk. Raises whatever tells that it cannot."""
        ...


class NewerThanTheCode(RuntimeError):
    """The tables were made by a later version of the program. Upgrade it, or rebuild the read model with this one."""


@dataclass(slots=True)
class Generation:
    """One set of a read model's tables, `position` being the last position folded into it."""

    model: ReadModel
    number: int
    version: int
    live: bool
    position: int
    tables: Sequence[str] = ()
    stopped: str | None = None


REGISTRY = """
CREATE TABLE IF NOT EXISTS read_model (
    name text NOT NULL,
    generation bigint NOT NULL,
    version bigint NOT NULL,
    live boolean NOT NULL,
    position bigint NOT NULL,
    tables text[] NOT NULL,
    stopped text,
    PRIMARY KEY (name, generation)
)"""


def install(connection: Connection[Any], models: Sequence[type[ReadModel]]) -> None:
    """Create the registry, and for a read model that is not in it the first generation. Harmless when repeated."""
    with connection.transaction():
        alone(connection)
        connection.execute(REGISTRY)
        for model in models:
            known = connection.execute("SELECT 1 FROM read_model WHERE name = %s LIMIT 1", [model.name]).fetchone()
            if known is None:
                make(connection, model, 1, live=True)
                for each in model.tables:
                    tables.show(connection, each, 1)


def alone(connection: Connection[Any]) -> None:
    """Hold off whoever else would change generations, until the transaction ends."""
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/read_model', 0)) FROM ledger_head"
    )


def make(connection: Connection[Any], model: type[ReadModel], number: int, *, live: bool) -> Generation:
    for each in model.tables:
        tables.create(connection, each, number)
    names = [each.name for each in model.tables]
    connection.execute(
        "INSERT INTO read_model (name, generation, version, live, position, tables) VALUES (%s, %s, %s, %s, 0, %s)",
        [model.name, number, model.version, live, names],
    )
    return Generation(model(), number, model.version, live, 0, names)


def generations(connection: Connection[Any], model: type[ReadModel]) -> list[Generation]:
    """All generations of a model, the shown one first. Raises `NewerThanTheCode`."""
    rows = connection.execute(
        "SELECT generation, version, live, position, tables, stopped FROM read_model"
        " WHERE name = %s ORDER BY live DESC, generation",
        [model.name],
    ).fetchall()
    found = [Generation(model(), *row) for row in rows]
    newer = next((each for each in found if each.version > model.version), None)
    if newer:
        raise NewerThanTheCode(
            f"{model.name}: its tables are of version {newer.version}, this program knows version {model.version}."
        )
    return found


def moved(connection: Connection[Any], generation: Generation, position: int) -> bool:
    """Move the checkpoint, if it still stands where this process left it; it stays locked until the transaction ends."""
    found = connection.execute(
        "UPDATE read_model SET position = %s, stopped = NULL"
        " WHERE name = %s AND generation = %s AND position = %s AND live = %s",
        [position, generation.model.name, generation.number, generation.position, generation.live],
    )
    return found.rowcount == 1


def mark_stopped(connection: Connection[Any], generation: Generation, why: str) -> None:
    connection.execute(
        "UPDATE read_model SET stopped = %s WHERE name = %s AND generation = %s",
        [why, generation.model.name, generation.number],
    )


def is_unfinished(connection: Connection[Any], model: type[ReadModel]) -> bool:
    """Whether a generation is being built, or the one shown is of an older version than the code."""
    found = generations(connection, model)
    return len(found) > 1 or found[0].version < model.version


def begin(connection: Connection[Any], model: type[ReadModel]) -> Generation:
    """The generation that is being built: one begun before by this version of the code, or a new one."""
    with connection.transaction():
        alone(connection)
        found = generations(connection, model)
        fitting = [each for each in found if not each.live and each.version == model.version]
        for other in found:
            if not other.live and other not in fitting[:1]:
                discard(connection, other)
        if fitting:
            return fitting[0]
        number = max((each.number for each in found), default=0) + 1
        return make(connection, model, number, live=False)


def discard(connection: Connection[Any], generation: Generation) -> None:
    """Forget a generation that is not shown, and drop its tables."""
    for name in generation.tables:
        tables.drop(connection, name, generation.number)
    connection.execute(
        "DELETE FROM read_model WHERE name = %s AND generation = %s AND NOT live",
        [generation.model.name, generation.number],
    )


def swap(connection: Connection[Any], shown: Generation, built: Generation) -> None:
    """Let the views show the built generation from now on."""
    for name in dict.fromkeys([*shown.tables, *built.tables]):
        tables.hide(connection, name)
    for each in built.model.tables:
        tables.show(connection, each, built.number)
    for generation, live in ((shown, False), (built, True)):
        connection.execute(
            "UPDATE read_model SET live = %s WHERE name = %s AND generation = %s",
            [live, generation.model.name, generation.number],
        )
