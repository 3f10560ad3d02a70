"""What a question is about: a deal, a customer, a case or a month, told by its id."""

from typing import Annotated, Any, Final, LiteralString

import typer
from psycopg import Connection

from domain.fact import case_stream, customer_stream, deal_stream
from services.cli.failing import Failure

OfDeal = Annotated[str | None, typer.Option("--deal", help="A deal, with its customer and what belongs to it.")]
OfCustomer = Annotated[str | None, typer.Option("--customer", help="A customer, with its deals.")]
OfPeriod = Annotated[
    str | None, typer.Option("--period", metavar="YYYY-MM", help="The deals with a line booked in that month.")
]

BOOKED: Final[LiteralString] = "select distinct deal from commission_line where period = %s order by deal"


def streams_asked(
    connection: Connection[Any],
    *,
    deal: str | None = None,
    customer: str | None = None,
    case: str | None = None,
    period: str | None = None,
) -> list[str]:
    """The histories that are named; at least one. The read models must have been brought up."""
    named = {deal_stream: deal, customer_stream: customer, case_stream: case}
    found = [stream(key) for stream, key in named.items() if key]
    if period:
        booked = connection.execute(BOOKED, (period,)).fetchall()
        if not booked:
            raise Failure("nothing-known", f"No line is booked in {period}. A month is written as in 2024-08.")
        found += [deal_stream(each) for (each,) in booked]
    if not found:
        raise Failure("bad-usage", "Say what it is about: --deal, --customer or --period.")
    return list(dict.fromkeys(found))
