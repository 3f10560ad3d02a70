"""A return file as payments: CSV or XLSX, every cell understood or the whole file refused, line by line."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, cast
from zipfile import BadZipFile, is_zipfile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from domain.money import MINOR_UNITS
from services.importing import reading
from services.importing.reasons import Reason
from services.payroll.returned.mapping import Name, ReturnMapping, ReturnUnusable, places, plain

SHOWN: Final = 20
"""Mistakes that are told one by one."""

ID: Final = re.compile(r"[\w.:@-]{1,80}")
NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
SEPARATED: Final = re.compile(r"[+-]?\d{1,3}([,'’ \u00a0\u202f]\d{3})+([.,]\d+)?|[+-]?\d{1,3}(\.\d{3})+,\d+")
MOST: Final = 2**63
FORMULA: Final = re.compile(r"'(?=[=+\-@\t\r])")

Line = tuple[int, list[Any]]


@dataclass(frozen=True, slots=True)
class Payment:
    """One line of the file; `amount` in minor units of `currency`."""

    line: int
    external_id: str
    payee: str
    currency: str
    amount: int
    paid_on: date
    rejected: bool


class Mistake(ValueError):
    """A cell that cannot be understood."""


def payments(path: Path, mapping: ReturnMapping, currencies: Sequence[str]) -> list[Payment]:
    """Read a return file in one of the period's currencies. Raises `ReturnUnusable`, which tells every mistake by its line.

    Without a column for it, the currency is the period's only one.
    """
    header, lines = opened(path)
    at = places(header, mapping, path.name)
    found: list[Payment] = []
    mistakes: list[str] = []
    for number, cells in lines:
        try:
            found.append(payment(number, cells, at, mapping, currencies))
        except Mistake as mistake:
            mistakes.append(f"{path.name}:{number}: {mistake}")
    used = sorted({each.currency for each in found})
    if len(used) > 1:
        mistakes.append(f"{path.name}: {' and '.join(used)} in one file; give a file for each currency")
    if mistakes:
        more = [f"and {len(mistakes) - SHOWN} lines more"] if len(mistakes) > SHOWN else []
        raise ReturnUnusable([*mistakes[:SHOWN], *more])
    return found


def opened(path: Path) -> tuple[list[str], Iterator[Line]]:
    """The header, and the lines as they come. Raises `ReturnUnusable`."""
    try:
        if is_zipfile(path):
            return header_of(workbook_lines(path), path)
        return header_of(text_lines(path), path)
    except OSError as error:
        raise ReturnUnusable([f"{path}: {error.strerror or error}"]) from None


def header_of(lines: Iterator[Line], path: Path) -> tuple[list[str], Iterator[Line]]:
    _, first = next(lines, (0, []))
    header = ["" if each is None else str(each) for each in first]
    if not any(header):
        raise ReturnUnusable([f"{path.name}: the file is empty"])
    return header, lines


def text_lines(path: Path) -> Iterator[Line]:
    try:
        with reading.opened(path) as table:
            if table is None:
                return
            yield 1, list(table.columns)
            for number, cells in table.rows:
                if isinstance(cells, Reason):
                    raise ReturnUnusable([f"{path.name}:{number}: {cells.told} {cells.advice}"])
                yield number, cast(list[Any], cells)
    except reading.Unreadable as error:
        raise ReturnUnusable([str(error)]) from None


def workbook_lines(path: Path) -> Iterator[Line]:
    """The lines of the first sheet that are not empty."""
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, BadZipFile, KeyError, ValueError) as error:
        raise ReturnUnusable([f"{path.name}: no workbook that can be read ({error}); save it as XLSX or CSV"]) from None
    try:
        for number, cells in enumerate(book.worksheets[0].iter_rows(values_only=True), 1):
            if any(each is not None and str(each).strip() for each in cells):
                yield number, list(cells)
    finally:
        book.close()


def payment(
    number: int, cells: Sequence[Any], at: Mapping[Name, int], mapping: ReturnMapping, currencies: Sequence[str]
) -> Payment:
    """One line. Raises `Mistake`."""
    values = {name: cells[i] if i < len(cells) else None for name, i in at.items()}
    currency = currency_of(values.get("currency"), mapping, currencies)
    payee = identity(values["payee"], "payee")
    return Payment(
        line=number,
        external_id=identity(values["external_id"], "external id"),
        payee=mapping.payees.get(payee, payee),
        currency=currency,
        amount=amount_of(values["amount"], currency, minor=mapping.amounts == "minor"),
        paid_on=date_of(values["date"], mapping.dates),
        rejected=is_rejected(values["status"], mapping),
    )


def written(value: Any) -> str:
    """A cell as a person reads it; whole numbers of a spreadsheet have no point."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return FORMULA.sub("", str(value).strip())


def identity(value: Any, what: str) -> str:
    text = written(value)
    if not ID.fullmatch(text):
        raise Mistake(f"{text!r} is no {what}: letters, digits and . : @ - _ only, 80 at most")
    return text


def currency_of(value: Any, mapping: ReturnMapping, currencies: Sequence[str]) -> str:
    text = written(value)
    if not text:
        if len(currencies) > 1:
            raise Mistake(f"the period pays in {' and '.join(currencies)}; add a column `currency`")
        return currencies[0]
    code = mapping.currencies.get(text, text)
    if code not in MINOR_UNITS:
        raise Mistake(f"{text} is no currency of ISO 4217")
    if code not in currencies:
        raise Mistake(f"the period pays nothing in {code}; it pays in {' and '.join(currencies)}")
    return code


def amount_of(value: Any, currency: str, *, minor: bool) -> int:
    """The amount in minor units.

    >>> (
    ...     amount_of("4500.01", "CNY", minor=False),
    ...     amount_of(1200.0, "JPY", minor=False),
    ...     amount_of("7", "KWD", minor=True),
    ... )
    (450001, 1200, 7)
    """
    text = written(value)
    if SEPARATED.fullmatch(text):
        raise Mistake(f"{text} has thousands separated; write plain digits with a point, such as 4500.01")
    if not NUMBER.fullmatch(text):
        raise Mistake(f"{text!r} is no amount; write plain digits with a point, such as 4500.01")
    places = 0 if minor else MINOR_UNITS[currency]
    found = Decimal(text).scaleb(places)
    if found != found.to_integral_value():
        raise Mistake(f"{text} has more decimals than {currency}, which has {places}")
    if not 0 < found < MOST:
        raise Mistake(f"{text} is not more than zero" if found <= 0 else f"{text} is more than can be paid")
    return int(found)


def date_of(value: Any, forms: Sequence[str]) -> date:
    if isinstance(value, datetime):
        return value.date()
    text = written(value)
    for form in (*forms, None):
        if found := in_form(text, form):
            return found
    raise Mistake(f"{text!r} is no date; write 2024-07-15, or name the form in a mapping (`dates`)")


def in_form(text: str, form: str | None) -> date | None:
    """The day that is written in a form, or in that of ISO 8601; None if it is not."""
    try:
        read = datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        return None
    return read.date()


def is_rejected(value: Any, mapping: ReturnMapping) -> bool:
    text = plain(written(value))
    if text in {plain(each) for each in mapping.rejected}:
        return True
    if text in {plain(each) for each in mapping.paid}:
        return False
    known = ", ".join((*mapping.paid, *mapping.rejected))
    raise Mistake(f"{written(value)!r} is no status that is known: {known}; name it in a mapping (`paid`, `rejected`)")
