"""Every kind of event, by its name; written from the ledger's own by `python -m consumers.models`."""

from typing import Final

from ledger_subscriber.fact import Fact
from ledger_subscriber.kinds.case import (
    AppealFiled,
    CaseAccepted,
    CaseDismissed,
    DecisionExecuted,
    DecisionFinalized,
    DecisionIssued,
    DisputeFiled,
    EvidenceSubmitted,
    MemberRecused,
    PanelSeated,
    PrecedentPublished,
    VoteCast,
)
from ledger_subscriber.kinds.conduct import PenaltyApplied, PenaltyLifted
from ledger_subscriber.kinds.contract import ContractSigned, MilestoneDue, MilestoneOverdue, MilestoneScheduled
from ledger_subscriber.kinds.customer import (
    CustomerGraded,
    CustomerPlaceCorrected,
    CustomerRegistered,
    CustomersMerged,
    DuplicateSuspected,
)
from ledger_subscriber.kinds.deal import DealLost, DealOpened, StageAdvanced, StageReverted
from ledger_subscriber.kinds.lead import LeadApproved, LeadConverted, LeadRegistered, LeadRejected
from ledger_subscriber.kinds.mentorship import CustomerDonated, MentorAssigned, MentorshipEnded, SharingAgreed
from ledger_subscriber.kinds.organisation import QuotaSet, RepJoined, RepLeft, RepTransferred, UnitCreated, UnitMoved
from ledger_subscriber.kinds.payee import PayoutConfirmed, PayoutRejected
from ledger_subscriber.kinds.payment import PaymentReceived, PaymentRefunded
from ledger_subscriber.kinds.payout import PayoutHeld, PayoutReleased
from ledger_subscriber.kinds.payroll import PeriodClosed, PeriodOpened
from ledger_subscriber.kinds.person import LegalHoldLifted, LegalHoldPlaced, SubjectErased
from ledger_subscriber.kinds.policy import PolicyPublished
from ledger_subscriber.kinds.pool import (
    ClaimRefused,
    CustomerClaimed,
    CustomerDropped,
    CustomerReassigned,
    CustomerReleased,
    RetentionExtended,
    RetentionWarned,
    TierChanged,
)
from ledger_subscriber.kinds.rate import RatePublished
from ledger_subscriber.kinds.returned import ReturnReconciled
from ledger_subscriber.kinds.role import RoleEarned, RoleExpired, RoleRevoked, RoleTransferred
from ledger_subscriber.kinds.visit import (
    ProtectionExpired,
    ProtectionStarted,
    VisitOverridden,
    VisitPlanned,
    VisitRecorded,
    VisitRejected,
    VisitVerified,
)

KINDS: Final[dict[str, type[Fact]]] = {
    "appeal-filed.v1": AppealFiled,
    "case-accepted.v1": CaseAccepted,
    "case-dismissed.v1": CaseDismissed,
    "claim-refused.v1": ClaimRefused,
    "contract-signed.v1": ContractSigned,
    "customer-claimed.v1": CustomerClaimed,
    "customer-donated.v1": CustomerDonated,
    "customer-dropped.v1": CustomerDropped,
    "customer-graded.v1": CustomerGraded,
    "customer-place-corrected.v1": CustomerPlaceCorrected,
    "customer-reassigned.v1": CustomerReassigned,
    "customer-registered.v1": CustomerRegistered,
    "customer-released.v1": CustomerReleased,
    "customers-merged.v1": CustomersMerged,
    "deal-lost.v1": DealLost,
    "deal-opened.v1": DealOpened,
    "decision-executed.v1": DecisionExecuted,
    "decision-finalized.v1": DecisionFinalized,
    "decision-issued.v1": DecisionIssued,
    "dispute-filed.v1": DisputeFiled,
    "duplicate-suspected.v1": DuplicateSuspected,
    "evidence-submitted.v1": EvidenceSubmitted,
    "lead-approved.v1": LeadApproved,
    "lead-converted.v1": LeadConverted,
    "lead-registered.v1": LeadRegistered,
    "lead-rejected.v1": LeadRejected,
    "legal-hold-lifted.v1": LegalHoldLifted,
    "legal-hold-placed.v1": LegalHoldPlaced,
    "member-recused.v1": MemberRecused,
    "mentor-assigned.v1": MentorAssigned,
    "mentorship-ended.v1": MentorshipEnded,
    "milestone-due.v1": MilestoneDue,
    "milestone-overdue.v1": MilestoneOverdue,
    "milestone-scheduled.v1": MilestoneScheduled,
    "panel-seated.v1": PanelSeated,
    "payment-received.v1": PaymentReceived,
    "payment-refunded.v1": PaymentRefunded,
    "payout-confirmed.v1": PayoutConfirmed,
    "payout-held.v1": PayoutHeld,
    "payout-rejected.v1": PayoutRejected,
    "payout-released.v1": PayoutReleased,
    "penalty-applied.v1": PenaltyApplied,
    "penalty-lifted.v1": PenaltyLifted,
    "period-closed.v1": PeriodClosed,
    "period-opened.v1": PeriodOpened,
    "policy-published.v1": PolicyPublished,
    "precedent-published.v1": PrecedentPublished,
    "protection-expired.v1": ProtectionExpired,
    "protection-started.v1": ProtectionStarted,
    "quota-set.v1": QuotaSet,
    "rate-published.v1": RatePublished,
    "rep-joined.v1": RepJoined,
    "rep-left.v1": RepLeft,
    "rep-transferred.v1": RepTransferred,
    "retention-extended.v1": RetentionExtended,
    "retention-warned.v1": RetentionWarned,
    "return-reconciled.v1": ReturnReconciled,
    "role-earned.v1": RoleEarned,
    "role-expired.v1": RoleExpired,
    "role-revoked.v1": RoleRevoked,
    "role-transferred.v1": RoleTransferred,
    "sharing-agreed.v1": SharingAgreed,
    "stage-advanced.v1": StageAdvanced,
    "stage-reverted.v1": StageReverted,
    "subject-erased.v1": SubjectErased,
    "tier-changed.v1": TierChanged,
    "unit-created.v1": UnitCreated,
    "unit-moved.v1": UnitMoved,
    "visit-overridden.v1": VisitOverridden,
    "visit-planned.v1": VisitPlanned,
    "visit-recorded.v1": VisitRecorded,
    "visit-rejected.v1": VisitRejected,
    "visit-verified.v1": VisitVerified,
    "vote-cast.v1": VoteCast,
}
