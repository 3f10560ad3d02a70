"""What a question is about: a deal, a customer or a case, told by its id."""

from typing import Annotated

import typer

from domain.fact import case_stream, customer_stream, deal_stream
from services.cli.failing import Failure

OfDeal = Annotated[str | None, typer.Option("--deal", help="A deal, with its customer and what belongs to it.")]
OfCustomer = Annotated[str | None, typer.Option("--customer", help="A customer, with its deals.")]


def streams_asked(*, deal: str | None = None, customer: str | None = None, case: str | None = None) -> list[str]:
    """The histories that are named; at least one."""
    named = {deal_stream: deal, customer_stream: customer, case_stream: case}
    found = [stream(key) for stream, key in named.items() if key]
    if not found:
        raise Failure("bad-usage", "Say what it is about: --deal or --customer.")
    return found
