"""What is in sight when a command is judged: histories, shared facts, the organisation and the policies, as plain values.

The ledger fills a world with what a batch of commands needs; a test, a scenario or a what-if fills one with a whole
history. Rules read it and never change it; only `apply` does, fact by fact.
"""

from collections import ChainMap
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple, assert_never, cast

from domain.effects import RETENTION, Count, Effect, Free, Hold, Rest, Wake, effects
from domain.engine import ENGINE
from domain.fact import (
    OfCase,
    OfCustomer,
    OfDeal,
    OfPayee,
    OfPayroll,
    OfSubject,
    case_stream,
    customer_stream,
    deal_stream,
    payee_stream,
)
from domain.facts import AnyFact
from domain.organisation import facts as organisation
from domain.organisation.facts import Organisation
from domain.payroll import facts as payroll
from domain.payroll.facts import Payroll
from domain.policy import facts as policy
from domain.policy.facts import PolicyBook, PolicyPublished
from domain.policy.terms import PolicyVersion
from domain.streams import (
    CaseStream,
    CustomerStream,
    DealStream,
    PayeeStream,
    evolve_case,
    evolve_customer,
    evolve_deal,
    evolve_payee,
)

Key = tuple[str, str]
Stream = CustomerStream | DealStream | CaseStream | PayeeStream
Fingerprint = Callable[[str, str], str]
"""The keyed hash of a normalised value: `fingerprint(kind, value)`, hex."""


class NotInSight(LookupError):
    """A rule asked for something that its command did not name in `sees`."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Which history holds a key, and the position of the event by which it does."""

    stream: str
    position: int


class FoundPolicy(NamedTuple):
    """The last policy asked for: one command asks for the same one several times."""

    asked: tuple[datetime, str | None, str | None]
    organisation: Organisation
    policies: PolicyBook
    version: PolicyVersion | None

    def answers(
        self, asked: tuple[datetime, str | None, str | None], organisation: Organisation, policies: PolicyBook
    ) -> bool:
        return self.asked == asked and self.organisation is organisation and self.policies is policies


