"""What can go wrong and is expected to: one message that says what to do, one stable code, one exit code. No stack traces."""

import sys
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict
from rich.text import Text

from consumers.checkpoint import CheckpointLost
from consumers.cluster import KafkaUnreachable
from consumers.publisher import EventTooLarge, PublishingFailed
from consumers.relay import KafkaAhead
from consumers.topics import TopicDiffers
from domain.refusals import Refusal
from projections.folding import ProjectionStopped
from projections.rebuild import RebuildDiffers
from projections.registry import NewerThanTheCode
from services.cli.output import errors, print_json
from services.evidence.seal_key import SealKeyUnusable
from services.evidence.sealer import NotPublished
from services.evidence.tiles import LogRewritten
from services.ledger.answer import LedgerUnavailable, OutcomeUnknown
from services.ledger.grants import RoleTooMighty
from services.ledger.schema import SchemaUnusable
from services.master_keys import MasterKeyUnusable
from services.settings import SettingInvalid

DONE: Final = 0
CHECK_FAILED: Final = 1
BAD_USAGE: Final = 2
REFUSED: Final = 3
INTERRUPTED: Final = 130


class Failure(Exception):
    """A command cannot do what it was asked. `code` is stable; the message says what is wrong and what to do."""

    def __init__(self, code: str, message: str, exit_code: int = BAD_USAGE, refusal: Refusal | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.exit_code = exit_code
        self.refusal = refusal


def unknown(what: str, name: str, where: str) -> Failure:
    """There is nothing of that name; `where` says which command lists those there are."""
    return Failure(f"unknown-{what}", f"There is no {what} {name}. {where}")


def refused(refusal: Refusal) -> Failure:
    """A rule has said no."""
    return Failure(str(refusal.code), str(refusal), REFUSED, refusal)


@dataclass(frozen=True, slots=True)
class Told:
    """How an exception is told."""

    code: str
    message: str
    exit_code: int
    refusal: Refusal | None = None


def told(error: BaseException, database_url: str | None = None) -> Told | None:
    """How an expected failure is told; None for one that nobody expected."""
    match error:
        case Failure():
            return Told(error.code, str(error), error.exit_code, error.refusal)
        case SettingInvalid():
            return Told("setting-invalid", str(error), BAD_USAGE)
        case MasterKeyUnusable():
            return Told("master-key-unusable", str(error), BAD_USAGE)
        case SealKeyUnusable():
            return Told("seal-key-unusable", str(error), BAD_USAGE)
        case NotPublished():
            return Told("not-published", f"{error}. The head is signed; seal again to publish it.", CHECK_FAILED)
        case LogRewritten():
            return Told("log-rewritten", str(error), CHECK_FAILED)
        case RoleTooMighty():
            return Told("role-too-mighty", str(error), BAD_USAGE)
        case SchemaUnusable() | NewerThanTheCode():
            return Told("schema-unusable", str(error), BAD_USAGE)
        case RebuildDiffers():
            return Told("rebuild-differs", str(error), CHECK_FAILED)
        case ProjectionStopped():
            return Told("projection-stopped", str(error), CHECK_FAILED)
        case OutcomeUnknown():
            return Told("outcome-unknown", str(error), CHECK_FAILED)
        case KafkaUnreachable() | PublishingFailed():
            return Told("kafka-unreachable", str(error), BAD_USAGE)
        case TopicDiffers():
            return Told("topic-differs", str(error), BAD_USAGE)
        case EventTooLarge():
            return Told("event-too-large", str(error), CHECK_FAILED)
        case KafkaAhead() | CheckpointLost():
            return Told("kafka-ahead" if isinstance(error, KafkaAhead) else "checkpoint-lost", str(error), CHECK_FAILED)
        case LedgerUnavailable() | psycopg.OperationalError():
            return Told("database-unreachable", unreachable(error, database_url), BAD_USAGE)
        case PermissionError() | FileNotFoundError() | IsADirectoryError() | NotADirectoryError():
            return Told("file-unusable", f"{error.strerror}: {error.filename}", BAD_USAGE)
        case _:
            return None


def unreachable(error: BaseException, database_url: str | None) -> str:
    why = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if database_url is None:
        return f"The embedded PostgreSQL does not answer: {why}. Is LEDGER_DATA_DIR writable, and the disk not full?"
    return (
        f"PostgreSQL cannot be reached at {address(database_url)}: {why}. "
        "Check LEDGER_DATABASE_URL, or unset it to use the embedded server."
    )


def address(database_url: str) -> str:
    """Where a database is, without its password."""
    try:
        parts = conninfo_to_dict(database_url)
    except psycopg.ProgrammingError:
        return "LEDGER_DATABASE_URL, which is no address that libpq can read"
    return f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"


def tell(failure: Told, *, as_json: bool) -> None:
    """Tell a failure: as a document on standard output for scripts, in words on standard error for people."""
    if as_json:
        document: dict[str, object] = {"code": failure.code, "message": failure.message, "exit_code": failure.exit_code}
        if failure.refusal:
            document["refusal"] = failure.refusal
        print_json({"error": document})
        return
    name = "refused" if failure.exit_code == REFUSED else "error"
    errors().print(Text.assemble((f"{name}: ", "bold red"), failure.message), soft_wrap=not sys.stderr.isatty())
