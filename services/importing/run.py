"""One import from beginning to end: read all files, bring the rows into one order, record them, and account for each."""

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Final

from domain.commands import AnyCommand
from domain.refusals import Code, Refusal
from services.importing.books import Books
from services.importing.mapping import MappingFile, MappingWrong
from services.importing.plan import Asked, Plan, PlannedShape, compiled
from services.importing.policies import default_policy
from services.importing.reading import Table, Unreadable, opened
from services.importing.reasons import Explanation, NotIn, Reason
from services.importing.report import Explain
from services.importing.settling import settle
from services.importing.sorting import Sortable, Sorter, packed, unpacked

ROWS_AT_ONCE: Final = 512
EVERY: Final = 500
SELDOM: Final = 50_000
STANDS_ALREADY: Final = (Code.POLICY_OVERLAP, Code.ID_TAKEN, Code.ALREADY_JOINED, Code.COMMAND_ID_REUSED)


@dataclass(slots=True)
class FileAccount:
    """How many rows of a file were read, came in now, were in already, left nothing to record, or did not come in."""

    file: str
    shape: str
    encoding: str
    rows: int = 0
    came_in: int = 0
    repeated: int = 0
    nothing_to_record: int = 0
    not_in: int = 0


@dataclass(slots=True)
class Account:
    """What became of an import. `reasons` counts the rows that did not come in by code, `columns` by code and column;
    `notes` are for the reader.
    """

    files: list[FileAccount] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    columns: Counter[tuple[str, str]] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    head_before: int = 0
    head_after: int = 0
    seconds: float = 0.0

    def count(self, explanation: Explanation) -> None:
        self.reasons[explanation.code] += 1
        self.columns[explanation.code, explanation.column] += 1

    def total(self, what: str) -> int:
        return sum(getattr(each, what) for each in self.files)


@dataclass(frozen=True, slots=True)
class Progress:
    """Who wants to know how far it is: how many bytes there are, how many were read, how many rows were recorded of all."""

    begin: Callable[[int], None] = lambda _bytes: None
    read: Callable[[int], None] = lambda _bytes: None
    recorded: Callable[[int, int], None] = lambda _rows, _of: None


@dataclass(slots=True)
class Pending:
    """A row on its way: what was asked for it, and what was answered."""

    account: FileAccount
    line: int
    shape: str
    key: str
    asked: list[Asked]


@dataclass(slots=True)
class Importer:
    books: Books
    plan: Plan
    explain: Explain
    progress: Progress
    began: datetime
    account: Account = field(default_factory=Account)
    shapes: dict[int, PlannedShape] = field(default_factory=dict)
    recorded: int = 0

    def read(self, table: Table, shape: PlannedShape, places: Sequence[int], sorter: Sorter, read_before: int) -> None:
        """Read a file's rows into the sorter; what cannot be read is explained at once."""
        account = FileAccount(table.name, shape.name, table.encoding)
        number = len(self.account.files)
        self.account.files.append(account)
        if left := shape.not_taken(table.columns):
            self.account.notes.append(f"{table.name} has columns that the mapping does not take: {', '.join(left)}")
        for line, fields in table.rows:
            account.rows += 1
            if account.rows % EVERY == 0:
                self.progress.read(read_before + table.position())
            if isinstance(fields, Reason):
                self._not_in(account, Explanation.of_row(table.name, line, shape.name, "", NotIn(fields)))
                continue
            values = shape.values([fields[place] for place in places])
            if shape.is_ignored(values):
                account.nothing_to_record += 1
                continue
            key = ""
            try:
                key = shape.key_of(values)
                sorter.add(
                    (
                        shape.order,
                        shape.time_of(values),
                        shape.rank_of(values),
                        key,
                        number,
                        line,
                        packed(list(values.values())),
                    )
                )
            except NotIn as why:
                self._not_in(account, Explanation.of_row(table.name, line, shape.name, key, why))

    def record(self, sorter: Sorter) -> None:
        """Record the rows in their order: shape by shape as the mapping has them, in each by time, activity and key."""
        order, rows = -1, iter(sorter)
        while chunk := list(islice(rows, ROWS_AT_ONCE)):
            for at, same in by_shape(chunk):
                if at != order:
                    order = at
                    self._look_at_the_organisation()
                self._settle([pending for row in same if (pending := self._drawn(row))])
            self.recorded += len(chunk)
            self.progress.recorded(self.recorded, sorter.count)

    def _look_at_the_organisation(self) -> None:
        if self.plan.asks_for_managers:
            self.plan.conventions.organisation = self.books.organisation()

    def _drawn(self, row: Sortable) -> Pending | None:
        order, _, _, key, number, line, fields = row
        shape, account = self.shapes[order], self.account.files[number]
        values = dict(zip(shape.columns, unpacked(fields), strict=True))
        try:
            return Pending(account, line, shape.name, key, list(shape.commands(key, values)))
        except NotIn as why:
            self._not_in(account, Explanation.of_row(account.file, line, shape.name, key, why))
            return None

    def _settle(self, rows: Sequence[Pending]) -> None:
        """Put the rows' commands to the ledger. A row whose step is no command at all is not asked any further."""
        commands: list[tuple[str, AnyCommand]] = []
        for row in rows:
            for _, command_id, command in row.asked:
                if isinstance(command, Refusal):
                    break
                commands.append((command_id, command))
        answers = iter(settle(self.books, commands, self.began))
        for row in rows:
            told: list[tuple[str, Refusal | None, bool]] = []
            for step, _, command in row.asked:
                if isinstance(command, Refusal):
                    told.append((step, command, False))
                    break
                answer = next(answers)
                told.append((step, answer.refusal, answer.repeated))
            self._account_for(row, told)

    def _account_for(self, row: Pending, told: Sequence[tuple[str, Refusal | None, bool]]) -> None:
        """`told` is of each step: its name, why it was refused if it was, and whether it was in already."""
        refused = next(((step, refusal) for step, refusal, _ in told if refusal), None)
        if refused:
            partly = any(refusal is None for _, refusal, _ in told)
            file, (step, refusal) = row.account.file, refused
            explanation = Explanation.of_refusal(file, row.line, row.shape, row.key, step, refusal, partly)
            self._not_in(row.account, explanation)
        elif all(repeated for _, _, repeated in told):
            row.account.repeated += 1
        else:
            row.account.came_in += 1

    def _not_in(self, account: FileAccount, explanation: Explanation) -> None:
        account.not_in += 1
        self.account.count(explanation)
        self.explain(explanation)


