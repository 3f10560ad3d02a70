"""How a history stands, as plain values under plain names, so that two standings can be held side by side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from domain.commission import attribute
from domain.contract.facts import ContractSigned
from domain.fact import Part
from domain.money import WHOLE
from domain.policy.facts import PolicyBook
from domain.streams import CaseStream, CustomerStream, DealStream, PayeeStream
from domain.world import Stream

Standing = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of its currency."""

    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Change:
    """Something that stands otherwise than before. None: it was not, or is no more."""

    what: str
    before: Any
    after: Any


def standing(name: str, stream: Stream, policies: PolicyBook, at: datetime) -> Standing:
    """How a history stands at a time, as far as it is known; only what there is to say."""
    key = name.partition("/")[2]
    match stream:
        case CustomerStream():
            said = of_customer(key, stream)
        case DealStream():
            said = of_deal(key, stream, policies, at)
        case CaseStream():
            said = of_case(key, stream)
        case PayeeStream():
            said = {f"paid out for {each.period}": f"{each.amount} {each.currency}" for each in stream.paid.payouts}
        case _:
            assert_never(stream)
    return {what: value for what, value in said.items() if value not in (None, "")}


def of_customer(customer: str, stream: CustomerStream) -> dict[str, Any]:
    holding = stream.holding
    return {
        f"lead {customer}": stream.lead.course,
        f"owner of {customer}": holding.owner,
        f"deadline of {customer}": holding.deadline,
        f"tier of {customer}": holding.tier if holding.owner else None,
        f"grade of {customer}": stream.customer.grade,
        f"{customer} merged into": stream.customer.merged_into,
        **{f"visit {visit} to {customer}": made.verdict for visit, made in stream.visits.made.items()},
    }


def of_deal(deal: str, stream: DealStream, policies: PolicyBook, at: datetime) -> dict[str, Any]:
    signing = stream.contract.signing
    said: dict[str, Any] = {
        f"stage of {deal}": "lost" if stream.deal.lost else stream.deal.stage,
        f"contract of {deal}": signing and signing.contract,
        **{f"{role} of {deal}": held(stream.roles.holders(role, at)) for role in stream.roles.tenures},
        **{f"{name} of {deal}": each.told for name, each in stream.contract.milestones.items()},
        **{f"net of {payment}": paid(receipt.net, signing) for payment, receipt in stream.payments.received.items()},
        f"held back of {deal}": ", ".join(sorted({hold.case for hold in stream.holds.standing})) or None,
    }
    plan = policies.versions.get(signing.policy) if signing else None
    for line in attribute(stream, plan) if plan else []:
        name = f"line {line.payment} {line.role} {line.payee or 'nobody'}"
        before = said.get(name)
        said[name] = Money(line.amount + (before.amount if before else 0), line.currency)
    return said


def paid(amount: int, signing: ContractSigned | None) -> Money | int:
    """A payment from before any contract has no currency yet."""
    return Money(amount, signing.currency) if signing else amount


def of_case(case: str, stream: CaseStream) -> dict[str, Any]:
    found = stream.case
    return {
        f"case {case}": found.status,
        f"panel of {case}": ", ".join(found.hearing.members) if found.hearing else None,
        f"ruling of {case}": found.decision.ruling.finding if found.decision else None,
        f"decide {case} by": found.hearing.decide_by if found.hearing else None,
    }


def held(parts: Sequence[Part]) -> str | None:
    """Who holds a role, in words."""
    if len(parts) == 1 and parts[0].bps == WHOLE:
        return parts[0].rep
    return ", ".join(f"{part.rep} {part.bps}" for part in parts) or None


def changes(before: Standing, after: Standing) -> tuple[Change, ...]:
    """What stands otherwise, in the order in which it is said."""
    names: Iterable[str] = dict.fromkeys((*before, *after))
    return tuple(
        Change(what, before.get(what), after.get(what)) for what in names if before.get(what) != after.get(what)
    )
