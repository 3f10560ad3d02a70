"""Files as rows of text, whatever is wrong with them: each bad line is told by its number, the good ones come through.

Memory stays the same however large a file is: a row has at most a million characters, and one is held at a time.
"""

import codecs
import csv
import io
import json
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, Literal

from services.importing.reasons import Reason

LONGEST_ROW: Final = 1_000_000
BLOCK: Final = 1 << 20
LINES_TRIED: Final = 2_000
NDJSON_LOOKED_AT: Final = 200
DELIMITERS: Final = ",;\t|"
WIDE: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

Row = tuple[int, list[str] | Reason]
"""The number of the row's first line, and its fields in the order of the columns, or why it has none."""


class Unreadable(ValueError):
    """The file cannot be read at all; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file opened for reading: its columns, and its rows as they come. `position` tells the bytes read so far."""

    name: str
    size: int
    encoding: str
    form: Literal["csv", "ndjson"]
    columns: tuple[str, ...]
    rows: Iterator[Row]
    position: Callable[[], int]


@contextmanager
def opened(path: Path, encoding: str = "auto", delimiter: str = "auto") -> Iterator[Table | None]:
    """Open a CSV or NDJSON file, told apart by its content. None if it is empty. Raises `Unreadable`.

    What is no regular file (a pipe) is first kept on disk, since its encoding shows only at its end.
    """
    try:
        given = path.open("rb")
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror or error}") from None
    with given, seekable(given) as raw:
        yield read(raw, path.name, encoding, delimiter)


@contextmanager
def seekable(given: io.BufferedReader) -> Iterator[io.BufferedReader]:
    if given.seekable():
        yield given
        return
    with tempfile.TemporaryFile() as kept:
        shutil.copyfileobj(given, kept, BLOCK)
        kept.seek(0)
        yield kept  # type: ignore[misc]


def read(raw: io.BufferedReader, name: str, encoding: str, delimiter: str) -> Table | None:
    size = raw.seek(0, io.SEEK_END)
    chosen = encoding_of(raw, name) if encoding == "auto" else encoding
    raw.seek(0)
    try:
        text = io.TextIOWrapper(raw, encoding=chosen, errors="surrogateescape", newline="")
    except LookupError:
        raise Unreadable(f"{name}: there is no encoding {encoding}; write auto, utf-8 or gb18030") from None
    lines = Lines(text)
    head = lines.first_that_tells()
    if head is None:
        return None
    if head.lstrip().startswith("{"):
        columns, rows = ndjson(lines)
        return Table(name, size, chosen, "ndjson", columns, rows, raw.tell)
    records = csv_records(lines, delimiter_of(head) if delimiter == "auto" else delimiter)
    _, header = next(records)
    if isinstance(header, Reason):
        raise Unreadable(f"{name}: the header cannot be read: {header.told} {header.advice}")
    columns = tuple(column.strip() for column in header)
    return Table(name, size, chosen, "csv", columns, fitted(records, len(columns), lines), raw.tell)


