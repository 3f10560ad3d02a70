"""`migrate`: make the ledger's tables or bring them up to date, as their owner, and give the other roles what they need."""

import os
from typing import Annotated

import typer

from services.cli.output import AsJson, answer, paragraph
from services.database import database
from services.ledger.grants import grant, let_read, role_of
from services.ledger.schema import migrate as migrated
from services.settings import Settings

app = typer.Typer()


@app.command()
def migrate(
    reader: Annotated[
        list[str] | None,
        typer.Option(help="A database role that may only read the log and the read models, neither keys nor receipts."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Make the ledger's tables or bring them up to date, as LEDGER_OWNER_URL, and grant what the other roles need.

    The role of LEDGER_DATABASE_URL may then record and arrange, and can alter nothing that is recorded.
    """
    settings = Settings.from_environment(os.environ)
    with database(settings) as dsn:
        owner = settings.owner_url or dsn
        applied = migrated(owner, settings.schema)
        writer = role_of(dsn) if settings.owner_url else None
        granted = dict.fromkeys(reader or (), "reads") | ({writer: "writes"} if writer else {})
        for role, may in granted.items():
            grant(owner, settings.schema, role, reads_only=may == "reads")
            if may == "reads":
                let_read(dsn, settings.schema, role)
    said = [f"Applied: {', '.join(applied)}." if applied else "The tables are up to date."]
    said += [f"{role} {may}." for role, may in granted.items()]
    document = {"schema": settings.schema, "applied": applied, "granted": granted}
    answer(document, *(paragraph(each) for each in said), as_json=json)