@dataclass(slots=True)
class World:
    """`now` is the time of recording. A `complete` world knows everything, so what it lacks does not exist.

    `position` is that of the last event recorded before what is judged. `engine` is the version of the rules that judges in this world: what is pinned to a version is pinned to that one.
    """

    now: datetime
    fingerprint: Fingerprint
    organisation: Organisation = field(default_factory=Organisation)
    policies: PolicyBook = field(default_factory=PolicyBook)
    payroll: Payroll = field(default_factory=Payroll)
    streams: MutableMapping[str, Stream] = field(default_factory=dict)
    held: MutableMapping[Key, Holder | None] = field(default_factory=dict)
    tallies: MutableMapping[Key, int] = field(default_factory=dict)
    lapsing: MutableMapping[str, dict[str, datetime]] = field(default_factory=dict)
    holdings: MutableMapping[str, frozenset[str]] = field(default_factory=dict)
    complete: bool = False
    position: int = 0
    engine: str = ENGINE
    found: FoundPolicy | None = field(default=None, repr=False, compare=False)

    def customer(self, customer: str) -> CustomerStream:
        """Everything known of a customer; the empty history when there is none."""
        stream = self._stream(customer_stream(customer), CustomerStream)
        assert isinstance(stream, CustomerStream)
        return stream

    def deal(self, deal: str) -> DealStream:
        """Everything known of a deal; the empty history when there is none."""
        stream = self._stream(deal_stream(deal), DealStream)
        assert isinstance(stream, DealStream)
        return stream

    def case(self, case: str) -> CaseStream:
        """Everything known of a case; the empty history when there is none."""
        stream = self._stream(case_stream(case), CaseStream)
        assert isinstance(stream, CaseStream)
        return stream

    def payee(self, payee: str) -> PayeeStream:
        """Everything known of what was paid to somebody; the empty history when nothing was."""
        stream = self._stream(payee_stream(payee), PayeeStream)
        assert isinstance(stream, PayeeStream)
        return stream

    def seen_case(self, case: str) -> CaseStream | None:
        """The case if it has come into sight, for commands that want to see more once they have seen it."""
        return self.case(case) if self.complete or case_stream(case) in self.streams else None

    def seen_deal(self, deal: str) -> DealStream | None:
        """The deal if it has come into sight, for commands that want to see more once they have seen it."""
        return self.deal(deal) if self.complete or deal_stream(deal) in self.streams else None

    def seen_customer(self, customer: str) -> CustomerStream | None:
        """The customer if it has come into sight, for commands that want to see more once they have seen it."""
        return self.customer(customer) if self.complete or customer_stream(customer) in self.streams else None

    def holder(self, key: Key) -> Holder | None:
        """Which history holds the key, if one does."""
        if not self.complete and key not in self.held:
            raise NotInSight(f"key {key[0]}")
        return self.held.get(key)

    def tally(self, key: Key) -> int:
        if not self.complete and key not in self.tallies:
            raise NotInSight(f"tally {key}")
        return self.tallies.get(key, 0)

    def lapsed(self, rep: str) -> list[str]:
        """The histories of this rep's customers about which the clock has something to tell by now, in order of their name."""
        return sorted(stream for stream, at in self.lapsing.get(rep, {}).items() if at <= self.now)

    def held_by(self, rep: str) -> list[str]:
        """The histories of the customers that this rep holds, as far as they have come into sight, in order of their name."""
        if not self.complete:
            return sorted(self.holdings.get(rep, ()))
        return sorted(
            name for name, s in self.streams.items() if isinstance(s, CustomerStream) and s.holding.owner == rep
        )

    def policy(self, at: datetime, rep: str | None = None, product: str | None = None) -> PolicyVersion | None:
        """The policy for an act of that time by that rep: of the unit in which the rep worked then."""
        asked = (at, rep, product)
        if self.found is None or not self.found.answers(asked, self.organisation, self.policies):
            post = self.organisation.post(rep, at) if rep else None
            version = self.policies.in_force(at, self.organisation, post.unit if post else None, product)
            self.found = FoundPolicy(asked, self.organisation, self.policies, version)
        return self.found.version

    def after(self, facts: Iterable[AnyFact]) -> "World":
        """This world as it would be after the facts, leaving this one as it is."""
        later = replace(
            self,
            streams=ChainMap({}, self.streams),
            held=ChainMap({}, self.held),
            tallies=ChainMap({}, self.tallies),
            lapsing=ChainMap({}, self.lapsing),
        )
        for fact in facts:
            later.apply(fact, 0)
        return later

    def apply(self, fact: AnyFact, position: int) -> tuple[Effect, ...]:
        """Fold a fact in: into its history, the shared facts, the organisation or the policies. Gives what it changed."""
        self._evolve(fact, position)
        return self.share(fact, position)

    def share(self, fact: AnyFact, position: int) -> tuple[Effect, ...]:
        """Fold a fact into the shared facts alone: its history is not in sight. Gives what it changed."""
        self.position = max(self.position, position)
        changed = effects(fact)
        for effect in changed:
            match effect:
                case Hold():
                    self.held[(effect.kind, effect.key)] = Holder(fact.stream, position)
                case Free():
                    self.held[(effect.kind, effect.key)] = None
                case Count():
                    key = (effect.kind, effect.key)
                    self.tallies[key] = self.tallies.get(key, 0) + effect.n
                case Wake() | Rest():
                    self._set_alarm(fact.stream, effect)
                case _:
                    assert_never(effect)
        return changed

    def _evolve(self, fact: AnyFact, position: int) -> None:
        stream = fact.stream
        if isinstance(fact, OfCustomer) or (isinstance(fact, OfSubject) and fact.customer):
            before = self.streams.get(stream) or CustomerStream()
            self.streams[stream] = evolve_customer(cast(CustomerStream, before), fact, position)
        elif isinstance(fact, OfDeal):
            before = self.streams.get(stream) or DealStream()
            self.streams[stream] = evolve_deal(cast(DealStream, before), fact, position)
        elif isinstance(fact, OfCase):
            before = self.streams.get(stream) or CaseStream()
            self.streams[stream] = evolve_case(cast(CaseStream, before), fact, position)
        elif isinstance(fact, OfPayee):
            before = self.streams.get(stream) or PayeeStream()
            self.streams[stream] = evolve_payee(cast(PayeeStream, before), fact, position)
        elif isinstance(fact, PolicyPublished):
            self.policies = policy.evolve(self.policies, fact, position)
        elif isinstance(fact, OfPayroll):
            self.payroll = payroll.evolve(self.payroll, fact, position)
        else:
            self.organisation = organisation.evolve(self.organisation, fact, position)

    def _set_alarm(self, stream: str, effect: Wake | Rest) -> None:
        """Keep in sight when a rep's holding lapses; the alarms of no rep are the sweeper's alone."""
        if effect.alarm != RETENTION or effect.who is None:
            return
        lapsing = self.lapsing.get(effect.who)
        if lapsing is None or isinstance(self.lapsing, ChainMap):
            lapsing = self.lapsing[effect.who] = dict(lapsing or {})
        lapsing.pop(stream, None)
        if isinstance(effect, Wake) and effect.at is not None:
            lapsing[stream] = effect.at

    def _stream(self, name: str, empty: type[Stream]) -> Stream:
        stream = self.streams.get(name)
        if stream is None:
            if not self.complete:
                raise NotInSight(name)
            return empty()
        return stream
