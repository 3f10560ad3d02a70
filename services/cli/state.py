"""`status`: where the log ends, how far each read model is, what is in force, and what the clock has to tell."""

import os
from datetime import UTC, datetime
from typing import Any

import typer
from psycopg import Connection

from services.cli.failing import address
from services.cli.output import AsJson, answer, pairs, paragraph, table, when
from services.cli.reader import Reader
from services.ledger.schema import known_migrations
from services.wiring import Books, open_books

app = typer.Typer()


@app.command()
def status(json: AsJson = False) -> None:
    """The state of the ledger. Reads only: nothing is arranged and nothing brought in."""
    with open_books(os.environ) as books, books.connection() as connection:
        document, zone = told(books, connection), Reader(books, connection).zone
    head = document["head"]
    behind = {name: head["position"] - each["position"] for name, each in document["read_models"].items()}
    answer(
        document,
        pairs(
            "",
            [
                ("ledger", f"schema {document['schema']} in {document['database']}"),
                ("head", f"position {head['position']}, recorded {when(head['recorded_at'], zone) or 'never'}"),
                ("chain", head["chain"][:32]),
                ("migrations", document["migrations"]),
                ("in force", ", ".join(document["policies_in_force"])),
                ("alarms due", document["alarms_due"]),
            ],
        ),
        table(
            "",
            {"read model": "left", "version": "right", "position": "right", "behind": "right", "stopped": "left"},
            [
                (name, each["version"], each["position"], behind[name], each["stopped"])
                for name, each in document["read_models"].items()
            ],
        ),
        *([] if document["read_models"] else [paragraph("No read model yet: they are made when first read.")]),
        as_json=json,
    )


def told(books: Books, connection: Connection[Any]) -> dict[str, Any]:
    """The state as a document."""
    head, now = books.ledger.head(), datetime.now(UTC)
    due = connection.execute("SELECT count(*) FROM alarm WHERE at <= %s", [now]).fetchone()
    versions = books.policies().versions.values()
    return {
        "true_up_to": head.position,
        "schema": books.ledger.schema,
        "database": address(url) if (url := books.settings.database_url) else f"{books.settings.data_dir} (embedded)",
        "head": {
            "position": head.position,
            "recorded_at": head.recorded_at if head.position else None,
            "chain": head.chain.hex(),
        },
        "migrations": len(known_migrations()),
        "policies_in_force": sorted(each.policy for each in versions if each.is_in_force(now)),
        "alarms_due": due[0] if due else 0,
        "read_models": read_models(connection),
    }


def read_models(connection: Connection[Any]) -> dict[str, dict[str, Any]]:
    """How far each read model is; empty before the first was made."""
    known = connection.execute("SELECT to_regclass('read_model')").fetchone()
    if known is None or known[0] is None:
        return {}
    rows = connection.execute("SELECT name, version, position, stopped FROM read_model WHERE live ORDER BY name")
    return {
        name: {"version": version, "position": position, "stopped": stopped}
        for name, version, position, stopped in rows
    }
