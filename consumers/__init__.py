"""Who listens: the relay to Kafka, the inbox from Kafka, the library that subscribers use."""