def by_shape(rows: Sequence[Sortable]) -> Iterator[tuple[int, list[Sortable]]]:
    found: dict[int, list[Sortable]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    yield from found.items()


def run_import(
    files: Iterable[Path],
    mapping: MappingFile,
    books: Books,
    fingerprint: Callable[[str, str], str],
    explain: Explain = lambda _explanation: None,
    progress: Progress = Progress(),
) -> Account:
    """Import files by a mapping. Whatever can be wrong with all of a file is found before anything is recorded.

    Raises `MappingWrong` and `Unreadable`. May be stopped at any time and begun again: what is in stays in, once.
    """
    began = monotonic()
    plan = compiled(mapping.mapping, fingerprint)
    importer = Importer(books, plan, explain, progress, books.now())
    importer.account.head_before = books.head()
    importer.shapes = {shape.order: shape for shape in plan.shapes}
    with ExitStack() as stack, Sorter() as sorter, collecting_seldom():
        tables = [
            (path, stack.enter_context(opened(path, mapping.mapping.encoding, mapping.mapping.delimiter)))
            for path in files
        ]
        recognised = [(path, table, plan.recognise(table) if table else None) for path, table in tables]
        publish(mapping, plan, books, importer.account)
        progress.begin(sum(table.size for _, table, _ in recognised if table))
        read_before = 0
        for path, table, shape in recognised:
            if table is None or shape is None:
                importer.account.files.append(FileAccount(path.name, "", "", not_in=1))
                importer.account.count(empty := Explanation.of_row(path.name, 0, "", "", NotIn(Reason.FILE_EMPTY)))
                explain(empty)
                continue
            importer.read(table, *shape, sorter, read_before)
            read_before += table.size
            progress.read(read_before)
        importer.record(sorter)
    importer.account.head_after = books.head()
    importer.account.seconds = monotonic() - began
    return importer.account


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Look for garbage less often: rows make much of it and no cycles, and each look costs as much as what is in memory."""
    before = gc.get_threshold()
    gc.set_threshold(SELDOM, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def publish(mapping: MappingFile, plan: Plan, books: Books, account: Account) -> None:
    """Record the default policy and the setup. What stands already is noted; any other refusal ends the import."""
    steps: list[tuple[str, str, AnyCommand | Refusal]] = []
    if policy := default_policy(mapping):
        steps.append((f"policy {policy.version.policy}", f"{plan.source}/policy/{policy.version.policy}", policy))
    steps += plan.setup_commands()
    for name, command_id, command in steps:
        refusal = (
            command if isinstance(command, Refusal) else settle(books, [(command_id, command)], books.now())[0].refusal
        )
        if refusal is None:
            continue
        if refusal.code not in STANDS_ALREADY:
            raise MappingWrong([f"{mapping.path.name}: {name} was refused: {refusal}"])
        account.notes.append(f"{name} stands as it was recorded before: {refusal}")


__all__ = ["Account", "FileAccount", "Importer", "Progress", "Unreadable", "run_import"]
