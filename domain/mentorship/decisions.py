"""Who owes whom a share: mentors for those they train, recipients to who gave them a customer, and what people agree."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal, assert_never

from pydantic import Field

from domain.authority import not_working, reserved
from domain.fact import CommandOnCustomer, CommandOnDeal, CommandOnOrganisation, Id, Instant, Part, Text
from domain.handover import handed_over
from domain.mentorship.facts import CustomerDonated, MentorAssigned, MentorshipEnded, SharingAgreed
from domain.money import WHOLE
from domain.parts import parts_not_whole
from domain.policy.terms import Donation
from domain.pool.facts import CustomerReassigned, Tier
from domain.refusals import Code, Refusal
from domain.standing import not_live, not_the_owner
from domain.world import World

Answer = Sequence[MentorAssigned | MentorshipEnded | CustomerDonated | CustomerReassigned | SharingAgreed] | Refusal


class AssignMentor(CommandOnOrganisation):
    """Give a rep a mentor, with the policy's share and time, or others agreed."""

    name: Literal["assign-mentor"] = "assign-mentor"
    rep: Id
    mentor: Id
    share: Annotated[int, Field(gt=0, lt=WHOLE)] | None = None
    until: Instant | None = None


class EndMentorship(CommandOnOrganisation):
    """End a mentorship; contracts signed before keep their sharing."""

    name: Literal["end-mentorship"] = "end-mentorship"
    rep: Id
    mentor: Id


class DonateCustomer(CommandOnCustomer):
    """Give a customer to another rep, for a share of what the recipient earns with it."""

    name: Literal["donate-customer"] = "donate-customer"
    donor: Id
    to: Id


class AgreeSharing(CommandOnDeal):
    """Divide what a rep earns in a deal, from a time on."""

    name: Literal["agree-sharing"] = "agree-sharing"
    of: Id
    parts: tuple[Part, ...]
    effective_from: Instant
    ground: Text


MentorshipCommand = AssignMentor | EndMentorship | DonateCustomer | AgreeSharing


def decide(command: MentorshipCommand, world: World) -> Answer:
    match command:
        case AssignMentor():
            return assign(command, world)
        case EndMentorship():
            return end(command, world)
        case DonateCustomer():
            return donate(command, world)
        case AgreeSharing():
            return agree(command, world)
    assert_never(command)


def assign(command: AssignMentor, world: World) -> Answer:
    """Assign a mentor. Refuses with `self-mentor`, `unknown-rep` or `rep-left`, `already-mentored`, `not-allowed` or
    `no-policy`.
    """
    if command.rep == command.mentor:
        return Refusal(code=Code.SELF_MENTOR, clause="mentorship")
    for rep in (command.rep, command.mentor):
        if absent := not_working(world, rep, command.at, "mentorship"):
            return absent
    if mentored := mentored_meanwhile(command, world):
        return Refusal(
            code=Code.ALREADY_MENTORED,
            clause="mentorship",
            rival=mentored.mentor,
            rival_at=mentored.at,
            until=mentored.until,
        )
    if refusal := reserved(world, command.actor, command.at, "lead", "manager", clause="mentorship"):
        return refusal
    policy = world.policy(command.at, command.rep)
    if policy is None:
        return Refusal(code=Code.NO_POLICY, clause="policy/in-force")
    terms = policy.sharing.mentor
    usual_end = command.at + timedelta(days=terms.days) if terms.days else None
    return [
        MentorAssigned(
            at=command.at,
            rep=command.rep,
            mentor=command.mentor,
            share=command.share or terms.share,
            until=command.until or usual_end,
        )
    ]


def mentored_meanwhile(command: AssignMentor, world: World) -> MentorAssigned | None:
    """Who mentors the rep at that time, or is known to begin before the mentorship would be over."""
    known = world.organisation.reps[command.rep]
    later = (m for m in known.mentors if command.at < m.at and (command.until is None or m.at < command.until))
    return known.mentor(command.at) or next(later, None)


def end(command: EndMentorship, world: World) -> Answer:
    """End a mentorship. Refuses with `unknown-rep`, `not-mentored` or `not-allowed`."""
    known = world.organisation.reps.get(command.rep)
    if known is None:
        return Refusal(code=Code.UNKNOWN_REP, clause="mentorship", rival=command.rep)
    mentored = known.mentor(command.at)
    if mentored is None or mentored.mentor != command.mentor:
        return Refusal(code=Code.NOT_MENTORED, clause="mentorship", rival=command.mentor)
    if refusal := reserved(world, command.actor, command.at, "lead", "manager", clause="mentorship"):
        return refusal
    return [MentorshipEnded(at=command.at, rep=command.rep, mentor=command.mentor)]


def donate(command: DonateCustomer, world: World) -> Answer:
    """Donate a customer. A close one earns the donor more than an ordinary one.

    Refuses with `self-mentor`, `unknown-customer` or `customer-merged`, `not-held`, `not-owner` or `overtaken`, `no-policy`,
    `unknown-rep`, `rep-left` or `not-allowed`.
    """
    if command.donor == command.to:
        return Refusal(code=Code.SELF_MENTOR, clause="donation")
    stream = world.customer(command.customer)
    holding = stream.holding
    if unknown := not_live(stream, "donation"):
        return unknown
    if refusal := not_the_owner(command.donor, command.at, holding):
        return refusal
    policy = world.policy(command.at, command.to)
    if policy is None:
        return Refusal(code=Code.NO_POLICY, clause="policy/in-force")
    if absent := not_working(world, command.to, command.at, policy.clause("donation")):
        return absent
    if refusal := reserved(world, command.actor, command.at, "lead", "manager", clause=policy.clause("donation")):
        return refusal
    terms = policy.sharing.donation
    return [
        CustomerDonated(
            at=command.at,
            customer=command.customer,
            donor=command.donor,
            rep=command.to,
            tier=holding.tier,
            share=donors_share(terms, holding.tier),
            until=command.at + timedelta(days=terms.days) if terms.days else None,
            clause=policy.clause("donation"),
        ),
        handed_over(
            command.customer, stream, command.to, by=command.actor, ground="donation", at=command.at, policy=policy
        ),
    ]


def agree(command: AgreeSharing, world: World) -> Answer:
    """Agree on a sharing. Refuses with `unknown-deal`, `unknown-rep`, `parts-not-whole` or `not-allowed`."""
    if world.deal(command.deal).deal.opening is None:
        return Refusal(code=Code.UNKNOWN_DEAL, clause="sharing")
    if command.of not in world.organisation.reps:
        return Refusal(code=Code.UNKNOWN_REP, clause="sharing", rival=command.of)
    if refusal := parts_not_whole(command.parts, world, "sharing/parts"):
        return refusal
    if refusal := reserved(world, command.actor, command.at, "lead", "manager", "committee", clause="sharing"):
        return refusal
    return [
        SharingAgreed(
            at=command.at,
            deal=command.deal,
            of=command.of,
            parts=command.parts,
            effective_from=command.effective_from,
            ground=command.ground,
        )
    ]


def donors_share(terms: Donation, tier: Tier) -> int:
    return terms.ordinary if tier == "ordinary" else terms.close
