"""What makes a customer record: one live record per identity key, doubles suspected and merged, places corrected."""

from collections.abc import Sequence
from typing import Literal, assert_never

from domain.authority import not_working, reserved
from domain.customer.facts import (
    CustomerFact,
    CustomerGraded,
    CustomerPlaceCorrected,
    CustomerRegistered,
    CustomersMerged,
    Grade,
)
from domain.entry import identity_keys, is_place, known_by
from domain.fact import CommandOnCustomer, Id, Sight, Text, customer_stream
from domain.money import Currency, Minor
from domain.personal import Personal
from domain.policy.terms import GradeTerms, PolicyVersion
from domain.pool.facts import CustomerReleased, TierChanged
from domain.refusals import Code, Refusal
from domain.standing import erased, not_live
from domain.world import World

Answer = Sequence[CustomerFact | CustomerReleased | TierChanged] | Refusal


class RegisterCustomer(CommandOnCustomer):
    """Enter a customer. Complete, and so a lead record that can earn a role, with a phone or a licence and a place."""

    name: Literal["register-customer"] = "register-customer"
    by: Id
    customer_name: Personal
    phone: Personal | None = None
    licence: Personal | None = None
    contact: Personal | None = None
    address: Personal | None = None
    place: Personal | None = None
    expected_amount: Minor | None = None
    currency: Currency | None = None
    source: Id | None = None

    def sees(self, world: World) -> Sight:
        policy = world.policy(self.at, self.by)
        keys = identity_keys(self, policy, world) if policy else ()
        return Sight(streams=(self.stream,), keys=tuple((key.kind, key.hash) for key in keys))


class MergeCustomers(CommandOnCustomer):
    """Let `customer` carry on the record `absorbed`; both keep their histories."""

    name: Literal["merge-customers"] = "merge-customers"
    absorbed: Id
    ground: Text

    def sees(self, world: World) -> Sight:
        del world
        return Sight(streams=(self.stream, customer_stream(self.absorbed)))


class CorrectCustomerPlace(CommandOnCustomer):
    """Say where the customer really is. Verdicts on earlier visits stay as they were."""

    name: Literal["correct-customer-place"] = "correct-customer-place"
    place: Personal
    ground: Text


class GradeCustomer(CommandOnCustomer):
    """Grade a customer by intent and potential."""

    name: Literal["grade-customer"] = "grade-customer"
    by: Id
    intent: int
    potential: int


CustomerCommand = RegisterCustomer | MergeCustomers | CorrectCustomerPlace | GradeCustomer


def decide(command: CustomerCommand, world: World) -> Answer:
    match command:
        case RegisterCustomer():
            return register(command, world)
        case MergeCustomers():
            return merge(command, world)
        case CorrectCustomerPlace():
            return correct_place(command, world)
        case GradeCustomer():
            return grade(command, world)
    assert_never(command)


def register(command: RegisterCustomer, world: World) -> Answer:
    """Enter a customer; a like name is suspected as a double, not refused.

    Refuses with `no-policy`, `unknown-rep` or `rep-left`, `id-taken`, `phone-invalid`, `licence-invalid`, `place-invalid`
    or `identity-held`, in this order.
    """
    policy = world.policy(command.at, command.by)
    if policy is None:
        return Refusal(code=Code.NO_POLICY, clause="policy/in-force")
    if absent := not_working(world, command.by, command.at, policy.clause("registration")):
        return absent
    if world.customer(command.customer).is_entered:
        return Refusal(code=Code.ID_TAKEN, clause=policy.clause("identity"), rival=command.customer)
    return enter(command, policy, world)


def enter(command: RegisterCustomer, policy: PolicyVersion, world: World) -> Sequence[CustomerFact] | Refusal:
    """The registration, and the doubles that it lets suspect.

    Refuses with `phone-invalid`, `licence-invalid`, `place-invalid` or `identity-held`, in this order.
    """
    known = known_by(command, policy, world)
    if isinstance(known, Refusal):
        return known
    registered = CustomerRegistered(
        at=command.at,
        customer=command.customer,
        by=command.by,
        customer_name=command.customer_name,
        phone=command.phone,
        licence=command.licence,
        contact=command.contact,
        address=command.address,
        place=command.place,
        expected_amount=command.expected_amount,
        currency=command.currency,
        source=command.source,
        complete=bool((command.phone or command.licence) and command.place),
        keys=known.keys,
        policy=policy.policy,
    )
    return [registered, *known.suspected]


