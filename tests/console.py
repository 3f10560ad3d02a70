"""Console blocks in documents: what is typed after `$`, and what is said to come of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXITS = re.compile(r"\s+# exits (\d+)$")


@dataclass(frozen=True, slots=True)
class Typed:
    """A command line, the exit code that it ends with, and what it prints. `...` in it stands for anything."""

    line: int
    command: str
    exits: int
    prints: str

    def is_met_by(self, output: str) -> bool:
        return re.fullmatch(as_pattern(self.prints), tidy(output)) is not None


def typed(text: str) -> Iterator[Typed]:
    r"""Every command of the console blocks of a document, in order. A line that ends in a backslash goes on in the next.

    >>> [
    ...     (each.command, each.exits, each.prints)
    ...     for each in typed("```console\n$ salesledger pool  # exits 2\nno\n```")
    ... ]
    [('salesledger pool', 2, 'no')]
    """
    for block in BLOCK.finditer(text):
        begins = text.count("\n", 0, block.start(1)) + 1
        lines = block[1].replace("\\\n", "\\\0").splitlines()
        starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            exits = EXITS.search(lines[start])
            command = EXITS.sub("", lines[start][2:]).replace("\\\0", "\\\n")
            prints = tidy("\n".join(lines[start + 1 : end]))
            yield Typed(begins + start, command, int(exits[1]) if exits else 0, prints)


def tidy(output: str) -> str:
    return "\n".join(line.rstrip() for line in output.splitlines()).strip("\n")


def as_pattern(prints: str) -> str:
    """A line `...` stands for any lines, none too; `...` within a line for anything on that line."""
    whole = "\n".join(
        "\0" if line.strip() == "..." else re.escape(line).replace(r"\.\.\.", ".*") for line in prints.split("\n")
    )
    return re.sub(r"(^|\n)\0(?=\n|$)", r"(?:(?:^|\\n)[^\\n]*)*", whole)
