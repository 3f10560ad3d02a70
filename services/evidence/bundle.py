"""Evidence bundles: the events concerned in their stored bytes, with the proofs that the signed log has them, in one file.

The same log, head and question give the same bytes. `verify_bundle.py`, which every bundle holds, checks it without us.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final, cast

from psycopg import Connection

from domain.case.facts import DecisionIssued, DisputeFiled
from domain.case.matter import streams_of
from domain.commission import attribute
from domain.contract.facts import ContractSigned
from domain.deal.facts import DealOpened
from domain.fact import ORGANISATION, POLICIES, case_stream, customer_stream, deal_stream
from domain.facts import AnyFact, DealStreamFact
from domain.organisation.facts import Duty, Organisation, OrganisationFact, evolve
from domain.personal import keep_sealed
from domain.policy.facts import PolicyPublished
from domain.policy.terms import PolicyVersion
from domain.record import Recorded
from domain.refusals import Code, Refusal
from domain.streams import DealStream, evolve_deal
from services.evidence import verify_bundle
from services.evidence.page import page
from services.evidence.published import SignedHead
from services.evidence.sealer import Sealer, heads_beyond
from services.evidence.tiles import LogRewritten, StoredTree
from services.evidence.verify_bundle import canonical, packed
from services.ledger.application import Ledger
from services.ledger.mapper import read_record, stamp

EVENTS: Final = (
    "select position, record::text from event where stream = any(%s) and position <= %s order by position limit %s"
)
MOST_EVENTS: Final = 50_000
"""Events of one bundle. More is refused rather than cut."""

READERS: Final[tuple[Duty, ...]] = ("committee", "mid-office", "manager")
"""Whose duty it is to know of whom a case tells."""

SEALED: Final = re.compile(r'"(sealed\.1\.[\w.=-]+)"')


class NothingToProve(LookupError):
    """There are no events of the streams named, or more than a bundle holds."""


class NotForThem(PermissionError):
    """Personal values were asked for by somebody who may not have them."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Stored:
    """An event as it is stored, and as it is read."""

    text: str
    recorded: Recorded

    @property
    def position(self) -> int:
        return self.recorded.position

    @property
    def fact(self) -> AnyFact:
        return self.recorded.fact


