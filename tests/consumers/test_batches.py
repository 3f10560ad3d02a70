"""Batches written by us beside those that the library writes: the same bytes, whatever the events."""

from itertools import count, groupby
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from kafka.record.default_records import DefaultRecordBatch
from kafka.record.memory_records import MemoryRecords, MemoryRecordsBuilder

from consumers.batches import packed, partition_of
from consumers.log import BATCH_OVERHEAD, Outgoing
from consumers.producer import FORMAT, UNCOMPRESSED, WrittenRecords

SIGNED = (4_711, 3, 70_000, True)
"""Producer id, epoch, sequence, and that it is a transaction."""

NEVER_FULL = 2**30
HEAD = DefaultRecordBatch.HEADER_STRUCT.size

short = st.binary(max_size=80)
events = st.builds(
    Outgoing,
    position=st.just(1),
    key=st.binary(min_size=1, max_size=4),
    value=st.one_of(short, st.integers(0, 20_000).map(bytes)),
    headers=st.lists(st.tuples(st.text(max_size=70), short), max_size=15),
    at_ms=st.integers(0, 2**42),
    chain=st.just(b""),
)


@given(st.lists(events, min_size=1, max_size=100))
def test_a_batch_has_the_bytes_that_the_library_would_have_written(told: list[Outgoing]) -> None:
    [batch] = packed(told, 1, NEVER_FULL)
    theirs = MemoryRecordsBuilder(FORMAT, UNCOMPRESSED, NEVER_FULL)
    sizes = [theirs.append(each.at_ms, each.key, each.value, each.headers).size for each in told]
    ours = WrittenRecords(batch)
    assert ours.is_full()

    for each in (ours, theirs):
        each.set_producer_state(*SIGNED)
        each.close()

    assert ours.buffer() == theirs.buffer()
    assert ours.next_offset() == theirs.next_offset() == len(told)
    assert (batch.size, batch.largest) == (len(ours.buffer()) - HEAD, max(sizes))


@given(st.lists(events, max_size=60), st.integers(1, 12), st.integers(1, 3_000))
def test_batches_keep_the_order_of_every_partition_and_only_a_single_record_is_too_large(
    told: list[Outgoing], partitions: int, most: int
) -> None:
    numbers = count()
    numbered = [each._replace(value=b"%d" % next(numbers)) for each in told]
    batches = packed(numbered, partitions, most)

    assert all(batch.size <= most or batch.count == 1 for batch in batches)
    found = sorted(batches, key=lambda batch: batch.partition)
    for partition, some in groupby(found, key=lambda batch: batch.partition):
        values = [record.value for batch in some for record in records(WrittenRecords(batch))]
        assert values == [each.value for each in numbered if partition_of(each.key, partitions) == partition]
    assert sum(batch.count for batch in batches) == len(told)


@given(events)
def test_a_record_alone_weighs_what_the_event_says(event: Outgoing) -> None:
    [batch] = packed([event], 1, 1)

    assert BATCH_OVERHEAD + batch.size == event.size


def records(written: WrittenRecords) -> list[Any]:
    written.set_producer_state(*SIGNED)
    written.close()
    return [record for batch in MemoryRecords(written.buffer()) for record in batch]
