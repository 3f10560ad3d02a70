"""Every way in which the ledger says no: a closed list of stable codes, each with the rule that it stands for."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict


class Code(StrEnum):
    """A refusal's stable code. `rule` is the sentence that a person is told."""

    rule: str

    def __new__(cls, code: str, rule: str = "") -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.rule = rule
        return member

    # the shape of a command
    MALFORMED = "malformed", "The command does not have the shape that its name demands."
    UNKNOWN_COMMAND = "unknown-command", "There is no command of this name."
    TEXT_NOT_STORABLE = "text-not-storable", "Text holds a NUL or a lone surrogate, which cannot be stored."
    TEXT_TOO_LONG = "text-too-long", "Text is longer than 10,000 characters."
    AMOUNT_NOT_WHOLE = "amount-not-whole", "Amounts are whole minor units of their currency."
    AMOUNT_NOT_POSITIVE = "amount-not-positive", "An amount must be more than zero."
    UNKNOWN_CURRENCY = "unknown-currency", "The currency is none of ISO 4217."
    COMMAND_ID_REUSED = "command-id-reused", "The same command id was used before with another body."
    IN_THE_FUTURE = "in-the-future", "A fact cannot have happened later than now, beyond the tolerance of the clocks."

    # what must exist, or must not
    NO_POLICY = "no-policy", "No policy is in force for this act at its time."
    UNKNOWN_CUSTOMER = "unknown-customer", "No customer of this id is registered."
    UNKNOWN_LEAD = "unknown-lead", "No lead of this id is registered."
    UNKNOWN_DEAL = "unknown-deal", "No deal of this id is open."
    UNKNOWN_REP = "unknown-rep", "No one of this id belonged to the organisation at the time of the act."
    UNKNOWN_UNIT = "unknown-unit", "There is no unit of this id."
    UNKNOWN_VISIT = "unknown-visit", "No visit of this id is recorded with the customer."
    UNKNOWN_PAYMENT = "unknown-payment", "No payment of this id is recorded with the deal."
    ID_TAKEN = "id-taken", "The id is in use already."
    REP_LEFT = "rep-left", "The person had left the organisation at the time of the act."

    # who may
    NOT_ALLOWED = "not-allowed", "The act is reserved to a higher duty."
    NOT_IN_SIGHT = "not-in-sight", "There is no such thing, or it is not the asker's to see."
    OUTSIDE_SUBTREE = "outside-subtree", "A lead moves customers only inside the lead's own part of the organisation."

    # customers
    SOURCE_MISSING = "source-missing", "A lead is registered with the channel it came by."
    LEAD_REVIEWED = "lead-reviewed", "A lead is approved once; rejected or converted, it stays so."
    LEAD_NOT_APPROVED = "lead-not-approved", "Only an approved lead becomes a customer."
    IDENTITY_HELD = "identity-held", "One live record per identity key: phone and licence belong to one customer."
    LICENCE_INVALID = "licence-invalid", "The licence's check digit is wrong."
    PHONE_INVALID = "phone-invalid", "The phone number cannot exist."
    PLACE_INVALID = "place-invalid", "A place is a latitude and a longitude in degrees."
    CUSTOMER_MERGED = "customer-merged", "The record was merged into another, which carries on its history."
    SAME_CUSTOMER = "same-customer", "A customer cannot be merged into itself."
    SCORE_OUT_OF_RANGE = "score-out-of-range", "A score lies outside the policy's scale."

    SUBJECT_ERASED = "subject-erased", "Nothing more is written of a person whose data was erased."
    LEGAL_HOLD = "legal-hold", "A legal hold keeps a person's data until it is lifted."
    CASE_OPEN = "case-open", "An open case keeps the data of its parties and of the customer whom it is about."
    UNKNOWN_HOLD = "unknown-hold", "No legal hold of this id stands."

    # the pool
    CUSTOMER_HELD = "customer-held", "A customer has at most one owner at any instant."
    OVERTAKEN = "overtaken", "The customer has changed hands since the time claimed."
    COOLING_DOWN = "cooling-down", "Every former owner waits out the cool-down."
    POOL_FULL = "pool-full", "A rep holds no more customers than the quota allows."
    CLAIMS_SPENT = (
        "claims-spent",
        "A rep claims no more customers a day than the quota allows; releasing does not reset it.",
    )
    CLOSE_FULL = "close-full", "A rep has no more customers in the close tier than the quota allows."
    NOT_OWNER = "not-owner", "Only the owner may do this."
    NOT_HELD = "not-held", "The customer is in the public pool."
    WON_NEEDS_CONTRACT = "won-needs-contract", "A customer is won by a signed contract, not by a wish."
    TIER_UNCHANGED = "tier-unchanged", "The customer is in that tier already."
    NEWCOMER_QUOTA_ZERO = "newcomer-quota-zero", "A newcomer's quota is more than zero."

    # visits
    PHOTO_MISSING = "photo-missing", "A visit is recorded with the hash of its photo."
    VERDICT_UNCHANGED = "verdict-unchanged", "The visit has that verdict already."

    # deals, stages, roles
    DEAL_CLOSED = "deal-closed", "The deal is lost."
    UNKNOWN_STAGE = "unknown-stage", "The policy has no such stage."
    STAGE_ORDER = "stage-order", "Stages follow one another; only a manager skips."
    ARTEFACT_MISSING = "artefact-missing", "The step needs the artefact that the policy names."
    ROLE_NOT_IN_PLAN = "role-not-in-plan", "The commission plan has no such role."
    ROLE_HELD = "role-held", "The role is held already."
    ROLE_EMPTY = "role-empty", "Nobody holds the role."
    ROLE_PINNED = "role-pinned", "Roles up to the signing are pinned by the contract; only a ruling moves them."
    FIRST_VISIT_PROTECTED = "first-visit-protected", "The first verified visit keeps its share while it is protected."
    PARTS_NOT_WHOLE = "parts-not-whole", "Parts sum to 10000 basis points, each more than zero, each payee once."

    # contracts and money
    ALREADY_SIGNED = "already-signed", "The deal's contract is signed."
    NOT_SIGNED = "not-signed", "The deal has no signed contract."
    MILESTONES_NOT_WHOLE = "milestones-not-whole", "Milestones sum to the contract."
    UNKNOWN_MILESTONE = "unknown-milestone", "The contract has no such milestone."
    OTHER_CURRENCY = "other-currency", "Payments are in the contract's currency."
    PAYMENT_REPEATED = "payment-repeated", "A payment's external id is recorded once."
    REFUND_EXCEEDS = "refund-exceeds", "Refunds never exceed what was received."

    # cases
    UNKNOWN_CASE = "unknown-case", "No dispute of this id is filed."
    UNKNOWN_ACT = "unknown-act", "Only an act that the ledger knows can be disputed."
    DISPUTES_UNREGULATED = "disputes-unregulated", "The policy of the act says nothing about disputes."
    CALENDAR_ENDS = "calendar-ends", "The policy's calendar does not reach so far; no year is guessed."
    FILED_LATE = "filed-late", "A dispute is filed in time after the act, or after the statement that shows it."
    NOT_A_PARTY = "not-a-party", "Only a party to the dispute may do this."
    OUT_OF_TURN = "out-of-turn", "The case has not come to this step, or is past it."
    EVIDENCE_CLOSED = "evidence-closed", "Evidence is unchanged after its deadline."
    HEAD_UNFIT = "head-unfit", "The seed of a panel is a head signed after its hearing began."
    PANEL_SHORT = "panel-short", "Too few people without a stake are there for the policy's panel."
    MEMBER_CONFLICTED = "member-conflicted", "Whoever has a stake in a case never votes in it."
    MEMBER_RECUSED = "member-recused", "A recused member takes no further part in the case."
    NOT_SEATED = "not-seated", "Only a seated member of the panel may do this."
    ALREADY_VOTED = "already-voted", "Each member of a panel votes once."
    HEARING_OVER = "hearing-over", "After the hearing's deadline nobody votes or steps back."
    RULING_INCONSISTENT = "ruling-inconsistent", "A ruling changes what its kind says, and cites what it rests on."
    QUORUM_MISSING = "quorum-missing", "There is no ruling before the quorum has voted."
    MAJORITY_OPEN = "majority-open", "No ruling has a majority of the seated, and members have still to vote."
    APPEAL_USED = "appeal-used", "A case is appealed once."
    APPEAL_LATE = "appeal-late", "An appeal is filed before its deadline, after which the ruling is final."
    CASE_NOT_FINAL = "case-not-final", "Only a final ruling is executed, cited or punished by."
    ALREADY_EXECUTED = "already-executed", "A ruling is executed once."
    PREDICTION_MOVED = "prediction-moved", "What the ruling predicted has moved; the difference must be confirmed."
    PENALTY_GROUNDLESS = "penalty-groundless", "A penalty needs a rule or a case."
    UNKNOWN_PENALTY = "unknown-penalty", "The person has no penalty of this id."
    PENALTY_LIFTED = "penalty-lifted", "The penalty is lifted already."
    # payroll
    NO_PAYROLL_TERMS = "no-payroll-terms", "The policy does not say when pay is due nor how much is taken back."
    UNKNOWN_PERIOD = "unknown-period", "The period was never opened."
    PERIOD_OPEN = "period-open", "One period is open at a time."
    PERIOD_CLOSED = "period-closed", "A closed period never changes, nor is it closed twice."
    PERIOD_ORDER = "period-order", "Periods follow one another without a gap."
    CLOSING_BEHIND = "closing-behind", "A closing reaches at least as far as the one before it."
    PERIOD_NOT_CLOSED = "period-not-closed", "Only a closed period's statements are paid."
    PAYOUT_REPEATED = "payout-repeated", "The bank's id of a payout is confirmed once."
    PAYOUT_REJECTED = "payout-rejected", "A payment is rejected once."
    PAYOUT_CONFIRMED = "payout-confirmed", "A statement is paid once."
    SETTLED_LATE = "settled-late", "Only what lies before the first month paid from here was settled elsewhere."
    SETTLED_ELSEWHERE = "settled-elsewhere", "Of a month that was settled elsewhere nothing is paid from here."
    RATE_CIRCULAR = "rate-circular", "A currency is converted once a month, into one that is not converted itself."
    RETURN_REPEATED = "return-repeated", "A return file is reconciled once."
    RETURN_UNFINISHED = "return-unfinished", "A return file counts when all that it tells is recorded, and not before."
    REASON_MISSING = "reason-missing", "Closing over what is unusual, or what was settled elsewhere, needs a reason."

    # organisation, mentors, policies
    CYCLE = "cycle", "The organisation's tree has no cycles."
    ALREADY_JOINED = "already-joined", "The person belongs to the organisation already."
    SELF_MENTOR = "self-mentor", "Nobody mentors or donates to oneself."
    ALREADY_MENTORED = "already-mentored", "A rep has one mentor at a time."
    NOT_MENTORED = "not-mentored", "The rep has no such mentor."
    POLICY_INVALID = "policy-invalid", "The policy contradicts itself."
    POLICY_PUBLISHED = "policy-published", "A published policy version is immutable."
    POLICY_OVERLAP = "policy-overlap", "Two policies of one scope are never in force at the same time."


class Refusal(BaseModel):
    """An answer that says no: the code, the clause of the policy or law, and what stood in the way.

    `rival` names who or what stood in the way, `rival_position` the event that put it there, `until` when the way is free.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Code
    clause: str
    rival: str | None = None
    rival_position: int | None = None
    rival_at: AwareDatetime | None = None
    until: AwareDatetime | None = None
    detail: str | None = None

    @property
    def rule(self) -> str:
        """The rule in a sentence."""
        return self.code.rule

    def __str__(self) -> str:
        found = [f"{self.code}: {self.rule}"]
        if self.rival:
            found.append(f"In the way: {self.rival}{_position(self.rival_position)}{_since(self.rival_at)}.")
        if self.until:
            found.append(f"Free from {self.until.isoformat()}.")
        if self.detail:
            found.append(self.detail)
        return " ".join([*found, f"[{self.clause}]"])


def _position(position: int | None) -> str:
    return f" (event {position})" if position else ""


def _since(at: datetime | None) -> str:
    return f" since {at.isoformat()}" if at else ""
