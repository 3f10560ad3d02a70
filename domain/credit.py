"""Which step earns which stage role: the artefacts that prove a step, and what the ledger's own histories prove."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from domain.fact import Artefact
from domain.policy.terms import PlanRole, PolicyVersion
from domain.role.facts import RoleEarned, RoleExpired
from domain.streams import CustomerStream, DealStream
from domain.visit.facts import Visit

COMPLETE_RECORD: Final = "complete-record"
VERIFIED_VISIT: Final = "verified-visit"
SIGNED_CONTRACT: Final = "signed-contract"
PROVEN_BY_THE_LEDGER: Final = (COMPLETE_RECORD, VERIFIED_VISIT, SIGNED_CONTRACT)
"""Artefacts that the ledger sees in its own histories; every other one is presented."""


def earned_by_artefact(
    artefact: Artefact, rep: str, at: datetime, stream: DealStream, policy: PolicyVersion, deal: str
) -> Iterator[RoleEarned]:
    """The roles that presenting an artefact earns, as far as nobody holds them."""
    for role in policy.commission.roles:
        open_still = not (role.held == "pinned" and stream.contract.is_signed)
        if role.earned_by == artefact.kind and open_still and not stream.roles.is_held(role.role, at):
            clause = policy.clause(f"roles/{role.role}")
            yield RoleEarned(at=at, deal=deal, role=role.role, rep=rep, artefact=artefact, clause=clause)


def earned_at_signing(
    deal: str,
    at: datetime,
    closer: str,
    contract: str,
    stream: DealStream,
    customer: CustomerStream,
    policy: PolicyVersion,
) -> Iterator[RoleEarned | RoleExpired]:
    """What the ledger's own histories prove when the contract is signed: who entered the record, who visited first, who
    signed. A first visit whose protection has run out is said to have expired.
    """
    for role in policy.commission.roles:
        if stream.roles.is_held(role.role, at):
            continue
        clause = policy.clause(f"roles/{role.role}")
        if expired := expired_visit(role, at, customer, policy):
            artefact = Artefact(kind=VERIFIED_VISIT, ref=expired.visit)
            yield RoleExpired(at=at, deal=deal, role=role.role, rep=expired.rep, artefact=artefact, clause=clause)
        if found := proof(role, at, closer, contract, customer, policy):
            rep, artefact = found
            yield RoleEarned(at=at, deal=deal, role=role.role, rep=rep, artefact=artefact, clause=clause)


def proof(
    role: PlanRole, at: datetime, closer: str, contract: str, customer: CustomerStream, policy: PolicyVersion
) -> tuple[str, Artefact] | None:
    registration = customer.customer.registration
    match role.earned_by:
        case "complete-record" if registration and registration.complete:
            return registration.by, Artefact(kind=COMPLETE_RECORD, ref=registration.customer)
        case "verified-visit" if visit := first_protected_visit(at, customer, policy):
            return visit.rep, Artefact(kind=VERIFIED_VISIT, ref=visit.visit)
        case "signed-contract":
            return closer, Artefact(kind=SIGNED_CONTRACT, ref=contract)
        case _:
            return None


def first_protected_visit(at: datetime, customer: CustomerStream, policy: PolicyVersion) -> Visit | None:
    """The earliest verified visit that is still protected then: during [visit, visit + days), or for good."""
    return next((v for v in customer.visits.verified() if v.at <= at and is_protected(v, at, policy)), None)


def expired_visit(role: PlanRole, at: datetime, customer: CustomerStream, policy: PolicyVersion) -> Visit | None:
    """The first verified visit, where it would have earned the role had it been protected still."""
    first = next((v for v in customer.visits.verified() if v.at <= at), None)
    if role.earned_by != VERIFIED_VISIT or first is None or is_protected(first, at, policy):
        return None
    return first


def is_protected(visit: Visit, at: datetime, policy: PolicyVersion) -> bool:
    terms = policy.commission.first_visit
    return terms is None or terms.protection_days is None or at < visit.at + timedelta(days=terms.protection_days)


def is_proven(artefact: Artefact, rep: str, stream: DealStream, customer: CustomerStream) -> bool:
    """Whether the ledger's histories bear out an artefact of its own; one presented from outside is taken as presented."""
    match artefact.kind:
        case "complete-record":
            registration = customer.customer.registration
            return registration is not None and registration.complete and registration.by == rep
        case "verified-visit":
            visit = customer.visits.made.get(artefact.ref)
            return visit is not None and visit.verdict == "verified" and visit.rep == rep
        case "signed-contract":
            signing = stream.contract.signing
            return signing is not None and signing.contract == artefact.ref
        case _:
            return True
