"""Where Kafka is and how to get in, in the words of both client libraries that are used here."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException

Said = Callable[[KafkaError], None]

ANSWER_WITHIN_S: Final = 10.0
"""How long a question to the cluster may take before it counts as away."""


class KafkaUnreachable(ConnectionError):
    """Kafka does not answer, or lets us not in. The message names the settings to look at; trying again may help."""


REFUSED: Final = frozenset(
    getattr(KafkaError, name)
    for name in (
        "_AUTHENTICATION",
        "_SSL",
        "SASL_AUTHENTICATION_FAILED",
        "UNSUPPORTED_SASL_MECHANISM",
        "ILLEGAL_SASL_STATE",
        "TOPIC_AUTHORIZATION_FAILED",
        "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
        "CLUSTER_AUTHORIZATION_FAILED",
    )
)
"""Errors that no waiting mends."""

ALL_DOWN: Final[int] = getattr(KafkaError, "_ALL_BROKERS_DOWN")  # noqa: B009 (public, though it begins with _)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Bootstrap servers with what TLS and SASL need. The repr shows no secret."""

    bootstrap: str
    security: str = "PLAINTEXT"
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    mechanism: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def librdkafka(self, said: Said | None = None) -> dict[str, Any]:
        """The settings by the names of librdkafka, on which `confluent-kafka` stands. `said` hears what goes wrong."""
        wanted = {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": self.security,
            "ssl.ca.location": self.ca_file and str(self.ca_file),
            "ssl.certificate.location": self.cert_file and str(self.cert_file),
            "ssl.key.location": self.key_file and str(self.key_file),
            "sasl.mechanism": self.mechanism,
            "sasl.username": self.username,
            "sasl.password": self.password,
            "client.id": "sales-ledger",
            "error_cb": said,
            "logger": quiet(),
            "reconnect.backoff.max.ms": 2_000,
        }
        return {name: value for name, value in wanted.items() if value is not None}

    def kafka_python(self) -> dict[str, Any]:
        """The settings by the names of `kafka-python`."""
        wanted = {
            "bootstrap_servers": self.bootstrap.split(","),
            "security_protocol": self.security,
            "ssl_cafile": self.ca_file and str(self.ca_file),
            "ssl_certfile": self.cert_file and str(self.cert_file),
            "ssl_keyfile": self.key_file and str(self.key_file),
            "sasl_mechanism": self.mechanism,
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password,
            "client_id": "sales-ledger",
        }
        return {name: value for name, value in wanted.items() if value is not None}


@dataclass(slots=True)
class Complaints:
    """What the library said went wrong, kept because its exceptions often say only that time ran out."""

    cluster: Cluster
    last: KafkaError | None = None

    def __call__(self, error: KafkaError) -> None:
        """Hear of an error. That all brokers are down tells less than what was said before."""
        if self.last is None or error.code() != ALL_DOWN:
            self.last = error

    def unreachable(self, error: Exception) -> KafkaUnreachable:
        """The same as an error that says which settings to look at."""
        cause = self.last
        if cause is None and isinstance(error, KafkaException):
            cause = error.args[0]
        why = cause.str() if cause else str(error)
        where = f"Kafka at {self.cluster.bootstrap} (LEDGER_KAFKA_BOOTSTRAP)"
        if cause is not None and cause.code() in REFUSED:
            return KafkaUnreachable(
                f"{where} lets us not in: {why}. Check LEDGER_KAFKA_SECURITY, LEDGER_KAFKA_SASL_MECHANISM, "
                "LEDGER_KAFKA_SASL_USERNAME, LEDGER_KAFKA_SASL_PASSWORD and LEDGER_KAFKA_CA_FILE."
            )
        return KafkaUnreachable(f"{where} does not answer: {why}.")


def quiet() -> logging.Logger:
    """A logger for the library's own chatter, which says nothing: what matters comes as errors."""
    silent = logging.getLogger("sales-ledger.librdkafka")
    silent.propagate = False
    silent.disabled = True
    return silent
