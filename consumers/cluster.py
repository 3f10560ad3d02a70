"""Where Kafka is and how to get in, and what is said when it does not answer."""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from kafka import errors
from kafka.errors import KafkaError, KafkaTimeoutError

ANSWER_WITHIN_MS: Final = 10_000
"""How long a question to the cluster may take before it counts as away."""

REFUSED: Final = (
    errors.SaslAuthenticationFailedError,
    errors.UnsupportedSaslMechanismError,
    errors.IllegalSaslStateError,
    errors.AuthorizationError,
)
"""Errors that no waiting mends."""


class KafkaUnreachable(ConnectionError):
    """Kafka does not answer, or lets us not in. The message names the settings to look at; trying again may help."""


class Cause(logging.Handler):
    """Hears what the library tells only to its log: why a connection failed, before all it raises is that time ran out."""

    said = ""

    def emit(self, record: logging.LogRecord) -> None:
        told = record.getMessage()
        if record.msg.startswith("Bootstrap connection to") and not ("SASL" in self.said.upper() or "SSL" in self.said):
            self.said = told

    def forget(self) -> None:
        """Before connecting anew."""
        self.said = ""


CAUSE: Final = Cause(logging.WARNING)
CONNECTIONS: Final = logging.getLogger("kafka.net.manager")
CONNECTIONS.addHandler(CAUSE)
CONNECTIONS.setLevel(logging.WARNING)
CONNECTIONS.propagate = False


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

    def kafka_python(self) -> dict[str, Any]:
        """The settings as `kafka-python` takes them, whatever is made with them: producer, consumer or admin."""
        CAUSE.forget()
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
            "bootstrap_timeout_ms": ANSWER_WITHIN_MS,
            "request_timeout_ms": ANSWER_WITHIN_MS,
            "reconnect_backoff_max_ms": 2_000,
        }
        return {name: value for name, value in wanted.items() if value is not None}

    def unreachable(self, error: Exception) -> KafkaUnreachable:
        """The same as an error that says which settings to look at."""
        where = f"Kafka at {self.bootstrap} (LEDGER_KAFKA_BOOTSTRAP)"
        name, said = type(error).__name__, str(error)
        why = said if said.startswith(name) else f"{name}: {said}"
        if isinstance(error, KafkaTimeoutError) and CAUSE.said:
            why = CAUSE.said
        if isinstance(error, REFUSED) or "SSL" in why or "Sasl" in why:
            return KafkaUnreachable(
                f"{where} lets us not in: {why}. Check LEDGER_KAFKA_SECURITY, LEDGER_KAFKA_SASL_MECHANISM, "
                "LEDGER_KAFKA_SASL_USERNAME, LEDGER_KAFKA_SASL_PASSWORD and LEDGER_KAFKA_CA_FILE."
            )
        return KafkaUnreachable(f"{where} does not answer: {why}. See whether it is up, and has room on its disk.")


TROUBLE: Final = (KafkaError, OSError)
"""What the library raises when it cannot talk to Kafka: its own errors, and those of sockets and TLS below it."""
