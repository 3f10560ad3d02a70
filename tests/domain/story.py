"""Given, when, then: a whole ledger in memory, in which commands are judged one after another, as the ledger judges them.

The organisation, all of whom joined in 2020: manager Ma at the head office; team-east with lead Lu and the reps Li, Zhou and
Feng; team-west with lead Lao and the reps Wang and Chen; RC and RE, units of those brands, with Rao and Ren; and at the head
office mid-office Mei, finance Fan and committee member Kong. Li registered the customer `shop` on 2 January 2024.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Self, TypeVar
from zoneinfo import ZoneInfo

import yaml

from domain.commands import COMMANDS, AnyCommand, parse
from domain.fact import Command, CommandOnCustomer, CommandOnDeal
from domain.facts import AnyFact
from domain.judgement import Verdict, judge
from domain.policy.facts import PolicyBook
from domain.policy.terms import PolicyVersion
from domain.refusals import Refusal
from domain.world import World

SHANGHAI = ZoneInfo("Asia/Shanghai")
POLICIES = Path(__file__).parents[2] / "services" / "samples" / "policies"
PLACE = "31.2304,121.4737"
DEGREES_A_METRE = 1 / 111_195.08
PHONE, LICENCE = "138 0013 8000", "91110000600037341L"
UNITS = [
    ("head-office", None, None),
    ("team-east", "head-office", None),
    ("team-west", "head-office", None),
    ("rc-team", "head-office", "RC"),
    ("re-team", "head-office", "RE"),
]
PEOPLE = {
    "head-office": {"Ma": "manager", "Mei": "mid-office", "Fan": "finance", "Kong": "committee"},
    "team-east": {"Lu": "lead", "Li": "rep", "Zhou": "rep", "Feng": "rep"},
    "team-west": {"Lao": "lead", "Wang": "rep", "Chen": "rep"},
    "rc-team": {"Rao": "rep"},
    "re-team": {"Ren": "rep", "Ding": "rep"},
}
UNSAID = {"ground": "so told", "purpose": "introduction", "currency": "CNY"}

FactOf = TypeVar("FactOf")


def on(day: str) -> datetime:
    """`08-01 09:00` of 2024, or `2025-08-01 09:00`, in Shanghai."""
    text = day if re.match(r"\d{4}-", day) else f"2024-{day}"
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def photo(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def metres_north(metres: float, place: str = PLACE) -> str:
    """A point so many metres north of the place."""
    latitude, longitude = (float(degrees) for degrees in place.split(","))
    return f"{latitude + metres * DEGREES_A_METRE:.9f},{longitude}"


def fingerprint(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind}:{value}".encode()).hexdigest()


@cache
def shipped(policy: str) -> PolicyVersion:
    """A policy as it is shipped, such as `b2b-1`."""
    return PolicyVersion.model_validate(yaml.safe_load((POLICIES / f"{policy}.yaml").read_text("utf-8")))


def command(name: str, at: datetime, fields: dict[str, Any]) -> AnyCommand | Refusal:
    """Read a command; what a test leaves unsaid is the shop, the deal, yuan, and some ground."""
    kind: type[Command] = COMMANDS[name]
    told = {each: UNSAID[each] for each, spec in kind.model_fields.items() if each in UNSAID and spec.is_required()}
    told |= {"customer": "shop"} if issubclass(kind, CommandOnCustomer) or name == "open-deal" else {}
    told |= {"deal": "deal"} if issubclass(kind, CommandOnDeal) else {}
    return parse({"name": name, "at": at, **told, **fields})


def _named(customer: str) -> dict[str, Any]:
    return {"customer_name": f"店 {customer}"}


def _nothing_yet() -> World:
    return World(now=on("2019-12-31 00:00"), fingerprint=fingerprint, complete=True)


@dataclass
class Story:
    """A history and the world that it adds up to; facts have positions from 1."""

    world: World = field(default_factory=_nothing_yet)
    log: list[AnyFact] = field(default_factory=list)

    def judged(self, name: str, at: str, /, *, recorded: str | None = None, **fields: Any) -> Verdict:
        """The verdict on a command, of which nothing is recorded."""
        asked = command(name, on(at), fields)
        if isinstance(asked, Refusal):
            return Verdict(refusal=asked)
        self.world.now = max(self.world.now, on(recorded or at))
        return judge(asked, self.world)

    def when(self, name: str, at: str, /, *, recorded: str | None = None, **fields: Any) -> Verdict:
        """Judge a command and record what follows, of a refused one too."""
        verdict = self.judged(name, at, recorded=recorded, **fields)
        for fact in verdict.facts:
            self.add(fact)
        return verdict

    def add(self, fact: AnyFact) -> Self:
        self.log.append(fact)
        self.world.apply(fact, len(self.log))
        return self

    def given(self, name: str, at: str, /, *, recorded: str | None = None, **fields: Any) -> Self:
        """A command that is accepted."""
        self.tells(name, at, recorded=recorded, **fields)
        return self

    def tells(self, name: str, at: str, /, *, recorded: str | None = None, **fields: Any) -> tuple[AnyFact, ...]:
        """The facts that follow from a command that is accepted."""
        verdict = self.when(name, at, recorded=recorded, **fields)
        assert verdict.refusal is None, f"{name}: {verdict.refusal}"
        return tuple(verdict.facts)

    def refuses(self, name: str, at: str, /, *, recorded: str | None = None, **fields: Any) -> Refusal:
        """Why a command is refused."""
        verdict = self.when(name, at, recorded=recorded, **fields)
        assert verdict.refusal is not None, f"{name} is not refused"
        return verdict.refusal

    def visits(
        self, rep: str, at: str, visit: str = "V-1", metres: float = 42, recorded: str | None = None, **fields: Any
    ) -> tuple[AnyFact, ...]:
        """A visit of the shop from so many metres away, with a photo of its own."""
        told = {"point": metres_north(metres), "photo": photo(visit)} | fields
        return self.tells("record-visit", at, recorded=recorded, rep=rep, visit=visit, **told)

    def registers(self, customer: str, at: str = "01-02 09:00", by: str = "Li", **fields: Any) -> Self:
        """Another customer, of a name that nobody else has."""
        return self.given(
            "register-customer", at, customer=customer, by=by, **{"customer_name": f"店 {customer}"} | fields
        )

    def merges(self, absorbed: str, survivor: str, at: str = "01-03 09:00") -> Self:
        return self.given("merge-customers", at, customer=survivor, absorbed=absorbed, actor="Mei")

    def lawless(self) -> Self:
        """No policy is in force, for a while."""
        self.world.policies = PolicyBook()
        return self

    def lawful(self) -> Self:
        self.world.policies = _in_business().world.policies
        return self

    def position(self, kind: str) -> int:
        """Where the last fact of this kind stands in the log."""
        return max(i for i, fact in enumerate(self.log, 1) if fact.kind == kind)

    def copy(self) -> "Story":
        return Story(forked(self.world), list(self.log))


def kinds(facts: tuple[AnyFact, ...] | list[AnyFact]) -> list[str]:
    """The kinds without their version, as they are read aloud."""
    return [fact.kind.removesuffix(".v1") for fact in facts]


def only(kind: type[FactOf], facts: tuple[AnyFact, ...] | list[AnyFact]) -> FactOf:
    """The one fact of that kind."""
    (found,) = (fact for fact in facts if isinstance(fact, kind))
    return found


def forked(world: World) -> World:
    return replace(
        world,
        streams=dict(world.streams),
        held=dict(world.held),
        tallies=dict(world.tallies),
        lapsing=dict(world.lapsing),
    )


@cache
def _in_business() -> Story:
    story = Story()
    for unit, parent, brand in UNITS:
        story.given("create-unit", "2020-01-01 09:00", unit=unit, parent=parent, brand=brand, title=unit)
    for unit, people in PEOPLE.items():
        for rep, duty in people.items():
            story.given("join-rep", "2020-01-02 09:00", rep=rep, unit=unit, duty=duty)
    for policy in ("b2b-1", "rc-1", "re-1"):
        story.given("publish-policy", "2020-01-03 09:00", actor="Ma", version=shipped(policy))
    return story


@cache
def _with_a_shop() -> Story:
    told: dict[str, Any] = {"customer_name": "恒通便利店", "phone": PHONE, "place": PLACE, "by": "Li"}
    return _in_business().copy().given("register-customer", "01-02 09:00", **told)


def in_business() -> Story:
    """People and policies, and no customer."""
    return _in_business().copy()


def with_a_shop() -> Story:
    """People, policies, and the customer `shop`."""
    return _with_a_shop().copy()


def holding(rep: str = "Li", at: str = "08-01 09:00") -> Story:
    """A shop that the rep has claimed."""
    return with_a_shop().given("claim-customer", at, rep=rep)


def with_a_deal(rep: str = "Li", at: str = "02-01 09:00", **fields: Any) -> Story:
    """A shop, and a deal with it at the first stage."""
    return with_a_shop().given("open-deal", at, rep=rep, **fields)


def signed(rep: str = "Li", at: str = "02-20 09:00", amount: int = 1_000_000, **fields: Any) -> Story:
    """A deal of the shop whose contract is signed; the manager let the stages between be skipped."""
    told: dict[str, Any] = {"contract": "contract", "amount": amount, "currency": "CNY"} | fields
    return with_a_deal(rep).given("sign-contract", at, rep=rep, actor="Ma", **told)


def documented(decision: Callable[..., Any]) -> list[str]:
    """The codes that a decision's docstring names, in its order."""
    return re.findall(r"`([a-z]+(?:-[a-z]+)+|overtaken|cycle)`", decision.__doc__ or "")


@dataclass
class Ladder:
    """A command tried again and again while one obstacle after another is cleared; nothing of it is recorded."""

    story: Story
    name: str
    at: str
    fields: dict[str, Any]
    met: list[str] = field(default_factory=list)

    def meets(self, code: str, **change: Any) -> Self:
        """The command as it is now is refused with this code; then its fields change."""
        refusal = self.tried().refusal
        assert refusal is not None, f"expected {code}, and it is accepted"
        assert refusal.code == code, f"expected {code}: {refusal}"
        self.met.append(code)
        return self.with_(**change)

    def with_(self, **change: Any) -> Self:
        self.at = change.pop("at", self.at)
        self.fields |= change
        return self

    def tried(self) -> Verdict:
        return self.story.judged(self.name, self.at, **self.fields)

    def climbed(self) -> list[str]:
        """All that was met, once nothing stands in the way."""
        refusal = self.tried().refusal
        assert refusal is None, f"still in the way: {refusal}"
        return self.met


def ladder(story: Story, name: str, at: str, /, **fields: Any) -> Ladder:
    return Ladder(story, name, at, fields)
