"""People who do not exist, told to the ledger through every way in, and a search for them that sees through writings and codings."""

import base64
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final
from urllib.parse import quote

from stdnum.cn import uscc

BETWEEN_DIGITS: Final = b" -().+/_\t"
SHORTEST: Final = 4
"""Bytes of a form below which finding it says nothing."""


@dataclass(frozen=True)
class Person:
    """One who is told of by one way in. Points are `latitude,longitude`; `said` is what a visit came to, in words."""

    name: str
    phone: str
    place: str
    contact: str = ""
    address: str = ""
    said: str = ""
    further_points: tuple[str, ...] = ()
    licence: str = field(init=False)

    def __post_init__(self) -> None:
        body = f"91310115MA{self.digits.decode()[-7:]}"
        object.__setattr__(self, "licence", body + uscc.calc_check_digit(body))

    def fields(self) -> dict[str, str]:
        """Those of `register-customer`."""
        told = {"customer_name": self.name, "phone": self.phone, "place": self.place, "licence": self.licence}
        return {
            **told,
            **{key: value for key, value in (("contact", self.contact), ("address", self.address)) if value},
        }

    @cached_property
    def forms(self) -> dict[str, set[bytes]]:
        """Every writing of every value, in the codings that a store or a wire may have it in, by the value."""
        words = {self.name, self.licence, self.contact, self.address, self.said} - {""}
        numbers = {self.phone, *(part for point in (self.place, *self.further_points) for part in point.split(","))}
        found = {word: set(coded(word)) for word in words}
        for number in numbers:
            found[number] = set(coded(number))
            if "." in number:
                found[number] |= {struct.pack(f"{order}d", float(number)) for order in "<>"}
        return found

    @property
    def digits(self) -> bytes:
        """The phone without what may stand between its digits."""
        return self.phone.replace(" ", "").encode()


def coded(text: str) -> Iterator[bytes]:
    """The text in the encodings of files, in JSON's escapes, in a URL, in hex, and inside of base64."""
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "gb18030"):
        yield text.encode(encoding)
    escaped = "".join(f"\\u{ord(each):04x}" for each in text)
    yield from (escaped.encode(), escaped.upper().replace("\\U", "\\u").encode())
    yield quote(text).encode()
    yield text.encode().hex().encode()
    yield text.encode().hex().upper().encode()
    raw = text.encode()
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + raw + b"\0\0")
        own = whole[-(-8 * before // 6) : 8 * (before + len(raw)) // 6]
        yield from (own, own.translate(bytes.maketrans(b"+/", b"-_")))


def found_in(data: bytes, people: Iterable[Person]) -> set[str]:
    """Which of their values stand in these bytes, however written."""
    bare = data.translate(None, BETWEEN_DIGITS)
    found = set()
    for person in people:
        for value, forms in person.forms.items():
            if any(form in data for form in forms if len(form) >= SHORTEST):
                found.add(value)
        if person.digits in bare:
            found.add(person.phone)
    return found
