"""What the environment decides: every variable that the services read, with its default and its meaning."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import platformdirs


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable. `default` is what a person is told that holds without it."""

    name: str
    default: str
    meaning: str
    secret: bool = False


SETTINGS: Final = (
    Setting(
        "LEDGER_DATABASE_URL",
        "the embedded PostgreSQL",
        "Where PostgreSQL 18 is, as a libpq address. It may hold a password.",
        secret=True,
    ),
    Setting(
        "LEDGER_OWNER_URL",
        "LEDGER_DATABASE_URL",
        "The same database as the owner of the ledger's tables, who migrates them. Give it to `migrate` only.",
        secret=True,
    ),
    Setting(
        "LEDGER_ALLOW_SUPERUSER",
        "no",
        "`yes` lets the ledger run as a superuser of a database of your own. The embedded one always does.",
    ),
    Setting("LEDGER_SCHEMA", "ledger", "The ledger's schema. One schema is one ledger."),
    Setting(
        "LEDGER_DATA_DIR",
        "the user's data directory",
        "Where the embedded PostgreSQL and the generated master key live.",
    ),
    Setting(
        "LEDGER_MASTER_KEY",
        "LEDGER_MASTER_KEY_FILE",
        "The master key: 32 bytes in base64. It wraps the keys of personal data. While it rotates, former ones stand behind it after commas.",
        secret=True,
    ),
    Setting(
        "LEDGER_MASTER_KEY_FILE",
        "generated as master.key in the data directory",
        "A file with the master key that only its owner may read. While it rotates, former ones stand below it.",
    ),
    Setting(
        "LEDGER_SEAL_ORIGIN",
        "sales-ledger/ and the schema",
        "The name under which heads of the log are signed, without spaces or `+`. It never changes.",
    ),
    Setting(
        "LEDGER_SEAL_KEY_FILE",
        "generated as seal.key in the data directory",
        "A file with the key that signs heads, 32 bytes in base64, that only its owner may read.",
    ),
    Setting(
        "LEDGER_SEAL_DIR", "sealed in the data directory", "Where signed heads are published, outside the database."
    ),
    Setting(
        "LEDGER_WITNESS_DIRS", "none", "Further directories to publish to, better not ours, as PATH separates them."
    ),
    Setting("LEDGER_SEAL_SECONDS", "60", "How often the sealer looks whether there is something new to sign."),
    Setting(
        "LEDGER_TOKEN_ISSUER",
        "this machine's own key",
        "The OpenID issuer whose tokens are trusted; its keys are found by discovery.",
    ),
    Setting("LEDGER_TOKEN_KEYS_FILE", "found by discovery", "A JWKS file with the issuer's keys instead."),
    Setting("LEDGER_TOKEN_AUDIENCE", "sales-ledger", "The audience that a token must be meant for."),
    Setting("LEDGER_TOKEN_SUBJECT", "sub", "The claim of a token that has the person's id in the organisation."),
    Setting(
        "LEDGER_METRICS_PORT", "none", "Where `run` shows its metrics, in Prometheus' form: a port of this machine."
    ),
    Setting(
        "LEDGER_KAFKA_BOOTSTRAP",
        "no Kafka",
        "Where Kafka is, as host:port, several with commas between. Without it nothing is published.",
    ),
    Setting("LEDGER_KAFKA_SECURITY", "PLAINTEXT", "How to speak to Kafka: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."),
    Setting("LEDGER_KAFKA_CA_FILE", "those of the system", "The certificates that Kafka's are signed with, in PEM."),
    Setting("LEDGER_KAFKA_CERT_FILE", "none", "Our own certificate for Kafka, in PEM."),
    Setting("LEDGER_KAFKA_KEY_FILE", "none", "The private key of our certificate, in PEM."),
    Setting("LEDGER_KAFKA_SASL_MECHANISM", "none", "How to log in to Kafka: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512."),
    Setting("LEDGER_KAFKA_SASL_USERNAME", "none", "Who logs in to Kafka."),
    Setting("LEDGER_KAFKA_SASL_PASSWORD", "none", "The password of who logs in to Kafka.", secret=True),
    Setting(
        "LEDGER_KAFKA_PREFIX",
        "sales-ledger.ledger, with the ledger's schema",
        "What the names of the topics begin with: .events and .relay-checkpoint are added.",
    ),
    Setting(
        "LEDGER_KAFKA_PARTITIONS", "12", "Partitions of the topic of events. Never change it while the topic lives."
    ),
    Setting("LEDGER_KAFKA_REPLICATION", "3", "On how many brokers each topic is kept; 1 where there is one broker."),
    Setting("LEDGER_KAFKA_RETENTION_DAYS", "0", "For how many days Kafka keeps events; 0 keeps them for ever."),
    Setting(
        "LEDGER_INBOX_CHANNELS",
        "payments,visits,people,leads",
        "What `run inbox` listens to: each is a topic of others, .in.payments and so on after the prefix.",
    ),
    Setting(
        "LEDGER_INBOX_MEMBER",
        "none",
        "A name of this process for `run inbox` that outlasts a restart, so that it gets its partitions back at once.",
    ),
    Setting(
        "LEDGER_KAFKA_STANDBYS",
        "none",
        "PostgreSQL stand-bys by their application_name, with commas between: only what all have on disk is published.",
    ),
)

