"""A file is there whole or not at all, whatever happens while it is written."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from services.payroll.exports.writing import FileUnwritable, whole_file

WRITES_FOR_EVER = """
import sys
from pathlib import Path
from services.payroll.exports.writing import whole_file

with whole_file(Path(sys.argv[1])) as out:
    out.write(b"half")
    out.flush()
    print("begun", flush=True)
    sys.stdin.read()
"""


def writer_of(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITES_FOR_EVER, str(path)]
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert started.stdout
    assert started.stdout.readline() == "begun\n"
    return started


def test_a_file_takes_the_place_of_the_one_before_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "june.csv"
    for text in (b"a longer one", b"short"):
        with whole_file(path) as out:
            out.write(text)
            assert path.exists() == (text == b"short")

    assert path.read_bytes() == b"short"
    assert [each.name for each in tmp_path.iterdir()] == ["june.csv"]


def test_what_goes_wrong_leaves_the_file_of_before(tmp_path: Path) -> None:
    path = tmp_path / "june.csv"
    path.write_bytes(b"before")

    def break_off() -> None:
        with whole_file(path) as out:
            out.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()

    assert path.read_bytes() == b"before"
    assert [each.name for each in tmp_path.iterdir()] == ["june.csv"]


def test_a_writer_that_is_killed_leaves_the_file_of_before_and_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "june.csv"
    path.write_bytes(b"before")
    started = writer_of(path)

    with pytest.raises(FileUnwritable, match="Another process is writing"), whole_file(path):
        pass
    os.kill(started.pid, signal.SIGKILL)
    started.communicate()

    assert path.read_bytes() == b"before"
    with whole_file(path) as out:
        out.write(b"new")
    assert path.read_bytes() == b"new"
    assert [each.name for each in tmp_path.iterdir()] == ["june.csv"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    told = pytest.raises(FileUnwritable, match="cannot be written: No such file or directory")

    with told, whole_file(tmp_path / "nowhere" / "june.csv"):
        pass