@dataclass(frozen=True)
class Bundler:
    """Makes bundles of one ledger. Seals it first where the last head does not have all that is there."""

    ledger: Ledger
    sealer: Sealer

    def of_case(self, case: str, *, personal_for: str | None = None) -> bytes:
        """The bundle of a case and of all that it is about. `personal_for` is who wants the personal values with it.

        Raises `NothingToProve`, `LogRewritten`, or `NotForThem` if that person may not have them.
        """
        head = self._sealed()
        with self.sealer.connect() as connection:
            streams = tuple(self._concerned(connection, case, head.size))
            return self._made(connection, head, streams, case, personal_for)

    def of_streams(self, streams: Sequence[str], *, personal_for: str | None = None) -> bytes:
        """The bundle of some histories, such as `deal/D-1`. Otherwise as `of_case`."""
        head = self._sealed()
        with self.sealer.connect() as connection:
            return self._made(connection, head, streams, None, personal_for)

    def _sealed(self) -> SignedHead:
        head = self.sealer.seal()
        if head is None:
            raise NothingToProve("The log is empty.")
        return head

    def _concerned(self, connection: Connection[Any], case: str, size: int) -> Iterator[str]:
        """The case, what it is about, what its rulings change, and the customers of those deals."""
        history = stored(connection, [case_stream(case)], size)
        found = [case_stream(case)]
        for fact in (each.fact for each in history):
            if isinstance(fact, DisputeFiled):
                found += streams_of(fact.matter)
            if isinstance(fact, DecisionIssued):
                found += (*fact.ruling.streams, *(deal_stream(each.deal) for each in fact.predicted))
        deals = [each for each in found if each.startswith("deal/")]
        openings = (each.fact for each in stored(connection, deals, size))
        found += [customer_stream(fact.customer) for fact in openings if isinstance(fact, DealOpened)]
        yield from dict.fromkeys(found)

    def _made(
        self,
        connection: Connection[Any],
        head: SignedHead,
        streams: Sequence[str],
        case: str | None,
        reader: str | None,
    ) -> bytes:
        events = stored(connection, streams, head.size)
        if missing := [each for each in streams if each not in {event.recorded.stream for event in events}]:
            raise NothingToProve(f"There is no event of {missing[0]}.")
        if POLICIES not in streams:
            needed = policies_needed(events)
            published = (each for each in stored(connection, [POLICIES], head.size) if is_of(each.fact, needed))
            events = sorted([*events, *published], key=lambda each: each.position)
        since = min(each.position for each in events if each.recorded.stream == streams[0])
        tree = StoredTree(connection)
        files = {
            "events.ndjson": "".join(f"{each.text}\n" for each in events).encode(),
            "proofs.json": canonical({"events": [entry(each, tree, head.size) for each in events]}),
            "head.note": head.note.encode(),
            "heads.json": canonical({"since": since, "heads": list(self._earlier(connection, tree, since, head.size))}),
            "amounts.json": canonical(list(amounts(events))),
            "case.json": canonical(verify_bundle.summary(as_read(events))),
            "verify_bundle.py": (resources.files("services.evidence") / "verify_bundle.py").read_bytes(),
        }
        if reader:
            files["personal.json"] = canonical(dict(self._revealed(events, reader)))
        manifest = self._manifest(head, events, streams, case)
        files["page.html"] = page(manifest, as_read(events), json.loads(files["amounts.json"]), head.head.root.hex())
        return self._signed(manifest, files)

    def _earlier(
        self, connection: Connection[Any], tree: StoredTree, since: int, size: int
    ) -> Iterator[dict[str, Any]]:
        """Every head published since, before this one, each with the proof that this one continues it."""
        after = since - 1
        while page_of_heads := [h for h in heads_beyond(connection, self.sealer.key.public, after) if h.size < size]:
            for each in page_of_heads:
                yield {"note": each.note, "proof": [h.hex() for h in tree.consistency(each.size, size)]}
            after = page_of_heads[-1].size

    def _revealed(self, events: Iterable[Stored], reader: str) -> Iterator[tuple[str, str]]:
        """The personal values of the events, in the clear, by the text under which they are sealed."""
        refuse_strangers(self.ledger, reader)
        for token in dict.fromkeys(token for each in events for token in SEALED.findall(each.text)):
            clear = self.ledger.reveal(token)
            if clear is not None:
                yield token, clear

    def _manifest(
        self, head: SignedHead, events: Sequence[Stored], streams: Sequence[str], case: str | None
    ) -> dict[str, Any]:
        counts: dict[str, int] = {}
        for each in events:
            counts[each.recorded.stream] = counts.get(each.recorded.stream, 0) + 1
        told = {stream: {"events": n, "whole": stream in streams} for stream, n in counts.items()}
        key = self.sealer.key.public
        return {
            "format": verify_bundle.FORMAT,
            "case": case,
            "key": str(key),
            "size": head.size,
            "streams": told,
        }

    def _signed(self, manifest: dict[str, Any], files: dict[str, bytes]) -> bytes:
        """The zip, after it was checked as whoever receives it will. Raises `LogRewritten` if it would not hold."""
        listed = {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()
        }
        text = canonical({**manifest, "files": listed})
        key = self.sealer.key
        note = key.signed(f"{key.name}/bundle\n{hashlib.sha256(text).hexdigest()}\n").encode()
        whole = {"manifest.json": text, "manifest.note": note, **dict(sorted(files.items()))}
        found = verify_bundle.check(whole, verify_bundle.read_key(str(key.public)))
        if found:
            raise LogRewritten("The bundle would not hold: " + "; ".join(": ".join(each) for each in found[:5]))
        made = packed(whole)
        if len(made) > verify_bundle.MOST_BYTES:
            raise NothingToProve(
                f"The bundle would have {len(made)} bytes, which no verifier reads; name fewer streams."
            )
        return made


