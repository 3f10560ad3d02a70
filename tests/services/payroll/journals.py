"""Who says that a journal is sound: Beancount's own loader, hledger's own checks, and strict grammar of ours beside.

hledger has no wheel. It is the one on the PATH, or Debian's package unpacked into the virtual environment, which needs no rights;
where neither is to be had, our grammar alone checks what hledger would read.
"""

import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from beancount import loader

PACKAGES = ("hledger", "libgmp10", "libtinfo6", "libffi8")
UNPACKED = Path(sys.prefix) / "hledger"
QUICKLY = ("-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20")

COMMENT = re.compile(r";.*")
DIRECTIVE = re.compile(r"decimal-mark \.|commodity 1000\.0* [A-Z]{3}|account \S(?:.*\S)?")
HEAD = re.compile(r"\d{4}-\d{2}-\d{2} [*!] [^;|]+ \| [^;|]+")
POSTING = re.compile(
    r"    (?P<account>[^\s;](?:(?!  )[^;\t])*)  (?P<amount>-?\d+(?:\.\d+)?) (?P<commodity>[A-Z]{3})(?:  ; .*)?"
)


def beancount_errors(path: Path) -> list[str]:
    """What Beancount has against a file."""
    _, errors, _ = loader.load_file(str(path))
    return [each.message for each in errors]


def hledger_errors(path: Path) -> list[str]:
    """What hledger has against a file, if there is an hledger; and what our grammar has."""
    found = list(own_errors(path.read_text("utf-8")))
    if program := hledger():
        done = run(program, "-f", str(path), "check", "--strict", "ordereddates")
        found += [done.stderr] if done.returncode else []
    return found


def checkers() -> str:
    return f"Beancount, our own grammar, {hledger_version() or 'and no hledger, which this machine cannot get'}"


@cache
def hledger() -> str | None:
    """The program; None where it is neither installed nor to be had from Debian's packages."""
    if there := which("hledger"):
        return there
    program = UNPACKED / "usr" / "bin" / "hledger"
    if not program.exists() and which("apt-get") and which("dpkg-deb"):
        unpack()
    return str(program) if program.exists() and run(str(program), "--version").returncode == 0 else None


def unpack() -> None:
    """Fetch the packages and unpack those that come, for nobody but this virtual environment."""
    with TemporaryDirectory() as folder:
        for package in PACKAGES:
            command = ["apt-get", *QUICKLY, "download", package]
            subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
        for archive in Path(folder).glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(archive), str(UNPACKED)], capture_output=True, check=True)


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    libraries = os.pathsep.join(str(each) for each in UNPACKED.glob("usr/lib/*-linux-gnu*"))
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    if program.startswith(str(UNPACKED)):
        env["LD_LIBRARY_PATH"] = libraries
    return subprocess.run(
        [program, *arguments], capture_output=True, encoding="utf-8", env=env, timeout=120, check=False
    )


def hledger_version() -> str | None:
    program = hledger()
    return run(program, "--version").stdout.strip() if program else None


def own_errors(text: str) -> Iterator[str]:
    """Every line is one that hledger's manual has; every account and commodity is declared; every transaction sums to zero."""
    declared = set(re.findall(r"^account (.+)$", text, re.MULTILINE))
    decimals = {
        name: len(places) for places, name in re.findall(r"^commodity 1000\.(0*) ([A-Z]{3})$", text, re.MULTILINE)
    }
    sums: dict[str, Decimal] = defaultdict(Decimal)
    inside = False
    for number, line in enumerate([*text.splitlines(), ""], 1):
        posting = POSTING.fullmatch(line)
        if not posting and any(sums.values()):
            yield f"{number}: the transaction before does not balance: {dict(sums)}"
        if not posting:
            sums.clear()
        if posting and inside:
            account, amount, commodity = posting["account"], posting["amount"], posting["commodity"]
            sums[commodity] += Decimal(amount)
            if account not in declared:
                yield f"{number}: {account} is not declared"
            if decimals.get(commodity) != len(amount.partition(".")[2]):
                yield f"{number}: {amount} {commodity} has other decimals than were declared"
            continue
        inside = bool(HEAD.fullmatch(line))
        if not (inside or not line or COMMENT.fullmatch(line) or DIRECTIVE.fullmatch(line)):
            yield f"{number}: no line of a journal: {line!r}"