def merge(command: MergeCustomers, world: World) -> Answer:
    """Merge two records of one customer. The absorbed record's owner gives it up; the survivor's owner stays. What one of
    them has won stays won. An erased record may be absorbed, with no keys to pass on; nothing is merged into one.

    Refuses with `same-customer`, `unknown-customer`, `customer-merged`, `subject-erased` or `not-allowed`.
    """
    clause = "customer/merge"
    survivor, absorbed = world.customer(command.customer), world.customer(command.absorbed)
    if command.customer == command.absorbed:
        return Refusal(code=Code.SAME_CUSTOMER, clause=clause, rival=command.absorbed)
    for stream in (survivor, absorbed):
        if unknown := not_live(stream, clause):
            return unknown
    if gone := erased(command.stream, survivor.personal):
        return gone
    if refusal := reserved(world, command.actor, command.at, "mid-office", "committee", clause=clause):
        return refusal
    kept = {(key.kind, key.hash) for key in survivor.customer.keys}
    held = () if absorbed.personal.erased_at else absorbed.customer.keys
    keys = tuple(key for key in held if (key.kind, key.hash) not in kept)
    given_up = absorbed.holding
    released = [
        CustomerReleased(
            at=command.at,
            customer=command.absorbed,
            former_owner=given_up.owner,
            tier=given_up.tier,
            policy=given_up.policy or "",
        )
    ] if given_up.owner else []  # fmt: skip
    merged = [
        CustomersMerged(
            at=command.at,
            customer=customer,
            survivor=command.customer,
            absorbed=command.absorbed,
            keys=keys,
            ground=command.ground,
        )
        for customer in (command.absorbed, command.customer)
    ]
    if given_up.tier != "won" or survivor.holding.tier == "won":
        return [*released, *merged]
    won = TierChanged(
        at=command.at,
        customer=command.customer,
        owner=survivor.holding.owner,
        old=survivor.holding.tier,
        new="won",
        ground=f"merged with {command.absorbed}",
    )
    return [*released, *merged, won]


def correct_place(command: CorrectCustomerPlace, world: World) -> Answer:
    """Correct the place. Refuses with `unknown-customer`, `customer-merged`, `subject-erased` or `place-invalid`."""
    stream = world.customer(command.customer)
    if unknown := not_live(stream, "customer/place"):
        return unknown
    if gone := erased(command.stream, stream.personal):
        return gone
    if not is_place(command.place):
        return Refusal(code=Code.PLACE_INVALID, clause="customer/place")
    return [
        CustomerPlaceCorrected(at=command.at, customer=command.customer, place=command.place, ground=command.ground)
    ]


def grade(command: GradeCustomer, world: World) -> Answer:
    """Grade by intent times potential. Refuses with `unknown-customer`, `customer-merged`, `no-policy`, `unknown-rep`,
    `rep-left` or `score-out-of-range`.
    """
    if unknown := not_live(world.customer(command.customer), "customer/grade"):
        return unknown
    policy = world.policy(command.at, command.by)
    if policy is None:
        return Refusal(code=Code.NO_POLICY, clause="policy/in-force")
    if absent := not_working(world, command.by, command.at, policy.clause("grade")):
        return absent
    if not all(1 <= score <= policy.grades.highest for score in (command.intent, command.potential)):
        return Refusal(
            code=Code.SCORE_OUT_OF_RANGE,
            clause=policy.clause("grade"),
            detail=f"Scores go from 1 to {policy.grades.highest}.",
        )
    return [
        CustomerGraded(
            at=command.at,
            customer=command.customer,
            by=command.by,
            intent=command.intent,
            potential=command.potential,
            grade=grade_of(policy.grades, command.intent * command.potential),
            policy=policy.policy,
        )
    ]


def grade_of(terms: GradeTerms, score: int) -> Grade:
    if score >= terms.a:
        return "A"
    return "B" if score >= terms.b else "C"
