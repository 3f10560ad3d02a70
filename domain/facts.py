"""Every kind of fact that the ledger knows, in one union, and how the stored form of each is read.

A kind once stored is never renamed and never changes meaning; a new version gets an upcaster in `UPCASTERS`.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, get_args

from pydantic import Field, TypeAdapter

from domain.case.facts import CaseFact
from domain.contract.facts import ContractFact
from domain.customer.facts import CustomerFact
from domain.deal.facts import DealFact
from domain.lead.facts import LeadFact
from domain.mentorship.facts import CustomerDonated, SharingAgreed
from domain.organisation.facts import OrganisationFact
from domain.payee.facts import PayeeFact
from domain.payment.facts import PaymentFact
from domain.payout.facts import PayoutFact
from domain.payroll.facts import PayrollFact
from domain.person.facts import PersonFact
from domain.policy.facts import PolicyPublished
from domain.pool.facts import PoolFact
from domain.refusals import Refusal
from domain.role.facts import RoleFact
from domain.visit.facts import VisitFact

CustomerStreamFact = LeadFact | CustomerFact | PoolFact | VisitFact | CustomerDonated | PersonFact
DealStreamFact = DealFact | RoleFact | ContractFact | PaymentFact | PayoutFact | SharingAgreed
AnyFact = (
    CustomerStreamFact
    | DealStreamFact
    | CaseFact
    | OrganisationFact
    | PersonFact
    | PolicyPublished
    | PayrollFact
    | PayeeFact
)

Answer = Sequence[AnyFact] | Refusal
"""What a rule says to a command: what happens because of it, in order (nothing may have to), or why not."""

FACT: Final[TypeAdapter[AnyFact]] = TypeAdapter(Annotated[AnyFact, Field(discriminator="kind")])
"""Reads any stored fact by its kind. Give `context={"unseal": …}` for its personal fields."""

KINDS: Final[dict[str, type]] = {fact.model_fields["kind"].default: fact for fact in get_args(AnyFact)}
"""The class of every kind, by its stored name."""

UPCASTERS: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {}
"""How a stored kind that is no longer written becomes the one that took its place."""
