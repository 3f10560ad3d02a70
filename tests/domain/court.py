"""A case before the committee, in memory: the people who can sit on a panel, a deal worth disputing, and every step.

Beside those of `story`: three regions, each with a manager, mid-office and three leads, so that two panels without a common
member can be drawn for a dispute of team-east against team-west.
"""

from functools import cache
from typing import Any, Self

from domain.case.course import Case, Hearing
from domain.facts import AnyFact
from domain.judgement import Verdict
from domain.payroll.facts import PeriodClosed, PeriodOpened
from domain.refusals import Refusal
from tests.domain.story import Story, forked, on, signed

REGIONS = ("north", "south", "central")
ROOT = "3d" * 32
EFFICIENCY = {"by": "efficiency"}


def ruling(finding: str = "confirm", since: str = "2024-02-20T00:00:00+08:00", **fields: Any) -> dict[str, Any]:
    return {"finding": finding, "effective_from": since, "ground": EFFICIENCY, **fields}


def to(rep: str, role: str = "CLOSER", **fields: Any) -> dict[str, Any]:
    return ruling("transfer", remedies=[{"remedy": "give-role", "deal": "deal", "role": role, "to": rep, **fields}])


class Court(Story):
    """A story in which case `K-1` is about who closed the deal of the shop: Wang of team-west against Li of team-east."""

    def copy(self) -> "Court":
        return Court(forked(self.world), list(self.log))

    @property
    def case(self) -> Case:
        return self.world.case("K-1").case

    @property
    def hearing(self) -> Hearing:
        assert self.case.hearing, f"no hearing is open: {self.case.status}"
        return self.case.hearing

    @property
    def members(self) -> tuple[str, ...]:
        return self.hearing.members

    def issues_statements(self, month: str, at: str) -> Self:
        """A month closed at that time."""
        opened = PeriodOpened(
            at=on(at),
            period=month,
            policy="B2B-1",
            begins=on("01-01 00:00"),
            ends=on(at),
            pay_day=on(at).date(),
            by="Fan",
        )
        self.add(opened)
        return self.add(
            PeriodClosed(
                at=on(at), period=month, position=1, policy="B2B-1", plans={}, totals=(), digest="d" * 64, by="Fan"
            )
        )

    def files(self, at: str = "02-26 09:00", **fields: Any) -> Self:
        told: dict[str, Any] = {
            "by": "Wang",
            "against": ["Li"],
            "matter": {"act": "role", "deal": "deal", "role": "CLOSER"},
            "expected": 10_500,
            "actual": 0,
            "claim": "the contract was mine",
        }
        return self.given("file-dispute", at, case="K-1", **told | fields)

    def accepts(self, at: str = "02-26 10:00") -> Self:
        return self.given("accept-case", at, case="K-1", actor="Kong")

    def head(self, root: str = ROOT) -> dict[str, Any]:
        return {"size": len(self.log), "root": root, "signed_by": "ledger.test"}

    def seats(self, at: str = "02-26 11:00", root: str = ROOT) -> Self:
        return self.given("seat-panel", at, case="K-1", actor="Kong", head=self.head(root))

    def votes(self, member: str, told: dict[str, Any], at: str = "02-27 09:00", **fields: Any) -> Self:
        return self.given("cast-vote", at, case="K-1", member=member, ruling=told, opinion="so I see it", **fields)

    def all_vote(self, *told: dict[str, Any], at: str = "02-27 09:00") -> Self:
        """The members vote in the order of their seats, one ruling each; who is left has not voted."""
        for member, each in zip(self.members, told, strict=False):
            self.votes(member, each, at)
        return self

    def issues(self, at: str = "02-28 09:00") -> Self:
        return self.given("issue-decision", at, case="K-1", actor="Kong")

    def time_is(self, at: str) -> tuple[AnyFact, ...]:
        """What the clock has to tell of the case by then."""
        return self.tells("bring-case-clock", at, case="K-1")

    def says(self, name: str, at: str, **fields: Any) -> Verdict:
        return self.when(name, at, case="K-1", **fields)

    def is_refused(self, name: str, at: str, **fields: Any) -> Refusal:
        return self.refuses(name, at, case="K-1", **fields)


@cache
def _courtroom() -> Court:
    told = signed("Li")
    court = Court(told.world, told.log)
    for region in REGIONS:
        court.given("create-unit", "02-21 09:00", unit=region, parent="head-office", title=region)
        people = {f"manager-{region}": "manager", f"mid-{region}": "mid-office"}
        court.given("create-unit", "02-21 09:00", unit=f"{region}-desk", parent=region, title=region)
        for rep, duty in people.items():
            court.given("join-rep", "02-21 09:00", rep=rep, unit=f"{region}-desk", duty=duty)
        for number in (1, 2, 3, 4):
            team = f"{region}-team-{number}"
            court.given("create-unit", "02-21 09:00", unit=team, parent=region, title=team)
            court.given("join-rep", "02-21 09:00", rep=f"lead-{region}-{number}", unit=team, duty="lead")
    return court


def courtroom() -> Court:
    """Everybody is there, the deal is signed by Li on 20 February for 10,000.00, and nothing is disputed yet."""
    return _courtroom().copy()


def accepted() -> Court:
    return courtroom().files().accepts()


def seated() -> Court:
    return accepted().seats()


def decided(*told: dict[str, Any]) -> Court:
    """Issued on 28 February 09:00, by default all for giving CLOSER to Wang."""
    votes = told or (to("Wang"),) * 5
    return seated().all_vote(*votes).issues()


def final() -> Court:
    """Decided, and final since the end of 4 March, when three working days had passed without an appeal."""
    court = decided()
    court.time_is("03-05 09:00")
    return court
