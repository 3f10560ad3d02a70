"""The library's producer, which also takes batches whose records are written already.

Its `send` goes through the headers of a record four times and keeps a future of each record. A batch that comes whole it numbers,
signs with its id, checksums, sends and sends again like those that it wrote itself. It has no public way to take one; so the
version of the library is bound, and a test holds what both write against each other.
"""

from typing import Any, Final

from kafka import KafkaProducer, TopicPartition
from kafka.producer.producer_batch import ProducerBatch
from kafka.record.default_records import DefaultRecordBatchBuilder
from kafka.record.memory_records import MemoryRecordsBuilder

from consumers.batches import Batch

FORMAT: Final = 2
UNCOMPRESSED: Final = 0
UNSIGNED: Final[dict[str, Any]] = {
    "is_transactional": False,
    "producer_id": -1,
    "producer_epoch": -1,
    "base_sequence": -1,
}


class BatchProducer(KafkaProducer):  # type: ignore[misc]
    """A transactional producer."""

    def send_batch(self, topic: str, batch: Batch) -> None:
        """Make it the last that is to be sent to its partition in the open transaction.

        The partitions of the topic must be known (`partitions_for`). Raises `KafkaError` as `send` does; what fails later is
        raised by `commit_transaction`.
        """
        part = TopicPartition(topic, batch.partition)
        self._transaction_manager.maybe_add_partition_to_transaction(part)
        made = ProducerBatch(part, WrittenRecords(batch))
        made.max_record_size = batch.largest
        waiting = self._accumulator
        with waiting._tp_lock(part):
            waiting._batches[part].append(made)
            waiting._incomplete.add(made)


class WrittenRecords(MemoryRecordsBuilder):  # type: ignore[misc]
    """A batch as the producer keeps it until it is sent; full from the start."""

    def __init__(self, batch: Batch) -> None:
        super().__init__(FORMAT, UNCOMPRESSED, batch.size)
        self._builder = WrittenBatch(batch)
        self._next_offset = batch.count


class WrittenBatch(DefaultRecordBatchBuilder):  # type: ignore[misc]
    """The bytes of a batch, of which the producer writes the head."""

    def __init__(self, batch: Batch) -> None:
        super().__init__(FORMAT, UNCOMPRESSED, batch_size=batch.size, **UNSIGNED)
        self._buffer += b"".join(batch.records)
        self._first_timestamp, self._max_timestamp = batch.first_ms, batch.last_ms
        self._last_offset, self._num_records = batch.count - 1, batch.count
