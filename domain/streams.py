"""What one history adds up to: everything known of a customer, of a deal, and of a case."""

from dataclasses import dataclass, replace
from typing import assert_never

from domain.case import course as case
from domain.case.course import Case
from domain.case.facts import CaseFact
from domain.contract import facts as contract
from domain.contract.facts import Contract, ContractSigned, MilestoneDue, MilestoneOverdue, MilestoneScheduled
from domain.customer import facts as customer
from domain.customer.facts import (
    Customer,
    CustomerGraded,
    CustomerPlaceCorrected,
    CustomerRegistered,
    CustomersMerged,
    DuplicateSuspected,
)
from domain.deal import facts as deal
from domain.deal.facts import Deal, DealLost, DealOpened, StageAdvanced, StageReverted
from domain.facts import CustomerStreamFact, DealStreamFact
from domain.lead import facts as lead
from domain.lead.facts import Lead, LeadApproved, LeadConverted, LeadRegistered, LeadRejected
from domain.mentorship import facts as mentorship
from domain.mentorship.facts import CustomerDonated, SharingAgreed, Sharings
from domain.payee import facts as payee
from domain.payee.facts import Paid, PayeeFact
from domain.payment import facts as payment
from domain.payment.facts import PaymentReceived, PaymentRefunded, Payments
from domain.payout import facts as payout
from domain.payout.facts import Holds, PayoutHeld, PayoutReleased
from domain.person import facts as person
from domain.person.facts import LegalHoldLifted, LegalHoldPlaced, PersonalData, SubjectErased
from domain.pool import facts as pool
from domain.pool.facts import (
    ClaimRefused,
    CustomerClaimed,
    CustomerDropped,
    CustomerReassigned,
    CustomerReleased,
    Holding,
    RetentionExtended,
    RetentionWarned,
    TierChanged,
)
from domain.role import facts as role
from domain.role.facts import RoleEarned, RoleExpired, RoleRevoked, Roles, RoleTransferred
from domain.visit import facts as visit
from domain.visit.facts import (
    ProtectionExpired,
    ProtectionStarted,
    VisitOverridden,
    VisitPlanned,
    VisitRecorded,
    VisitRejected,
    Visits,
    VisitVerified,
)


@dataclass(frozen=True, slots=True)
class CustomerStream:
    """`version` is the number of facts folded, and so the version of the last one."""

    lead: Lead = Lead()
    customer: Customer = Customer()
    holding: Holding = Holding()
    visits: Visits = Visits()
    donations: tuple[CustomerDonated, ...] = ()
    personal: PersonalData = PersonalData()
    version: int = 0

    @property
    def is_entered(self) -> bool:
        """Whether the id is in use, by a customer or by a lead."""
        return self.customer.is_registered or self.lead.is_registered


@dataclass(frozen=True, slots=True)
class DealStream:
    deal: Deal = Deal()
    roles: Roles = Roles()
    contract: Contract = Contract()
    payments: Payments = Payments()
    sharings: Sharings = Sharings()
    holds: Holds = Holds()
    version: int = 0


@dataclass(frozen=True, slots=True)
class CaseStream:
    case: Case = Case()
    version: int = 0


@dataclass(frozen=True, slots=True)
class PayeeStream:
    paid: Paid = Paid()
    version: int = 0


def evolve_customer(stream: CustomerStream, fact: CustomerStreamFact, position: int = 0) -> CustomerStream:
    version = stream.version + 1
    match fact:
        case (
            CustomerRegistered()
            | DuplicateSuspected()
            | CustomersMerged()
            | CustomerPlaceCorrected()
            | CustomerGraded()
        ):
            return replace(stream, customer=customer.evolve(stream.customer, fact, position), version=version)
        case (
            CustomerClaimed()
            | ClaimRefused()
            | CustomerReleased()
            | CustomerDropped()
            | CustomerReassigned()
            | RetentionWarned()
            | RetentionExtended()
            | TierChanged()
        ):
            holding = pool.evolve(stream.holding, fact, position)
            return CustomerStream(
                stream.lead, stream.customer, holding, stream.visits, stream.donations, stream.personal, version
            )
        case (
            VisitPlanned()
            | VisitRecorded()
            | VisitVerified()
            | VisitRejected()
            | VisitOverridden()
            | ProtectionStarted()
            | ProtectionExpired()
        ):
            return replace(stream, visits=visit.evolve(stream.visits, fact, position), version=version)
        case LeadRegistered() | LeadApproved() | LeadRejected() | LeadConverted():
            return replace(stream, lead=lead.evolve(stream.lead, fact, position), version=version)
        case CustomerDonated():
            return replace(stream, donations=(*stream.donations, fact), version=version)
        case SubjectErased() | LegalHoldPlaced() | LegalHoldLifted():
            return replace(stream, personal=person.evolve(stream.personal, fact, position), version=version)
    assert_never(fact)


def evolve_deal(stream: DealStream, fact: DealStreamFact, position: int = 0) -> DealStream:
    version = stream.version + 1
    match fact:
        case DealOpened() | StageAdvanced() | StageReverted() | DealLost():
            return replace(stream, deal=deal.evolve(stream.deal, fact, position), version=version)
        case RoleEarned() | RoleTransferred() | RoleRevoked() | RoleExpired():
            return replace(stream, roles=role.evolve(stream.roles, fact, position), version=version)
        case ContractSigned() | MilestoneScheduled() | MilestoneDue() | MilestoneOverdue():
            return replace(stream, contract=contract.evolve(stream.contract, fact, position), version=version)
        case PaymentReceived() | PaymentRefunded():
            return replace(stream, payments=payment.evolve(stream.payments, fact, position), version=version)
        case PayoutHeld() | PayoutReleased():
            return replace(stream, holds=payout.evolve(stream.holds, fact, position), version=version)
        case SharingAgreed():
            return replace(stream, sharings=mentorship.evolve(stream.sharings, fact, position), version=version)
    assert_never(fact)


def evolve_case(stream: CaseStream, fact: CaseFact, position: int = 0) -> CaseStream:
    return CaseStream(case.evolve(stream.case, fact, position), stream.version + 1)


def evolve_payee(stream: PayeeStream, fact: PayeeFact, position: int = 0) -> PayeeStream:
    return PayeeStream(payee.evolve(stream.paid, fact, position), stream.version + 1)
