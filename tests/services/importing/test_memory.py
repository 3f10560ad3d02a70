"""A file of any size is read in the same memory."""

import subprocess
import sys
from pathlib import Path

from services.importing.sorting import Sorter, packed

READ_WHOLE = """
import resource, sys
from pathlib import Path
from services.importing.mapping import read_mapping
from services.importing.run import run_import
from services.ledger.answer import NONE, Answer

class Blotter:
    "Takes commands and keeps nothing of them, so that what grows is the importer's own."
    def record_many(self, commands): return (Answer(NONE) for _ in commands)
    def refused_before(self, command_ids, began): return set()
    def organisation(self): raise LookupError
    def now(self): return None
    def head(self): return 0

account = run_import([Path(sys.argv[2])], read_mapping(Path(sys.argv[1])), Blotter(), lambda kind, value: value)
print(account.total("came_in"), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""

MAPPING = """
source: large
time_zone: UTC
currency: CNY
shapes:
  customers:
    key: "{id}"
    steps:
      - step: register
        command: register-customer
        fields: {at: "{day | date}", customer: "{id}", customer_name: "{name}", by: li}
"""

NOTE = "note " * 1000


def peak(folder: Path, rows: int, *, pipe: bool = False) -> tuple[int, int]:
    """How many rows came in, and the most memory that it took, in MB, with 5 kB a row."""
    mapping, file = folder / "large.yaml", folder / f"{rows}.csv"
    mapping.write_text(MAPPING, encoding="utf-8")
    with file.open("w", encoding="utf-8") as out:
        out.write("id,day,name,note\n")
        for n in range(rows):
            out.write(f"C-{n * 7919 % rows},2024-01-{n % 28 + 1:02},Shop {n},{NOTE}\n")
    name = "/dev/stdin" if pipe else str(file)
    command = [sys.executable, "-c", READ_WHOLE, str(mapping), name]
    with file.open("rb") as given, subprocess.Popen(["cat"], stdin=given, stdout=subprocess.PIPE) as cat:
        done = subprocess.run(command, stdin=cat.stdout, capture_output=True, text=True, check=True, timeout=120)
    file.unlink()
    came_in, most = map(int, done.stdout.split())
    return came_in, most


def test_sixteen_times_the_file_takes_no_more_memory(tmp_path: Path) -> None:
    few, small = peak(tmp_path, 1_000)
    many, large = peak(tmp_path, 16_000)

    assert (few, many) == (1_000, 16_000)
    assert large < small + 30


def test_a_pipe_takes_no_more_memory_than_a_file(tmp_path: Path) -> None:
    _, as_file = peak(tmp_path, 8_000)
    came_in, as_pipe = peak(tmp_path, 8_000, pipe=True)

    assert came_in == 8_000
    assert as_pipe < as_file + 15


def test_rows_beyond_what_memory_holds_lie_on_disk() -> None:
    command = [sys.executable, "-c", SORT_MANY]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)

    before, after = map(int, done.stdout.split())
    assert after - before < 25


SORT_MANY = f"""
import resource
from {Sorter.__module__} import Sorter, {packed.__name__}

def most(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

before = most()
with Sorter(4_000_000) as sorter:
    for n in range(200_000):
        sorter.add((0, float(n * 7919 % 200_000), 0, str(n), 0, n, packed(["value"] * 8)))
    assert [row[1] for row in sorter] == [float(n) for n in range(200_000)]
print(before, most())
"""
