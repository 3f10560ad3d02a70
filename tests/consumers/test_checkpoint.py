"""Where a relay goes on: after all that was committed before it began, whatever Kafka shows readers by then."""

import pytest
from kafka import KafkaProducer

from consumers.checkpoint import NOTHING, Checkpoint, last_checkpoint
from consumers.cluster import KafkaUnreachable
from consumers.topics import prepare
from tests.consumers.relaying import Site

REACHED = Checkpoint(7, bytes(32))


def test_what_readers_are_not_shown_yet_is_waited_for_by_whoever_goes_on_from_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, topics, source = site.cluster, site.topics, site.log.source
    prepare(cluster, topics)
    hidden = KafkaProducer(bootstrap_servers=cluster.bootstrap, transactional_id=f"{topics.prefix}-open")
    hidden.init_transactions()
    hidden.begin_transaction()
    hidden.send(topics.checkpoint, b"{}", b"somebody", partition=0).get(30)
    producer = KafkaProducer(bootstrap_servers=cluster.bootstrap)
    producer.send(topics.checkpoint, REACHED.to_bytes(), source.encode(), partition=0)
    begun = producer.send(topics.checkpoint, b"{}", b"begun", partition=0).get(30).offset
    producer.close()
    monkeypatch.setattr("consumers.checkpoint.ANSWER_WITHIN_MS", 1_000)

    assert last_checkpoint(cluster, topics, source) == NOTHING
    with pytest.raises(KafkaUnreachable, match="took too long"):
        last_checkpoint(cluster, topics, source, begun)
    monkeypatch.undo()
    hidden.abort_transaction()
    hidden.close()

    assert last_checkpoint(cluster, topics, source, begun) == REACHED