LONGEST_SCHEMA: Final = 40


class SettingInvalid(ValueError):
    """An environment variable has a value that cannot be used. The message says which, and what it should be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the services need to know of the place they run in. The repr shows no secret."""

    data_dir: Path
    database_url: str | None = field(default=None, repr=False)
    schema: str = "ledger"
    master_key: str | None = field(default=None, repr=False)
    master_key_file: Path | None = None
    seal_origin_given: str | None = None
    seal_key_file_given: Path | None = None
    seal_dir_given: Path | None = None
    witness_dirs: tuple[Path, ...] = ()
    seal_seconds: int = 60
    owner_url: str | None = field(default=None, repr=False)
    allow_superuser: bool = False
    token_issuer: str | None = None
    token_keys_file: Path | None = None
    token_audience: str = "sales-ledger"  # noqa: S105 (a name)
    token_subject: str = "sub"  # noqa: S105 (a name)

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Self:
        """Read the settings. An empty variable counts as absent. Raises `SettingInvalid`."""
        data_dir = env.get("LEDGER_DATA_DIR") or platformdirs.user_data_dir("sales-ledger", appauthor=False)
        seal_key_file, seal_dir = env.get("LEDGER_SEAL_KEY_FILE"), env.get("LEDGER_SEAL_DIR")
        witnesses = (env.get("LEDGER_WITNESS_DIRS") or "").split(os.pathsep)
        key_file, token_keys = env.get("LEDGER_MASTER_KEY_FILE"), env.get("LEDGER_TOKEN_KEYS_FILE")
        return cls(
            data_dir=Path(data_dir).expanduser(),
            database_url=env.get("LEDGER_DATABASE_URL") or None,
            schema=plain_schema(env.get("LEDGER_SCHEMA") or "ledger"),
            master_key=env.get("LEDGER_MASTER_KEY") or None,
            master_key_file=Path(key_file).expanduser() if key_file else None,
            seal_origin_given=plain_origin(env.get("LEDGER_SEAL_ORIGIN") or None),
            seal_key_file_given=Path(seal_key_file).expanduser() if seal_key_file else None,
            seal_dir_given=Path(seal_dir).expanduser() if seal_dir else None,
            witness_dirs=tuple(Path(each).expanduser() for each in witnesses if each),
            seal_seconds=seconds(env.get("LEDGER_SEAL_SECONDS") or "60"),
            owner_url=env.get("LEDGER_OWNER_URL") or None,
            allow_superuser=yes_or_no("LEDGER_ALLOW_SUPERUSER", env.get("LEDGER_ALLOW_SUPERUSER") or "no"),
            token_issuer=env.get("LEDGER_TOKEN_ISSUER") or None,
            token_keys_file=Path(token_keys).expanduser() if token_keys else None,
            token_audience=env.get("LEDGER_TOKEN_AUDIENCE") or "sales-ledger",
            token_subject=env.get("LEDGER_TOKEN_SUBJECT") or "sub",
        )

    @property
    def key_file(self) -> Path:
        """The file that holds the master key when it is not given itself."""
        return self.master_key_file or self.data_dir / "master.key"

    @property
    def own_key_file(self) -> Path:
        """The file with this machine's own key for tokens."""
        return self.data_dir / "token.key"

    @property
    def seal_origin(self) -> str:
        """The name under which heads of the log are signed."""
        return self.seal_origin_given or f"sales-ledger/{self.schema}"

    @property
    def seal_key_file(self) -> Path:
        """The file that holds the key that signs heads."""
        return self.seal_key_file_given or self.data_dir / "seal.key"

    @property
    def seal_dirs(self) -> tuple[Path, ...]:
        """Where signed heads are published: our own directory, then the witnesses'."""
        return (self.seal_dir_given or self.data_dir / "sealed", *self.witness_dirs)


def plain_origin(name: str | None) -> str | None:
    """Return the name if heads can be signed under it. Raises `SettingInvalid`."""
    if name is not None and not re.fullmatch(r"[!-*,-~]{1,100}", name):
        raise SettingInvalid(
            f"LEDGER_SEAL_ORIGIN is {name!r}. It must be at most 100 letters, digits and signs of ASCII, without spaces or +."
        )
    return name


def seconds(text: str) -> int:
    """Return the number of seconds. Raises `SettingInvalid`."""
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        raise SettingInvalid(f"LEDGER_SEAL_SECONDS is {text!r}. It must be a whole number of seconds, at least 1.")
    return int(text)


def yes_or_no(name: str, value: str) -> bool:
    """Raises `SettingInvalid` for anything but yes and no."""
    if value not in ("yes", "no"):
        raise SettingInvalid(f"{name} is {value!r}. It must be yes or no.")
    return value == "yes"


def plain_schema(name: str) -> str:
    """Return the name if it is a plain identifier that can be a ledger's schema. Raises `SettingInvalid`."""
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", name) or name.startswith("pg_") or len(name) > LONGEST_SCHEMA:
        raise SettingInvalid(
            f"LEDGER_SCHEMA is {name!r}. It must be small letters, digits and _, begin with a letter or _ "
            f"but not with pg_, and have at most {LONGEST_SCHEMA} characters."
        )
    return name
