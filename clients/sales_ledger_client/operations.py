"""The operations of the API. Written by `python -m services.api.client` from its OpenAPI document; not by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypedDict, cast

from sales_ledger_client.connection import Answer, Connection


class AnswerChange(TypedDict):
    command: str
    command_id: str
    at: str
    before: str | None
    after: str | None


class BookedLine(TypedDict):
    position: int
    number: int
    period: str
    recorded_at: str
    occurred_at: str
    deal: str
    customer: str
    payment: str
    role: str
    of: str | None
    payee: str | None
    amount: int
    currency: str
    cause: Literal['payment', 'refund', 'role-earned', 'transfer', 'revocation', 'expiry', 'sharing', 'signing', 'ruling']
    policy: str
    plan_hash: str
    derivation: Mapping[str, Any]


class CaseRow(TypedDict):
    case: str
    status: Literal['unknown', 'filed', 'dismissed', 'open', 'decided', 'appealed', 'final', 'executed']
    filed_at: str
    by: str
    parties: list[str]
    customer: str | None
    deal: str | None
    matter: Mapping[str, Any]
    claim: str
    expected: int
    actual: int
    currency: str
    policy: str
    hearing: int
    members: list[str]
    votes: int
    evidence: int
    finding: str | None
    cause: str | None
    final_at: str | None
    executed_at: str | None
    turns: list[Mapping[str, Any]]
    position: int


class CausePart(TypedDict):
    cause: str
    before: int
    now: int
    difference: int


class Change(TypedDict):
    what: str
    before: Any
    after: Any


class CustomerSeen(TypedDict):
    board: OnBoard
    waiting: list[Waiting]


class DealRow(TypedDict):
    deal: str
    customer: str
    rep: str
    product: str | None
    policy: str
    opened_at: str
    expected_amount: int | None
    currency: str | None
    stage: str
    stage_since: str
    course: list[Step]
    contract: str | None
    signed_at: str | None
    signed_by: str | None
    amount: int | None
    milestones: list[Mapping[str, Any]]
    received: int
    refunded: int
    lost_at: str | None
    lost_ground: str | None
    position: int


class Divergence(TypedDict):
    command_id: str
    command: str
    event: int | None
    field: str
    then: Any
    now: Any


class EventChange(TypedDict):
    how: Literal['gone', 'new', 'changed']
    stream: str
    kind: str
    at: str
    position: int | None
    changed: list[Change]


class FeedPage(TypedDict):
    after: int
    more: bool
    events: list[Mapping[str, Any]]


class FunnelRow(TypedDict):
    measure: Literal['standing', 'opened', 'entered', 'signed', 'lost']
    stage: str
    currency: str
    deals: int
    amount: int


class LeadRow(TypedDict):
    customer: str
    course: Literal['waiting', 'approved', 'rejected', 'converted']
    source: str
    by: str
    registered_at: str
    registered_position: int
    customer_name: str
    phone: str | None
    contact: str | None
    expected_amount: int | None
    currency: str | None
    reviewed_by: str | None
    reviewed_at: str | None
    ground: str | None
    converted_at: str | None
    erased_at: str | None
    policy: str
    position: int


class LineChange(TypedDict):
    deal: str
    payment: str
    role: str
    payee: str | None
    currency: str
    before: int
    after: int


class ListedBookedLine(TypedDict):
    true_up_to: int
    rows: list[BookedLine]
    after: str | None


class ListedCaseRow(TypedDict):
    true_up_to: int
    rows: list[CaseRow]
    after: str | None


class ListedDealRow(TypedDict):
    true_up_to: int
    rows: list[DealRow]
    after: str | None


class ListedFunnelRow(TypedDict):
    true_up_to: int
    rows: list[FunnelRow]
    after: str | None


class ListedLeadRow(TypedDict):
    true_up_to: int
    rows: list[LeadRow]
    after: str | None


class ListedMember(TypedDict):
    true_up_to: int
    rows: list[Member]
    after: str | None


class ListedMoney(TypedDict):
    true_up_to: int
    rows: list[Money]
    after: str | None


class ListedMonth(TypedDict):
    true_up_to: int
    rows: list[Month]
    after: str | None


class ListedOnBoard(TypedDict):
    true_up_to: int
    rows: list[OnBoard]
    after: str | None


class ListedPayoutRow(TypedDict):
    true_up_to: int
    rows: list[PayoutRow]
    after: str | None


class ListedPolicyRow(TypedDict):
    true_up_to: int
    rows: list[PolicyRow]
    after: str | None


class ListedRefund(TypedDict):
    true_up_to: int
    rows: list[Refund]
    after: str | None


class ListedRollUp(TypedDict):
    true_up_to: int
    rows: list[RollUp]
    after: str | None


class ListedStatementSums(TypedDict):
    true_up_to: int
    rows: list[StatementSums]
    after: str | None


class ListedTold(TypedDict):
    true_up_to: int
    rows: list[Told]
    after: str | None


class ListedWhy(TypedDict):
    true_up_to: int
    rows: list[Why]
    after: str | None


class ListedDictStrAny(TypedDict):
    true_up_to: int
    rows: list[Mapping[str, Any]]
    after: str | None


class Looked(TypedDict):
    period: str
    position: int
    plans: Mapping[str, Any]
    totals: list[Totals]
    digest: str
    exports: Mapping[str, Any]
    unusual: list[Unusual]


class Member(TypedDict):
    rep: str
    unit: str
    duty: str


class Money(TypedDict):
    receipt: Receipt
    refunded: int


class Month(TypedDict):
    period: str
    state: Literal['open', 'closed', 'settled']
    policy: str
    begins: str
    ends: str
    pay_day: str
    closed_at: str | None
    position: int | None
    digest: str | None
    totals: list[Totals]
    exports: Mapping[str, Any]
    unusual: list[Unusual]
    ground: str | None


class OnBoard(TypedDict):
    customer: str
    name: str | None
    phone: str | None
    contact: str | None
    tier: Literal['ordinary', 'close', 'won']
    grade: str | None
    expected_amount: int | None
    currency: str | None
    owner: str | None
    since: str | None
    deadline: str | None
    warned_at: str | None
    overdue: bool
    merged_into: str | None
    policy: str | None
    position: int


class OneBookedLine(TypedDict):
    true_up_to: int
    row: BookedLine


class OneCaseRow(TypedDict):
    true_up_to: int
    row: CaseRow


class OneCustomerSeen(TypedDict):
    true_up_to: int
    row: CustomerSeen


class OneDealRow(TypedDict):
    true_up_to: int
    row: DealRow


class OneLeadRow(TypedDict):
    true_up_to: int
    row: LeadRow


class OneLooked(TypedDict):
    true_up_to: int
    row: Looked


class OneMonth(TypedDict):
    true_up_to: int
    row: Month


class OnePayCompared(TypedDict):
    true_up_to: int
    row: PayCompared


class OneQuotaLeft(TypedDict):
    true_up_to: int
    row: QuotaLeft


class OneReexecution(TypedDict):
    true_up_to: int
    row: Reexecution


class OneReplayed(TypedDict):
    true_up_to: int
    row: Replayed


class OneSale(TypedDict):
    true_up_to: int
    row: Sale


class OneSideBySide(TypedDict):
    true_up_to: int
    row: SideBySide


class OneWhatIf(TypedDict):
    true_up_to: int
    row: WhatIf


class OneWhy(TypedDict):
    true_up_to: int
    row: Why


class PayCompared(TypedDict):
    payee: str
    period: str
    compared_with: str
    differences: list[PayDifference]


class PayDifference(TypedDict):
    currency: str
    before: int
    now: int
    parts: list[CausePart]


class PayeeChange(TypedDict):
    payee: str | None
    currency: str
    before: int
    after: int


class PayoutRow(TypedDict):
    position: int
    period: str
    currency: str
    payee: str
    external_id: str
    amount: int
    outcome: Literal['paid', 'rejected']
    paid_at: str
    recorded_at: str
    file: str | None


class PolicyRow(TypedDict):
    policy: str
    content_hash: str
    effective_from: str
    effective_until: str | None
    published_at: str
    published_by: str
    position: int
    version: Mapping[str, Any]


class Quota(TypedDict):
    allowed: int
    used: int


class QuotaLeft(TypedDict):
    rep: str
    policy: str
    held: Quota
    close: Quota
    claims_today: Quota


class Reason(TypedDict):
    text: str
    position: int | None
    clause: str | None


class Receipt(TypedDict):
    deal: str
    payment: str
    external_id: str
    milestone: str | None
    amount: int
    currency: str
    settles: bool
    received_at: str
    recorded_at: str
    position: int


class Reexecution(TypedDict):
    true_up_to: int
    equal: int
    erased: int
    unplaced: int
    divergence: Divergence | None


class Refund(TypedDict):
    deal: str
    refund: str
    payment: str
    amount: int
    currency: str
    refunded_at: str
    recorded_at: str
    position: int


class Replayed(TypedDict):
    known_at: str | None
    true_at: str | None
    streams: list[str]
    steps: list[Mapping[str, Any]]
    standing: Mapping[str, Any]


class RollUp(TypedDict):
    unit: str
    currency: str
    sales: int
    amount: int


class Sale(TypedDict):
    deal: str
    contract: str
    rep: str
    signed_at: str
    amount: int
    currency: str
    position: int


class SideBySide(TypedDict):
    first: Replayed
    second: Replayed
    only_first: list[int]
    only_second: list[int]
    differences: list[Change]


class StatementRow(TypedDict):
    period: str
    number: int
    payee: str
    currency: str
    section: Literal['opening', 'accrual', 'adjustment', 'clawback', 'hold', 'release', 'conversion', 'payable', 'closing', 'owed']
    amount: int
    deal: str | None
    customer: str | None
    payment: str | None
    role: str | None
    of: str | None
    cause: str | None
    line: str | None
    position: int | None
    occurred_at: str | None
    recorded_at: str | None
    corrects_line: str | None
    corrects_period: str | None
    case: str | None
    policy: str | None


class StatementSeen(TypedDict):
    true_up_to: int
    period: str
    state: Literal['closed', 'settled', 'preview']
    digest: str
    pay_day: str
    sums: list[StatementSums]
    rows: list[StatementRow]
    after: str | None


class StatementSums(TypedDict):
    period: str
    currency: str
    payee: str
    gone: bool
    opening: int
    accrual: int
    adjustment: int
    raised: int
    borne: int
    offset: int
    hold: int
    release: int
    payable: int
    closing: int
    conversion: int


class Statements(TypedDict):
    true_up_to: int
    state: Literal['closed', 'settled', 'preview']
    digest: str
    rows: list[StatementSums]
    after: str | None


class Step(TypedDict):
    stage: str
    at: str
    position: int
    artefact: str | None


class Taken(TypedDict):
    true_up_to: int
    taken: bool


class Told(TypedDict):
    position: int
    stream: str
    version: int
    kind: str
    occurred_at: str
    effective_at: str
    recorded_at: str
    actor: str
    reason: str | None
    causation: str | None
    told: Mapping[str, Any]


class Totals(TypedDict):
    currency: str
    statements: int
    rows: int
    opening: int
    accrual: int
    adjustment: int
    clawback: int
    hold: int
    release: int
    payable: int
    closing: int
    owed: int
    conversion: int


class Unusual(TypedDict):
    kind: str
    count: int
    told: str


class Waiting(TypedDict):
    owner: str
    since: str
    until: str
    clause: str


class WhatIf(TypedDict):
    true_up_to: int
    streams: list[str]
    payees: list[PayeeChange]
    lines: list[LineChange]
    events: list[EventChange]
    answers: list[AnswerChange]
    standing: list[Change]
    kept: list[str]


class Why(TypedDict):
    subject: str
    amount: int
    currency: str | None
    reasons: list[Reason]


class ProjectionsOrganisationInterval(TypedDict):
    what: str
    since: str
    until: str | None
    duty: str | None


class ProjectionsOwnershipInterval(TypedDict):
    customer: str
    owner: str
    since: str
    began: Literal['claimed', 'released', 'dropped', 'reassigned']
    began_why: str
    began_position: int
    until: str | None
    ended: Literal['claimed', 'released', 'dropped', 'reassigned'] | None
    ended_why: str | None
    ended_position: int | None


class ServicesApiReadsAskingListedInterval1(TypedDict):
    true_up_to: int
    rows: list[ProjectionsOwnershipInterval]
    after: str | None


class ServicesApiReadsAskingListedInterval2(TypedDict):
    true_up_to: int
    rows: list[ProjectionsOrganisationInterval]
    after: str | None


class Commands(Connection):
    def register_lead(
        self,
        *,
        at: datetime,
        customer: str,
        by: str,
        customer_name: str,
        reason: str | None = None,
        causation: str | None = None,
        source: str | None = None,
        phone: str | None = None,
        licence: str | None = None,
        contact: str | None = None,
        address: str | None = None,
        place: str | None = None,
        expected_amount: int | None = None,
        currency: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Enter an unverified contact with the channel it came by. `customer` is the id as which it may become a customer."""
        return self._command("register-lead", key, {"at": at, "customer": customer, "by": by, "customer_name": customer_name, "reason": reason, "causation": causation, "source": source, "phone": phone, "licence": licence, "contact": contact, "address": address, "place": place, "expected_amount": expected_amount, "currency": currency})

    def approve_lead(
        self,
        *,
        at: datetime,
        customer: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Find a lead good enough to become a customer."""
        return self._command("approve-lead", key, {"at": at, "customer": customer, "reason": reason, "causation": causation})

    def reject_lead(
        self,
        *,
        at: datetime,
        customer: str,
        ground: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Find that a lead is none, or is none any more. Its phone and licence may be registered again."""
        return self._command("reject-lead", key, {"at": at, "customer": customer, "ground": ground, "reason": reason, "causation": causation})

    def convert_lead(
        self,
        *,
        at: datetime,
        customer: str,
        reason: str | None = None,
        causation: str | None = None,
        customer_name: str | None = None,
        phone: str | None = None,
        licence: str | None = None,
        contact: str | None = None,
        address: str | None = None,
        place: str | None = None,
        expected_amount: int | None = None,
        currency: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Make a customer of an approved lead. What is told here completes or corrects the lead's own record."""
        return self._command("convert-lead", key, {"at": at, "customer": customer, "reason": reason, "causation": causation, "customer_name": customer_name, "phone": phone, "licence": licence, "contact": contact, "address": address, "place": place, "expected_amount": expected_amount, "currency": currency})

    def register_customer(
        self,
        *,
        at: datetime,
        customer: str,
        by: str,
        customer_name: str,
        reason: str | None = None,
        causation: str | None = None,
        phone: str | None = None,
        licence: str | None = None,
        contact: str | None = None,
        address: str | None = None,
        place: str | None = None,
        expected_amount: int | None = None,
        currency: str | None = None,
        source: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Enter a customer. Complete, and so a lead record that can earn a role, with a phone or a licence and a place."""
        return self._command("register-customer", key, {"at": at, "customer": customer, "by": by, "customer_name": customer_name, "reason": reason, "causation": causation, "phone": phone, "licence": licence, "contact": contact, "address": address, "place": place, "expected_amount": expected_amount, "currency": currency, "source": source})

    def merge_customers(
        self,
        *,
        at: datetime,
        customer: str,
        absorbed: str,
        ground: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Let `customer` carry on the record `absorbed`; both keep their histories."""
        return self._command("merge-customers", key, {"at": at, "customer": customer, "absorbed": absorbed, "ground": ground, "reason": reason, "causation": causation})

    def correct_customer_place(
        self,
        *,
        at: datetime,
        customer: str,
        place: str,
        ground: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Say where the customer really is. Verdicts on earlier visits stay as they were."""
        return self._command("correct-customer-place", key, {"at": at, "customer": customer, "place": place, "ground": ground, "reason": reason, "causation": causation})

    def grade_customer(
        self,
        *,
        at: datetime,
        customer: str,
        by: str,
        intent: int,
        potential: int,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Grade a customer by intent and potential."""
        return self._command("grade-customer", key, {"at": at, "customer": customer, "by": by, "intent": intent, "potential": potential, "reason": reason, "causation": causation})

    def claim_customer(
        self,
        *,
        at: datetime,
        customer: str,
        rep: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Take a customer from the public pool into the rep's own."""
        return self._command("claim-customer", key, {"at": at, "customer": customer, "rep": rep, "reason": reason, "causation": causation})

    def release_customer(
        self,
        *,
        at: datetime,
        customer: str,
        rep: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Give a customer back to the public pool."""
        return self._command("release-customer", key, {"at": at, "customer": customer, "rep": rep, "reason": reason, "causation": causation})

    def reassign_customer(
        self,
        *,
        at: datetime,
        customer: str,
        to: str,
        ground: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Move a customer to another rep, by authority. `actor` is the lead, manager or committee member who does it."""
        return self._command("reassign-customer", key, {"at": at, "customer": customer, "to": to, "ground": ground, "reason": reason, "causation": causation})

    def change_tier(
        self,
        *,
        at: datetime,
        customer: str,
        rep: str,
        tier: Literal['ordinary', 'close'],
        ground: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Say that a customer is close to signing, or no longer is."""
        return self._command("change-tier", key, {"at": at, "customer": customer, "rep": rep, "tier": tier, "ground": ground, "reason": reason, "causation": causation})

    def bring_clock(
        self,
        *,
        at: datetime,
        customer: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Bring in what the clock has made happen to a customer; the sweeper's command, which decides nothing."""
        return self._command("bring-clock", key, {"at": at, "customer": customer, "reason": reason, "causation": causation})

    def plan_visit(
        self,
        *,
        at: datetime,
        customer: str,
        visit: str,
        rep: str,
        planned_for: datetime,
        purpose: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Say beforehand when a rep will visit, and why."""
        return self._command("plan-visit", key, {"at": at, "customer": customer, "visit": visit, "rep": rep, "planned_for": planned_for, "purpose": purpose, "reason": reason, "causation": causation})

    def record_visit(
        self,
        *,
        at: datetime,
        customer: str,
        visit: str,
        rep: str,
        purpose: str,
        point: str,
        reason: str | None = None,
        causation: str | None = None,
        deal: str | None = None,
        photo: str | None = None,
        photo_point: str | None = None,
        result: str | None = None,
        companions: Sequence[str] = [],
        key: str | None = None,
    ) -> Answer:
        """Report a visit made at `at`: where the rep stood (`point`), the photo's hash and where it was taken."""
        return self._command("record-visit", key, {"at": at, "customer": customer, "visit": visit, "rep": rep, "purpose": purpose, "point": point, "reason": reason, "causation": causation, "deal": deal, "photo": photo, "photo_point": photo_point, "result": result, "companions": companions})

    def override_visit(
        self,
        *,
        at: datetime,
        customer: str,
        visit: str,
        verdict: Literal['verified', 'rejected'],
        ground: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """The committee's verdict on a visit, against the system's."""
        return self._command("override-visit", key, {"at": at, "customer": customer, "visit": visit, "verdict": verdict, "ground": ground, "reason": reason, "causation": causation})

    def open_deal(
        self,
        *,
        at: datetime,
        deal: str,
        customer: str,
        rep: str,
        reason: str | None = None,
        causation: str | None = None,
        stage: str | None = None,
        product: str | None = None,
        expected_amount: int | None = None,
        currency: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Open a deal with a customer, at the policy's first stage or a given one."""
        return self._command("open-deal", key, {"at": at, "deal": deal, "customer": customer, "rep": rep, "reason": reason, "causation": causation, "stage": stage, "product": product, "expected_amount": expected_amount, "currency": currency})

    def advance_stage(
        self,
        *,
        at: datetime,
        deal: str,
        rep: str,
        stage: str,
        reason: str | None = None,
        causation: str | None = None,
        artefact: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Answer:
        """Move a deal to a later stage, with the artefact that the stage needs."""
        return self._command("advance-stage", key, {"at": at, "deal": deal, "rep": rep, "stage": stage, "reason": reason, "causation": causation, "artefact": artefact})

    def revert_stage(
        self,
        *,
        at: datetime,
        deal: str,
        stage: str,
        ground: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Move a deal back to an earlier stage."""
        return self._command("revert-stage", key, {"at": at, "deal": deal, "stage": stage, "ground": ground, "reason": reason, "causation": causation})

    def lose_deal(
        self,
        *,
        at: datetime,
        deal: str,
        rep: str,
        ground: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Say that a deal will not come."""
        return self._command("lose-deal", key, {"at": at, "deal": deal, "rep": rep, "ground": ground, "reason": reason, "causation": causation})

    def bring_deal_clock(
        self,
        *,
        at: datetime,
        deal: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Bring in what the clock has made happen to a deal; the sweeper's command, which decides nothing."""
        return self._command("bring-deal-clock", key, {"at": at, "deal": deal, "reason": reason, "causation": causation})

    def earn_role(
        self,
        *,
        at: datetime,
        deal: str,
        role: str,
        rep: str,
        artefact: Mapping[str, Any],
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Credit a rep with a step of the deal, on the artefact that proves it."""
        return self._command("earn-role", key, {"at": at, "deal": deal, "role": role, "rep": rep, "artefact": artefact, "reason": reason, "causation": causation})

    def transfer_role(
        self,
        *,
        at: datetime,
        deal: str,
        role: str,
        parts: Sequence[Mapping[str, Any]],
        effective_from: datetime,
        ground: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Give a role to others, whole or in parts, from a time on."""
        return self._command("transfer-role", key, {"at": at, "deal": deal, "role": role, "parts": parts, "effective_from": effective_from, "ground": ground, "reason": reason, "causation": causation})

    def revoke_role(
        self,
        *,
        at: datetime,
        deal: str,
        role: str,
        effective_from: datetime,
        ground: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Take a role from whoever holds it, from a time on."""
        return self._command("revoke-role", key, {"at": at, "deal": deal, "role": role, "effective_from": effective_from, "ground": ground, "reason": reason, "causation": causation})

    def sign_contract(
        self,
        *,
        at: datetime,
        deal: str,
        contract: str,
        rep: str,
        amount: int,
        currency: str,
        reason: str | None = None,
        causation: str | None = None,
        milestones: Sequence[Mapping[str, Any]] = [],
        usual_milestones: bool = False,
        key: str | None = None,
    ) -> Answer:
        """Sign the deal's contract. Without milestones it is paid as it is paid; `usual_milestones` takes the policy's."""
        return self._command("sign-contract", key, {"at": at, "deal": deal, "contract": contract, "rep": rep, "amount": amount, "currency": currency, "reason": reason, "causation": causation, "milestones": milestones, "usual_milestones": usual_milestones})

    def receive_payment(
        self,
        *,
        at: datetime,
        deal: str,
        payment: str,
        external_id: str,
        amount: int,
        currency: str,
        reason: str | None = None,
        causation: str | None = None,
        milestone: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Record money received for a deal, under the bank's or finance's own id."""
        return self._command("receive-payment", key, {"at": at, "deal": deal, "payment": payment, "external_id": external_id, "amount": amount, "currency": currency, "reason": reason, "causation": causation, "milestone": milestone})

    def refund_payment(
        self,
        *,
        at: datetime,
        deal: str,
        payment: str,
        refund: str,
        amount: int,
        currency: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Record money given back of a payment."""
        return self._command("refund-payment", key, {"at": at, "deal": deal, "payment": payment, "refund": refund, "amount": amount, "currency": currency, "reason": reason, "causation": causation})

    def assign_mentor(
        self,
        *,
        at: datetime,
        rep: str,
        mentor: str,
        reason: str | None = None,
        causation: str | None = None,
        share: int | None = None,
        until: datetime | None = None,
        key: str | None = None,
    ) -> Answer:
        """Give a rep a mentor, with the policy's share and time, or others agreed."""
        return self._command("assign-mentor", key, {"at": at, "rep": rep, "mentor": mentor, "reason": reason, "causation": causation, "share": share, "until": until})

    def end_mentorship(
        self,
        *,
        at: datetime,
        rep: str,
        mentor: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """End a mentorship; contracts signed before keep their sharing."""
        return self._command("end-mentorship", key, {"at": at, "rep": rep, "mentor": mentor, "reason": reason, "causation": causation})

    def donate_customer(
        self,
        *,
        at: datetime,
        customer: str,
        donor: str,
        to: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Give a customer to another rep, for a share of what the recipient earns with it."""
        return self._command("donate-customer", key, {"at": at, "customer": customer, "donor": donor, "to": to, "reason": reason, "causation": causation})

    def agree_sharing(
        self,
        *,
        at: datetime,
        deal: str,
        of: str,
        parts: Sequence[Mapping[str, Any]],
        effective_from: datetime,
        ground: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Divide what a rep earns in a deal, from a time on."""
        return self._command("agree-sharing", key, {"at": at, "deal": deal, "of": of, "parts": parts, "effective_from": effective_from, "ground": ground, "reason": reason, "causation": causation})

    def create_unit(
        self,
        *,
        at: datetime,
        unit: str,
        title: str,
        reason: str | None = None,
        causation: str | None = None,
        parent: str | None = None,
        region: str | None = None,
        brand: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Set up a unit, at the top or below another."""
        return self._command("create-unit", key, {"at": at, "unit": unit, "title": title, "reason": reason, "causation": causation, "parent": parent, "region": region, "brand": brand})

    def move_unit(
        self,
        *,
        at: datetime,
        unit: str,
        parent: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Hang a unit, with all below it, under another parent."""
        return self._command("move-unit", key, {"at": at, "unit": unit, "parent": parent, "reason": reason, "causation": causation})

    def join_rep(
        self,
        *,
        at: datetime,
        rep: str,
        unit: str,
        reason: str | None = None,
        causation: str | None = None,
        rep_name: str | None = None,
        duty: Literal['rep', 'lead', 'manager', 'mid-office', 'finance', 'committee', 'system'] = 'rep',
        key: str | None = None,
    ) -> Answer:
        """Take someone into a unit. Who left may join again."""
        return self._command("join-rep", key, {"at": at, "rep": rep, "unit": unit, "reason": reason, "causation": causation, "rep_name": rep_name, "duty": duty})

    def transfer_rep(
        self,
        *,
        at: datetime,
        rep: str,
        unit: str,
        reason: str | None = None,
        causation: str | None = None,
        duty: Literal['rep', 'lead', 'manager', 'mid-office', 'finance', 'committee', 'system'] = 'rep',
        key: str | None = None,
    ) -> Answer:
        """Move someone to another unit or duty. What they earned stays theirs."""
        return self._command("transfer-rep", key, {"at": at, "rep": rep, "unit": unit, "reason": reason, "causation": causation, "duty": duty})

    def leave_rep(
        self,
        *,
        at: datetime,
        rep: str,
        ground: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Let someone go. Their customers drop into the public pool at that instant."""
        return self._command("leave-rep", key, {"at": at, "rep": rep, "ground": ground, "reason": reason, "causation": causation})

    def set_quota(
        self,
        *,
        at: datetime,
        rep: str,
        reason: str | None = None,
        causation: str | None = None,
        held: int | None = None,
        close: int | None = None,
        claims_a_day: int | None = None,
        key: str | None = None,
    ) -> Answer:
        """Give a rep a quota of their own; what is left out stays the policy's."""
        return self._command("set-quota", key, {"at": at, "rep": rep, "reason": reason, "causation": causation, "held": held, "close": close, "claims_a_day": claims_a_day})

    def file_dispute(
        self,
        *,
        at: datetime,
        case: str,
        by: str,
        against: Sequence[str],
        matter: Any,
        expected: int,
        actual: int,
        currency: str,
        claim: str,
        reason: str | None = None,
        causation: str | None = None,
        statement: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Dispute an act or a line: who against whom, what should have been, and what is, in minor units."""
        return self._command("file-dispute", key, {"at": at, "case": case, "by": by, "against": against, "matter": matter, "expected": expected, "actual": actual, "currency": currency, "claim": claim, "reason": reason, "causation": causation, "statement": statement})

    def accept_case(
        self,
        *,
        at: datetime,
        case: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Take a dispute up: what is disputed and unpaid is held back from here on."""
        return self._command("accept-case", key, {"at": at, "case": case, "reason": reason, "causation": causation})

    def dismiss_case(
        self,
        *,
        at: datetime,
        case: str,
        ground: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Turn a dispute down."""
        return self._command("dismiss-case", key, {"at": at, "case": case, "ground": ground, "reason": reason, "causation": causation})

    def submit_evidence(
        self,
        *,
        at: datetime,
        case: str,
        evidence: str,
        by: str,
        sort: Literal['photo', 'contract', 'chat', 'recording', 'document'],
        sha256: str,
        kept_at: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Hand in an artefact by its hash, with what sort of thing it is and where it is kept."""
        return self._command("submit-evidence", key, {"at": at, "case": case, "evidence": evidence, "by": by, "sort": sort, "sha256": sha256, "kept_at": kept_at, "reason": reason, "causation": causation})

    def seat_panel(
        self,
        *,
        at: datetime,
        case: str,
        head: Mapping[str, Any],
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Draw the panel, with the first signed head after the hearing began as seed."""
        return self._command("seat-panel", key, {"at": at, "case": case, "head": head, "reason": reason, "causation": causation})

    def recuse_member(
        self,
        *,
        at: datetime,
        case: str,
        member: str,
        cause: Literal['own-wish', 'conflict', 'absence'],
        ground: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Let a member of the panel step back; an alternate takes the seat."""
        return self._command("recuse-member", key, {"at": at, "case": case, "member": member, "cause": cause, "ground": ground, "reason": reason, "causation": causation})

    def cast_vote(
        self,
        *,
        at: datetime,
        case: str,
        member: str,
        ruling: Mapping[str, Any],
        opinion: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Vote, by the ruling that the member would give, and say why."""
        return self._command("cast-vote", key, {"at": at, "case": case, "member": member, "ruling": ruling, "opinion": opinion, "reason": reason, "causation": causation})

    def issue_decision(
        self,
        *,
        at: datetime,
        case: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Count the votes and issue the ruling that they carry, with what it predicts."""
        return self._command("issue-decision", key, {"at": at, "case": case, "reason": reason, "causation": causation})

    def file_appeal(
        self,
        *,
        at: datetime,
        case: str,
        by: str,
        ground: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Appeal against the decision, once."""
        return self._command("file-appeal", key, {"at": at, "case": case, "by": by, "ground": ground, "reason": reason, "causation": causation})

    def execute_decision(
        self,
        *,
        at: datetime,
        case: str,
        reason: str | None = None,
        causation: str | None = None,
        confirms: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Let a final decision take effect. `confirms` is the digest of the difference to the prediction, if there is one."""
        return self._command("execute-decision", key, {"at": at, "case": case, "reason": reason, "causation": causation, "confirms": confirms})

    def publish_precedent(
        self,
        *,
        at: datetime,
        case: str,
        precedent: str,
        title: str,
        holding: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Publish what others may learn from a final case. It changes no rule: that takes a new policy version."""
        return self._command("publish-precedent", key, {"at": at, "case": case, "precedent": precedent, "title": title, "holding": holding, "reason": reason, "causation": causation})

    def bring_case_clock(
        self,
        *,
        at: datetime,
        case: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Bring in what the clock has made happen to a case; the sweeper's command, which decides nothing."""
        return self._command("bring-case-clock", key, {"at": at, "case": case, "reason": reason, "causation": causation})

    def apply_penalty(
        self,
        *,
        at: datetime,
        penalty: str,
        rep: str,
        points: int,
        reason: str | None = None,
        causation: str | None = None,
        clause: str | None = None,
        case: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Take points of credit from someone, for a rule that was broken or a case that says so."""
        return self._command("apply-penalty", key, {"at": at, "penalty": penalty, "rep": rep, "points": points, "reason": reason, "causation": causation, "clause": clause, "case": case})

    def lift_penalty(
        self,
        *,
        at: datetime,
        penalty: str,
        rep: str,
        ground: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Give the points of a penalty back."""
        return self._command("lift-penalty", key, {"at": at, "penalty": penalty, "rep": rep, "ground": ground, "reason": reason, "causation": causation})

    def erase_subject(
        self,
        *,
        at: datetime,
        whose: str,
        ground: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Destroy the key of a subject's personal data."""
        return self._command("erase-subject", key, {"at": at, "whose": whose, "ground": ground, "reason": reason, "causation": causation})

    def place_legal_hold(
        self,
        *,
        at: datetime,
        whose: str,
        hold: str,
        ground: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Keep a subject's data from being erased, until the hold is lifted."""
        return self._command("place-legal-hold", key, {"at": at, "whose": whose, "hold": hold, "ground": ground, "reason": reason, "causation": causation})

    def lift_legal_hold(
        self,
        *,
        at: datetime,
        whose: str,
        hold: str,
        ground: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """End a legal hold; others may stand."""
        return self._command("lift-legal-hold", key, {"at": at, "whose": whose, "hold": hold, "ground": ground, "reason": reason, "causation": causation})

    def open_period(
        self,
        *,
        at: datetime,
        period: str,
        reason: str | None = None,
        causation: str | None = None,
        policy: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Begin to gather a month. The policy in force decides its time zone, pay day and clawback, unless one is named."""
        return self._command("open-period", key, {"at": at, "period": period, "reason": reason, "causation": causation, "policy": policy})

    def close_period(
        self,
        *,
        at: datetime,
        period: str,
        position: int,
        plans: Mapping[str, Any],
        totals: Sequence[Mapping[str, Any]],
        digest: str,
        reason: str | None = None,
        causation: str | None = None,
        exports: Mapping[str, Any] = {},
        unusual: Sequence[Mapping[str, Any]] = [],
        settled: bool = False,
        key: str | None = None,
    ) -> Answer:
        """Close the open month at a position of the log, pinning what its statements came to there."""
        return self._command("close-period", key, {"at": at, "period": period, "position": position, "plans": plans, "totals": totals, "digest": digest, "reason": reason, "causation": causation, "exports": exports, "unusual": unusual, "settled": settled})

    def publish_rate(
        self,
        *,
        at: datetime,
        period: str,
        currency: str,
        into: str,
        rate: str,
        source: str,
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Have what a month pays in one currency paid in another, at a rate. The last one published before the closing counts."""
        return self._command("publish-rate", key, {"at": at, "period": period, "currency": currency, "into": into, "rate": rate, "source": source, "reason": reason, "causation": causation})

    def reconcile_return(
        self,
        *,
        at: datetime,
        period: str,
        file: str,
        payouts: int,
        reason: str | None = None,
        causation: str | None = None,
        listed: Mapping[str, Any] = {},
        key: str | None = None,
    ) -> Answer:
        """Have the payouts count that were recorded of a return file. `payouts` is how many those must be."""
        return self._command("reconcile-return", key, {"at": at, "period": period, "file": file, "payouts": payouts, "reason": reason, "causation": causation, "listed": listed})

    def confirm_payout(
        self,
        *,
        at: datetime,
        payee: str,
        period: str,
        currency: str,
        amount: int,
        external_id: str,
        reason: str | None = None,
        causation: str | None = None,
        file: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Record that a statement was paid."""
        return self._command("confirm-payout", key, {"at": at, "payee": payee, "period": period, "currency": currency, "amount": amount, "external_id": external_id, "reason": reason, "causation": causation, "file": file})

    def reject_payout(
        self,
        *,
        at: datetime,
        payee: str,
        period: str,
        currency: str,
        amount: int,
        external_id: str,
        reason: str | None = None,
        causation: str | None = None,
        file: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Record that the bank refused a payment, or sent it back: the statement is to be paid again, under another id."""
        return self._command("reject-payout", key, {"at": at, "payee": payee, "period": period, "currency": currency, "amount": amount, "external_id": external_id, "reason": reason, "causation": causation, "file": file})

    def publish_policy(
        self,
        *,
        at: datetime,
        version: Mapping[str, Any],
        reason: str | None = None,
        causation: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Put a policy version into force, from its own time on."""
        return self._command("publish-policy", key, {"at": at, "version": version, "reason": reason, "causation": causation})


class Reads(Connection):
    def events(
        self,
        *,
        after: int = 0,
        limit: int = 100,
        kind: Sequence[str] = [],
        stream: str = '',
    ) -> FeedPage:
        """The feed of events."""
        return cast(FeedPage, self._read("/events", {"after": after, "limit": limit, "kind": kind, "stream": stream}))

    def list_leads(
        self,
        *,
        course: Literal['waiting', 'approved', 'rejected', 'converted'] | None = None,
        source: str | None = None,
        by: str | None = None,
        limit: int = 100,
        after: str | None = None,
        min_position: int = 0,
    ) -> ListedLeadRow:
        """Leads, the first registered first."""
        return cast(ListedLeadRow, self._read("/v1/leads", {"course": course, "source": source, "by": by, "limit": limit, "after": after, "min_position": min_position}))

    def lead(
        self,
        *,
        customer: str,
        min_position: int = 0,
    ) -> OneLeadRow:
        """A lead as it stands."""
        return cast(OneLeadRow, self._read(f"/v1/leads/{customer}", {"min_position": min_position}))

    def public_pool(
        self,
        *,
        limit: int = 100,
        after: str | None = None,
        min_position: int = 0,
    ) -> ListedOnBoard:
        """The public pool, the longest free first."""
        return cast(ListedOnBoard, self._read("/v1/pool", {"limit": limit, "after": after, "min_position": min_position}))

    def due_to_drop(
        self,
        *,
        within_days: int = 7,
        limit: int = 100,
        after: str | None = None,
        min_position: int = 0,
    ) -> ListedOnBoard:
        """Customers who will drop, the next first."""
        return cast(ListedOnBoard, self._read("/v1/pool/due", {"within_days": within_days, "limit": limit, "after": after, "min_position": min_position}))

    def customer(
        self,
        *,
        customer: str,
        min_position: int = 0,
    ) -> OneCustomerSeen:
        """A customer as it stands."""
        return cast(OneCustomerSeen, self._read(f"/v1/customers/{customer}", {"min_position": min_position}))

    def customer_history(
        self,
        *,
        customer: str,
        known_at: datetime | None = None,
        true_at: datetime | None = None,
        limit: int = 200,
        after: str | None = None,
        min_position: int = 0,
    ) -> ListedTold:
        """A customer's history."""
        return cast(ListedTold, self._read(f"/v1/customers/{customer}/history", {"known_at": known_at, "true_at": true_at, "limit": limit, "after": after, "min_position": min_position}))

    def customer_owners(
        self,
        *,
        customer: str,
        known_at: datetime | None = None,
        limit: int = 200,
        after: str | None = None,
        min_position: int = 0,
    ) -> ServicesApiReadsAskingListedInterval1:
        """Who owned a customer."""
        return cast(ServicesApiReadsAskingListedInterval1, self._read(f"/v1/customers/{customer}/owners", {"known_at": known_at, "limit": limit, "after": after, "min_position": min_position}))

    def customer_deals(
        self,
        *,
        customer: str,
        limit: int = 100,
        after: str | None = None,
        min_position: int = 0,
    ) -> ListedDealRow:
        """A customer's deals."""
        return cast(ListedDealRow, self._read(f"/v1/customers/{customer}/deals", {"limit": limit, "after": after, "min_position": min_position}))

    def list_deals(
        self,
        *,
        rep: str | None = None,
        limit: int = 100,
        after: str | None = None,
        min_position: int = 0,
    ) -> ListedDealRow:
        """Deals by id."""
        return cast(ListedDealRow, self._read("/v1/deals", {"rep": rep, "limit": limit, "after": after, "min_position": min_position}))

    def deal(
        self,
        *,
        deal: str,
        min_position: int = 0,
    ) -> OneDealRow:
        """A deal as it stands."""
        return cast(OneDealRow, self._read(f"/v1/deals/{deal}", {"min_position": min_position}))

    def deal_receipts(
        self,
        *,
        deal: str,
        limit: int = 200,
        after: str | None = None,
        min_position: int = 0,
    ) -> ListedMoney:
        """What was received for a deal."""
        return cast(ListedMoney, self._read(f"/v1/deals/{deal}/receipts", {"limit": limit, "after": after, "min_position": min_position}))

    def deal_refunds(
        self,
        *,
        deal: str,
        min_position: int = 0,
    ) -> ListedRefund:
        """What went back of a deal."""
        return cast(ListedRefund, self._read(f"/v1/deals/{deal}/refunds", {"min_position": min_position}))

    def deal_lines(
        self,
        *,
        deal: str,
        limit: int = 200,
        after: str | None = None,
        min_position: int = 0,
    ) -> ListedBookedLine:
        """The commission booked for a deal."""
        return cast(ListedBookedLine, self._read(f"/v1/deals/{deal}/lines", {"limit": limit, "after": after, "min_position": min_position}))

    def explain_deal_due(
        self,
        *,
        deal: str,
        payment: str | None = None,
        payee: str | None = None,
        known_at: datetime | None = None,
        true_at: datetime | None = None,
        min_position: int = 0,
    ) -> OneWhy:
        """Why a deal comes to what is due."""
        return cast(OneWhy, self._read(f"/v1/deals/{deal}/explain", {"payment": payment, "payee": payee, "known_at": known_at, "true_at": true_at, "min_position": min_position}))

    def stage_deals(
        self,
        *,
        stage: str,
        limit: int = 100,
        after: str | None = None,
        min_position: int = 0,
    ) -> ListedDealRow:
        """The live deals of a stage."""
        return cast(ListedDealRow, self._read(f"/v1/stages/{stage}/deals", {"limit": limit, "after": after, "min_position": min_position}))

    def funnel(
        self,
        *,
        min_position: int = 0,
    ) -> ListedFunnelRow:
        """The funnel."""
        return cast(ListedFunnelRow, self._read("/v1/funnel", {"min_position": min_position}))

    def list_lines(
        self,
        *,
        payee: str | None = None,
        payment: str | None = None,
        period: str | None = None,
        limit: int = 200,
        after: str | None = None,
        min_position: int = 0,
    ) -> ListedBookedLine:
        """Commission lines."""
        return cast(ListedBookedLine, self._read("/v1/lines", {"payee": payee, "payment": payment, "period": period, "limit": limit, "after": after, "min_position": min_position}))

    def line(
        self,
        *,
        line: str,
        min_position: int = 0,
    ) -> OneBookedLine:
        """One commission line."""
        return cast(OneBookedLine, self._read(f"/v1/lines/{line}", {"min_position": min_position}))

    def explain_line_booked(
        self,
        *,
        line: str,
        min_position: int = 0,
    ) -> OneWhy:
        """Why a line is what it is."""
        return cast(OneWhy, self._read(f"/v1/lines/{line}/explain", {"min_position": min_position}))

    def list_receipts(
        self,
        *,
        payment: str | None = None,
        external_id: str | None = None,
        limit: int = 200,
        after: str | None = None,
        min_position: int = 0,
    ) -> ListedMoney:
        """What was received."""
        return cast(ListedMoney, self._read("/v1/receipts", {"payment": payment, "external_id": external_id, "limit": limit, "after": after, "min_position": min_position}))

    def sales_roll_up(
        self,
        *,
        since: datetime,
        until: datetime,
        min_position: int = 0,
    ) -> ListedRollUp:
        """Sales up the organisation."""
        return cast(ListedRollUp, self._read("/v1/sales", {"since": since, "until": until, "min_position": min_position}))

    def sale(
        self,
        *,
        deal: str,
        min_position: int = 0,
    ) -> OneSale:
        """The signed contract of a deal."""
        return cast(OneSale, self._read(f"/v1/sales/{deal}", {"min_position": min_position}))

    def payroll_months(
        self,
        *,
        limit: int = 100,
        after: str | None = None,
        min_position: int = 0,
    ) -> ListedMonth:
        """The months of pay."""
        return cast(ListedMonth, self._read("/v1/payroll", {"limit": limit, "after": after, "min_position": min_position}))

    def payroll_month(
        self,
        *,
        period: str,
        min_position: int = 0,
    ) -> OneMonth:
        """A month of pay."""
        return cast(OneMonth, self._read(f"/v1/payroll/{period}", {"min_position": min_position}))

    def payroll_check(
        self,
        *,
        period: str,
        settled: bool = False,
        min_position: int = 0,
    ) -> OneLooked:
        """A month as it would be closed now."""
        return cast(OneLooked, self._read(f"/v1/payroll/{period}/check", {"settled": settled, "min_position": min_position}))

    def payroll_statements(
        self,
        *,
        period: str,
        owed: bool = False,
        limit: int = 200,
        after: str | None = None,
        min_position: int = 0,
    ) -> Statements:
        """The statements of a month."""
        return cast(Statements, self._read(f"/v1/payroll/{period}/statements", {"owed": owed, "limit": limit, "after": after, "min_position": min_position}))

    def explain_month(
        self,
        *,
        period: str,
        min_position: int = 0,
    ) -> ListedWhy:
        """Why a month comes to what it does."""
        return cast(ListedWhy, self._read(f"/v1/payroll/{period}/explain", {"min_position": min_position}))

    def payroll_payouts(
        self,
        *,
        period: str,
        limit: int = 200,
        after: str | None = None,
        min_position: int = 0,
    ) -> ListedPayoutRow:
        """What was paid of a month."""
        return cast(ListedPayoutRow, self._read(f"/v1/payroll/{period}/payouts", {"limit": limit, "after": after, "min_position": min_position}))

    def payroll_export(
        self,
        *,
        period: str,
        format: Literal['csv', 'xlsx', 'json', 'parquet', 'beancount', 'hledger'],
        plain: bool = False,
        min_position: int = 0,
    ) -> bytes:
        """A month's statements as a file."""
        return self._file(f"/v1/payroll/{period}/exports/{format}", {"plain": plain, "min_position": min_position})

    def rep_statements(
        self,
        *,
        rep: str,
        limit: int = 100,
        after: str | None = None,
        min_position: int = 0,
    ) -> ListedStatementSums:
        """Someone's statements."""
        return cast(ListedStatementSums, self._read(f"/v1/reps/{rep}/statements", {"limit": limit, "after": after, "min_position": min_position}))

    def rep_statement(
        self,
        *,
        rep: str,
        period: str,
        limit: int = 200,
        after: str | None = None,
        min_position: int = 0,
    ) -> StatementSeen:
        """Someone's statement of a month."""
        return cast(StatementSeen, self._read(f"/v1/reps/{rep}/statements/{period}", {"limit": limit, "after": after, "min_position": min_position}))

    def explain_rep_statement(
        self,
        *,
        rep: str,
        period: str,
        min_position: int = 0,
    ) -> ListedWhy:
        """Why a statement is what it is."""
        return cast(ListedWhy, self._read(f"/v1/reps/{rep}/statements/{period}/explain", {"min_position": min_position}))

    def rep_statement_difference(
        self,
        *,
        rep: str,
        period: str,
        min_position: int = 0,
    ) -> OnePayCompared:
        """Why a month pays less, or more, than the one before."""
        return cast(OnePayCompared, self._read(f"/v1/reps/{rep}/statements/{period}/difference", {"min_position": min_position}))

    def list_cases(
        self,
        *,
        who: str | None = None,
        status: Literal['filed', 'dismissed', 'open', 'decided', 'appealed', 'final', 'executed'] | None = None,
        deal: str | None = None,
        limit: int = 200,
        after: str | None = None,
        min_position: int = 0,
    ) -> ListedCaseRow:
        """Cases by id."""
        return cast(ListedCaseRow, self._read("/v1/cases", {"who": who, "status": status, "deal": deal, "limit": limit, "after": after, "min_position": min_position}))

    def case(
        self,
        *,
        case: str,
        min_position: int = 0,
    ) -> OneCaseRow:
        """A case as it stands."""
        return cast(OneCaseRow, self._read(f"/v1/cases/{case}", {"min_position": min_position}))

    def replay_case(
        self,
        *,
        case: str,
        known_at: datetime | None = None,
        true_at: datetime | None = None,
        min_position: int = 0,
    ) -> OneReplayed:
        """A case replayed."""
        return cast(OneReplayed, self._read(f"/v1/cases/{case}/replay", {"known_at": known_at, "true_at": true_at, "min_position": min_position}))

    def compare_case(
        self,
        *,
        case: str,
        known_at: datetime | None = None,
        true_at: datetime | None = None,
        known_then: datetime | None = None,
        true_then: datetime | None = None,
        min_position: int = 0,
    ) -> OneSideBySide:
        """A case at two points side by side."""
        return cast(OneSideBySide, self._read(f"/v1/cases/{case}/replay/compared", {"known_at": known_at, "true_at": true_at, "known_then": known_then, "true_then": true_then, "min_position": min_position}))

    def what_if_case(
        self,
        *,
        case: str,
        omit: Sequence[str] = [],
        redate: Sequence[Mapping[str, Any]] = [],
        insert: Sequence[Mapping[str, Any]] = [],
        policies: Sequence[Mapping[str, Any]] = [],
    ) -> OneWhatIf:
        """What would have been."""
        return cast(OneWhatIf, self._ask(f"/v1/cases/{case}/what-if", {"omit": omit, "redate": redate, "insert": insert, "policies": policies}))

    def reexecute_case(
        self,
        *,
        case: str,
        min_position: int = 0,
    ) -> OneReexecution:
        """A case's rulings decided again."""
        return cast(OneReexecution, self._read(f"/v1/cases/{case}/reexecution", {"min_position": min_position}))

    def case_bundle(
        self,
        *,
        case: str,
        with_personal: bool = False,
        min_position: int = 0,
    ) -> bytes:
        """The evidence bundle of a case."""
        return self._file(f"/v1/cases/{case}/bundle", {"with_personal": with_personal, "min_position": min_position})

    def deal_bundle(
        self,
        *,
        deal: str,
        min_position: int = 0,
    ) -> bytes:
        """The evidence bundle of a deal."""
        return self._file(f"/v1/deals/{deal}/bundle", {"min_position": min_position})

    def replay_deal(
        self,
        *,
        deal: str,
        known_at: datetime | None = None,
        true_at: datetime | None = None,
        min_position: int = 0,
    ) -> OneReplayed:
        """A deal replayed."""
        return cast(OneReplayed, self._read(f"/v1/deals/{deal}/replay", {"known_at": known_at, "true_at": true_at, "min_position": min_position}))

    def replay_customer(
        self,
        *,
        customer: str,
        known_at: datetime | None = None,
        true_at: datetime | None = None,
        min_position: int = 0,
    ) -> OneReplayed:
        """A customer replayed."""
        return cast(OneReplayed, self._read(f"/v1/customers/{customer}/replay", {"known_at": known_at, "true_at": true_at, "min_position": min_position}))

    def rep_customers(
        self,
        *,
        rep: str,
        limit: int = 100,
        after: str | None = None,
        min_position: int = 0,
    ) -> ListedOnBoard:
        """The customers that someone holds."""
        return cast(ListedOnBoard, self._read(f"/v1/reps/{rep}/customers", {"limit": limit, "after": after, "min_position": min_position}))

    def rep_holdings(
        self,
        *,
        rep: str,
        known_at: datetime | None = None,
        limit: int = 200,
        after: str | None = None,
        min_position: int = 0,
    ) -> ServicesApiReadsAskingListedInterval1:
        """Every customer that someone ever held."""
        return cast(ServicesApiReadsAskingListedInterval1, self._read(f"/v1/reps/{rep}/holdings", {"known_at": known_at, "limit": limit, "after": after, "min_position": min_position}))

    def rep_quota(
        self,
        *,
        rep: str,
        min_position: int = 0,
    ) -> OneQuotaLeft:
        """What someone's quota leaves."""
        return cast(OneQuotaLeft, self._read(f"/v1/reps/{rep}/quota", {"min_position": min_position}))

    def rep_posts(
        self,
        *,
        rep: str,
        min_position: int = 0,
    ) -> ServicesApiReadsAskingListedInterval2:
        """Where someone worked."""
        return cast(ServicesApiReadsAskingListedInterval2, self._read(f"/v1/reps/{rep}/posts", {"min_position": min_position}))

    def rep_mentors(
        self,
        *,
        rep: str,
        min_position: int = 0,
    ) -> ServicesApiReadsAskingListedInterval2:
        """Who trained someone."""
        return cast(ServicesApiReadsAskingListedInterval2, self._read(f"/v1/reps/{rep}/mentors", {"min_position": min_position}))

    def unit_members(
        self,
        *,
        unit: str,
        at: datetime | None = None,
        limit: int = 200,
        after: str | None = None,
        min_position: int = 0,
    ) -> ListedMember:
        """Who worked in a unit."""
        return cast(ListedMember, self._read(f"/v1/units/{unit}/members", {"at": at, "limit": limit, "after": after, "min_position": min_position}))

    def unit_parents(
        self,
        *,
        unit: str,
        min_position: int = 0,
    ) -> ServicesApiReadsAskingListedInterval2:
        """Under what a unit hung."""
        return cast(ServicesApiReadsAskingListedInterval2, self._read(f"/v1/units/{unit}/parents", {"min_position": min_position}))

    def list_policies(
        self,
        *,
        min_position: int = 0,
    ) -> ListedPolicyRow:
        """Every policy ever published."""
        return cast(ListedPolicyRow, self._read("/v1/policies", {"min_position": min_position}))

    def subject_held(
        self,
        *,
        sort: Literal['customer', 'rep'],
        name: str,
        skip: int = 0,
        min_position: int = 0,
    ) -> ListedDictStrAny:
        """All that is held of a person."""
        return cast(ListedDictStrAny, self._read(f"/v1/subjects/{sort}/{name}", {"skip": skip, "min_position": min_position}))

    def availability(
        self,
        *,
        phone: str | None = None,
        licence: str | None = None,
    ) -> Taken:
        """Is this customer taken?"""
        return cast(Taken, self._ask("/v1/availability", {"phone": phone, "licence": licence}))
