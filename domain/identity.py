"""When two records are the same customer: names, phones and licences brought into one form before they are compared.

The normal form never leaves memory; what is stored and compared is its keyed hash.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

import phonenumbers
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

LEGAL_FORMS: Final = (
    "股份有限公司",
    "有限责任公司",
    "有限公司",
    "公司",
    "incorporated",
    "corporation",
    "limited",
    "company",
    "gmbh",
    "corp",
    "inc",
    "llc",
    "ltd",
    "plc",
    "co",
)
"""Endings that tell how a company is incorporated, not who it is; the longest first."""

LEGAL_ENDING: Final = re.compile(
    "(?<=.)(?:" + "|".join(f" {form}" if form.isascii() else " ?" + " ?".join(form) for form in LEGAL_FORMS) + ")$"
)
"""A legal form at the end of a name that has more; the characters of a Chinese one may stand apart."""

ASKED_AGAIN: Final = 1_024
"""How many phones are remembered: a registration asks for the same one several times while its batch is judged."""

NOT_A_LETTER: Final = re.compile(r"[\W_]+")


def normal_name(name: str) -> str:
    """NFKC, case folded, without dots, slashes and spaces, without legal-form endings.

    >>> normal_name("恒通便利.店") == normal_name("恒通便利店")
    True
    >>> normal_name("ＡＣＭＥ Trading Co., Ltd.")
    'acmetrading'
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    bare = NOT_A_LETTER.sub("", without_legal_forms(folded))
    return bare or NOT_A_LETTER.sub("", folded) or folded


def without_legal_forms(folded: str) -> str:
    """The name without its legal-form endings. A Latin form must stand as a word of its own: `Texco` keeps its end."""
    words = NOT_A_LETTER.sub(" ", folded).strip()
    bare = LEGAL_ENDING.sub("", words)
    return words if bare == words else without_legal_forms(bare)


@lru_cache(ASKED_AGAIN)
def normal_phone(phone: str, region: str) -> str | None:
    """The number in E.164, read as dialled in the region (ISO 3166); None if no such number can exist.

    >>> normal_phone("138 0013 8000", "CN"), normal_phone("+86-13800138000", "US"), normal_phone("12", "CN")
    ('+8613800138000', '+8613800138000', None)
    """
    try:
        parsed = phonenumbers.parse(unicodedata.normalize("NFKC", phone), region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def normal_licence(licence: str) -> str | None:
    """The unified social credit code (GB 32100-2015) in its compact form; None if its check digit is wrong.

    >>> normal_licence("91110000600037341l"), normal_licence("911100006000373411")
    ('91110000600037341L', None)
    """
    try:
        return str(uscc.validate(unicodedata.normalize("NFKC", licence).upper()))
    except ValidationError:
        return None
