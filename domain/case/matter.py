"""What is in dispute: one act that the ledger knows, so that its time is the ledger's and not the word of who files."""

from typing import Annotated, Literal, assert_never

from pydantic import BaseModel, ConfigDict, Field

from domain.fact import Id, customer_stream, deal_stream


class Disputed(BaseModel):
    """An act of the ledger. Its `deal` is the one whose commission is at stake; without one nothing is held back."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DisputedRecord(Disputed):
    """That the customer was entered, by whom and when."""

    act: Literal["record"] = "record"
    customer: Id
    deal: Id | None = None


class DisputedHolding(Disputed):
    """That the customer last changed hands: claimed, dropped, released or reassigned."""

    act: Literal["holding"] = "holding"
    customer: Id
    deal: Id | None = None


class DisputedVisit(Disputed):
    act: Literal["visit"] = "visit"
    customer: Id
    visit: Id
    deal: Id | None = None


class DisputedRole(Disputed):
    """Who holds a role of the deal."""

    act: Literal["role"] = "role"
    deal: Id
    role: Id


class DisputedPayment(Disputed):
    """The commission lines of a payment: of one role, or all of them."""

    act: Literal["payment"] = "payment"
    deal: Id
    payment: Id
    role: Id | None = None


OfCustomers = DisputedRecord | DisputedHolding | DisputedVisit
AnyMatter = OfCustomers | DisputedRole | DisputedPayment
Matter = Annotated[AnyMatter, Field(discriminator="act")]


def streams_of(matter: AnyMatter) -> tuple[str, ...]:
    """The histories in which the matter lies."""
    deals = (deal_stream(matter.deal),) if matter.deal else ()
    return (customer_stream(matter.customer), *deals) if isinstance(matter, OfCustomers) else deals


def lines_of(matter: AnyMatter) -> tuple[str | None, str | None]:
    """The payment and the role to which the matter narrows the commission at stake; None means every one."""
    match matter:
        case DisputedRole():
            return None, matter.role
        case DisputedPayment():
            return matter.payment, matter.role
        case DisputedRecord() | DisputedHolding() | DisputedVisit():
            return None, None
    assert_never(matter)
