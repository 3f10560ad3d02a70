"""Events of the story `case`, written from the ledger's own by `python -m consumers.models`."""

from typing import Literal

from pydantic import AwareDatetime

from ledger_subscriber.fact import Fact, Told
from ledger_subscriber.kinds.parts import Part


class DisputedRecord(Told):
    act: Literal["record"] = "record"
    customer: str
    deal: str | None = None


class DisputedHolding(Told):
    act: Literal["holding"] = "holding"
    customer: str
    deal: str | None = None


class DisputedVisit(Told):
    act: Literal["visit"] = "visit"
    customer: str
    visit: str
    deal: str | None = None


class DisputedRole(Told):
    act: Literal["role"] = "role"
    deal: str
    role: str


class DisputedPayment(Told):
    act: Literal["payment"] = "payment"
    deal: str
    payment: str
    role: str | None = None


class DisputeFiled(Fact):
    kind: Literal["dispute-filed.v1"] = "dispute-filed.v1"
    case: str
    by: str
    parties: tuple[str, ...]
    matter: DisputedRecord | DisputedHolding | DisputedVisit | DisputedRole | DisputedPayment
    act_at: AwareDatetime
    act_position: int
    expected: int
    actual: int
    currency: str
    claim: str
    statement: str | None = None
    statement_at: AwareDatetime | None = None
    subjects: tuple[str, ...]
    accept_by: AwareDatetime
    policy: str
    policy_hash: str


class CaseAccepted(Fact):
    kind: Literal["case-accepted.v1"] = "case-accepted.v1"
    case: str
    by: str
    evidence_until: AwareDatetime
    decide_by: AwareDatetime
    appeal_until: AwareDatetime
    clause: str


class CaseDismissed(Fact):
    kind: Literal["case-dismissed.v1"] = "case-dismissed.v1"
    case: str
    by: str
    subjects: tuple[str, ...]
    ground: str
    clause: str


class EvidenceSubmitted(Fact):
    kind: Literal["evidence-submitted.v1"] = "evidence-submitted.v1"
    case: str
    evidence: str
    by: str
    sort: Literal["photo", "contract", "chat", "recording", "document"]
    sha256: str
    kept_at: str


class Head(Told):
    size: int
    root: str
    signed_by: str


class Seat(Told):
    member: str
    seat: str


class PanelSeated(Fact):
    kind: Literal["panel-seated.v1"] = "panel-seated.v1"
    case: str
    hearing: int
    head: Head
    eligible: tuple[Seat, ...]
    members: tuple[Seat, ...]
    alternates: tuple[Seat, ...]
    clause: str


class MemberRecused(Fact):
    kind: Literal["member-recused.v1"] = "member-recused.v1"
    case: str
    hearing: int
    member: str
    cause: Literal["own-wish", "conflict", "absence"]
    ground: str
    by: str
    alternate: Seat | None
    decide_by: AwareDatetime | None = None


class Ground(Told):
    by: Literal["clause", "precedent", "efficiency"]
    cites: str | None = None


class GiveRole(Told):
    effective_from: AwareDatetime | None = None
    remedy: Literal["give-role"] = "give-role"
    deal: str
    role: str
    to: str


class SplitRole(Told):
    effective_from: AwareDatetime | None = None
    remedy: Literal["split-role"] = "split-role"
    deal: str
    role: str
    parts: tuple[Part, ...]


class VoidRole(Told):
    effective_from: AwareDatetime | None = None
    remedy: Literal["void-role"] = "void-role"
    deal: str
    role: str


class ShareEarnings(Told):
    effective_from: AwareDatetime | None = None
    remedy: Literal["share-earnings"] = "share-earnings"
    deal: str
    of: str
    parts: tuple[Part, ...]


class OverruleVisit(Told):
    effective_from: AwareDatetime | None = None
    remedy: Literal["overrule-visit"] = "overrule-visit"
    customer: str
    visit: str
    verdict: Literal["verified", "rejected"]


class PlaceAtVisit(Told):
    effective_from: AwareDatetime | None = None
    remedy: Literal["place-at-visit"] = "place-at-visit"
    customer: str
    visit: str


class MergeRecords(Told):
    effective_from: AwareDatetime | None = None
    remedy: Literal["merge-records"] = "merge-records"
    customer: str
    absorbed: str


class GiveCustomer(Told):
    effective_from: AwareDatetime | None = None
    remedy: Literal["give-customer"] = "give-customer"
    customer: str
    to: str


class FreeCustomer(Told):
    effective_from: AwareDatetime | None = None
    remedy: Literal["free-customer"] = "free-customer"
    customer: str


class Censure(Told):
    rep: str
    points: int
    clause: str


class Ruling(Told):
    finding: Literal["confirm", "transfer", "split", "void", "remand"]
    effective_from: AwareDatetime
    ground: Ground
    remedies: tuple[
        GiveRole
        | SplitRole
        | VoidRole
        | ShareEarnings
        | OverruleVisit
        | PlaceAtVisit
        | MergeRecords
        | GiveCustomer
        | FreeCustomer,
        ...,
    ] = ()
    censures: tuple[Censure, ...] = ()


class VoteCast(Fact):
    kind: Literal["vote-cast.v1"] = "vote-cast.v1"
    case: str
    hearing: int
    member: str
    ruling: Ruling
    digest: str
    opinion: str
    carries: bool = False


class Predicted(Told):
    deal: str
    payee: str | None
    currency: str | None
    before: int
    after: int


class DecisionIssued(Fact):
    kind: Literal["decision-issued.v1"] = "decision-issued.v1"
    case: str
    hearing: int
    cause: Literal["majority", "no-majority"]
    ruling: Ruling
    digest: str
    carried: tuple[str, ...]
    dissent: tuple[str, ...]
    position: int
    policy: str
    policy_hash: str
    engine: str
    predicted: tuple[Predicted, ...]
    appeal_until: AwareDatetime | None
    clause: str


class AppealFiled(Fact):
    kind: Literal["appeal-filed.v1"] = "appeal-filed.v1"
    case: str
    by: str
    ground: str
    decide_by: AwareDatetime
    clause: str


class DecisionFinalized(Fact):
    kind: Literal["decision-finalized.v1"] = "decision-finalized.v1"
    case: str
    hearing: int
    digest: str
    cause: Literal["no-appeal", "appeal-decided"]


class Moved(Told):
    deal: str
    payee: str | None
    predicted: Predicted | None
    actual: Predicted | None
    because: tuple[int, ...]


class DecisionExecuted(Fact):
    kind: Literal["decision-executed.v1"] = "decision-executed.v1"
    case: str
    hearing: int
    digest: str
    amounts: tuple[Predicted, ...]
    moved: tuple[Moved, ...] = ()
    confirmed_by: str | None = None
    subjects: tuple[str, ...] = ()
    evidence_until: AwareDatetime | None = None
    decide_by: AwareDatetime | None = None
    appeal_until: AwareDatetime | None = None


class PrecedentPublished(Fact):
    kind: Literal["precedent-published.v1"] = "precedent-published.v1"
    case: str
    precedent: str
    title: str
    holding: str
    digest: str
    by: str
