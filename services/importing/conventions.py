"""How the values of an export are written: its dates, numbers, amounts and names, and what each becomes in the ledger."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from domain.money import MINOR_UNITS
from domain.organisation.facts import Organisation
from services.importing.reasons import NotIn, Reason
from services.importing.templates import Call, Function, TemplateWrong

EXCEL_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 (a serial has no zone; the mapping's is set afterwards)
EXCEL_LAST: Final = 2_958_466
SIGNS: Final = re.compile(r"[¥$€£₩₹元圆\s]|CNY|RMB|USD|EUR|HKD")
PLAIN: Final = re.compile(r"-?\d+(\.\d+)?(E\+?\d{1,2})?")
GROUPED: Final = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
NOT_OF_AN_ID: Final = re.compile(r"[^\w.:@-]+")
OPAQUE_DIGITS: Final = 16

Fingerprint = Callable[[str, str], str]


@dataclass(slots=True)
class Conventions:
    """What the mapping says of how values are written. `organisation` is the ledger's, as far as it is known by now."""

    zone: ZoneInfo
    currency: str
    minor: bool
    dates: Sequence[str]
    decimal: str
    tables: Mapping[str, Mapping[str, str]]
    fingerprint: Fingerprint
    organisation: Organisation = field(default_factory=Organisation)

    def function(self, call: Call) -> Function:
        """What a call in a template does. Raises `TemplateWrong` for a function or an argument that there is not."""
        match call.name:
            case "date":
                return self._cached(dated((call.argument,) if call.argument else self.dates, self.zone))
            case "at":
                return at_time(call.argument)
            case "money":
                return self._cached(money(self._currency(call.argument), self.minor, self.decimal))
            case "whole":
                return self._cached(whole(self.decimal))
            case "id":
                return self._cached(as_id)
            case "slug":
                return self._cached(lambda text: as_id(text.casefold()))
            case "opaque" if call.argument:
                return self._cached(opaque(call.argument, self.fingerprint))
            case "table" if call.argument in self.tables:
                return looked_up(self.tables[call.argument])
            case "manager":
                return self._manager
            case "opaque":
                raise TemplateWrong("opaque needs the kind of thing that it names: opaque rep")
            case "table":
                raise TemplateWrong(
                    f"there is no table {call.argument}; the tables are {', '.join(self.tables) or 'none'}"
                )
            case _:
                raise TemplateWrong(f"there is no function {call.name}; there are {', '.join(FUNCTIONS)}")

    @staticmethod
    def _cached(plain: Callable[[str], Any]) -> Function:
        """A function of the text alone, whose last answers are kept: exports repeat their dates and names."""
        kept = lru_cache(maxsize=8192)(plain)
        return lambda value, _at: kept(value)

    def _currency(self, named: str) -> str:
        if named and named not in MINOR_UNITS:
            raise TemplateWrong(f"{named} is no currency of ISO 4217")
        return named or self.currency

    def _manager(self, rep: str, at: datetime | None) -> str:
        """Who manages the unit in which the rep works at the time of the act, or the nearest one above it."""
        post = self.organisation.post(rep, at) if at else None
        if post is None or post.unit is None or at is None:
            raise NotIn(Reason.UNKNOWN_REP)
        for unit in self.organisation.line(post.unit, at):
            for each in self.organisation.reps.values():
                theirs = each.post(at)
                if theirs and theirs.unit == unit.unit and theirs.duty == "manager" and each.rep != rep:
                    return each.rep
        raise NotIn(Reason.NO_MANAGER)


FUNCTIONS: Final = ("date", "at", "money", "whole", "id", "slug", "opaque", "table", "manager", "default")


def dated(formats: Sequence[str], zone: ZoneInfo) -> Callable[[str], datetime]:
    """Reads a time in the first format that fits: `iso`, `excel` (serial days), or one of strptime's."""

    def read(text: str) -> datetime:
        plain = unicodedata.normalize("NFKC", text).strip()
        for form in formats:
            found = in_form(plain, form)
            if found and 1900 <= found.year < 3000:
                return found if found.tzinfo else found.replace(tzinfo=zone)
        raise NotIn(Reason.DATE_UNREADABLE)

    return read


def in_form(text: str, form: str) -> datetime | None:
    try:
        if form == "iso":
            return datetime.fromisoformat(text)
        if form == "excel":
            days = Decimal(text)
            return EXCEL_EPOCH + timedelta(seconds=round(days * 86_400)) if 0 < days < EXCEL_LAST else None
        return datetime.strptime(text, form)  # noqa: DTZ007 (the mapping's zone is set afterwards)
    except (ValueError, InvalidOperation, OverflowError):
        return None


def at_time(argument: str) -> Function:
    try:
        hour = time.fromisoformat(argument)
    except ValueError:
        raise TemplateWrong("at needs a time of day: at 18:00") from None
    return lambda value, _at: value.replace(hour=hour.hour, minute=hour.minute, second=hour.second)


def number(text: str, decimal: str) -> Decimal:
    """A number as people write it: full-width digits, thousands separated, a currency's sign before or behind.

    >>> number("¥１,２３４.50", "."), number("1.234,5", ","), number("1200 元", ".")
    (Decimal('1234.50'), Decimal('1234.5'), Decimal('1200'))
    """
    plain = SIGNS.sub("", unicodedata.normalize("NFKC", text).upper())
    if decimal == ",":
        plain = plain.translate({ord(","): ".", ord("."): ","})
    if GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    if not PLAIN.fullmatch(plain) or len(plain) > 40:
        raise NotIn(Reason.NUMBER_UNREADABLE)
    return Decimal(plain)


def money(currency: str, minor: bool, decimal: str) -> Callable[[str], int]:
    """Reads an amount into whole minor units of the currency."""
    places = 0 if minor else MINOR_UNITS[currency]

    def read(text: str) -> int:
        units = number(text, decimal).scaleb(places)
        if units != units.to_integral_value():
            raise NotIn(Reason.AMOUNT_NOT_WHOLE)
        return int(units)

    return read


def whole(decimal: str) -> Callable[[str], int]:
    def read(text: str) -> int:
        found = number(text, decimal)
        if found != found.to_integral_value():
            raise NotIn(Reason.NUMBER_UNREADABLE)
        return int(found)

    return read


def as_id(text: str) -> str:
    """The text as an id: what no id may have becomes a hyphen.

    >>> as_id("GTX Plus Pro"), as_id(" 合同 / 7 ")
    ('GTX-Plus-Pro', '合同-7')
    """
    found = NOT_OF_AN_ID.sub("-", unicodedata.normalize("NFKC", text).strip()).strip("-")
    if not 0 < len(found) <= 80:
        raise NotIn(Reason.KEY_UNUSABLE)
    return found


def folded(text: str) -> str:
    """A natural key without what two exports write differently: width, case, and how many spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def opaque(kind: str, fingerprint: Fingerprint) -> Callable[[str], str]:
    """An id that tells nothing of the name it stands for: the ledger's keyed hash. Equal names give equal ids."""
    return lambda text: f"{kind}-{fingerprint(f'import/{kind}', folded(text))[:OPAQUE_DIGITS]}"


def looked_up(table: Mapping[str, str]) -> Function:
    def look(value: str, _at: datetime | None) -> str:
        if (found := table.get(value)) is None:
            raise NotIn(Reason.VALUE_UNKNOWN, detail=f"Known: {', '.join(table)}.")
        return found

    return look
