"""What the API's document says of single reads beyond what all share: refusals of their own, and the bodies of questions."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from domain.refusals import Code
from services.api.reads.availability import Identity
from services.api.reads.supposing import Supposition

OF_BODIES: Final = ("request-malformed", "body-not-json", "body-too-slow", "body-too-large", "body-of-another-type")

OF_MONTHS: Final = (Code.UNKNOWN_PERIOD,)
OF_PROOFS: Final = ("nothing-to-prove", "not-sealed")

MORE: Final[Mapping[str, tuple[str, ...]]] = {
    "availability": (*OF_BODIES, "asked-too-often"),
    "what_if_case": (*OF_BODIES, "too-wide", "not-supposable"),
    "replay_case": ("too-wide",),
    "compare_case": ("too-wide",),
    "case_bundle": OF_PROOFS,
    "deal_bundle": OF_PROOFS,
    "payroll_month": OF_MONTHS,
    "payroll_check": (*OF_MONTHS, Code.PERIOD_CLOSED),
    "payroll_statements": OF_MONTHS,
    "payroll_export": (*OF_MONTHS, "content-differs"),
    "explain_month": OF_MONTHS,
    "rep_statement": OF_MONTHS,
    "explain_rep_statement": OF_MONTHS,
    "rep_statement_difference": OF_MONTHS,
}
"""The refusals of a read that others do not have, by its operation."""

BODIES: Final[Mapping[str, tuple[type[BaseModel], Any]]] = {
    "availability": (Identity, {"phone": "13800138000"}),
    "what_if_case": (Supposition, {"redate": [{"event": "42", "at": "2024-08-07T09:00:00+08:00"}]}),
}
"""What a question's body is, with an example, by its operation."""