def refuse_strangers(ledger: Ledger, reader: str) -> None:
    """Raises `NotForThem` unless that person is of the committee, mid-office or management now."""
    organisation = Organisation()
    for each in ledger.read(ORGANISATION):
        organisation = evolve(organisation, cast(OrganisationFact, each.fact), each.position)
    post = organisation.post(reader, ledger.now())
    if post is None or post.duty not in READERS:
        detail = f"Reserved to: {', '.join(READERS)}."
        raise NotForThem(Refusal(code=Code.NOT_ALLOWED, clause="evidence/personal", rival=reader, detail=detail))


def stored(connection: Connection[Any], streams: Sequence[str], size: int) -> list[Stored]:
    """The events of some streams up to a position, by position. Raises `NothingToProve` if there are too many."""
    rows = cast(list[tuple[int, str]], connection.execute(EVENTS, (list(streams), size, MOST_EVENTS + 1)).fetchall())
    if len(rows) > MOST_EVENTS:
        raise NothingToProve(f"There are more than {MOST_EVENTS} events; name fewer streams.")
    return [Stored(text, read_record(position, text, keep_sealed)) for position, text in rows]


def as_read(events: Iterable[Stored]) -> list[dict[str, Any]]:
    return [{"position": each.position, **json.loads(each.text)} for each in events]


def entry(event: Stored, tree: StoredTree, size: int) -> dict[str, Any]:
    """What the bundle says of an event beside its text, with the path from its leaf to the signed root."""
    recorded = event.recorded
    return {
        "position": event.position,
        "event_id": str(recorded.event_id),
        "stream": recorded.stream,
        "version": recorded.version,
        "kind": recorded.fact.kind,
        "occurred_at": json.loads(event.text)["fact"]["at"],
        "recorded_at": stamp(recorded.recorded_at),
        "leaf": verify_bundle.hash_leaf(event.text.encode()).hex(),
        "path": [each.hex() for each in tree.inclusion(event.position, size)],
    }


def policies_needed(events: Iterable[Stored]) -> frozenset[str] | None:
    """The policies by which the amounts are reckoned and the case is heard; None for all, where no contract pins one."""
    found = set()
    for fact in (each.fact for each in events):
        if isinstance(fact, ContractSigned | DisputeFiled | DecisionIssued):
            found.add(fact.policy)
        if isinstance(fact, DecisionIssued) and any(each.currency is None for each in fact.predicted):
            return None
    return frozenset(found)


def is_of(fact: AnyFact, policies: frozenset[str] | None) -> bool:
    return isinstance(fact, PolicyPublished) and (policies is None or fact.policy in policies)


def amounts(events: Iterable[Stored]) -> Iterator[dict[str, Any]]:
    """Every commission line of the deals, as the ledger attributes it, by deal and in the order of the lines."""
    deals: dict[str, DealStream] = {}
    plans: dict[str, PolicyVersion] = {}
    for each in events:
        if isinstance(each.fact, PolicyPublished):
            plans[each.fact.policy] = each.fact.version
        elif each.recorded.stream.startswith("deal/"):
            before = deals.get(each.recorded.stream, DealStream())
            deals[each.recorded.stream] = evolve_deal(before, cast(DealStreamFact, each.fact), each.position)
    for _, deal in sorted(deals.items()):
        signing = deal.contract.signing
        for line in attribute(deal, plans[signing.policy]) if signing else ():
            assert signing, "lines follow from a contract"
            told = {"payment": line.payment, "role": line.role, "of": line.of, "payee": line.payee}
            yield {"deal": signing.deal, **told, "amount": line.amount, "currency": line.currency}
