"""What makes a lead: a contact with the channel it came by, reviewed by mid-office, and a customer only once it is approved."""

from collections.abc import Sequence
from typing import Any, Literal, assert_never

from domain.authority import not_working, reserved
from domain.customer.decisions import RegisterCustomer, enter
from domain.customer.facts import CustomerFact
from domain.entry import identity_keys, known_by
from domain.fact import CommandOnCustomer, Id, Sight, Text
from domain.lead.facts import Lead, LeadApproved, LeadConverted, LeadFact, LeadRegistered, LeadRejected
from domain.money import Currency, Minor
from domain.personal import Personal
from domain.refusals import Code, Refusal
from domain.standing import erased
from domain.streams import CustomerStream
from domain.world import World

Answer = Sequence[LeadFact | CustomerFact] | Refusal


class RegisterLead(CommandOnCustomer):
    """Enter an unverified contact with the channel it came by. `customer` is the id as which it may become a customer."""

    name: Literal["register-lead"] = "register-lead"
    by: Id
    source: Id | None = None
    customer_name: Personal
    phone: Personal | None = None
    licence: Personal | None = None
    contact: Personal | None = None
    address: Personal | None = None
    place: Personal | None = None
    expected_amount: Minor | None = None
    currency: Currency | None = None

    def sees(self, world: World) -> Sight:
        policy = world.policy(self.at, self.by)
        keys = identity_keys(self, policy, world) if policy else ()
        return Sight(streams=(self.stream,), keys=tuple((key.kind, key.hash) for key in keys))


class ApproveLead(CommandOnCustomer):
    """Find a lead good enough to become a customer."""

    name: Literal["approve-lead"] = "approve-lead"


class RejectLead(CommandOnCustomer):
    """Find that a lead is none, or is none any more. Its phone and licence may be registered again."""

    name: Literal["reject-lead"] = "reject-lead"
    ground: Text


class ConvertLead(CommandOnCustomer):
    """Make a customer of an approved lead. What is told here completes or corrects the lead's own record."""

    name: Literal["convert-lead"] = "convert-lead"
    customer_name: Personal | None = None
    phone: Personal | None = None
    licence: Personal | None = None
    contact: Personal | None = None
    address: Personal | None = None
    place: Personal | None = None
    expected_amount: Minor | None = None
    currency: Currency | None = None

    def sees(self, world: World) -> Sight:
        stream = world.seen_customer(self.customer)
        found = stream.lead.registration if stream else None
        policy = world.policy(self.at, found.by) if found else None
        if found is None or policy is None:
            return Sight(streams=(self.stream,))
        keys = identity_keys(registration(self, found), policy, world)
        return Sight(streams=(self.stream,), keys=tuple((key.kind, key.hash) for key in keys))


LeadCommand = RegisterLead | ApproveLead | RejectLead | ConvertLead


def decide(command: LeadCommand, world: World) -> Answer:
    match command:
        case RegisterLead():
            return register(command, world)
        case ApproveLead():
            return approve(command, world)
        case RejectLead():
            return reject(command, world)
        case ConvertLead():
            return convert(command, world)
    assert_never(command)


def register(command: RegisterLead, world: World) -> Answer:
    """Enter a lead; a like name is suspected as a double, not refused.

    Refuses with `no-policy`, `unknown-rep` or `rep-left`, `source-missing`, `id-taken`, `phone-invalid`,
    `licence-invalid`, `place-invalid` or `identity-held`, in this order.
    """
    policy = world.policy(command.at, command.by)
    if policy is None:
        return Refusal(code=Code.NO_POLICY, clause="policy/in-force")
    if absent := not_working(world, command.by, command.at, policy.clause("registration")):
        return absent
    if command.source is None:
        return Refusal(code=Code.SOURCE_MISSING, clause="lead/source")
    if world.customer(command.customer).is_entered:
        return Refusal(code=Code.ID_TAKEN, clause=policy.clause("identity"), rival=command.customer)
    known = known_by(command, policy, world)
    if isinstance(known, Refusal):
        return known
    registered = LeadRegistered(
        at=command.at,
        customer=command.customer,
        by=command.by,
        source=command.source,
        customer_name=command.customer_name,
        phone=command.phone,
        licence=command.licence,
        contact=command.contact,
        address=command.address,
        place=command.place,
        expected_amount=command.expected_amount,
        currency=command.currency,
        keys=known.keys,
        policy=policy.policy,
    )
    return [registered, *known.suspected]