def encoding_of(raw: io.BufferedReader, name: str) -> str:
    """UTF-8 if all of the file is, or most of its lines that could tell are; else GB18030. Raises `Unreadable` for UTF-16."""
    raw.seek(0)
    if raw.read(2) in WIDE:
        raise Unreadable(f"{name}: the file is UTF-16; save it as UTF-8 (in Excel: CSV UTF-8)")
    raw.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := raw.read(BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "utf-8-sig" if mostly_utf8(raw) else "gb18030"
    return "utf-8-sig"


def mostly_utf8(raw: io.BufferedReader) -> bool:
    raw.seek(0)
    telling = (line for line in iter(lambda: raw.readline(LONGEST_ROW), b"") if not line.isascii())
    tried = [decodes(line) for line in islice(telling, LINES_TRIED)]
    return sum(tried) * 2 >= len(tried)


def decodes(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def delimiter_of(head: str) -> str:
    """The sign that divides the header into the most columns."""
    return max(DELIMITERS, key=head.count)


class RowTooLong(Exception):
    """A row goes on beyond the longest that is read."""


class Lines:
    """The lines of a text with their ends, counted; those of the row being read can be given back."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self.text = text
        self.number = 0
        self.taken: list[str] = []
        self._length = 0
        self._again: deque[str] = deque()

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self.text.readline(LONGEST_ROW)
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        self._length += len(line)
        if len(line) >= LONGEST_ROW and line[-1] not in "\r\n":
            self._skip_to_line_end()
        if self._length >= LONGEST_ROW:
            raise RowTooLong
        return line

    def begin(self) -> int:
        """Begin a row; gives the number of its first line."""
        self.taken.clear()
        self._length = 0
        return self.number + 1

    def give_back(self) -> None:
        """Give back all lines of the row but the first, to be read again as rows of their own."""
        self.number -= len(self.taken) - 1
        self._again.extendleft(reversed(self.taken[1:]))

    def first_that_tells(self) -> str | None:
        """The first line that is not blank, which stays to be read; None if there is none."""
        for line in self:
            if line.strip("\ufeff \t\r\n"):
                self.number -= 1
                self._again.appendleft(line.removeprefix("\ufeff"))
                return self._again[0]
        return None

    def _skip_to_line_end(self) -> None:
        while (rest := self.text.readline(LONGEST_ROW)) and rest[-1] not in "\r\n":
            continue


def csv_records(lines: Lines, delimiter: str) -> Iterator[Row]:
    """The records of a CSV text. One whose quotes do not close is told by its first line; reading goes on with the next."""
    csv.field_size_limit(LONGEST_ROW)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        first = lines.begin()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except (csv.Error, RowTooLong):
            yield first, Reason.ROW_TOO_LONG if len(lines.taken) == 1 and is_long(lines) else Reason.QUOTES_UNBALANCED
            lines.give_back()
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        yield first, fields


def is_long(lines: Lines) -> bool:
    return len(lines.taken[0]) >= LONGEST_ROW


def fitted(records: Iterator[Row], width: int, lines: Lines) -> Iterator[Row]:
    """The records that fit the header; blank lines are none, and empty fields beyond the header do not count."""
    for number, fields in records:
        if isinstance(fields, Reason):
            yield number, fields
        elif len(fields) != width and len(lines.taken) > 1:
            yield number, Reason.QUOTES_UNBALANCED
            lines.give_back()
        elif fields:
            yield number, wrong_with(fields, width, lines) or fields[:width]


def wrong_with(fields: list[str], width: int, lines: Lines) -> Reason | None:
    for line in lines.taken:
        if not line.isascii() and not encodes(line):
            return Reason.NOT_DECODABLE
        if "\x00" in line:
            return Reason.TEXT_NOT_STORABLE
    if not any(fields):
        return Reason.ROW_EMPTY
    if len(fields) < width:
        return Reason.TOO_FEW_COLUMNS
    return Reason.TOO_MANY_COLUMNS if any(fields[width:]) else None


def encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def ndjson(lines: Lines) -> tuple[tuple[str, ...], Iterator[Row]]:
    """The columns that the first objects have, and every object as a row of them; a key that is not there is empty."""
    objects = json_objects(lines)
    looked_at = list(islice(objects, NDJSON_LOOKED_AT))
    columns = tuple(dict.fromkeys(name for _, found in looked_at if isinstance(found, dict) for name in found))

    def rows() -> Iterator[Row]:
        for source in (looked_at, objects):
            for number, found in source:
                yield number, found if isinstance(found, Reason) else [found.get(name, "") for name in columns]

    return columns, rows()


def json_objects(lines: Lines) -> Iterator[tuple[int, dict[str, str] | Reason]]:
    while True:
        first = lines.begin()
        try:
            line = next(lines)
        except StopIteration:
            return
        except RowTooLong:
            yield first, Reason.ROW_TOO_LONG
            continue
        if line.strip():
            yield first, json_object(line)


def json_object(line: str) -> dict[str, str] | Reason:
    if not encodes(line):
        return Reason.NOT_DECODABLE
    try:
        found = json.loads(line, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return Reason.NOT_JSON
    if not isinstance(found, dict):
        return Reason.NOT_JSON
    flat: dict[str, str] = {}
    for name, value in found.items():
        for inner, plain in (
            [(name, value)] if not isinstance(value, dict) else [(f"{name}.{key}", each) for key, each in value.items()]
        ):
            if isinstance(plain, (dict, list)):
                return Reason.NOT_JSON
            flat[inner] = "" if plain is None else str(plain).lower() if isinstance(plain, bool) else plain
    if any("\x00" in text or not encodes(text) for text in flat.values()):
        return Reason.TEXT_NOT_STORABLE
    return flat
