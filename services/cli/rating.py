"""`payroll rate`: have what a month pays in one currency paid in another."""

import os
from typing import Annotated
from uuid import uuid4

import typer

from domain.commands import parse
from domain.refusals import Refusal
from services.cli.failing import refused
from services.cli.output import AsJson, answer, paragraph
from services.cli.payroll import Actor, PeriodName, month
from services.wiring import open_books

app = typer.Typer()


@app.command("rate")
def publish(
    period: PeriodName,
    currency: Annotated[str, typer.Argument(metavar="FROM", help="The currency that is not paid out, as USD.")],
    into: Annotated[str, typer.Argument(metavar="INTO", help="The currency that is paid instead, as CNY.")],
    rate: Annotated[str, typer.Argument(help="One whole unit of FROM in whole units of INTO, as 7.1234.")],
    *,
    source: Annotated[str, typer.Option("--source", help="Whose rate it is, and of which day.")],
    actor: Actor = "system",
    json: AsJson = False,
) -> None:
    """Have what a month pays in one currency paid in another. Nothing is converted without; the last rate before the closing counts."""
    month(period)
    with open_books(os.environ) as books:
        told = {"period": period, "currency": currency, "into": into, "rate": rate, "source": source, "actor": actor}
        command = parse({"name": "publish-rate", "at": books.ledger.now(), **told})
        if isinstance(command, Refusal):
            raise refused(command)
        given = books.ledger.record(command, command_id=f"payroll/rate/{uuid4()}")
        if given.refusal:
            raise refused(given.refusal)
    said = f"What {period} would pay in {currency} is paid in {into}, at {rate}, unless another rate comes before its closing."
    answer({**told, "true_up_to": given.last}, paragraph(said), as_json=json)
