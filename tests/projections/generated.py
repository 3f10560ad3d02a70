"""Histories by chance and by seed: commands of every kind, many of them refused, as a busy organisation gives them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from domain.commands import AnyCommand, parse
from domain.refusals import Refusal
from tests.samples import policy

BEGIN = datetime(2024, 1, 1, 9, tzinfo=UTC)
REPS = ("Li", "Zhou", "Wang", "Ding", "Sun")
UNITS = ("north", "south", "east")
HERE, FAR = "31.2304,121.4737", "31.3304,121.4737"


def plan() -> dict[str, object]:
    """The tests' policy with short retention, a first visit's role and roles held at each receipt."""
    terms = policy(held=40, claims_a_day=8, days=7).model_dump(mode="json")
    roles = [
        {"role": "ENTRY", "share": 1000, "earned_by": "complete-record", "held": "pinned", "fallback": "CLOSER"},
        {"role": "FIRST_VISIT", "share": 1500, "earned_by": "verified-visit", "held": "pinned", "fallback": "CLOSER"},
        {"role": "SOLUTION", "share": 1733, "earned_by": "solution", "held": "pinned", "fallback": "CLOSER"},
        {"role": "COLLECTOR", "share": 2000, "earned_by": "collection", "held": "at-receipt", "fallback": "CLOSER"},
        {"role": "CLOSER", "share": 3767, "earned_by": "signed-contract", "held": "pinned"},
    ]
    first_visit = {"role": "FIRST_VISIT", "protection_days": 15}
    return {
        **terms,
        "artefacts": ["collection"],
        "commission": {"rate": 300, "fee": 50, "roles": roles, "first_visit": first_visit},
        "disputes": {
            "filed_within_days": 30, "filed_after_statement": 5, "accepted_within": 2, "evidence_within": 1,
            "decided_within": 2, "appeal": {"within": 1, "decided_within": 2}, "calendar": {"years": list(range(2023, 2030))},
            "panel": {"seats": [{"seat": "lead", "duty": "lead", "members": 1}], "quorum": 1, "majority": 1},
        },
    }  # fmt: skip


class Chance:
    """Draws commands. The same seed gives the same commands with the same ids. The quarrelsome dispute, too."""

    def __init__(self, seed: int, *, customers: int = 25, quarrelsome: bool = False) -> None:
        self.random = Random(seed)
        self.of_leads = Random(seed)
        self.quarrelsome = quarrelsome
        self.at = BEGIN
        self.customers = [f"C{n}" for n in range(customers)]
        self.deals: list[str] = []
        self.payments: list[tuple[str, str]] = []
        self.visits: list[tuple[str, str]] = []
        self.cases: list[str] = []
        self.claimed = {"customer": "C0", "rep": "Li"}
        self.count = 0

    def commands(self, number: int) -> Iterator[tuple[str, AnyCommand]]:
        """An organisation, and then so many commands of all kinds."""
        for fields in self.opening():
            yield self.named(fields)
        draws = self.draws()
        for _ in range(number):
            self.at += timedelta(minutes=self.random.choice((0, 1, 7, 45, 600, 2000)))
            yield self.named(self.random.choice(draws)())
            if self.count % 20 == 0:
                yield self.named(self.lead())

    def named(self, fields: dict[str, object]) -> tuple[str, AnyCommand]:
        self.count += 1
        command = parse({"at": self.at.isoformat(), **fields})
        assert not isinstance(command, Refusal), (fields, str(command))
        return f"drawn/{self.count}", command

    def opening(self) -> Iterator[dict[str, object]]:
        yield {"name": "publish-policy", "version": plan()}
        yield {"name": "create-unit", "unit": "company", "title": "The company"}
        for unit in UNITS:
            yield {"name": "create-unit", "unit": unit, "parent": "company", "title": unit}
        for rep, duty in (("Boss", "manager"), ("Panel", "committee"), ("Office", "mid-office"), ("Lead", "lead")):
            yield {"name": "join-rep", "rep": rep, "unit": "company", "duty": duty}
        for rep in REPS:
            yield {"name": "join-rep", "rep": rep, "rep_name": f"{rep} the rep", "unit": "north"}

    def draws(self) -> list[Callable[[], dict[str, object]]]:
        """How commands are drawn, the usual ones more often."""
        usual = [
            self.register, self.claim, self.visit, self.follow_up, self.open_deal, self.sign, self.receive, self.receive,
            self.refund, self.earn,
        ]  # fmt: skip
        rare = [
            self.release, self.reassign, self.tier, self.grade, self.merge, self.place, self.override, self.donate,
            self.plan_visit, self.advance, self.revert, self.lose, self.transfer, self.transfer, self.revoke, self.share,
            self.mentor, self.end_mentor, self.move_rep, self.leave, self.back, self.quota, self.move_unit, self.clock,
            self.deal_clock,
        ]  # fmt: skip
        disputes = [self.dispute, self.in_case, self.in_case, self.case_clock, self.punish] if self.quarrelsome else []
        return [*usual * 3, *rare, *disputes * 5]

    def dispute(self) -> dict[str, object]:
        """A dispute about a deal's closer, or about whose the customer claimed last is."""
        self.cases.append(f"K{self.count}")
        by, against = self.random.sample(REPS, 2)
        of_deal = {"act": "role", "deal": self.deal(), "role": "CLOSER"}
        matter = of_deal if self.random.random() < 0.7 else {"act": "holding", "customer": self.claimed["customer"]}
        amounts = {"expected": self.amount(), "actual": 0, "currency": "CNY", "claim": "it was mine"}
        return {
            "name": "file-dispute",
            "case": self.cases[-1],
            "by": by,
            "against": [against],
            "matter": matter,
            **amounts,
        }

    def in_case(self) -> dict[str, object]:
        """A step of one of the last cases; nobody is drawn, so that the clock decides them all."""
        case = {"case": self.random.choice(self.cases[-4:] or ["K0"])}
        evidence = {"evidence": f"E{self.count}", "sort": "chat", "sha256": "ab" * 32, "kept_at": "folder"}
        return {
            **case,
            **self.random.choice(
                (
                    {"name": "accept-case", "actor": "Panel"},
                    {"name": "accept-case", "actor": "Panel"},
                    {"name": "dismiss-case", "actor": "Panel", "ground": "settled"},
                    {"name": "submit-evidence", "by": self.rep(), **evidence},
                    {"name": "file-appeal", "by": self.rep(), "ground": "again"},
                    {"name": "execute-decision", "actor": "Panel"},
                    {"name": "execute-decision", "actor": "Panel"},
                    {"name": "publish-precedent", "actor": "Panel", "precedent": "P", "title": "T", "holding": "H"},
                )
            ),
        }

    def case_clock(self) -> dict[str, object]:
        return {"name": "bring-case-clock", "case": self.random.choice(self.cases[-4:] or ["K0"])}

    def punish(self) -> dict[str, object]:
        named = {"rep": self.rep(), "penalty": f"N{self.random.randrange(40)}", "actor": "Office"}
        if self.random.random() < 0.5:
            return {"name": "lift-penalty", **named, "ground": "better now"}
        return {"name": "apply-penalty", **named, "points": 3, "clause": "visits/photo"}

    def rep(self) -> str:
        return self.random.choice(REPS)

    def customer(self) -> str:
        return self.random.choice(self.customers)

    def deal(self) -> str:
        return self.random.choice(self.deals or ["D0"])

    def amount(self) -> int:
        return self.random.choice((1, 99, 3_333_333, 5_000_003, 99_999_999, self.random.randrange(1, 10**9)))

    def parts(self) -> list[dict[str, object]]:
        chosen = self.random.sample(REPS, 2)
        first = self.random.choice((1, 500, 3333, 5000, 8500))
        return [{"rep": chosen[0], "bps": first}, {"rep": chosen[1], "bps": 10_000 - first}]

    def ago(self) -> str:
        return (self.at - timedelta(days=self.random.choice((-20, 0, 3, 30)))).isoformat()

    def register(self) -> dict[str, object]:
        customer = self.customer()
        phone = f"138001{self.customers.index(customer):05d}"
        fields = {"customer": customer, "by": self.rep(), "customer_name": f"Shop {customer[:2]}", "place": HERE}
        more = {"phone": phone, "contact": "Mr Chen", "expected_amount": self.amount(), "currency": "CNY"}
        return {"name": "register-customer", **fields, **(more if self.random.random() < 0.8 else {})}

    def lead(self) -> dict[str, object]:
        """A step of one of few leads, often out of turn."""
        lead = {"customer": f"L{self.of_leads.randrange(self.count // 80 + 3)}"}
        known = {
            "by": self.of_leads.choice(REPS),
            "source": "fair",
            "customer_name": f"Lead {lead['customer']}",
            "place": HERE,
        }
        return {
            **lead,
            **self.of_leads.choice(
                (
                    {"name": "register-lead", **known},
                    {"name": "approve-lead", "actor": "Office"},
                    {"name": "reject-lead", "actor": "Office", "ground": "nobody there"},
                    {"name": "convert-lead", "phone": f"138002{self.count:05d}"},
                )
            ),
        }

    def claim(self) -> dict[str, object]:
        self.claimed = {"customer": self.customer(), "rep": self.rep()}
        return {"name": "claim-customer", **self.claimed}

    def follow_up(self) -> dict[str, object]:
        """A visit to the customer claimed last, by who claimed it, that will often be verified."""
        self.visits.append((self.claimed["customer"], f"V{self.count}"))
        proof = {"point": HERE, "photo": f"{self.count + 1000:064x}", "visit": f"V{self.count}", "purpose": "talk"}
        return {"name": "record-visit", **self.claimed, **proof}

    def release(self) -> dict[str, object]:
        return {"name": "release-customer", "customer": self.customer(), "rep": self.rep()}

    def reassign(self) -> dict[str, object]:
        moved = {"customer": self.customer(), "to": self.rep(), "ground": "balance", "actor": "Boss"}
        return {"name": "reassign-customer", **moved}

    def tier(self) -> dict[str, object]:
        tier = self.random.choice(("ordinary", "close"))
        return {"name": "change-tier", "customer": self.customer(), "rep": self.rep(), "tier": tier, "ground": "talks"}

    def grade(self) -> dict[str, object]:
        scores = {"intent": self.random.randrange(1, 7), "potential": self.random.randrange(1, 6)}
        return {"name": "grade-customer", "customer": self.customer(), "by": self.rep(), **scores}

    def merge(self) -> dict[str, object]:
        if self.random.random() < 0.8:
            return self.register()
        one, other = self.random.sample(self.customers, 2)
        return {"name": "merge-customers", "customer": one, "absorbed": other, "ground": "same", "actor": "Office"}

    def place(self) -> dict[str, object]:
        return {
            "name": "correct-customer-place",
            "customer": self.customer(),
            "place": self.random.choice((HERE, FAR)),
            "ground": "moved",
        }

    def plan_visit(self) -> dict[str, object]:
        when = {"planned_for": self.ago(), "purpose": "first talk", "visit": f"P{self.count}"}
        return {"name": "plan-visit", "customer": self.customer(), "rep": self.rep(), **when}

    def visit(self) -> dict[str, object]:
        customer = self.customer()
        self.visits.append((customer, f"V{self.count}"))
        proof = {"point": self.random.choice((HERE, HERE, FAR)), "photo": f"{self.random.randrange(40):064x}"}
        about = {"visit": f"V{self.count}", "rep": self.rep(), "purpose": "talk", "result": "friendly"}
        return {"name": "record-visit", "customer": customer, **about, **proof}

    def override(self) -> dict[str, object]:
        customer, visit = self.random.choice(self.visits or [("C0", "V0")])
        verdict = self.random.choice(("verified", "rejected"))
        judged = {"visit": visit, "verdict": verdict, "ground": "lease", "actor": "Panel"}
        return {"name": "override-visit", "customer": customer, **judged}

    def donate(self) -> dict[str, object]:
        donor, to = self.random.sample(REPS, 2)
        given = {"customer": self.customer(), "donor": donor, "to": to, "actor": "Lead"}
        return {"name": "donate-customer", **given}

    def open_deal(self) -> dict[str, object]:
        self.deals.append(f"D{self.count}")
        worth = {"expected_amount": self.amount(), "currency": "CNY"} if self.random.random() < 0.6 else {}
        whose = {"deal": f"D{self.count}", "customer": self.customer(), "rep": self.rep()}
        return {"name": "open-deal", **whose, **worth}

    def advance(self) -> dict[str, object]:
        artefact = {"kind": "solution", "ref": f"S{self.count}"}
        return {
            "name": "advance-stage",
            "deal": self.deal(),
            "rep": self.rep(),
            "stage": "solution",
            "artefact": artefact,
        }

    def revert(self) -> dict[str, object]:
        return {"name": "revert-stage", "deal": self.deal(), "stage": "lead", "ground": "new needs"}

    def lose(self) -> dict[str, object]:
        if self.random.random() < 0.6:
            return self.open_deal()
        return {"name": "lose-deal", "deal": self.deal(), "rep": self.rep(), "ground": "no budget"}

    def earn(self) -> dict[str, object]:
        role, kind = self.random.choice(
            (("SOLUTION", "solution"), ("COLLECTOR", "collection"), ("ENTRY", "complete-record"))
        )
        artefact = {"kind": kind, "ref": f"A{self.count}"}
        return {"name": "earn-role", "deal": self.deal(), "role": role, "rep": self.rep(), "artefact": artefact}

    def transfer(self) -> dict[str, object]:
        role = self.random.choice(("ENTRY", "FIRST_VISIT", "SOLUTION", "COLLECTOR", "CLOSER"))
        moved = {
            "role": role,
            "parts": self.parts(),
            "effective_from": self.ago(),
            "ground": "ruling",
            "actor": "Panel",
        }
        return {"name": "transfer-role", "deal": self.deal(), **moved}

    def revoke(self) -> dict[str, object]:
        role = self.random.choice(("SOLUTION", "COLLECTOR", "CLOSER"))
        taken = {"role": role, "effective_from": self.ago(), "ground": "ruling", "actor": "Panel"}
        return {"name": "revoke-role", "deal": self.deal(), **taken}

    def share(self) -> dict[str, object]:
        agreed = {"of": self.rep(), "parts": self.parts(), "effective_from": self.ago(), "ground": "agreed"}
        return {"name": "agree-sharing", "deal": self.deal(), **agreed, "actor": "Boss"}

    def sign(self) -> dict[str, object]:
        deal = self.deal()
        signed = {"deal": deal, "contract": f"K{deal}", "rep": self.rep(), "amount": self.amount(), "currency": "CNY"}
        due = {"milestone": "half", "share": 5000, "due": self.ago()}
        terms = {"milestones": [due, {"milestone": "rest", "share": 5000}]} if self.random.random() < 0.5 else {}
        return {"name": "sign-contract", **signed, **terms, "actor": "Boss"}

    def receive(self) -> dict[str, object]:
        deal, payment = self.deal(), f"R{self.count}"
        self.payments.append((deal, payment))
        money = {"payment": payment, "external_id": f"bank-{self.count}", "amount": self.amount(), "currency": "CNY"}
        milestone = {"milestone": "half"} if self.random.random() < 0.2 else {}
        return {"name": "receive-payment", "deal": deal, **money, **milestone}

    def refund(self) -> dict[str, object]:
        deal, payment = self.random.choice(self.payments or [("D0", "R0")])
        money = {"payment": payment, "refund": f"F{self.count}", "amount": self.amount(), "currency": "CNY"}
        return {"name": "refund-payment", "deal": deal, **money}

    def mentor(self) -> dict[str, object]:
        rep, mentor = self.random.sample(REPS, 2)
        return {"name": "assign-mentor", "rep": rep, "mentor": mentor, "actor": "Boss"}

    def end_mentor(self) -> dict[str, object]:
        rep, mentor = self.random.sample(REPS, 2)
        return {"name": "end-mentorship", "rep": rep, "mentor": mentor, "actor": "Boss"}

    def move_rep(self) -> dict[str, object]:
        return {"name": "transfer-rep", "rep": self.rep(), "unit": self.random.choice(UNITS), "actor": "Boss"}

    def leave(self) -> dict[str, object]:
        if self.random.random() < 0.7:
            return self.claim()
        return {"name": "leave-rep", "rep": self.rep(), "ground": "moved away", "actor": "Boss"}

    def back(self) -> dict[str, object]:
        return {"name": "join-rep", "rep": self.rep(), "unit": self.random.choice(UNITS), "actor": "Boss"}

    def quota(self) -> dict[str, object]:
        numbers = {"held": self.random.choice((None, 4, 9)), "close": 2}
        return {"name": "set-quota", "rep": self.rep(), **numbers, "actor": "Boss"}

    def move_unit(self) -> dict[str, object]:
        one, other = self.random.sample(UNITS, 2)
        return {"name": "move-unit", "unit": one, "parent": self.random.choice((other, "company")), "actor": "Boss"}

    def clock(self) -> dict[str, object]:
        return {"name": "bring-clock", "customer": self.customer()}

    def deal_clock(self) -> dict[str, object]:
        return {"name": "bring-deal-clock", "deal": self.deal()}
