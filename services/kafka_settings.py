"""What the environment says of Kafka, read once and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from consumers.cluster import Cluster
from consumers.standbys import Standbys
from consumers.topics import Topics
from services.settings import SettingInvalid

SECURITIES: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
MOST_PARTITIONS: Final = 10_000
MOST_REPLICAS: Final = 99
MOST_DAYS: Final = 36_500


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """Where Kafka is, which topics are ours, and whose confirmation is waited for."""

    cluster: Cluster
    topics: Topics
    standbys: Standbys

    @classmethod
    def from_environment(cls, env: Mapping[str, str], schema: str) -> Self | None:
        """Read the settings; None without bootstrap servers. Raises `SettingInvalid`."""
        bootstrap = env.get("LEDGER_KAFKA_BOOTSTRAP")
        if not bootstrap:
            return None
        cluster = Cluster(
            bootstrap,
            one_of(env, "LEDGER_KAFKA_SECURITY", SECURITIES) or "PLAINTEXT",
            file(env, "LEDGER_KAFKA_CA_FILE"),
            file(env, "LEDGER_KAFKA_CERT_FILE"),
            file(env, "LEDGER_KAFKA_KEY_FILE"),
            one_of(env, "LEDGER_KAFKA_SASL_MECHANISM", MECHANISMS),
            env.get("LEDGER_KAFKA_SASL_USERNAME") or None,
            env.get("LEDGER_KAFKA_SASL_PASSWORD") or None,
        )
        if cluster.security.startswith("SASL") and not (cluster.mechanism and cluster.username and cluster.password):
            raise SettingInvalid(
                f"LEDGER_KAFKA_SECURITY is {cluster.security}: it needs LEDGER_KAFKA_SASL_MECHANISM, "
                "LEDGER_KAFKA_SASL_USERNAME and LEDGER_KAFKA_SASL_PASSWORD."
            )
        topics = Topics(
            env.get("LEDGER_KAFKA_PREFIX") or f"sales-ledger.{schema}",
            number(env, "LEDGER_KAFKA_PARTITIONS", 12, 1, MOST_PARTITIONS),
            number(env, "LEDGER_KAFKA_REPLICATION", 3, 1, MOST_REPLICAS),
            number(env, "LEDGER_KAFKA_RETENTION_DAYS", 0, 0, MOST_DAYS),
        )
        names = [name.strip() for name in (env.get("LEDGER_KAFKA_STANDBYS") or "").split(",")]
        return cls(cluster, topics, Standbys(tuple(name for name in names if name)))


def kafka_settings(env: Mapping[str, str], schema: str) -> KafkaSettings:
    """The settings where Kafka is needed. Raises `SettingInvalid`, without bootstrap servers too."""
    found = KafkaSettings.from_environment(env, schema)
    if found is None:
        raise SettingInvalid("LEDGER_KAFKA_BOOTSTRAP is not set. Name the Kafka to use, such as localhost:9092.")
    return found


def one_of(env: Mapping[str, str], name: str, known: tuple[str, ...]) -> str | None:
    value = env.get(name) or None
    if value is not None and value not in known:
        raise SettingInvalid(f"{name} is {value!r}. It must be one of {', '.join(known)}.")
    return value


def file(env: Mapping[str, str], name: str) -> Path | None:
    value = env.get(name)
    if not value:
        return None
    path = Path(value).expanduser()
    if not path.is_file():
        raise SettingInvalid(f"{name} is {value!r}, and there is no such file.")
    return path


def number(env: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    value = env.get(name) or str(default)
    if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
        raise SettingInvalid(f"{name} is {value!r}. It must be a whole number from {least} to {most}.")
    return int(value)
