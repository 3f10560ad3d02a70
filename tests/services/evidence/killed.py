"""A sealer that is killed: forks children from one process, each of which dies at a later line of the sealing code."""

import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from services.database import connect
from services.evidence import sealer as sealing
from tests.services.evidence.on_record import sealer_of_dsn

KILLED = 9
STEP = 2
"""Lines between one kill and the next."""

CODE = tuple(str(Path(sealing.__file__).with_name(name)) for name in ("sealer.py", "published.py"))
"""Where it is killed: wherever something is signed, kept or published."""


def main(dsn: str, schema: str, directory: str) -> None:
    """Seal again and again, killed one line later each time, until a child comes to its end; what is left is forgotten
    in between, so that each child has everything to do. Prints how many were killed.
    """
    line = 0
    while True:
        line += STEP
        child = os.fork()
        if child == 0:
            die_at(line)
            sealer_of_dsn(dsn, schema, Path(directory)).seal()
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
            break
        forget(dsn, schema, Path(directory), line)
    sys.stdout.write(f"{line}\n")


def forget(dsn: str, schema: str, directory: Path, line: int) -> None:
    """Check what the killed one left, finish it, and put everything back to before."""
    sealer = sealer_of_dsn(dsn, schema, directory)
    head = sealer.seal()
    for place in sealer.places:
        found = place.heads_file.read_text()
        if head is None or found != head.note or place.latest_file.read_text() != head.note:
            raise SystemExit(f"killed at line {line}: {place.directory} has {found!r}")
        place.heads_file.unlink()
        place.latest_file.unlink()
    with connect(dsn, schema) as connection:
        connection.execute("delete from signed_head")
        connection.execute("delete from merkle_tile")
        connection.execute("update merkle_tree set size = 0, chain = %s", (bytes(32),))


def die_at(line: int) -> None:
    """Kill this process when it comes to its `line`-th line of the sealing code."""
    left = [line]

    def trace(frame: FrameType, event: str, told: Any) -> Any:
        del told
        if frame.f_code.co_filename not in CODE:
            return None
        if event == "line":
            left[0] -= 1
            if left[0] == 0:
                os._exit(KILLED)
        return trace

    sys.settrace(trace)


if __name__ == "__main__":
    main(*sys.argv[1:])
