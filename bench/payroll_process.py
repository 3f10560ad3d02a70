"""One thing that payroll does, in a process of its own: `python -m bench.payroll_process WHAT SCHEMA FOLDER`, the DSN on stdin.

Tells seconds, and the peak of its memory, as a line of JSON.
"""

import csv
import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from psycopg import sql

from projections.runner import Runner, log_of
from projections.statements import STATEMENT_ROW
from services.collector import spare_the_collector
from services.database import connect
from services.ledger.application import open_ledger
from services.payroll.exports.formats import Format
from services.payroll.exports.run import export
from services.payroll.run import PayrollRun
from services.payroll.statements import select_statements
from services.vault import Vault

PERIOD: Final = "2024-06"
BYTES: Final = 1 if sys.platform == "darwin" else 1024


@contextmanager
def open_run(dsn: str, schema: str) -> Iterator[PayrollRun]:
    with open_ledger(dsn, schema, Vault(bytes(32))) as ledger:
        log = log_of(ledger.notification_log, ledger.mapper)
        runner = Runner(lambda: connect(dsn, schema), log, channel=ledger.log_recorder.channel)
        yield PayrollRun(ledger, runner, lambda: connect(dsn, schema, timeouts=False))


def close(dsn: str, schema: str) -> dict[str, Any]:
    with open_run(dsn, schema) as run:
        run.wait_for(run.ledger.head().position)
        began = time.perf_counter()
        found = run.close(PERIOD, reason="measured")
        seconds = time.perf_counter() - began
    assert found.refusal is None, str(found.refusal)
    return {"seconds": seconds}


def bare(dsn: str, schema: str, folder: Path) -> dict[str, Any]:
    """The peer: a server-side cursor and the standard library's CSV writer."""
    columns = list(STATEMENT_ROW.columns)
    query = sql.SQL("SELECT {} FROM statement_row WHERE period = {} ORDER BY currency, payee, number").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Literal(PERIOD)
    )
    with closing(connect(dsn, schema, timeouts=False)) as connection:
        began = time.perf_counter()
        with connection.transaction(), connection.cursor("bare") as cursor:
            cursor.itersize = 5_000
            cursor.execute(query)
            with (folder / "bare.csv").open("w", encoding="utf-8", newline="") as file:
                writer, rows = csv.writer(file), 0
                for row in cursor:
                    writer.writerow(row)
                    rows += 1
        seconds = time.perf_counter() - began
    return {
        "seconds": seconds,
        "rows": rows,
        "section": columns.index("section"),
        "amount_minor": columns.index("amount"),
    }


def write(dsn: str, schema: str, folder: Path, form: Format) -> dict[str, Any]:
    with closing(connect(dsn, schema, timeouts=False)) as connection:
        began = time.perf_counter()
        export(connection, select_statements, PERIOD, form, folder)
        return {"seconds": time.perf_counter() - began}


def main(what: str, schema: str, folder: Path) -> None:
    dsn = sys.stdin.read()
    spare_the_collector()
    match what:
        case "close":
            found = close(dsn, schema)
        case "bare":
            found = bare(dsn, schema, folder)
        case _:
            found = write(dsn, schema, folder, Format(what))
    print(json.dumps({**found, "megabytes": peak() / 1e6}))


def peak() -> int:
    """The most memory that this process had, in bytes.

    Linux is asked for that of this program alone: what `getrusage` says begins with the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(each for each in status.read_text().splitlines() if each.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
