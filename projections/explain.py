"""Why an amount is what it is, down to events and clauses; and why a deal, a payment or a person gets nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from domain.commission import Line
from domain.money import major
from domain.payment.facts import Receipt
from domain.policy.terms import PlanRole
from domain.role.facts import RoleExpired
from projections.as_of import DealAsOf, deal_as_of
from projections.booking import BookedLine, Steps, steps
from projections.lines import line as line_named
from projections.log import Log


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence, the event that it rests on, and the clause of the policy."""

    text: str
    position: int | None = None
    clause: str | None = None

    def __str__(self) -> str:
        event = f" (event {self.position})" if self.position else ""
        return f"{self.text}{event}{f' [{self.clause}]' if self.clause else ''}"


@dataclass(frozen=True, slots=True)
class Explained:
    """Reasons in the order of reckoning, as true up to `position`. `amount` is what they come to, in minor units."""

    position: int
    subject: str
    amount: int
    currency: str | None
    reasons: list[Reason]


def explain_line(connection: Connection[Any], name: str) -> Explained | None:
    """Why a booked line is what it is; None when there is none of this id. Raises `ValueError` for what is no id."""
    found = line_named(connection, name)
    line = found.row
    if line is None:
        return None
    before, now = line.derivation["before"], line.derivation["now"]
    told = f"Booked for {line.period} because of {cause_told(line)}: {line.payee or 'nobody'} was credited"
    told += f" {money(before, line.currency)} for {line.role} of payment {line.payment} before, and is due"
    told += f" {money(now, line.currency)} now, so the difference of {money(line.amount, line.currency)} is booked."
    reasons = [Reason(told, line.position)]
    if "pool" in line.derivation:
        reasons.extend(steps_told(line.derivation, line.role, line.of, line.payee, line.currency, line.policy))
    else:
        reasons.append(Reason("Nothing of it is due to this payee any more.", line.position))
    return Explained(found.position, f"line {line.line}", line.amount, line.currency, reasons)


def cause_told(line: BookedLine) -> str:
    return {"role-earned": "a role earned"}.get(line.cause, f"a {line.cause}")


def explain_deal(
    connection: Connection[Any],
    log: Log,
    deal: str,
    *,
    payment: str | None = None,
    payee: str | None = None,
    known_at: datetime | None = None,
    true_at: datetime | None = None,
) -> Explained:
    """Why a deal, one of its payments, or one payee in it comes to what is due, or to nothing.

    As known at one time and true at another, by default as it stands.
    """
    told = deal_as_of(connection, log, deal, known_at=known_at, true_at=true_at)
    subject = ", ".join([f"deal {deal}", *([f"payment {payment}"] if payment else []), *([payee] if payee else [])])
    signing = told.stream.contract.signing
    lines = [
        line
        for line in told.lines
        if (payment is None or line.payment == payment) and (payee is None or payee in (line.payee, line.of))
    ]
    amount = sum(line.amount for line in lines if payee is None or line.payee == payee)
    reasons = [*why_nothing(told, payment), *told_of_payments(told, lines, payment)]
    if payee:
        reasons = [*reasons, *why_not(told, payee, lines)]
    reasons += why_held(told, lines)
    return Explained(told.position, subject, amount, signing.currency if signing else None, reasons)


def why_nothing(told: DealAsOf, payment: str | None) -> Iterator[Reason]:
    """What keeps anything from being due to anybody, as far as something does."""
    deal, signing = told.stream.deal, told.stream.contract.signing
    if deal.opening is None:
        yield Reason(f"No deal {told.deal} is recorded.")
        return
    if deal.lost:
        lost = next(recorded for recorded in told.history if recorded.fact.kind.startswith("deal-lost"))
        yield Reason(f"The deal was lost at stage {deal.stage}.", lost.position)
    if signing is None:
        yield Reason("No contract is signed, so no plan is pinned and nothing is due to anybody.")
        return
    received = told.stream.payments.received
    if payment and payment not in received:
        yield Reason(f"No payment {payment} is recorded with the deal.")
    elif not received:
        yield Reason(
            "Nothing has been received for the contract, and commission follows receipts.",
            told.stream.contract.position,
        )


def told_of_payments(told: DealAsOf, lines: list[Line], payment: str | None) -> Iterator[Reason]:
    """Each receipt, its pool, and the steps of its lines."""
    for name, receipt in told.stream.payments.received.items():
        if payment is not None and name != payment:
            continue
        yield from told_of_receipt(told, name, receipt)
        for line in (line for line in lines if line.payment == name):
            yield from steps_told(steps(line), line.role, line.of, line.payee, line.currency, line.policy, pool=False)
            if not line.ground_position or line.held_by != line.role:
                yield from why_empty(told, line)


def told_of_receipt(told: DealAsOf, name: str, receipt: Receipt) -> Iterator[Reason]:
    signing, plan = told.stream.contract.signing, told.plan
    assert signing, "a receipt follows a contract"
    assert plan, "a contract pins a plan"
    back = f", {money(receipt.refunded, signing.currency)} refunded" if receipt.refunded else ""
    text = f"Payment {name}: {money(receipt.amount, signing.currency)} received on {receipt.at.isoformat()}{back}."
    yield Reason(text, receipt.position)
    line = next((line for line in told.lines if line.payment == name), None)
    if line:
        yield pool_told(steps(line), signing.currency, plan.policy)
    if receipt.net == 0:
        yield Reason("All of it was refunded, so it nets zero for every payee.", receipt.position)
    elif line and line.pool.amount == 0:
        yield Reason("The pool rounds down to nothing.", receipt.position, plan.clause("commission/rate"))


