"""Which histories a question touches: found by what their facts name, a step at a time, whatever the size of the log.

A deal leads to its customer, a customer to its deals, to the records merged with it and to the one that it was suspected to
be; a case to everything that it is about or would change, and a deal that a case holds back to the case. A rep's other
customers, a photo or a payment used elsewhere lie beyond: what they did to these histories is in these histories.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from psycopg import Connection

from domain.fact import ORGANISATION, PAYROLL, POLICIES, case_stream, customer_stream, deal_stream
from domain.personal import Unseal
from domain.record import Recorded
from services.ledger.mapper import read_record

MOST: Final = 500
"""How many histories one question may touch."""

OF_STREAMS: Final = "select position, record::text from event where stream = any(%s) order by position"

NAMES: Final = {
    "deal": deal_stream,
    "customer": customer_stream,
    "absorbed": customer_stream,
    "survivor": customer_stream,
    "case": case_stream,
}
"""The fields by which facts name histories."""

OF_PEOPLE: Final = (
    "select position, record::text from event where stream = 'organisation'"
    " and (record -> 'fact' ->> 'rep') = any(%s) order by position"
)

DEALS: Final = "select customer, deal from deal_state where customer = any(%s)"

DealsOf = Callable[[Sequence[str]], Iterable[str]]
"""The deals of customers."""


class TooWide(ValueError):
    """A question touches more histories than one answer can show."""


class Histories:
    """The facts of every history concerned, by stream. `unseal` opens personal values."""

    def __init__(self, connection: Connection[Any], unseal: Unseal) -> None:
        self._connection = connection
        self._unseal = unseal
        self.by_stream: dict[str, list[Recorded]] = {}

    @property
    def facts(self) -> list[Recorded]:
        """Everything in the order of recording."""
        return sorted((each for facts in self.by_stream.values() for each in facts), key=lambda each: each.position)

    def gather(self, first: Iterable[str], deals_of: DealsOf) -> None:
        """Read these histories and those to which they lead. Raises `TooWide` beyond 500."""
        wanted = list(dict.fromkeys(first))
        while wanted:
            if len(self.by_stream) + len(wanted) > MOST:
                raise TooWide(f"It touches more than {MOST} histories.")
            self.by_stream |= {stream: [] for stream in wanted}
            found = list(self.read(OF_STREAMS, wanted))
            for each in found:
                self.by_stream[each.stream].append(each)
            customers = [stream.partition("/")[2] for stream in wanted if stream.startswith("customer/")]
            led = [stream for each in found for stream in led_to(each)]
            led += [deal_stream(deal) for deal in deals_of(customers)] if customers else []
            wanted = [stream for stream in dict.fromkeys(led) if stream not in self.by_stream]

    def add_people(self) -> None:
        """Read what the organisation tells of the people who act in these histories."""
        people = {rep for facts in self.by_stream.values() for each in facts for rep in people_in(each)}
        self.by_stream[ORGANISATION] = list(self.read(OF_PEOPLE, sorted(people)))

    def add_reference(self) -> None:
        """Read the organisation and the policies whole."""
        for each in self.read(OF_STREAMS, [ORGANISATION, POLICIES, PAYROLL]):
            self.by_stream.setdefault(each.stream, []).append(each)

    def read(self, query: str, asked: Sequence[str] | Sequence[int]) -> Iterator[Recorded]:
        for position, text in self._connection.execute(query.encode(), (list(asked),)).fetchall():
            yield read_record(position, text, self._unseal)


def led_to(recorded: Recorded) -> Iterator[str]:
    """The histories that a fact names, and the case because of which it was recorded."""
    if recorded.causation and recorded.causation.startswith("case/"):
        yield recorded.causation
    told = recorded.fact.model_dump(context={"seal": lambda _clear: "‹personal›"})
    yield from named_in(told)
    if told["kind"] == "duplicate-suspected.v1":
        yield customer_stream(told["rival"])


def named_in(told: Any) -> Iterator[str]:
    if isinstance(told, dict):
        for field, value in told.items():
            if field in NAMES and isinstance(value, str):
                yield NAMES[field](value)
            else:
                yield from named_in(value)
    elif isinstance(told, list | tuple):
        for each in told:
            yield from named_in(each)


def people_in(recorded: Recorded) -> Iterator[str]:
    """Who acts in a fact, or is named in it as an owner, a rep or a payee."""
    yield recorded.actor
    told = recorded.fact.model_dump(context={"seal": lambda _clear: "‹personal›"})
    for field in ("rep", "owner", "former_owner", "by", "of", "member"):
        if isinstance(told.get(field), str):
            yield told[field]


def deals_of(connection: Connection[Any]) -> DealsOf:
    """Asks the read model of deals, which must have been brought up to the head."""

    def ask(customers: Sequence[str]) -> Iterable[str]:
        return [deal for _, deal in connection.execute(DEALS, (list(customers),)).fetchall()]

    return ask
