"""What happens in a case: filed, accepted, heard, decided, appealed, executed. Facts state; they never judge."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.case.matter import Matter
from domain.case.ruling import Digest, Ruling
from domain.fact import Id, OfCase, SubjectName, Text
from domain.money import Currency

Amount = Annotated[int, Field(ge=0, lt=2**63)]
"""Minor units, which may be none."""

EvidenceSort = Literal["photo", "contract", "chat", "recording", "document"]
RecusalCause = Literal["own-wish", "conflict", "absence"]


class Seat(BaseModel):
    """Who sits on a panel, and which of the policy's seats it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    member: Id
    seat: Id


class Head(BaseModel):
    """A signed head of the log: its first `size` events hash to `root` (RFC 6962), and `signed_by` names who signed it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: Annotated[int, Field(gt=0)]
    root: Digest
    signed_by: Text


class Predicted(BaseModel):
    """What a payee has of a deal without and with a ruling, in minor units; in basis points where no contract is signed.

    `payee` None: what nobody gets, because a role is empty. `currency` None: basis points of the pool.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    deal: Id
    payee: Id | None
    currency: Currency | None
    before: int
    after: int


class Moved(BaseModel):
    """How far a payee's amounts at execution are from those predicted, in the same units, and the events that made it so."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    deal: Id
    payee: Id | None
    predicted: Predicted | None
    actual: Predicted | None
    because: tuple[int, ...]


class DisputeFiled(OfCase):
    """`act_at` and `act_position` are when the disputed act was and the event that recorded it, as the ledger knows it.

    `expected` and `actual` are what the filer says should have been and what is, in minor units. `statement` names the
    statement that shows it, where the dispute is of one. The personal data of `subjects` is kept while the case is open. `policy` is the version by which the whole case is heard.
    """

    kind: Literal["dispute-filed.v1"] = "dispute-filed.v1"
    by: Id
    parties: tuple[Id, ...]
    matter: Matter
    act_at: AwareDatetime
    act_position: int
    expected: Amount
    actual: Amount
    currency: Currency
    claim: Text
    statement: Id | None = None
    statement_at: AwareDatetime | None = None
    subjects: tuple[SubjectName, ...]
    accept_by: AwareDatetime
    policy: Id
    policy_hash: str


class CaseAccepted(OfCase):
    """`evidence_until` closes the evidence; without a majority before `decide_by` the status quo is confirmed.

    `appeal_until` is until when that could be appealed.
    """

    kind: Literal["case-accepted.v1"] = "case-accepted.v1"
    by: Id
    evidence_until: AwareDatetime
    decide_by: AwareDatetime
    appeal_until: AwareDatetime
    clause: str


class CaseDismissed(OfCase):
    """`subjects` are those whose personal data the case no longer keeps."""

    kind: Literal["case-dismissed.v1"] = "case-dismissed.v1"
    by: Id
    subjects: tuple[SubjectName, ...]
    ground: Text
    clause: str


class EvidenceSubmitted(OfCase):
    """`sha256` is of the artefact's bytes, `kept_at` where it is kept; what it shows stays out of the log."""

    kind: Literal["evidence-submitted.v1"] = "evidence-submitted.v1"
    evidence: Id
    by: Id
    sort: EvidenceSort
    sha256: Digest
    kept_at: Text


class PanelSeated(OfCase):
    """Drawn from `eligible` with the head as seed, so that anyone can draw again; `alternates` replace who is recused."""

    kind: Literal["panel-seated.v1"] = "panel-seated.v1"
    hearing: int
    head: Head
    eligible: tuple[Seat, ...]
    members: tuple[Seat, ...]
    alternates: tuple[Seat, ...]
    clause: str


class MemberRecused(OfCase):
    """`alternate` takes the seat; None: nobody is left to take it. A vote cast before no longer counts; `decide_by` is given
    where a majority is undone by that, and until when another must be found.
    """

    kind: Literal["member-recused.v1"] = "member-recused.v1"
    hearing: int
    member: Id
    cause: RecusalCause
    ground: Text
    by: Id
    alternate: Seat | None
    decide_by: AwareDatetime | None = None


class VoteCast(OfCase):
    """A member's vote, by the ruling that the member would give; `digest` tells equal rulings.

    `carries` says that with it the ruling has its majority, so that the deadline asks for no status quo any more.
    """

    kind: Literal["vote-cast.v1"] = "vote-cast.v1"
    hearing: int
    member: Id
    ruling: Ruling
    digest: Digest
    opinion: Text
    carries: bool = False


class DecisionIssued(OfCase):
    """`position` is up to where the ledger was known, `policy_hash` by which rules, `engine` by which arithmetic.

    `carried` names who voted for it, `dissent` who voted otherwise; by `no-majority` the status quo is confirmed, on appeal
    the first ruling. `appeal_until` is None where no appeal is left.
    """

    kind: Literal["decision-issued.v1"] = "decision-issued.v1"
    hearing: int
    cause: Literal["majority", "no-majority"]
    ruling: Ruling
    digest: Digest
    carried: tuple[Id, ...]
    dissent: tuple[Id, ...]
    position: int
    policy: Id
    policy_hash: str
    engine: str
    predicted: tuple[Predicted, ...]
    appeal_until: AwareDatetime | None
    clause: str


class AppealFiled(OfCase):
    kind: Literal["appeal-filed.v1"] = "appeal-filed.v1"
    by: Id
    ground: Text
    decide_by: AwareDatetime
    clause: str


class DecisionFinalized(OfCase):
    kind: Literal["decision-finalized.v1"] = "decision-finalized.v1"
    hearing: int
    digest: Digest
    cause: Literal["no-appeal", "appeal-decided"]


class DecisionExecuted(OfCase):
    """`amounts` are what the ruling comes to at its execution; `moved` is how they differ from what it predicted, which
    `confirmed_by` has seen and confirmed. The personal data of `subjects` is kept no longer. A remand opens the next hearing: its
    deadlines are given, and nothing is let go.
    """

    kind: Literal["decision-executed.v1"] = "decision-executed.v1"
    hearing: int
    digest: Digest
    amounts: tuple[Predicted, ...]
    moved: tuple[Moved, ...] = ()
    confirmed_by: Id | None = None
    subjects: tuple[SubjectName, ...] = ()
    evidence_until: AwareDatetime | None = None
    decide_by: AwareDatetime | None = None
    appeal_until: AwareDatetime | None = None


class PrecedentPublished(OfCase):
    kind: Literal["precedent-published.v1"] = "precedent-published.v1"
    precedent: Id
    title: Text
    holding: Text
    digest: Digest
    by: Id


CaseFact = (
    DisputeFiled
    | CaseAccepted
    | CaseDismissed
    | EvidenceSubmitted
    | PanelSeated
    | MemberRecused
    | VoteCast
    | DecisionIssued
    | AppealFiled
    | DecisionFinalized
    | DecisionExecuted
    | PrecedentPublished
)
