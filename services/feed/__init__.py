"""The events of the ledger for whoever has no Kafka: pages by position, and a stream that goes on."""