def approve(command: ApproveLead, world: World) -> Answer:
    """Approve a lead that waits. Refuses with `not-allowed`, `unknown-lead`, `subject-erased` or `lead-reviewed`."""
    stream = world.customer(command.customer)
    if refusal := not_for_review(command, stream, world):
        return refusal
    if stream.lead.course != "waiting":
        return reviewed(stream.lead)
    return [LeadApproved(at=command.at, customer=command.customer, by=command.actor)]


def reject(command: RejectLead, world: World) -> Answer:
    """Reject a lead that waits, or that was approved and has not become a customer.

    Refuses with `not-allowed`, `unknown-lead`, `subject-erased` or `lead-reviewed`.
    """
    stream = world.customer(command.customer)
    if refusal := not_for_review(command, stream, world):
        return refusal
    if stream.lead.course in ("rejected", "converted"):
        return reviewed(stream.lead)
    return [
        LeadRejected(
            at=command.at, customer=command.customer, by=command.actor, ground=command.ground, keys=stream.lead.keys
        )
    ]


def convert(command: ConvertLead, world: World) -> Answer:
    """Make a customer of a lead, registered by whoever found it.

    Refuses with `unknown-lead`, `subject-erased`, `lead-not-approved`, `no-policy`, `phone-invalid`, `licence-invalid`,
    `place-invalid` or `identity-held`, in this order.
    """
    stream = world.customer(command.customer)
    found = stream.lead.registration
    if found is None:
        return Refusal(code=Code.UNKNOWN_LEAD, clause="lead")
    if gone := erased(command.stream, stream.personal):
        return gone
    if stream.lead.course != "approved":
        return Refusal(
            code=Code.LEAD_NOT_APPROVED,
            clause="lead/convert",
            rival_position=stream.lead.position or None,
            detail=f"It is {stream.lead.course}.",
        )
    policy = world.policy(command.at, found.by)
    if policy is None:
        return Refusal(code=Code.NO_POLICY, clause="policy/in-force")
    entered = enter(registration(command, found), policy, world)
    if isinstance(entered, Refusal):
        return entered
    converted = LeadConverted(at=command.at, customer=command.customer, by=command.actor, keys=stream.lead.keys)
    return [converted, *entered]


def not_for_review(command: ApproveLead | RejectLead, stream: CustomerStream, world: World) -> Refusal | None:
    if refusal := reserved(world, command.actor, command.at, "mid-office", clause="lead/review"):
        return refusal
    if not stream.lead.is_registered:
        return Refusal(code=Code.UNKNOWN_LEAD, clause="lead")
    return erased(command.stream, stream.personal)


def reviewed(lead: Lead) -> Refusal:
    return Refusal(
        code=Code.LEAD_REVIEWED,
        clause="lead/review",
        rival=lead.by,
        rival_position=lead.position or None,
        detail=f"It is {lead.course}.",
    )


def registration(command: ConvertLead, lead: LeadRegistered) -> RegisterCustomer:
    """The customer's registration: the lead's own record, completed and corrected by what the command tells."""
    told: dict[str, Any] = {
        field: getattr(command, field) or getattr(lead, field)
        for field in (
            "customer_name", "phone", "licence", "contact", "address", "place", "expected_amount", "currency",
        )
    }  # fmt: skip
    return RegisterCustomer(at=command.at, customer=command.customer, by=lead.by, source=lead.source, **told)