def pool_told(found: Steps, currency: str, policy: str) -> Reason:
    pool = found["pool"]
    fee = f" less the fee of {money(pool['fee'], currency)}" if pool["fee"] else ""
    text = f"Net {money(pool['net'], currency)}{fee}, times {pool['rate']} bps, rounded down: the pool is"
    return Reason(f"{text} {money(pool['amount'], currency)}.", found["receipt_position"], f"{policy}/commission/rate")


def steps_told(
    found: Steps, role: str, of: str | None, payee: str | None, currency: str, policy: str, *, pool: bool = True
) -> Iterator[Reason]:
    """The steps from the pool to a payee's amount, as sentences."""
    if pool:
        yield pool_told(found, currency, policy)
    share, clause = found["share"], f"{policy}/commission/roles/{role}"
    text = f"{role} is {share['bps']} bps of {money(share['whole'], currency)}: {money(share['floor'], currency)}"
    yield Reason(f"{text}{leftover(share)}.", None, clause)
    if of is None:
        yield Reason(f"{role} goes to nobody: {found['ground']}.", None, clause)
        return
    if found["held_by"] != role:
        yield Reason(f"{role} is empty and falls to {found['held_by']}.", None, f"{clause}/fallback")
    part = found["part"]
    whole = (
        ""
        if part["bps"] == share_whole(part)
        else f" {part['bps']} bps of it: {money(part['amount'], currency)}{leftover(part)},"
    )
    yield Reason(f"{of} holds {found['held_by']},{whole} {found['ground']}.", found["ground_position"], clause)
    if sharing := found.get("sharing"):
        text = f"{of} shares it ({found['sharing_ground']}): {sharing['bps']} bps to {payee}"
        yield Reason(f"{text}, {money(sharing['amount'], currency)}{leftover(sharing)}.", found["sharing_position"])


def share_whole(part: dict[str, int]) -> int:
    """The basis points of a part that is all there is."""
    return part["bps"] if part["amount"] == part["whole"] else 0


def leftover(step: dict[str, int]) -> str:
    return f" and {step['leftover']} leftover unit for its large fraction" if step["leftover"] else ""


def why_empty(told: DealAsOf, line: Line) -> Iterator[Reason]:
    """Why nobody holds the role of a line at its receipt."""
    plan, stream = told.plan, told.stream
    role: PlanRole | None = plan.commission.role(line.role) if plan else None
    if plan is None or role is None:
        return
    clause = plan.clause(f"commission/roles/{role.role}")
    tenures = stream.roles.tenures.get(role.role, ())
    if not tenures:
        yield Reason(
            f"Nobody earned {role.role}: no artefact of kind {role.earned_by} was presented for it.", None, clause
        )
    for tenure in tenures:
        who = ", ".join(part.rep for part in tenure.parts) or "nobody"
        text = f"{role.role} belongs to {who} from {tenure.since.isoformat()} on ({tenure.ground})"
        yield Reason(f"{text}.", tenure.position, clause)


def why_not(told: DealAsOf, payee: str, lines: list[Line]) -> Iterator[Reason]:
    """Why a person gets nothing, or less than they may think: what they held and lost, and what they never had."""
    if any(line.payee == payee and line.amount for line in lines):
        return
    held = False
    for role, tenures in told.stream.roles.tenures.items():
        for tenure, following in zip(tenures, [*tenures[1:], None], strict=True):
            if payee not in {part.rep for part in tenure.parts}:
                continue
            held = True
            until = f" until {following.since.isoformat()}: {following.ground}" if following else ""
            text = f"{payee} held {role} from {tenure.since.isoformat()}{until}"
            yield Reason(f"{text}.", following.position if following else tenure.position)
    for recorded in told.history:
        if isinstance(recorded.fact, RoleExpired) and recorded.fact.rep == payee:
            held = True
            text = f"{payee} would have had {recorded.fact.role}, but its protection ran out before the signing."
            yield Reason(text, recorded.position, recorded.fact.clause)
    if not held:
        yield Reason(f"{payee} never held a role of this deal, nor shares in what another earns in it.")


def why_held(told: DealAsOf, lines: list[Line]) -> Iterator[Reason]:
    """Which cases hold back what of these lines is not paid yet."""
    for hold in told.stream.holds.standing:
        covered = [line for line in lines if line.amount and hold.covers(line.payment, line.role, line.payee)]
        if covered:
            roles = ", ".join(dict.fromkeys(line.role for line in covered))
            amount = money(sum(line.amount for line in covered), covered[0].currency)
            yield Reason(
                f"Case {hold.case} holds back what is not paid yet of {roles}: at most {amount}.", hold.position
            )


def money(amount: int, currency: str) -> str:
    return f"{major(amount, currency)} {currency}"
