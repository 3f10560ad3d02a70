"""The auditor on real Kafka: it agrees with what the relay publishes, and finds every fault that is planted."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random
from threading import Event
from typing import Any

import pytest
from kafka import KafkaProducer

from consumers.auditor import Auditor
from consumers.checkpoint import Checkpoint
from consumers.cluster import KafkaUnreachable
from consumers.finding import Audited, Fault
from consumers.topics import Topics, prepare
from tests.consumers.relaying import Site, committed, position, running
from tests.consumers.soaking import chance

Fake = list[Any]


def republished(site: Site, spoil: Callable[[Fake], Fake]) -> Auditor:
    """An auditor of topics that hold what the relay published, spoilt."""
    records = committed(site.cluster.bootstrap, site.topics.events)
    faked = replace(site.topics, prefix=f"{site.topics.prefix}-faked")
    prepare(site.cluster, faked)
    producer = KafkaProducer(bootstrap_servers=site.cluster.bootstrap)
    for each in spoil(records):
        producer.send(faked.events, each.value, each.key, list(each.headers), each.partition, each.timestamp)
    head = site.ledger.head()
    reached = Checkpoint(head.position, head.chain).to_bytes()
    producer.send(faked.checkpoint, reached, site.log.source.encode(), partition=0)
    producer.close()
    return Auditor(site.cluster, faked, site.log)


@pytest.fixture
def published(site: Site) -> Site:
    """A hundred events in the topic."""
    site.record(100)
    site.relay().catch_up(Event())
    return site


def test_topic_and_ledger_agree_after_a_relay(published: Site) -> None:
    last = published.ledger.head().position

    audited = published.auditor().audit()

    assert audited.agrees
    assert (audited.first, audited.last, audited.checked) == (1, last, last)
    assert published.auditor().audit(last - 10).checked == 11


def test_what_a_transaction_has_not_settled_yet_is_waited_for_and_not_called_missing(
    published: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap, checkpoint = published.cluster.bootstrap, published.topics.checkpoint
    producer = KafkaProducer(bootstrap_servers=bootstrap, transactional_id=f"{checkpoint}-unsettled")
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(published.topics.events, b"{}", partition=0).get(120)
    monkeypatch.setattr("consumers.partitions.READ_WITHIN_S", 1.0)

    with pytest.raises(KafkaUnreachable, match="nothing more can be read"):
        published.auditor().audit()
    producer.abort_transaction()
    producer.close()
    monkeypatch.undo()

    assert published.auditor().audit().agrees


def test_partitions_far_ahead_of_the_others_wait_for_them(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consumers.partitions.MOST_AHEAD", 500)
    last = site.record(16_000)
    site.relay().catch_up(Event())

    audited = site.auditor().audit()

    assert (audited.agrees, audited.checked) == (True, last)


def lose(records: Fake, chance: Random) -> tuple[Fake, set[int]]:
    gone = chance.choice(records)
    return [each for each in records if each is not gone], {position(gone)}


def repeat(records: Fake, chance: Random) -> tuple[Fake, set[int]]:
    twice = chance.choice(records)
    return [*records, twice], {position(twice)}


def swap(records: Fake, chance: Random) -> tuple[Fake, set[int]]:
    index = chance.choice([i for i in range(len(records) - 1) if records[i].partition == records[i + 1].partition])
    found = [*records]
    found[index], found[index + 1] = found[index + 1], found[index]
    return found, {position(records[index])}


def alter_a_byte(records: Fake, chance: Random) -> tuple[Fake, set[int]]:
    index = chance.randrange(len(records))
    value = bytearray(records[index].value)
    value[chance.randrange(len(value))] ^= 1
    return [*records[:index], records[index]._replace(value=bytes(value)), *records[index + 1 :]], {
        position(records[index])
    }


def alter_a_header(records: Fake, chance: Random) -> tuple[Fake, set[int]]:
    index = chance.randrange(len(records))
    headers = [(name, b"someone" if name == "ce_actor" else value) for name, value in records[index].headers]
    return [*records[:index], records[index]._replace(headers=headers), *records[index + 1 :]], {
        position(records[index])
    }


def slip_in(records: Fake, chance: Random) -> tuple[Fake, set[int]]:
    index = chance.randrange(len(records))
    return [*records[:index], records[index]._replace(headers=[]), *records[index:]], {0}


@pytest.mark.parametrize(
    ("fault", "plant"),
    [
        (Fault.MISSING, lose),
        (Fault.REPEATED, repeat),
        (Fault.REORDERED, swap),
        (Fault.ALTERED, alter_a_byte),
        (Fault.ALTERED, alter_a_header),
        (Fault.UNKNOWN, slip_in),
    ],
)
def test_a_planted_fault_is_found_and_named(
    published: Site, fault: Fault, plant: Callable[[Fake, Random], tuple[Fake, set[int]]]
) -> None:
    planted: set[int] = set()

    def spoil(records: Fake) -> Fake:
        found, where = plant(records, chance(plant.__name__))
        planted.update(where)
        return found

    audited = republished(published, spoil).audit()

    assert audited.counts == Counter({fault: 1})
    assert [(each.fault, each.position) for each in audited.findings] == [(fault, *planted)]


def test_an_event_beyond_the_ledgers_end_is_unknown(published: Site) -> None:
    with published.log.connect() as connection:
        last = published.ledger.head().position
        connection.execute("DELETE FROM event WHERE position = %s", (last,))
        connection.execute("UPDATE ledger_head SET position = %s", (last - 1,))

    audited = published.auditor().audit()

    assert audited.counts[Fault.UNKNOWN] == 2
    assert {each.position for each in audited.findings} == {last}


def test_the_auditor_goes_on_with_what_is_new(published: Site) -> None:
    rounds: list[Audited] = []
    stop = Event()
    relay = published.relay()

    def told(audited: Audited) -> None:
        rounds.append(audited)
        if len(rounds) == 1:
            published.record(20)
            relay.catch_up(Event())
        else:
            stop.set()

    assert published.auditor().run_forever(stop, told, every_s=0)

    first, second = rounds
    assert (first.first, first.last) == (1, first.checked)
    assert (second.first, second.last) == (first.last + 1, published.ledger.head().position)


def test_a_topic_that_is_not_there_is_named(site: Site) -> None:
    site.record(1)
    nowhere = Auditor(site.cluster, Topics("nowhere"), site.log)

    with pytest.raises(KafkaUnreachable, match=r"nowhere\.events .* LEDGER_KAFKA_PREFIX"):
        nowhere.audit()


def test_an_audit_may_be_made_while_the_relay_publishes(published: Site) -> None:
    with running(published.relay(batch=5)):
        published.record(100)
        assert published.auditor().audit().agrees
