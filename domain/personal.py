"""Personal data: what tells of a person is a type of its own, which never prints itself and is never stored in the open.

In memory a `Personal` is either *clear* or *sealed* (the text under which the vault keeps it). Serialising a clear one
without a seal at hand is refused, so that no forgotten path can put a phone number where it does not belong.
"""

import re
from collections.abc import Callable
from typing import Any, Final, Protocol, Self

from pydantic import GetCoreSchemaHandler, SerializationInfo, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from domain.fact import storable

SEALED_PREFIX: Final = "sealed.1."
"""What every sealed text begins with; no clear value may."""

OF_A_PERSON: Final = re.compile(
    r"(?<!\w)1[3-9]\d{9}(?!\w)|(?<!\w)\d{17}[\dXx](?!\w)|[\w.+-]+@[\w-]+\.[a-z]{2,}|(?<!\w)\+\d{10,14}(?!\w)"
)
"""A mobile number, an identity card, a mail address, an international number."""

Seal = Callable[[str], str]
"""Turns a clear value into its sealed text."""


class Unseal(Protocol):
    """Turns a sealed text into the clear value, or None when the key was destroyed."""

    def __call__(self, sealed: str, /) -> str | None: ...


class PersonalInTheOpen(ValueError):
    """A clear personal value was about to be serialised without a seal."""


class Personal:
    """A value that tells of a person. Prints as `‹personal›`; `reveal()` gives the clear value, None once erased.

    >>> phone = Personal("13800138000")
    >>> print(phone, phone.reveal())
    ‹personal› 13800138000
    """

    __slots__ = ("_erased", "_value")

    def __init__(self, value: str, *, erased: bool = False) -> None:
        self._value = value
        self._erased = erased

    @property
    def is_sealed(self) -> bool:
        return self._value.startswith(SEALED_PREFIX)

    def reveal(self) -> str | None:
        """The clear value, or None if its key was destroyed or it has not been opened."""
        return None if self._erased or self.is_sealed else self._value

    def sealed_text(self, seal: Seal | None) -> str:
        """What is stored. Raises `PersonalInTheOpen` when the value is clear and no seal is given."""
        if self.is_sealed:
            return self._value
        if seal is None:
            raise PersonalInTheOpen("a personal value is stored only sealed; serialise with a seal as context")
        return seal(self._value)

    def __repr__(self) -> str:
        return "‹personal›"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Personal) and (self._value, self._erased) == (other._value, other._erased)

    def __hash__(self) -> int:
        return hash(self._value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        del source, handler
        return core_schema.with_info_plain_validator_function(
            cls._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(cls._serialise, info_arg=True),
            metadata={"pydantic_js_functions": [lambda _schema, _handler: {"type": "string", "format": "personal"}]},
        )

    @classmethod
    def _validate(cls, value: object, info: ValidationInfo) -> Self:
        if isinstance(value, cls):
            return value
        if not isinstance(value, str) or not value:
            raise PydanticCustomError("malformed", "a personal value is a text that is not empty")
        if not value.startswith(SEALED_PREFIX):
            return cls(storable(value))
        unseal: Unseal | None = (info.context or {}).get("unseal")
        if unseal is None:
            raise PydanticCustomError("malformed", "a clear value may not look like a sealed one")
        clear = unseal(value)
        return cls(value, erased=True) if clear is None else cls(clear)

    @staticmethod
    def _serialise(value: "Personal", info: SerializationInfo) -> str:
        return value.sealed_text((info.context or {}).get("seal"))


def keep_sealed(sealed: str) -> str:
    """An `Unseal` for readers who have no business with the clear value: it stays as it is stored."""
    return sealed


def tells_of_a_person(text: str) -> bool:
    """Whether what looks like a person's number or address stands in a text that is not for it.

    >>> tells_of_a_person("call 13912345678"), tells_of_a_person("HT-2024-0001")
    (True, False)
    """
    return OF_A_PERSON.search(text) is not None


def masked(clear: str | None) -> str:
    """What the public pool shows of a contact: the ends, never the middle.

    >>> masked("13800138000"), masked("王小明"), masked(None)
    ('138****8000', '王**', '—')
    """
    if not clear:
        return "—"
    if len(clear) < 8:
        return f"{clear[0]}**"
    return f"{clear[:3]}****{clear[-4:]}"
